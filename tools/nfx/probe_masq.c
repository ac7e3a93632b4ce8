// SPDX-License-Identifier: GPL-2.0-only
/*
 * Masquerade: does every address that goes away take its flows along?
 *
 * ADDRS addresses on one link, one masqueraded flow from each; then all of
 * them are removed by one send. The process stays on one CPU, so the worker
 * that cleans up runs after the whole burst: a kernel that keeps 16 events
 * (nf_nat_masquerade.c: MAX_MASQ_WORKER_COUNT) must drop the others.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "lab.h"
#include "main.h"
#include "nft.h"
#include "packet.h"
#include "probes.h"
#include "rtnl.h"

#define ADDRS		96
#define ADDR_BASE	0x0a400001	/* 10.64.0.1, then one /24 each */
#define ADDR_STEP	0x100
#define PREFIX_LEN	24
#define PRIO_SRCNAT	100		/* NF_IP_PRI_NAT_SRC */

/* How long nothing must change, and how often to look, in microseconds. */
#define QUIET_US	250000
#define QUIET_WALKS	20
#define POLL_US		10000

/* Each event walks the table once: too much for a probe beyond this size. */
#define MAX_BUCKETS	524288

/* A walk of this many takes longer than the removal of an address. */
#define MIN_BUCKETS	16384

static long table_buckets(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_buckets", "re");
	long buckets = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &buckets) != 1)
		buckets = -1;
	fclose(f);
	return buckets;
}

/*
 * Without this priority the worker may preempt the burst, and with it never
 * run on a single CPU. Returns false when it was refused.
 */
static bool be_first(bool first)
{
	const struct sched_param param = { .sched_priority = first };

	return !sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER,
				   &param);
}

static void stay_on_this_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0U : (unsigned int)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int masquerade(struct nl *nf)
{
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);

	if (nft) {
		nft_table(nft);
		nft_chain(nft, "post", "nat", NF_INET_POST_ROUTING,
			  PRIO_SRCNAT);
		nft_rule(nft, "post");
		nft_masq(nft);
		nft_end(nft);
	}
	return nft_commit(nft);
}

static int add_addrs(struct nl *rt, uint32_t *addrs)
{
	int i, err = 0;

	for (i = 0; i < ADDRS && !err; i++) {
		addrs[i] = htonl(ADDR_BASE + (uint32_t)i * ADDR_STEP);
		err = rtnl_addr_add(rt, AF_INET, "a", &addrs[i], PREFIX_LEN);
	}
	return err;
}

static int count_msg(const struct nlmsghdr *nlh, void *data)
{
	int *count = data;

	(void)nlh;
	(*count)++;
	return MNL_CB_OK;
}

/* Returns the flows of this namespace, or -errno. */
static int count_flows(struct nl *nf)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	int count = 0, err;

	nlh = nl_nfmsg(nf, buf, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
		       NLM_F_DUMP, AF_INET, 0);
	err = nl_talk(nf, nlh, count_msg, &count);
	return err ? err : count;
}

/*
 * Waits until nothing has changed for much longer than a walk of the table
 * takes. A dump is such a walk.
 */
static int settled_flows(struct nl *nf)
{
	double start = lab_now_us(), since = start, quiet_us;
	int last = count_flows(nf), now = last;

	quiet_us = QUIET_US + QUIET_WALKS * (lab_now_us() - start);
	while (now > 0 && lab_now_us() - since < quiet_us) {
		usleep(POLL_US);
		now = count_flows(nf);
		if (now != last)
			since = lab_now_us();
		last = now;
	}
	return now;
}

static void judge(struct finding *f, int flows, int left, bool burst)
{
	if (setup_failed(f, left < 0 ? left : 0, "a conntrack dump"))
		return;
	if (!left && !burst)
		finding_unknown(f, 0, "no flow was left, but the events may "
				"have been too slow to collide");
	else if (left)
		finding_no(f, 0, "%d of %d flows outlived their address",
			   left, flows);
	else
		finding_yes(f, "all %d flows went with their address", flows);
}

void probe_masq_events(struct finding *f)
{
	NL_AUTO rt = lab_veth(f);
	NL_AUTO nf = rt ? lab_open(f, NETLINK_NETFILTER) : NULL;
	uint32_t addrs[ADDRS];
	long buckets;
	int flows, err;
	bool burst;

	if (!nf || setup_failed(f, masquerade(nf), "a masquerade rule") ||
	    setup_failed(f, add_addrs(rt, addrs), "addresses"))
		return;
	buckets = table_buckets();
	if (buckets < 0 || buckets > MAX_BUCKETS) {
		finding_unknown(f, 0, "the conntrack table has %ld buckets: "
				"too large to have it walked", buckets);
		return;
	}
	stay_on_this_cpu();
	/* One datagram to the neighbour of each address. */
	if (setup_failed(f, packet_udp4_many(htonl(ADDR_BASE + 1), ADDR_STEP,
					     ADDRS), "flows"))
		return;
	flows = count_flows(nf);
	if (flows < ADDRS) {
		finding_unknown(f, flows < 0 ? flows : 0,
				"%d instead of %d flows", flows, ADDRS);
		return;
	}
	burst = be_first(true) || buckets >= MIN_BUCKETS;
	err = rtnl_addr_del_many(rt, "a", addrs, ADDRS, PREFIX_LEN);
	be_first(false);
	if (!setup_failed(f, err, "address removal"))
		judge(f, flows, settled_flows(nf), burst);
}
