// SPDX-License-Identifier: GPL-2.0-only
/* What could be done about the state of the conntrack table. */
#include <stdarg.h>
#include <stdio.h>

#include "ctadvice.h"
#include "main.h"

#define SYSCTL "net.netfilter.nf_conntrack_"

/* Entries per bucket; a table that chooses its size has less than one. */
#define LOAD_MAX 2

/* Well below the length at which the kernel refuses an entry. */
#define CHAIN_LONG 32

/* Percent of the limit of a namespace. */
#define FULL 90

/* The kernel does not make a table larger, nf_conntrack_htable.h. */
#define BUCKETS_MAX (1U << 28)

__attribute__((format(printf, 3, 4)))
static bool say(struct ctadvice *advice, const char *id, const char *fmt, ...)
{
	va_list ap;

	advice->id = id;
	va_start(ap, fmt);
	vsnprintf(advice->text, sizeof(advice->text), fmt, ap);
	va_end(ap);
	return true;
}

/* The next power of two, as far as a table goes. */
static uint32_t round_up(uint64_t number)
{
	uint32_t power = 1;

	while (power < number && power < BUCKETS_MAX)
		power *= 2;
	return power;
}

uint64_t ctadvice_entries(const struct cttable *table,
			  const struct ctns_list *list)
{
	return table->reported ? cttable_total(table) : list->entries;
}

static bool is_crowded(const struct cttable *table, uint64_t entries)
{
	return table->buckets &&
	       entries > (uint64_t)table->buckets * LOAD_MAX;
}

static bool advise_fixed(const struct cttable *table,
			 const struct ctns_list *list, struct ctadvice *advice)
{
	uint64_t entries = ctadvice_entries(table, list);
	double load;

	if (!is_crowded(table, entries) || cttable_is_auto(table))
		return false;
	load = (double)entries / table->buckets;
	if (table->sysctl_auto >= 0)
		return say(advice, "fixed-size", "the table has %.1f entries "
			   "per bucket and a fixed size: set " SYSCTL
			   "buckets_auto=1 or " SYSCTL "buckets=%u", load,
			   round_up(entries));
	return say(advice, "fixed-size", "the table has %.1f entries per "
		   "bucket: set " SYSCTL "buckets=%u", load, round_up(entries));
}

/* By default it is nf_conntrack_max that limits the size, or the memory. */
static bool advise_capped(const struct cttable *table,
			  const struct ctns_list *list, struct ctadvice *advice)
{
	uint64_t entries = ctadvice_entries(table, list);
	const char *also = "";

	if (!is_crowded(table, entries) || !table->buckets_max ||
	    table->buckets < table->buckets_max)
		return false;
	if (table->sysctl_max <= 0 && table->max_entries &&
	    table->buckets_max >= round_up(table->max_entries))
		also = "raise " SYSCTL "max or ";
	return say(advice, "size-limit", "the table has %.1f entries per "
		   "bucket and is as large as it may be: %sset " SYSCTL
		   "buckets_max=%u", (double)entries / table->buckets, also,
		   round_up(entries));
}

static bool advise_chain(const struct cttable *table,
			 const struct ctns_list *list, struct ctadvice *advice)
{
	(void)list;
	return table->longest >= CHAIN_LONG &&
	       say(advice, "long-chain", "a chain has %u nodes: new entries "
		   "are refused when there are 50 to 80", table->longest);
}

static bool is_full(const struct ctns *ns)
{
	return ns->max_entries && (uint64_t)ns->entries * 100 >=
				  (uint64_t)ns->max_entries * FULL;
}

/* The list begins with the fullest: all have the same limit. */
static bool advise_full(const struct cttable *table,
			const struct ctns_list *list, struct ctadvice *advice)
{
	unsigned int i, count = 0;
	const struct ctns *first = NULL;
	char title[64], more[64] = "";

	(void)table;
	for (i = 0; i < list->count; i++) {
		if (!is_full(&list->ns[i]))
			continue;
		if (!count++)
			first = &list->ns[i];
	}
	if (!first)
		return false;
	if (count > 1)
		snprintf(more, sizeof(more), ", and %u more are that full",
			 count - 1);
	return say(advice, "namespace-full", "network namespace %s has %u of "
		   "%u entries%s: raise " SYSCTL "max",
		   ctns_title(first, title, sizeof(title)), first->entries,
		   first->max_entries, more);
}

static bool advise_memory(const struct cttable *table,
			  const struct ctns_list *list, struct ctadvice *advice)
{
	(void)list;
	return table->failed &&
	       say(advice, "no-memory", "the table could not be resized for "
		   "lack of memory, %u times so far: it keeps its size, and "
		   "tries again after a minute", table->failed);
}

unsigned int ctadvice_give(const struct cttable *table,
			   const struct ctns_list *list,
			   struct ctadvice *advice)
{
	static bool (* const rules[CTADVICE_MAX])(const struct cttable *table,
						  const struct ctns_list *list,
						  struct ctadvice *advice) = {
		advise_fixed, advise_capped, advise_chain, advise_full,
		advise_memory,
	};
	unsigned int i, count = 0;

	for (i = 0; i < CTADVICE_MAX; i++)
		count += rules[i](table, list, &advice[count]);
	return count;
}
