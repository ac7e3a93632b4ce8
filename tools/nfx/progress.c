// SPDX-License-Identifier: GPL-2.0-only
/* How far a long operation is: a line on a terminal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bars.h"
#include "clocks.h"
#include "main.h"
#include "out.h"
#include "progress.h"

#define FIRST_MS	1000
#define AGAIN_MS	200

/* Columns of a bar, and of what stands around it. */
#define BAR_MAX		40
#define AROUND		40

void progress_begin(struct progress *progress, uint64_t total)
{
	memset(progress, 0, sizeof(*progress));
	progress->on = isatty(STDERR_FILENO) && !opts.quiet && !out_is_json();
	progress->total = total;
	progress->begin_ms = clocks_ms();
	progress->next_ms = progress->begin_ms + FIRST_MS;
}

void progress_text(char *buf, size_t size, uint64_t done, uint64_t total,
		   int64_t ms, unsigned int width)
{
	uint64_t rate = ms > 0 ? done * 1000 / (uint64_t)ms : 0, part;
	char bar[BAR_MAX + 1] = "";
	unsigned int length;

	if (!total || done > total) {
		snprintf(buf, size, "%" PRIu64 " entries, %" PRIu64 "/s", done,
			 rate);
		return;
	}
	length = width > AROUND ? width - AROUND : 0;
	length = length < BAR_MAX ? length : BAR_MAX;
	part = done * length / total;
	memset(bar, '.', length);
	memset(bar, '#', part);
	snprintf(buf, size, "%3" PRIu64 "%% %s %" PRIu64 "/s, %" PRIu64
		 " s left", done * 100 / total, bar, rate,
		 rate ? (total - done) / rate : 0);
}

void progress_update(struct progress *progress, uint64_t done)
{
	char text[128];
	int64_t now;

	if (!progress->on)
		return;
	now = clocks_ms();
	if (now < progress->next_ms)
		return;
	progress->next_ms = now + AGAIN_MS;
	progress->shown = true;
	progress_text(text, sizeof(text), done, progress->total,
		      now - progress->begin_ms, bars_columns());
	fprintf(stderr, "\r%s\033[K", text);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
