// SPDX-License-Identifier: GPL-2.0-only
/* When is there something to say about the conntrack table, and what? */
#include <string.h>

#include "ctadvice.h"
#include "unit.h"

static struct ctadvice advice[CTADVICE_MAX];

/* Is @id the only advice, and does its text end with @end? */
static bool only(const struct cttable *table, const struct ctns_list *list,
		 const char *id, const char *end)
{
	unsigned int count = ctadvice_give(table, list, advice);
	size_t len = count ? strlen(advice[0].text) : 0;

	return count == 1 && !strcmp(advice[0].id, id) && len >= strlen(end) &&
	       !strcmp(advice[0].text + len - strlen(end), end);
}

static bool nothing(const struct cttable *table, const struct ctns_list *list)
{
	return !ctadvice_give(table, list, advice);
}

static void test_fixed(void)
{
	const struct ctns_list none = { .count = 0 };
	struct cttable table = {
		.buckets = 1024, .reported = true, .nodes = 2 * 2048,
		.sysctl_auto = 0, .sysctl_max = 0,
	};

	ok(nothing(&table, &none), "two entries per bucket are fine");
	table.nodes = 2 * 2049;
	ok(only(&table, &none, "fixed-size", "_buckets_auto=1 or "
		"net.netfilter.nf_conntrack_buckets=4096"),
	   "more are not, and the size is a power of two");
	table.buckets_max = 4096;
	ok(nothing(&table, &none), "a table that may grow will do so");
}

static void test_stock(void)
{
	struct cttable table = {
		.buckets = 1000, .sysctl_auto = -1, .sysctl_max = -1,
	};
	struct ctns_list list = { .entries = 2000 };

	ok(ctadvice_entries(&table, &list) == 2000,
	   "a stock kernel: there are as many entries as were found");
	ok(nothing(&table, &list), "two per bucket");
	list.entries = 65537;
	ok(only(&table, &list, "fixed-size", "per bucket: set "
		"net.netfilter.nf_conntrack_buckets=131072"),
	   "more, and only its own sysctl is named");
	list.entries = 1ULL << 40;
	ok(only(&table, &list, "fixed-size", "=268435456"),
	   "no more buckets than the kernel can have");
	table.buckets = 0;
	ok(nothing(&table, &list), "a size that is not known");
}

static void test_capped(void)
{
	const struct ctns_list none = { .count = 0 };
	struct cttable table = {
		.max_entries = 1000, .buckets = 1024, .buckets_max = 1024,
		.reported = true, .nodes = 2 * 5000, .sysctl_auto = 1,
	};

	ok(only(&table, &none, "size-limit", "as it may be: raise "
		"net.netfilter.nf_conntrack_max or set "
		"net.netfilter.nf_conntrack_buckets_max=8192"),
	   "the limit comes from nf_conntrack_max");
	table.max_entries = 262144;
	ok(only(&table, &none, "size-limit", "as it may be: set "
		"net.netfilter.nf_conntrack_buckets_max=8192"),
	   "from the memory");
	table.max_entries = 1000;
	table.sysctl_max = 1024;
	ok(only(&table, &none, "size-limit", "as it may be: set "
		"net.netfilter.nf_conntrack_buckets_max=8192"),
	   "from its own sysctl");
	table.buckets_max = 2048;
	ok(nothing(&table, &none), "there is room to grow");
}

static void test_chains(void)
{
	const struct ctns_list none = { .count = 0 };
	struct cttable table = {
		.buckets = 1024, .reported = true, .longest = 31,
	};

	ok(nothing(&table, &none), "a chain that is not long");
	table.longest = 32;
	ok(only(&table, &none, "long-chain", "when there are 50 to 80") &&
	   strstr(advice[0].text, "32 nodes"), "a long one");
	table.longest = 0;
	table.failed = 7;
	ok(only(&table, &none, "no-memory", "after a minute") &&
	   strstr(advice[0].text, "7 times"), "no memory");
}

static void test_full(void)
{
	struct ctns ns[] = {
		{ .name = "blue", .entries = 950, .max_entries = 1000 },
		{ .pid = 7, .comm = "red", .entries = 900, .max_entries = 1000 },
		{ .entries = 899, .max_entries = 1000 },
		{ .entries = UINT32_MAX },
	};
	struct ctns_list list = { .ns = ns, .count = 4 };
	const struct cttable table = { .buckets = 1024 };

	ok(only(&table, &list, "namespace-full",
		"network namespace blue has 950 of 1000 entries, and 1 more "
		"are that full: raise net.netfilter.nf_conntrack_max"),
	   "namespaces that are nearly full");
	list.ns++;
	list.count = 2;
	ok(only(&table, &list, "namespace-full", "pid 7 red has 900 of 1000 "
		"entries: raise net.netfilter.nf_conntrack_max"), "just one");
	list.ns++;
	ok(nothing(&table, &list), "below, and without a limit");
}

static void test_all(void)
{
	struct ctns ns = { .entries = UINT32_MAX, .max_entries = UINT32_MAX };
	struct ctns_list list = { .ns = &ns, .count = 1 };
	const struct cttable table = {
		.buckets = 1, .reported = true, .nodes = UINT32_MAX,
		.sysctl_auto = 0, .longest = UINT32_MAX,
		.failed = UINT32_MAX,
	};
	unsigned int count, i;
	bool cut = false;

	memset(ns.name, 'n', NAME_MAX);
	count = ctadvice_give(&table, &list, advice);
	for (i = 0; i < count; i++)
		cut |= strlen(advice[i].text) == CTADVICE_SIZE - 1;
	ok(count == CTADVICE_MAX - 1 && !cut, "all at once, and none is cut");
}

int main(void)
{
	test_fixed();
	test_stock();
	test_capped();
	test_chains();
	test_full();
	test_all();
	return unit_finish();
}
