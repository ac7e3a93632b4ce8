// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct table show: text and JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "bars.h"
#include "ct_table.h"
#include "main.h"
#include "out.h"

/* Namespaces without --all. */
#define FIRST 10

/* Columns before a bar. */
#define BAR_START 15

/* A bucket is a pointer, and the kernel's are as large as ours. */
static uint64_t memory(const struct cttable *table)
{
	return (uint64_t)table->buckets * sizeof(long);
}

unsigned int ct_table_shown(const struct ct_state *state)
{
	return state->all || state->list.count < FIRST ? state->list.count :
							 FIRST;
}

static void print_buckets(const struct cttable *table)
{
	uint64_t kib = (memory(table) + 1023) / 1024;
	bool automatic = cttable_is_auto(table);

	printf("%-17s%u, %s", "buckets", table->buckets,
	       automatic ? "automatic" : "fixed");
	if (table->reported && automatic)
		printf(" from %u to %u", table->buckets_min,
		       table->buckets_max);
	printf(", %" PRIu64 " KiB\n", kib);
}

/* Where the kernel says nothing, there may be more than was found. */
static void print_entries(const struct ct_state *state)
{
	const struct cttable *table = &state->table;
	uint64_t entries = ctadvice_entries(table, &state->list);

	printf("%-17s%s%" PRIu64, "entries",
	       table->reported ? "" : "at least ", entries);
	if (table->reported)
		printf(" (%u nodes)", table->nodes);
	if (table->buckets)
		printf(", %.2f per bucket", (double)entries / table->buckets);
	printf("\n%-17s%u", "here", table->entries);
	if (table->max_entries)
		printf(" of %u", table->max_entries);
	putchar('\n');
}

static uint64_t sampled(const struct cttable *table)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < CTTABLE_CHAINS; i++)
		sum += table->chains[i];
	return sum;
}

static void print_resizes(const struct cttable *table)
{
	printf("%-17s%u nodes, of %" PRIu64 " chains looked at\n",
	       "longest chain", table->longest, sampled(table));
	printf("%-17s%u grown, %u shrunk, %u without memory\n", "resizes",
	       table->grown, table->shrunk, table->failed);
}

static void print_cpus(const struct cttable_cpus *cpus)
{
	printf("%-17s%" PRIu64 "\n", "search restarts", cpus->restarts);
	printf("%-17s%" PRIu64 "\n", "chain too long", cpus->toolong);
}

/* The lengths of a class of chains: "2", "3-4", "33+" */
static void print_class(unsigned int class)
{
	unsigned int min = cttable_chain_min(class);
	unsigned int max = cttable_chain_min(class + 1) - 1;
	char text[16];

	if (class == CTTABLE_CHAINS - 1)
		snprintf(text, sizeof(text), "%u+", min);
	else if (min == max)
		snprintf(text, sizeof(text), "%u", min);
	else
		snprintf(text, sizeof(text), "%u-%u", min, max);
	printf("%5s", text);
}

static void print_chains(const struct cttable *table)
{
	unsigned int used = bars_used(table->chains, CTTABLE_CHAINS), i;
	uint32_t max = bars_max(table->chains, used);
	unsigned int columns = bars_columns(), width = 1;

	if (columns > BAR_START)
		width = columns - BAR_START;
	printf("\n%5s %8s\n", "NODES", "CHAINS");
	for (i = 0; i < used; i++) {
		print_class(i);
		printf(" %8u", table->chains[i]);
		bars_print(bars_length(table->chains[i], max, width));
	}
}

static void print_namespaces(const struct ct_state *state)
{
	unsigned int shown = ct_table_shown(state), i;
	char title[64];

	printf("\n%10s %10s %10s %s\n", "ENTRIES", "LIMIT", "INODE", "NETNS");
	for (i = 0; i < shown; i++) {
		const struct ctns *ns = &state->list.ns[i];

		printf("%10u %10u %10" PRIu64 " %s%s\n", ns->entries,
		       ns->max_entries, ns->inode,
		       ctns_title(ns, title, sizeof(title)),
		       ns->own ? " (here)" : "");
	}
}

static void print_advice(const struct ct_state *state)
{
	struct ctadvice advice[CTADVICE_MAX];
	unsigned int count, i;

	count = ctadvice_give(&state->table, &state->list, advice);
	if (count)
		putchar('\n');
	for (i = 0; i < count; i++)
		printf("%sadvice:%s %s\n", out_color(OUT_BAD),
		       out_color(OUT_PLAIN), advice[i].text);
}

void ct_table_print(const struct ct_state *state)
{
	const struct cttable *table = &state->table;

	if (table->buckets)
		print_buckets(table);
	print_entries(state);
	if (table->reported)
		print_resizes(table);
	if (state->cpus_known)
		print_cpus(&state->cpus);
	if (table->reported)
		print_chains(table);
	print_namespaces(state);
	print_advice(state);
}

json_t *ct_table_number(bool known, uint64_t number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

json_t *ct_table_load(const struct cttable *table)
{
	return table->reported ? json_real(cttable_load(table)) : json_null();
}

static json_t *chains_json(const struct cttable *table)
{
	json_t *list = json_array();
	unsigned int i;

	if (!table->reported) {
		json_decref(list);
		return json_null();
	}
	for (i = 0; i < CTTABLE_CHAINS; i++)
		json_array_append_new(list, json_pack("{s:I, s:I}",
			"nodes", (json_int_t)cttable_chain_min(i),
			"chains", (json_int_t)table->chains[i]));
	return list;
}

/* With the names of the netlink specification, where it has one. */
static json_t *table_json(const struct cttable *table)
{
	bool known = table->reported, automatic = cttable_is_auto(table);

	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
			 " s:o, s:o, s:o}",
			 "buckets",
			 ct_table_number(table->buckets, table->buckets),
			 "automatic", automatic,
			 "buckets-min",
			 ct_table_number(known, table->buckets_min),
			 "buckets-max",
			 ct_table_number(known && automatic,
					 table->buckets_max),
			 "memory",
			 ct_table_number(table->buckets, memory(table)),
			 "nodes", ct_table_number(known, table->nodes),
			 "entries", ct_table_number(known, cttable_total(table)),
			 "load", ct_table_load(table),
			 "grown", ct_table_number(known, table->grown),
			 "shrunk", ct_table_number(known, table->shrunk),
			 "resize-failed",
			 ct_table_number(known, table->failed),
			 "chain-longest",
			 ct_table_number(known, table->longest),
			 "chains", chains_json(table));
}

/* Null for text that is none, or not UTF-8. */
static json_t *text_json(const char *text)
{
	json_t *doc = *text ? json_string(text) : NULL;

	return doc ? doc : json_null();
}

static json_t *namespace_json(const struct ctns *ns)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:b, s:I, s:I}",
			 "name", text_json(ns->name),
			 "pid", ct_table_number(ns->pid, (uint64_t)ns->pid),
			 "comm", text_json(ns->comm),
			 "inode", (json_int_t)ns->inode,
			 "here", ns->own,
			 "entries", (json_int_t)ns->entries,
			 "max-entries", (json_int_t)ns->max_entries);
}

static json_t *namespaces_json(const struct ct_state *state)
{
	unsigned int shown = ct_table_shown(state), i;
	json_t *list = json_array();

	for (i = 0; i < shown; i++)
		json_array_append_new(list,
				      namespace_json(&state->list.ns[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:o}",
			 "found", (json_int_t)state->list.count,
			 "not-entered", (json_int_t)state->list.closed,
			 "hidden", (json_int_t)state->list.hidden,
			 "entries", (json_int_t)state->list.entries,
			 "list", list);
}

static json_t *advice_json(const struct ct_state *state)
{
	struct ctadvice advice[CTADVICE_MAX];
	json_t *list = json_array(), *doc;
	unsigned int count, i;

	count = ctadvice_give(&state->table, &state->list, advice);
	for (i = 0; i < count; i++) {
		doc = json_pack("{s:s, s:o}", "id", advice[i].id,
				"text", text_json(advice[i].text));
		json_array_append_new(list, doc);
	}
	return list;
}

json_t *ct_table_json(const struct ct_state *state)
{
	const struct cttable_cpus *cpus = &state->cpus;
	bool known = state->cpus_known;
	json_t *doc = table_json(&state->table);

	if (!doc)
		return NULL;
	json_object_set_new(doc, "search-restart",
			    ct_table_number(known, cpus->restarts));
	json_object_set_new(doc, "chain-toolong",
			    ct_table_number(known, cpus->toolong));
	json_object_set_new(doc, "here",
			    json_pack("{s:I, s:I}", "entries",
				      (json_int_t)state->table.entries,
				      "max-entries",
				      (json_int_t)state->table.max_entries));
	json_object_set_new(doc, "namespaces", namespaces_json(state));
	json_object_set_new(doc, "advice", advice_json(state));
	return doc;
}
