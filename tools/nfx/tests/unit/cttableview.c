// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct table: text and JSON of tables that are made up. */
#include <stdlib.h>
#include <string.h>

#include "ct_line.h"
#include "ct_table.h"
#include "main.h"
#include "out.h"
#include "unit.h"

static struct ctns some_ns[12] = {
	{ .inode = 4026531840, .pid = 1, .comm = "init", .own = true,
	  .entries = 9999, .max_entries = 10000 },
	{ .inode = 4026532001, .name = "blue", .max_entries = 10000 },
};

static const struct ct_state patched = {
	.table = {
		.entries = 9999, .max_entries = 10000, .buckets = 16384,
		.sysctl_auto = 1, .sysctl_max = 0, .reported = true,
		.buckets_min = 1024, .buckets_max = 65536, .nodes = 20001,
		.grown = 4, .shrunk = 3, .failed = 2, .longest = 4,
		.chains = { 500, 250, 0, 1, 273 },
	},
	.cpus = { .restarts = 77, .toolong = 5 },
	.cpus_known = true,
	.list = { .ns = some_ns, .count = ARRAY_SIZE(some_ns), .closed = 6,
		  .entries = 9999 },
};

static const struct ct_state stock = {
	.table = {
		.entries = 12, .max_entries = 10000, .buckets = 4096,
		.sysctl_auto = -1, .sysctl_max = -1,
	},
	.list = { .ns = some_ns, .count = 2, .entries = 9999 },
};

/* What func(data) prints; to be freed. */
static char *printed(void (*func)(const void *data), const void *data)
{
	FILE *old = stdout;
	char *text = NULL;
	size_t size;

	stdout = open_memstream(&text, &size);
	func(data);
	fclose(stdout);
	stdout = old;
	return text;
}

static void print_state(const void *data)
{
	ct_table_print(data);
}

static void test_text(void)
{
	char *text;

	setenv("COLUMNS", "35", 1);
	text = printed(print_state, &patched);
	ok(strstr(text, "buckets          16384, automatic from 1024 to 65536,"
			" 128 KiB\n"), "size");
	ok(strstr(text, "entries          10000 (20001 nodes), 0.61 per "
			"bucket\n"), "load");
	ok(strstr(text, "here             9999 of 10000\n"), "the own ones");
	ok(strstr(text, "longest chain    4 nodes, of 1024 chains"),
	   "a sample");
	ok(strstr(text, "resizes          4 grown, 3 shrunk, 2 without "
			"memory\n"), "resizes");
	ok(strstr(text, "\nsearch restarts  77\nchain too long   5\n"),
	   "counters");
	ok(strstr(text, "NODES   CHAINS\n"
			"    0      500 ####################\n"
			"    1      250 ##########\n"
			"    2        0\n"
			"  3-4        1 #\n"
			"  5-8      273 ###########\n\n"),
	   "bars, as wide as there is room, without an empty tail");
	ok(strstr(text, "      9999      10000 4026531840 pid 1 init (here)\n"
			"         0      10000 4026532001 blue\n"),
	   "namespaces");
	ok(strstr(text, "\n\nadvice: network namespace pid 1 init has 9999"),
	   "advice");
	free(text);
}

static void test_stock_text(void)
{
	char *text = printed(print_state, &stock);

	ok(strstr(text, "buckets          4096, fixed, 32 KiB\n"
		  "entries          at least 9999, 2.44 per bucket\n"
		  "here             12 of 10000\n\n") == text,
	   "a stock kernel: what is not known is left out");
	ok(strstr(text, "nf_conntrack_buckets=16384\n"), "advice for it");
	free(text);
}

static json_int_t number(const json_t *doc, const char *key)
{
	return json_integer_value(json_object_get(doc, key));
}

static bool is_null(const json_t *doc, const char *key)
{
	return json_is_null(json_object_get(doc, key));
}

static void test_json(void)
{
	json_t *doc = ct_table_json(&patched);
	const json_t *ns = json_object_get(doc, "namespaces");
	const json_t *list = json_object_get(ns, "list"), *first;
	const json_t *advice = json_object_get(doc, "advice");

	ok(number(doc, "buckets") == 16384 &&
	   (size_t)number(doc, "memory") == 16384 * sizeof(long) &&
	   number(doc, "buckets-max") == 65536 &&
	   json_is_true(json_object_get(doc, "automatic")), "size as JSON");
	ok(number(doc, "entries") == 10000 && number(doc, "nodes") == 20001 &&
	   json_real_value(json_object_get(doc, "load")) > 0.6, "load");
	ok(json_array_size(json_object_get(doc, "chains")) == CTTABLE_CHAINS,
	   "all chains");
	ok(number(doc, "search-restart") == 77 &&
	   number(doc, "chain-toolong") == 5, "counters");
	first = json_array_get(list, 0);
	ok(number(ns, "found") == 12 && number(ns, "not-entered") == 6 &&
	   json_array_size(list) == 10, "the first namespaces");
	ok(number(first, "pid") == 1 && is_null(first, "name") &&
	   is_null(json_array_get(list, 1), "pid"), "a process or a name");
	ok(json_array_size(advice) == 2 && !strcmp(json_string_value(
		json_object_get(json_array_get(advice, 1), "id")),
						   "no-memory"), "advice");
	json_decref(doc);
}

static void test_stock_json(void)
{
	struct ct_state state = stock;
	json_t *doc;

	state.all = true;
	state.list.count = ARRAY_SIZE(some_ns);
	doc = ct_table_json(&state);
	ok(number(doc, "buckets") == 4096 && is_null(doc, "entries") &&
	   is_null(doc, "load") && is_null(doc, "chains") &&
	   is_null(doc, "grown") && is_null(doc, "buckets-min") &&
	   is_null(doc, "search-restart"), "what is not known is null");
	ok(json_array_size(json_object_get(json_object_get(doc, "namespaces"),
					   "list")) == 12,
	   "--all");
	json_decref(doc);
	memset(some_ns[1].name, 0xff, 3);
	doc = ct_table_json(&state);
	ok(doc != NULL, "a name that is no text");
	json_decref(doc);
}

static void print_line(const void *data)
{
	ct_line_table(data);
}

static void print_change(const void *data)
{
	struct cttable new = *(const struct cttable *)data;

	new.buckets *= 2;
	new.grown++;
	ct_line_change(data, data);
	ct_line_change(data, &new);
}

static void print_resize(const void *data)
{
	ct_line_resize(data);
}

/* Is the line @want, after the time? */
static bool line_is(void (*func)(const void *data), const void *data,
		    const char *want)
{
	char *text = printed(func, data);
	bool same = strlen(text) > 8 && !strcmp(text + 8, want);

	free(text);
	return same;
}

static void test_lines(void)
{
	struct ctresize resize = {
		.table = "conntrack", .from = 1024, .to = 4096, .nodes = 2050,
		.nsecs = 1234567,
	};

	ok(line_is(print_line, &patched.table, "     16384     10000   0.61"
		   "       4      9999      4      3      2\n"), "a line");
	ok(line_is(print_line, &stock.table, "      4096         -      -"
		   "       -        12      -      -      -\n"),
	   "a line of a stock kernel");
	ok(line_is(print_change, &patched.table, " conntrack: 16384 -> 32768 "
		   "buckets, 1 times grown, 0 shrunk, 0 without memory\n"),
	   "a resize that the counters tell, and none");
	ok(line_is(print_change, &stock.table,
		   " conntrack: 4096 -> 8192 buckets\n"), "or the size alone");
	ok(line_is(print_resize, &resize, " conntrack: 1024 -> 4096 buckets, "
		   "2050 nodes, 1.235 ms\n"), "a resize that was traced");
	resize.err = -12;
	ok(line_is(print_resize, &resize, " conntrack: 1024 -> 4096 buckets, "
		   "2050 nodes: Cannot allocate memory\n"), "that failed");
}

/* Reads the one object that func(data) prints. */
static json_t *line_json(void (*func)(const void *data), const void *data)
{
	char *text = printed(func, data);
	json_t *doc = json_loads(text, 0, NULL);

	free(text);
	return doc;
}

static void test_json_lines(void)
{
	const struct ctresize resize = { .table = "nat_bysource", .err = -12 };
	json_t *doc;

	out_set_json(false);
	doc = line_json(print_line, &patched.table);
	ok(number(doc, "entries") == 10000 && number(doc, "time") > 0 &&
	   !strcmp(json_string_value(json_object_get(doc, "event")), "table"),
	   "a line as JSON");
	json_decref(doc);
	doc = line_json(print_change, &stock.table);
	ok(number(doc, "to") == 8192 && is_null(doc, "grown"), "a change");
	json_decref(doc);
	doc = line_json(print_resize, &resize);
	ok(number(doc, "errno") == 12 && is_null(doc, "nsecs"), "a resize");
	json_decref(doc);
}

int main(void)
{
	test_text();
	test_stock_text();
	test_json();
	test_stock_json();
	test_lines();
	test_json_lines();
	return unit_finish();
}
