// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: options, matrix, statistics, order of verdicts. */
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "qbench.h"
#include "unit.h"

static struct qbench_plan plan;

/* Parses up to four words. */
static int parse(const char *a, const char *b, const char *c, const char *d)
{
	const char * const argv[] = { a, b, c, d };
	int argc = 0;

	while (argc < 4 && argv[argc])
		argc++;
	return qbench_plan_parse(&plan, argc, (char **)argv);
}

static int parse1(const char *word)
{
	return parse(word, NULL, NULL, NULL);
}

static bool list_is(const struct qbench_list *list, unsigned int count,
		    const uint32_t *value)
{
	return list->count == count &&
	       !memcmp(list->value, value, count * sizeof(*value));
}

static void test_options(void)
{
	static const uint32_t sizes[] = { 9000, 0, 28 }, orders[] = { 1, 0 };

	ok(!parse1(NULL) && plan.methods == (1U << QBENCH_METHODS) - 1 &&
	   !plan.named && qbench_plan_rows(&plan) == 2,
	   "all methods and two rows by default");
	ok(!parse1("--size=9000,gso,28,9000") &&
	   list_is(&plan.size, 3, sizes), "a list, and no value twice");
	ok(!parse("--order", "shuffled,in-order", NULL, NULL) &&
	   list_is(&plan.order, 2, orders), "orders");
	ok(!parse1("--method=ring+vector,recv+send") && plan.named &&
	   plan.methods == (1U << 8 | 1), "methods");
	ok(!parse("--packets=7", "--runs=9", NULL, NULL) &&
	   plan.packets == 7 && plan.runs == 9, "numbers");
	ok(!parse1("--full") && qbench_plan_rows(&plan) == 360,
	   "the full matrix");
	ok(!parse("--burst=2", "--full", "--size=64", NULL) &&
	   qbench_plan_rows(&plan) == 18, "less of the full matrix");
}

static void test_wrong(void)
{
	static const char * const wrong[] = {
		"--size=27", "--size=65532", "--size=64,", "--size=,64",
		"--size=", "--size=64k", "--size=GSO", "--burst=0",
		"--burst=1025", "--burst=1,x", "--queues=5", "--queues=0",
		"--order=random", "--order=", "--depth=-1",
		"--depth=1048577", "--method=recv", "--method=recv+send,",
		"--packets=0", "--runs=0", "--runs=1001", "--full=yes",
		"--nosuch", "word",
		"--burst=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
		"--size=0000000000000000000000000000000000064",
	};
	char name[80];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(name, sizeof(name), "%s is wrong", wrong[i]);
		ok(parse1(wrong[i]) == -1, name);
	}
}

/* Number of a row among all that can be, none of which comes twice. */
static unsigned int row_index(const struct qbench_row *row)
{
	return ((row->size == QBENCH_GSO) * 4 + (row->burst == 5) * 2 +
		row->shuffled) * 2 + (row->depth == 7);
}

static void test_matrix(void)
{
	struct qbench_row row;
	unsigned int i, seen = 0;

	if (parse("--size=100,gso", "--burst=3,5", "--order=in-order,shuffled",
		  "--depth=0,7"))
		plan.size.count = 0;
	for (i = 0; i < qbench_plan_rows(&plan); i++) {
		qbench_plan_row(&plan, i, &row);
		if (row.queues == 1)
			seen |= 1U << row_index(&row);
	}
	ok(i == 16 && seen == 0xffff, "each row comes once");
	qbench_plan_row(&plan, 0, &row);
	ok(row.size == 100 && row.burst == 3 && !row.shuffled && !row.depth,
	   "the first of each list comes first");
	qbench_plan_row(&plan, 1, &row);
	ok(row.depth == 7 && row.size == 100, "the depth changes first");
	qbench_plan_row(&plan, 15, &row);
	ok(row.size == QBENCH_GSO && qbench_row_len(&row) == QBENCH_GSO_LEN,
	   "the size changes last");
	ok(qbench_cannot(&qbench_methods[2], &row) &&
	   !qbench_cannot(&qbench_methods[3], &row),
	   "only batch verdicts cannot be shuffled");
	row = (struct qbench_row){ 64, 64, 1, false, 60000 };
	ok(qbench_row_kib(&row) > 60000 && qbench_row_kib(&row) < 240000,
	   "memory of small packets");
}

static void test_stats(void)
{
	double one[] = { 7 }, odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };
	double many[200];
	int i;

	for (i = 0; i < 200; i++)
		many[i] = 200 - i;
	ok(qbench_median(one, 1) == 7 && qbench_rank(one, 1, 99) == 7,
	   "one sample");
	ok(qbench_median(odd, 3) == 2, "a median");
	ok(qbench_median(even, 4) == 2.5, "a median of two");
	ok(qbench_rank(even, 4, 99) == 4, "few samples: the worst");
	ok(qbench_rank(many, 200, 99) == 198, "many samples: not the worst");
	ok(qbench_rank(many, 200, 0) == 1 && qbench_rank(many, 200, 100) == 200,
	   "both ends");
}

static void test_window(void)
{
	struct qbench_window window;
	uint32_t id, seen = 0, moved = 0;
	bool order = true;

	ok(!qbench_window_open(&window, 20) && window.mask == 31, "room");
	window.head = window.tail = UINT32_MAX - 3;
	for (id = 0; id < 20; id++)
		qbench_window_put(&window, id);
	for (id = 0; id < 10; id++)
		order &= qbench_window_take(&window, false) == id;
	ok(order, "the oldest first");
	for (id = 20; id < 32; id++)
		qbench_window_put(&window, id);
	for (id = 10; id < 32; id++) {
		uint32_t taken = qbench_window_take(&window, true);

		seen |= 1U << taken;
		moved += taken != id;
	}
	ok(seen == ~0x3ffU, "shuffled: each of them once");
	ok(moved > 10, "most of them elsewhere");
	ok(window.head == window.tail, "none is left");
	qbench_window_close(&window);
}

static void test_packet(void)
{
	struct qbench_row row = { .size = 100 };
	uint8_t *packet;
	size_t len;

	packet = qbench_packet(&row, 2, false, &len);
	ok(packet && len == 110 && packet[10] == 0x45 && packet[13] == 100 &&
	   packet[25] == 3, "a packet for queue 2");
	free(packet);
	packet = qbench_packet(&row, 2, true, &len);
	ok(packet && packet[24] == 1 && packet[25] == 3, "and one to drop");
	free(packet);
	row.size = QBENCH_GSO;
	packet = qbench_packet(&row, 0, false, &len);
	ok(packet && len == 10 + QBENCH_GSO_LEN && packet[0] == 1 &&
	   packet[1] == 5, "and one to cut");
	free(packet);
}

int main(void)
{
	/* Messages go to stderr, which is no TAP. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	test_options();
	test_wrong();
	test_matrix();
	test_stats();
	test_window();
	test_packet();
	return unit_finish();
}
