// SPDX-License-Identifier: GPL-2.0-only
/* Replies of the kernel about the conntrack table. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "cttable.h"
#include "unit.h"

#define STATS	(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS)
#define CPU	(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU)

static struct nl nl;
static char msg[NL_MSG_SIZE] __attribute__((aligned(8)));

static void put(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

static struct nlmsghdr *stock_msg(void)
{
	struct nlmsghdr *nlh = nl_nfmsg(&nl, msg, STATS, 0, 0, 0);

	put(nlh, CTA_STATS_GLOBAL_ENTRIES, 120);
	put(nlh, CTA_STATS_GLOBAL_MAX_ENTRIES, 262144);
	return nlh;
}

/* As of patch 0209, with @count lengths of chains. */
static struct nlmsghdr *patched_msg(unsigned int count)
{
	struct nlmsghdr *nlh = stock_msg();
	unsigned int i;

	put(nlh, CTA_STATS_GLOBAL_BUCKETS, 16384);
	put(nlh, CTA_STATS_GLOBAL_BUCKETS_MIN, 1024);
	put(nlh, CTA_STATS_GLOBAL_BUCKETS_MAX, 65536);
	put(nlh, CTA_STATS_GLOBAL_NODES, 20001);
	put(nlh, CTA_STATS_GLOBAL_GROWN, 4);
	put(nlh, CTA_STATS_GLOBAL_SHRUNK, 3);
	put(nlh, CTA_STATS_GLOBAL_RESIZE_FAILED, 2);
	put(nlh, CTA_STATS_GLOBAL_CHAIN_LONGEST, 33);
	for (i = 0; i < count; i++)
		put(nlh, CTA_STATS_GLOBAL_CHAINS_0 + i, 100 + i);
	return nlh;
}

static void test_stock(void)
{
	struct nlmsghdr *nlh = stock_msg();
	struct cttable table;

	ok(!cttable_parse(nlh, &table) && table.entries == 120 &&
	   table.max_entries == 262144, "the counters of a stock kernel");
	ok(!table.reported && !table.buckets && !table.nodes &&
	   !cttable_is_auto(&table), "which say no more");
	table.sysctl_auto = 1;
	ok(cttable_is_auto(&table), "then the sysctl says how it is resized");
}

static void test_patched(void)
{
	struct cttable table;

	ok(!cttable_parse(patched_msg(CTTABLE_CHAINS), &table) &&
	   table.reported && table.entries == 120 && table.buckets == 16384 &&
	   table.buckets_min == 1024 && table.buckets_max == 65536 &&
	   table.nodes == 20001, "sizes");
	ok(table.grown == 4 && table.shrunk == 3 && table.failed == 2,
	   "resizes");
	ok(table.longest == 33 && table.chains[0] == 100 &&
	   table.chains[CTTABLE_CHAINS - 1] == 107, "chains");
	ok(cttable_is_auto(&table), "a table that resizes itself");
	table.buckets_max = 0;
	ok(!cttable_is_auto(&table), "one that does not");
	cttable_parse(patched_msg(3), &table);
	ok(table.chains[2] == 102 && !table.chains[3], "less chains");
	ok(cttable_chain_min(0) == 0 && cttable_chain_min(1) == 1 &&
	   cttable_chain_min(2) == 2 && cttable_chain_min(3) == 3 &&
	   cttable_chain_min(4) == 5 && cttable_chain_min(7) == 33,
	   "classes of chains");
	cttable_parse(patched_msg(0), &table);
	ok(table.reported && !table.chains[0], "no chains");
}

static void test_bad(void)
{
	struct nlmsghdr *nlh = stock_msg();
	struct cttable table;

	mnl_attr_put(nlh, CTA_STATS_GLOBAL_BUCKETS, 2, "ab");
	ok(!cttable_parse(nlh, &table) && !table.reported,
	   "a number that is short");
	put(nlh, CTA_STATS_GLOBAL_MAX + 1, 7);
	ok(!cttable_parse(nlh, &table), "an attribute that is not known");
	nlh->nlmsg_type = CPU;
	ok(cttable_parse(nlh, &table) == -EBADMSG, "another message");
	nlh = nl_nfmsg(&nl, msg, STATS, 0, 0, 0);
	ok(cttable_parse(nlh, &table) == -EBADMSG, "nothing in it");
	nlh = nl_msg(&nl, msg, STATS, 0);
	ok(cttable_parse(nlh, &table) == -EBADMSG, "no room for anything");
}

static void test_cpus(void)
{
	struct cttable_cpus cpus = { .restarts = 0 };
	struct nlmsghdr *nlh = nl_nfmsg(&nl, msg, CPU, 0, 0, 1);

	put(nlh, CTA_STATS_SEARCH_RESTART, UINT32_MAX);
	put(nlh, CTA_STATS_CHAIN_TOOLONG, 5);
	cttable_add_cpu(nlh, &cpus);
	cttable_add_cpu(nlh, &cpus);
	ok(cpus.restarts == 2ULL * UINT32_MAX && cpus.toolong == 10,
	   "CPUs are added up");
	nlh->nlmsg_type = STATS;
	cttable_add_cpu(nlh, &cpus);
	ok(cpus.toolong == 10, "another message is none");
	cttable_add_cpu(nl_nfmsg(&nl, msg, CPU, 0, 0, 1), &cpus);
	ok(cpus.toolong == 10, "an old kernel counts less");
}

int main(void)
{
	test_stock();
	test_patched();
	test_bad();
	test_cpus();
	return unit_finish();
}
