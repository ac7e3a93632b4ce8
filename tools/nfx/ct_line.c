// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct table watch: its lines, text or JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clocks.h"
#include "ct_line.h"
#include "ct_table.h"
#include "main.h"
#include "out.h"

static void print_time(void)
{
	char text[CLOCKS_TEXT];

	clocks_text(text);
	fputs(text, stdout);
}

static json_t *event_json(const char *event)
{
	return json_pack("{s:s, s:I}", "event", event, "time",
			 (json_int_t)clocks_real_ns());
}

void ct_line_header(void)
{
	if (!out_is_json())
		printf("%-8s %9s %9s %6s %7s %9s %6s %6s %6s\n", "TIME",
		       "BUCKETS", "ENTRIES", "LOAD", "LONGEST", "HERE",
		       "GROWN", "SHRUNK", "FAILED");
}

/* Columns of @width: a number, or a dash if it is not known. */
static void print_number(bool known, uint32_t number, int width)
{
	if (known)
		printf(" %*u", width, number);
	else
		printf(" %*s", width, "-");
}

static void print_table(const struct cttable *table)
{
	bool known = table->reported;

	print_time();
	print_number(table->buckets, table->buckets, 9);
	print_number(known, cttable_total(table), 9);
	if (known)
		printf(" %6.2f", cttable_load(table));
	else
		printf(" %6s", "-");
	print_number(known, table->longest, 7);
	print_number(true, table->entries, 9);
	print_number(known, table->grown, 6);
	print_number(known, table->shrunk, 6);
	print_number(known, table->failed, 6);
	putchar('\n');
}

static json_t *table_json(const struct cttable *table)
{
	bool known = table->reported;
	json_t *doc = event_json("table");

	json_object_set_new(doc, "buckets",
			    ct_table_number(table->buckets, table->buckets));
	json_object_set_new(doc, "entries",
			    ct_table_number(known, cttable_total(table)));
	json_object_set_new(doc, "load", ct_table_load(table));
	json_object_set_new(doc, "chain-longest",
			    ct_table_number(known, table->longest));
	json_object_set_new(doc, "here", json_integer(table->entries));
	json_object_set_new(doc, "grown",
			    ct_table_number(known, table->grown));
	json_object_set_new(doc, "shrunk",
			    ct_table_number(known, table->shrunk));
	json_object_set_new(doc, "resize-failed",
			    ct_table_number(known, table->failed));
	return doc;
}

void ct_line_table(const struct cttable *table)
{
	if (out_is_json())
		out_doc(table_json(table));
	else
		print_table(table);
}

/* The start of all lines about resizes. */
static void print_sizes(const char *table, uint32_t from, uint32_t to)
{
	print_time();
	printf(" %s: %u -> %u buckets", table, from, to);
}

static json_t *sizes_json(const char *event, const char *table, uint32_t from,
			  uint32_t to)
{
	json_t *doc = event_json(event);

	json_object_set_new(doc, "table", json_string(table));
	json_object_set_new(doc, "from", json_integer(from));
	json_object_set_new(doc, "to", json_integer(to));
	return doc;
}

static void print_resize(const struct ctresize *resize)
{
	print_sizes(resize->table, resize->from, resize->to);
	printf(", %" PRIu64 " nodes", resize->nodes);
	if (resize->err)
		printf(": %s\n", strerror(-resize->err));
	else
		printf(", %.3f ms\n", (double)resize->nsecs / 1e6);
}

static json_t *resize_json(const struct ctresize *resize)
{
	json_t *doc = sizes_json("resize", resize->table, resize->from,
				 resize->to);

	json_object_set_new(doc, "nodes",
			    json_integer((json_int_t)resize->nodes));
	json_object_set_new(doc, "nsecs",
			    ct_table_number(!resize->err, resize->nsecs));
	json_object_set_new(doc, "errno", json_integer(-resize->err));
	return doc;
}

void ct_line_resize(const struct ctresize *resize)
{
	if (out_is_json())
		out_doc(resize_json(resize));
	else
		print_resize(resize);
}

static json_t *change_json(const struct cttable *old, const struct cttable *new)
{
	json_t *doc = sizes_json("resizes", "conntrack", old->buckets,
				 new->buckets);
	bool known = new->reported;

	json_object_set_new(doc, "grown",
			    ct_table_number(known, new->grown - old->grown));
	json_object_set_new(doc, "shrunk",
			    ct_table_number(known, new->shrunk - old->shrunk));
	json_object_set_new(doc, "resize-failed",
			    ct_table_number(known, new->failed - old->failed));
	return doc;
}

static void print_change(const struct cttable *old, const struct cttable *new)
{
	print_sizes("conntrack", old->buckets, new->buckets);
	if (new->reported)
		printf(", %u times grown, %u shrunk, %u without memory",
		       new->grown - old->grown, new->shrunk - old->shrunk,
		       new->failed - old->failed);
	putchar('\n');
}

void ct_line_change(const struct cttable *old, const struct cttable *new)
{
	if (old->buckets == new->buckets && old->grown == new->grown &&
	    old->shrunk == new->shrunk && old->failed == new->failed)
		return;
	if (out_is_json())
		out_doc(change_json(old, new));
	else
		print_change(old, new);
}
