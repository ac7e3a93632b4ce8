// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: packets that wait for their verdict. */
#include <errno.h>
#include <stdlib.h>

#include "qbench.h"

int qbench_window_open(struct qbench_window *window, uint32_t count)
{
	uint32_t room = 1;

	while (room < count)
		room *= 2;
	window->ids = calloc(room, sizeof(*window->ids));
	window->mask = room - 1;
	window->head = 0;
	window->tail = 0;
	/* The same order in each run. */
	window->seed = 1;
	return window->ids ? 0 : -ENOMEM;
}

void qbench_window_close(struct qbench_window *window)
{
	free(window->ids);
	window->ids = NULL;
}

/* Marsaglia's xorshift: rand() would cost as much as a packet of a ring. */
static uint32_t next_random(struct qbench_window *window)
{
	uint32_t x = window->seed;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	window->seed = x;
	return x;
}

static void swap_oldest(struct qbench_window *window)
{
	uint32_t count = window->tail - window->head;
	uint32_t far = (uint32_t)((uint64_t)next_random(window) * count >> 32);
	uint32_t *oldest = &window->ids[window->head & window->mask];
	uint32_t *other = &window->ids[(window->head + far) & window->mask];
	uint32_t id = *oldest;

	*oldest = *other;
	*other = id;
}

uint32_t qbench_window_take(struct qbench_window *window, bool shuffled)
{
	if (shuffled)
		swap_oldest(window);
	return window->ids[window->head++ & window->mask];
}
