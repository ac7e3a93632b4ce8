// SPDX-License-Identifier: GPL-2.0-only
/* State of the conntrack hash table. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cttable.h"
#include "main.h"

#define SYSCTL	"/proc/sys/net/netfilter/nf_conntrack_buckets"

static bool is_reply(const struct nlmsghdr *nlh, uint8_t msg)
{
	return nlh->nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | msg) &&
	       mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nfgenmsg);
}

unsigned int cttable_chain_min(unsigned int class)
{
	return class < 2 ? class : (1u << (class - 2)) + 1;
}

int cttable_parse(const struct nlmsghdr *nlh, struct cttable *table)
{
	const struct nlattr *tb[CTA_STATS_GLOBAL_MAX + 1];
	unsigned int i;

	memset(table, 0, sizeof(*table));
	table->sysctl_auto = -1;
	table->sysctl_max = -1;
	if (!is_reply(nlh, IPCTNL_MSG_CT_GET_STATS))
		return -EBADMSG;
	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, CTA_STATS_GLOBAL_MAX);
	if (!tb[CTA_STATS_GLOBAL_ENTRIES])
		return -EBADMSG;
	table->entries = nl_be32(tb[CTA_STATS_GLOBAL_ENTRIES]);
	table->max_entries = nl_be32(tb[CTA_STATS_GLOBAL_MAX_ENTRIES]);
	table->buckets = nl_be32(tb[CTA_STATS_GLOBAL_BUCKETS]);
	table->reported = table->buckets;
	if (!table->reported)
		return 0;
	table->buckets_min = nl_be32(tb[CTA_STATS_GLOBAL_BUCKETS_MIN]);
	table->buckets_max = nl_be32(tb[CTA_STATS_GLOBAL_BUCKETS_MAX]);
	table->nodes = nl_be32(tb[CTA_STATS_GLOBAL_NODES]);
	table->grown = nl_be32(tb[CTA_STATS_GLOBAL_GROWN]);
	table->shrunk = nl_be32(tb[CTA_STATS_GLOBAL_SHRUNK]);
	table->failed = nl_be32(tb[CTA_STATS_GLOBAL_RESIZE_FAILED]);
	table->longest = nl_be32(tb[CTA_STATS_GLOBAL_CHAIN_LONGEST]);
	for (i = 0; i < CTTABLE_CHAINS; i++)
		table->chains[i] = nl_be32(tb[CTA_STATS_GLOBAL_CHAINS_0 + i]);
	return 0;
}

/* What becomes of a request. */
struct reply {
	struct cttable *table;
	int err;
};

static int take_reply(const struct nlmsghdr *nlh, void *data)
{
	struct reply *reply = data;

	reply->err = cttable_parse(nlh, reply->table);
	return MNL_CB_OK;
}

int cttable_ask(struct nl *nl, struct cttable *table)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct reply reply = { .table = table, .err = -EBADMSG };
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_CTNETLINK << 8 |
		       IPCTNL_MSG_CT_GET_STATS, 0, AF_UNSPEC, 0);
	err = nl_talk(nl, nlh, take_reply, &reply);
	return err ? err : reply.err;
}

/* -1 if it cannot be read. */
static int64_t read_sysctl(const char *path)
{
	FILE *f = fopen(path, "re");
	int64_t value;
	int n;

	if (!f)
		return -1;
	n = fscanf(f, "%" SCNd64, &value);
	fclose(f);
	return n == 1 ? value : -1;
}

int cttable_read(struct nl *nl, struct cttable *table)
{
	int err = cttable_ask(nl, table);
	int64_t buckets;

	if (err)
		return err;
	table->sysctl_auto = read_sysctl(SYSCTL "_auto");
	table->sysctl_max = read_sysctl(SYSCTL "_max");
	if (table->buckets)
		return 0;
	buckets = read_sysctl(SYSCTL);
	if (buckets > 0 && buckets <= UINT32_MAX)
		table->buckets = (uint32_t)buckets;
	return 0;
}

bool cttable_is_auto(const struct cttable *table)
{
	return table->reported ? table->buckets_max : table->sysctl_auto == 1;
}

uint32_t cttable_total(const struct cttable *table)
{
	return table->nodes / 2;
}

double cttable_load(const struct cttable *table)
{
	double total = cttable_total(table);

	return table->buckets ? total / table->buckets : 0;
}

/* The size of the table is shown everywhere, and set only there. */
bool cttable_is_initial(void)
{
	struct stat st;

	return !stat(SYSCTL, &st) && st.st_mode & 0200;
}

void cttable_add_cpu(const struct nlmsghdr *nlh, struct cttable_cpus *cpus)
{
	const struct nlattr *tb[CTA_STATS_MAX + 1];

	if (!is_reply(nlh, IPCTNL_MSG_CT_GET_STATS_CPU))
		return;
	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, CTA_STATS_MAX);
	cpus->restarts += nl_be32(tb[CTA_STATS_SEARCH_RESTART]);
	cpus->toolong += nl_be32(tb[CTA_STATS_CHAIN_TOOLONG]);
}

static int take_cpu(const struct nlmsghdr *nlh, void *data)
{
	cttable_add_cpu(nlh, data);
	return MNL_CB_OK;
}

int cttable_ask_cpus(struct nl *nl, struct cttable_cpus *cpus)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	memset(cpus, 0, sizeof(*cpus));
	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_CTNETLINK << 8 |
		       IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP, AF_UNSPEC, 0);
	return nl_talk(nl, nlh, take_cpu, cpus);
}
