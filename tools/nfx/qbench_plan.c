// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: options, and the rows they stand for. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "main.h"
#include "out.h"
#include "qbench.h"

#define SIZE_MIN	28
#define SIZE_MAX_IP	65531	/* what a message holds of a packet */
#define BURST_MAX	1024
#define DEPTH_MAX	(1U << 20)
#define PACKETS_MAX	(1U << 30)
#define RUNS_MAX	1000

const struct qbench_method qbench_methods[] = {
	{ "recv+send",		QBENCH_READ_RECV,	QBENCH_SEND },
	{ "recvmmsg+many",	QBENCH_READ_MMSG,	QBENCH_MANY },
	{ "recvmmsg+batch",	QBENCH_READ_MMSG,	QBENCH_BATCH },
	{ "recvmmsg+vector",	QBENCH_READ_MMSG,	QBENCH_VECTOR },
	{ "uring+many",		QBENCH_READ_URING,	QBENCH_MANY },
	{ "uring+batch",	QBENCH_READ_URING,	QBENCH_BATCH },
	{ "uring+vector",	QBENCH_READ_URING,	QBENCH_VECTOR },
	{ "ring+batch",		QBENCH_READ_RING,	QBENCH_BATCH },
	{ "ring+vector",	QBENCH_READ_RING,	QBENCH_VECTOR },
	{ .name = NULL },
};
static_assert(ARRAY_SIZE(qbench_methods) == QBENCH_METHODS + 1, "methods");

static const struct qbench_plan small = {
	.methods = (1U << QBENCH_METHODS) - 1,
	.size	 = { 1, { 64 } },
	.burst	 = { 2, { 1, 64 } },
	.queues	 = { 1, { 1 } },
	.order	 = { 1, { 0 } },
	.depth	 = { 1, { 0 } },
	.packets = 4096,
	.runs	 = 5,
};

static void make_full(struct qbench_plan *plan)
{
	plan->size = (struct qbench_list){ 4, { 64, 1400, 9000, QBENCH_GSO } };
	plan->burst = (struct qbench_list){ 5, { 1, 4, 16, 64, 256 } };
	plan->queues = (struct qbench_list){ 3, { 1, 2, 4 } };
	plan->order = (struct qbench_list){ 2, { 0, 1 } };
	plan->depth = (struct qbench_list){ 3, { 0, 1000, 60000 } };
}

/**
 * struct want - an option with a list
 * @name: of the option
 * @text: what was typed, NULL if nothing
 * @parse: reads one word of it; 0, or -1 after an error message
 */
struct want {
	const char *name;
	const char *text;
	int (*parse)(const struct want *want, const char *word,
		     uint32_t *value);
	uint32_t min;
	uint32_t max;
};

static int parse_value(const struct want *want, const char *word,
		       uint32_t *value)
{
	uint64_t number = 0;

	if (args_number(want->name, word, false, want->min, want->max,
			&number))
		return -1;
	*value = (uint32_t)number;
	return 0;
}

static int parse_size(const struct want *want, const char *word,
		      uint32_t *value)
{
	*value = QBENCH_GSO;
	return strcmp(word, "gso") ? parse_value(want, word, value) : 0;
}

static int parse_order(const struct want *want, const char *word,
		       uint32_t *value)
{
	*value = !strcmp(word, "shuffled");
	if (*value || !strcmp(word, "in-order"))
		return 0;
	out_error(0, "argument \"%s\" is wrong: %s is in-order or shuffled",
		  word, want->name);
	return -1;
}

static int parse_method(const struct want *want, const char *word,
			uint32_t *value)
{
	unsigned int i;

	(void)want;
	for (i = 0; qbench_methods[i].name; i++) {
		if (!strcmp(word, qbench_methods[i].name)) {
			*value = i;
			return 0;
		}
	}
	out_error(0, "method \"%s\" is unknown, try \"help\"", word);
	return -1;
}

static int add_value(const struct want *want, struct qbench_list *list,
		     uint32_t value)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (list->value[i] == value)
			return 0;
	if (list->count == QBENCH_VALUES) {
		out_error(0, "%s has more than %d values", want->name,
			  QBENCH_VALUES);
		return -1;
	}
	list->value[list->count++] = value;
	return 0;
}

/* Leaves @list alone if the option was not given. */
static int parse_list(const struct want *want, struct qbench_list *list)
{
	const char *text = want->text;
	uint32_t value = 0;
	char word[32];
	size_t len;

	if (!text)
		return 0;
	list->count = 0;
	for (;;) {
		len = strcspn(text, ",");
		/* What is cut off here is too long for any right word. */
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (want->parse(want, word, &value) ||
		    add_value(want, list, value))
			return -1;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static int parse_methods(struct qbench_plan *plan, const char *text)
{
	const struct want want = { "--method", text, parse_method, 0, 0 };
	struct qbench_list list = { .count = 0 };
	unsigned int i;

	if (parse_list(&want, &list))
		return -1;
	plan->named = list.count;
	if (plan->named)
		plan->methods = 0;
	for (i = 0; i < list.count; i++)
		plan->methods |= 1U << list.value[i];
	return 0;
}

int qbench_plan_parse(struct qbench_plan *plan, int argc, char **argv)
{
	struct want size = { "--size", NULL, parse_size, SIZE_MIN,
			     SIZE_MAX_IP };
	struct want burst = { "--burst", NULL, parse_value, 1, BURST_MAX };
	struct want queues = { "--queues", NULL, parse_value, 1,
			       QBENCH_QUEUES };
	struct want order = { "--order", NULL, parse_order, 0, 0 };
	struct want depth = { "--depth", NULL, parse_value, 0, DEPTH_MAX };
	const char *methods = NULL;
	bool full = false;
	const struct arg table[] = {
		{ "--method",  ARG_WORD, &methods,	 0, 0 },
		{ "--size",    ARG_WORD, &size.text,	 0, 0 },
		{ "--burst",   ARG_WORD, &burst.text,	 0, 0 },
		{ "--queues",  ARG_WORD, &queues.text,	 0, 0 },
		{ "--order",   ARG_WORD, &order.text,	 0, 0 },
		{ "--depth",   ARG_WORD, &depth.text,	 0, 0 },
		{ "--packets", ARG_NUM,	 &plan->packets, 1, PACKETS_MAX },
		{ "--runs",    ARG_NUM,	 &plan->runs,	 1, RUNS_MAX },
		{ "--full",    ARG_FLAG, &full,		 0, 0 },
		{ .name = NULL },
	};

	*plan = small;
	if (args_parse(table, argc, argv, NULL, 0) < 0)
		return -1;
	if (full)
		make_full(plan);
	if (parse_list(&size, &plan->size) ||
	    parse_list(&burst, &plan->burst) ||
	    parse_list(&queues, &plan->queues) ||
	    parse_list(&order, &plan->order) ||
	    parse_list(&depth, &plan->depth))
		return -1;
	return parse_methods(plan, methods);
}

unsigned int qbench_plan_rows(const struct qbench_plan *plan)
{
	return plan->size.count * plan->burst.count * plan->queues.count *
	       plan->order.count * plan->depth.count;
}

/* The value of @list for row @*nr, which becomes the row of what is left. */
static uint32_t pick(const struct qbench_list *list, unsigned int *nr)
{
	unsigned int i = *nr % list->count;

	*nr /= list->count;
	return list->value[i];
}

void qbench_plan_row(const struct qbench_plan *plan, unsigned int nr,
		     struct qbench_row *row)
{
	row->depth = pick(&plan->depth, &nr);
	row->shuffled = pick(&plan->order, &nr);
	row->queues = pick(&plan->queues, &nr);
	row->burst = pick(&plan->burst, &nr);
	row->size = pick(&plan->size, &nr);
}

uint32_t qbench_row_len(const struct qbench_row *row)
{
	return row->size == QBENCH_GSO ? QBENCH_GSO_LEN : row->size;
}

/*
 * A packet that waits has its data, rounded up, and about 1 KiB around it. One
 * that is not read yet is in a message as well, whose memory is a power of two,
 * and the reader has as much.
 */
uint64_t qbench_row_kib(const struct qbench_row *row)
{
	uint64_t packet = qbench_row_len(row) * 5 / 4 + 2048;
	uint64_t count = row->depth + 5ULL * row->burst;

	return row->queues * count * packet / 1024;
}

const char *qbench_cannot(const struct qbench_method *method,
			  const struct qbench_row *row)
{
	if (row->shuffled && method->answer == QBENCH_BATCH)
		return "a batch verdict is in order";
	return NULL;
}
