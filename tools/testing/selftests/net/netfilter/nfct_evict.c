// SPDX-License-Identifier: GPL-2.0
/* Which entry goes when the conntrack table is full.
 *
 * Entries are added with ctnetlink: how long they have been without a packet
 * is what their timeout lacks of that of their state.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "kselftest_harness.h"

#define SYSCTL(name)	"/proc/sys/net/netfilter/nf_conntrack_" name

/* Entries until the table is full, see nfct_evict.sh */
#define ENTRIES		256

#define STATUS_REPLIED	(IPS_CONFIRMED | IPS_SEEN_REPLY)
#define STATUS_ASSURED	(STATUS_REPLIED | IPS_ASSURED)

/* Entries that are alike but for the destination; the second byte of their
 * source address tells them from others.
 */
struct group {
	uint8_t		id;
	uint8_t		protonum;
	uint8_t		tcp_state;
	uint32_t	status;
	uint32_t	timeout;	/* seconds that are left */
	uint32_t	mark;
	bool		many_sources;
};

static const struct group syn_sent = {
	.id		= 1,
	.protonum	= IPPROTO_TCP,
	.tcp_state	= TCP_CONNTRACK_SYN_SENT,
	.timeout	= 120,
	.many_sources	= true,
};

static const struct group syn_recv = {
	.id		= 2,
	.protonum	= IPPROTO_TCP,
	.tcp_state	= TCP_CONNTRACK_SYN_RECV,
	.status		= STATUS_REPLIED,
	.timeout	= 30,
	.many_sources	= true,
};

static const struct group established = {
	.id		= 3,
	.protonum	= IPPROTO_TCP,
	.tcp_state	= TCP_CONNTRACK_ESTABLISHED,
	.status		= STATUS_ASSURED,
	.timeout	= 1000,
	.many_sources	= true,
};

static const struct group time_wait = {
	.id		= 4,
	.protonum	= IPPROTO_TCP,
	.tcp_state	= TCP_CONNTRACK_TIME_WAIT,
	.status		= STATUS_ASSURED,
	.timeout	= 100,
	.many_sources	= true,
};

static const struct group query = {
	.id		= 5,
	.protonum	= IPPROTO_UDP,
	.timeout	= 30,
	.many_sources	= true,
};

static uint32_t group_source(const struct group *group, unsigned int i)
{
	return htonl(10u << 24 | group->id << 16 |
		     (group->many_sources ? i & 0xffff : 1));
}

static void put_tuple(struct nlmsghdr *nlh, int type,
		      const struct group *group, unsigned int i)
{
	bool reply = type == CTA_TUPLE_REPLY;
	uint32_t server = htonl(0xc0000201);
	struct nlattr *tuple, *nest;

	tuple = mnl_attr_nest_start(nlh, type);

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put_u32(nlh, reply ? CTA_IP_V4_DST : CTA_IP_V4_SRC,
			 group_source(group, i));
	mnl_attr_put_u32(nlh, reply ? CTA_IP_V4_SRC : CTA_IP_V4_DST, server);
	mnl_attr_nest_end(nlh, nest);

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, group->protonum);
	mnl_attr_put_u16(nlh, reply ? CTA_PROTO_DST_PORT : CTA_PROTO_SRC_PORT,
			 htons(1024 + i));
	mnl_attr_put_u16(nlh, reply ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT,
			 htons(53));
	mnl_attr_nest_end(nlh, nest);

	mnl_attr_nest_end(nlh, tuple);
}

static struct nlmsghdr *put_header(char *buf, int type, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;

	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static struct mnl_socket *nl_open(unsigned int groups)
{
	struct mnl_socket *sk = mnl_socket_open(NETLINK_NETFILTER);

	if (sk && mnl_socket_bind(sk, groups, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(sk);
		return NULL;
	}
	return sk;
}

/* Returns 0 or the error of the kernel */
static int run(struct mnl_socket *sk, struct nlmsghdr *nlh, mnl_cb_t cb,
	       void *data)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t len;
	int ret;

	if (mnl_socket_sendto(sk, nlh, nlh->nlmsg_len) < 0)
		return errno;

	do {
		len = mnl_socket_recvfrom(sk, buf, sizeof(buf));
		if (len < 0)
			return errno;
		ret = mnl_cb_run(buf, len, 0, 0, cb, data);
	} while (ret > MNL_CB_STOP);

	return ret < 0 ? errno : 0;
}

/* Returns 0 or the error of the kernel, ENOMEM if there is no room */
static int add(struct mnl_socket *sk, const struct group *group, unsigned int i)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlattr *nest, *tcp;
	struct nlmsghdr *nlh;

	nlh = put_header(buf, IPCTNL_MSG_CT_NEW,
			 NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	put_tuple(nlh, CTA_TUPLE_ORIG, group, i);
	put_tuple(nlh, CTA_TUPLE_REPLY, group, i);
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(group->timeout));
	if (group->status)
		mnl_attr_put_u32(nlh, CTA_STATUS, htonl(group->status));
	if (group->mark)
		mnl_attr_put_u32(nlh, CTA_MARK, htonl(group->mark));
	if (group->protonum == IPPROTO_TCP) {
		nest = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
		tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);
		mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE, group->tcp_state);
		mnl_attr_nest_end(nlh, tcp);
		mnl_attr_nest_end(nlh, nest);
	}

	return run(sk, nlh, NULL, NULL);
}

/* Returns how many could not be added, for lack of room */
static int add_many(struct mnl_socket *sk, const struct group *group,
		    unsigned int first, unsigned int n)
{
	int refused = 0;
	unsigned int i;

	for (i = first; i < first + n; i++) {
		int err = add(sk, group, i);

		if (err == ENOMEM)
			refused++;
		else if (err)
			return -err;
	}
	return refused;
}

static int tuple_group(const struct nlattr *tuple)
{
	const struct nlattr *ip, *attr;

	mnl_attr_for_each_nested(ip, tuple) {
		if (mnl_attr_get_type(ip) != CTA_TUPLE_IP)
			continue;
		mnl_attr_for_each_nested(attr, ip) {
			if (mnl_attr_get_type(attr) == CTA_IP_V4_SRC)
				return ntohl(mnl_attr_get_u32(attr)) >> 16 &
				       0xff;
		}
	}
	return -1;
}

struct left {
	unsigned int of_group[256];
};

static int count_cb(const struct nlmsghdr *nlh, void *data)
{
	struct left *left = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			left->of_group[tuple_group(attr) & 0xff]++;
	}
	return MNL_CB_OK;
}

static unsigned int count(struct mnl_socket *sk, const struct group *group)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct left left = {};

	if (run(sk, put_header(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP), count_cb,
		&left))
		return ~0u;
	return left.of_group[group->id];
}

static int sysctl_write(const char *path, long long value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	char buf[24];
	int ret = 0;

	if (fd < 0)
		return -errno;
	snprintf(buf, sizeof(buf), "%lld", value);
	if (write(fd, buf, strlen(buf)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static long sysctl_read(const char *path)
{
	FILE *f = fopen(path, "re");
	long value = -1;

	if (f) {
		if (fscanf(f, "%ld", &value) != 1)
			value = -1;
		fclose(f);
	}
	return value;
}

FIXTURE(evict)
{
	struct mnl_socket	*sk;
};

/* nfct_evict.sh has set the size of the table */
FIXTURE_SETUP(evict)
{
	self->sk = NULL;
	if (sysctl_read(SYSCTL("max")) != ENTRIES)
		SKIP(return, "nf_conntrack_max is not set, run nfct_evict.sh");

	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	self->sk = nl_open(0);
	ASSERT_NE(self->sk, NULL);
}

static int flush(struct mnl_socket *sk)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];

	return run(sk, put_header(buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK), NULL,
		   NULL);
}

/* The next test shall not find what the end of the namespace is to remove */
FIXTURE_TEARDOWN(evict)
{
	if (self->sk) {
		flush(self->sk);
		mnl_socket_close(self->sk);
	}
}

/* A handshake that was answered outlives those that were not */
TEST_F(evict, replied_after_unreplied)
{
	ASSERT_EQ(add_many(self->sk, &syn_recv, 0, ENTRIES / 4), 0);
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, ENTRIES), 0);

	EXPECT_EQ(count(self->sk, &syn_recv), ENTRIES / 4);
}

/* What is closing makes room without waiting for gc */
TEST_F(evict, closing_at_once)
{
	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &time_wait, 0, ENTRIES / 2), 0);

	EXPECT_EQ(add_many(self->sk, &syn_sent, 0, ENTRIES / 4), 0);
	EXPECT_EQ(count(self->sk, &established), ENTRIES / 2);
}

/* Of the same kind, the ones without a packet for the longest time go */
TEST_F(evict, oldest_first)
{
	struct group old = syn_sent;

	old.id = 10;
	old.timeout = 60;
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &old, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &query, 0, ENTRIES / 16), 0);

	EXPECT_EQ(count(self->sk, &syn_sent), ENTRIES / 2);
	EXPECT_EQ(count(self->sk, &old), ENTRIES / 2 - ENTRIES / 16);
}

/* A query has less to live from its start than a SYN of half a minute ago */
TEST_F(evict, idle_not_left)
{
	struct group old = syn_sent;

	old.timeout = 90;
	ASSERT_EQ(add_many(self->sk, &query, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &old, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &syn_recv, 0, ENTRIES / 16), 0);

	EXPECT_EQ(count(self->sk, &query), ENTRIES / 2);
	EXPECT_EQ(count(self->sk, &old), ENTRIES / 2 - ENTRIES / 16);
}

static const struct group one_source = {
	.id		= 20,
	.protonum	= IPPROTO_UDP,
	.timeout	= 30,
};

/* Older than those of one_source, so that they go first without the check */
static const struct group other_sources = {
	.id		= 21,
	.protonum	= IPPROTO_UDP,
	.timeout	= 20,
	.many_sources	= true,
};

TEST_F(evict, heavy_source)
{
	ASSERT_EQ(add_many(self->sk, &other_sources, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &one_source, 0, ENTRIES * 3), 0);

	/* it has half, some samples of 16 have less than a quarter of that */
	EXPECT_GE(count(self->sk, &other_sources), ENTRIES / 4);
}

/* A source does not lose what is worth more than what others have */
TEST_F(evict, heavy_source_class)
{
	struct group replied = one_source, old = syn_sent;

	old.timeout = 60;
	replied.status = STATUS_REPLIED;
	replied.protonum = IPPROTO_TCP;
	replied.tcp_state = TCP_CONNTRACK_SYN_RECV;
	ASSERT_EQ(add_many(self->sk, &replied, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &old, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &replied, ENTRIES / 2, ENTRIES / 16), 0);

	EXPECT_EQ(count(self->sk, &replied), ENTRIES / 2 + ENTRIES / 16);
}

TEST_F(evict, heavy_source_off)
{
	ASSERT_EQ(sysctl_write(SYSCTL("early_drop_source"), 0), 0);
	ASSERT_EQ(add_many(self->sk, &other_sources, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &one_source, 0, ENTRIES * 3), 0);

	EXPECT_LE(count(self->sk, &other_sources), ENTRIES / 16);
}

TEST_F(evict, protect_mask)
{
	struct group marked = other_sources;

	marked.mark = 0x10;
	ASSERT_EQ(sysctl_write(SYSCTL("early_drop_protect_mask"), 0x30), 0);
	ASSERT_EQ(add_many(self->sk, &marked, 0, ENTRIES / 4), 0);
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, ENTRIES * 2), 0);

	EXPECT_EQ(count(self->sk, &marked), ENTRIES / 4);
}

/* What other namespaces have in the table is not touched */
TEST_F(evict, other_namespace)
{
	struct mnl_socket *other = self->sk;

	ASSERT_EQ(add_many(other, &query, 0, ENTRIES), 0);

	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	self->sk = nl_open(0);
	ASSERT_NE(self->sk, NULL);
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, ENTRIES * 2), 0);

	EXPECT_EQ(count(other, &query), ENTRIES);
	EXPECT_LE(count(self->sk, &syn_sent), ENTRIES);
	mnl_socket_close(other);
}

TEST_F(evict, sysctl_values)
{
	EXPECT_EQ(sysctl_read(SYSCTL("early_drop_source")), 1);
	EXPECT_EQ(sysctl_write(SYSCTL("early_drop_source"), 2), -EINVAL);
	EXPECT_EQ(sysctl_write(SYSCTL("early_drop_source"), -1), -EINVAL);
	EXPECT_EQ(sysctl_read(SYSCTL("early_drop_source")), 1);

	EXPECT_EQ(sysctl_read(SYSCTL("early_drop_protect_mask")), 0);
	EXPECT_EQ(sysctl_write(SYSCTL("early_drop_protect_mask"), -1), -EINVAL);
	EXPECT_EQ(sysctl_write(SYSCTL("early_drop_protect_mask"), 1ll << 32),
		  -EINVAL);
	EXPECT_EQ(sysctl_write(SYSCTL("early_drop_protect_mask"), 0xffffffff),
		  0);
}

struct reasons {
	unsigned int of[256];
};

static int reason_cb(const struct nlmsghdr *nlh, void *data)
{
	struct reasons *reasons = data;
	const struct nlattr *attr;
	uint8_t reason = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_EVICT_REASON)
			reason = mnl_attr_get_u8(attr);
	}
	reasons->of[reason]++;
	return MNL_CB_OK;
}

/* The events that are there already */
static void get_reasons(struct mnl_socket *sk, struct reasons *reasons)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t len;

	memset(reasons, 0, sizeof(*reasons));
	while ((len = recv(mnl_socket_get_fd(sk), buf, sizeof(buf),
			   MSG_DONTWAIT)) > 0)
		mnl_cb_run(buf, len, 0, 0, reason_cb, reasons);
}

struct stats {
	uint32_t of[CTA_STATS_MAX + 1];
};

static int stats_cb(const struct nlmsghdr *nlh, void *data)
{
	struct stats *stats = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) <= CTA_STATS_MAX)
			stats->of[mnl_attr_get_type(attr)] +=
				ntohl(mnl_attr_get_u32(attr));
	}
	return MNL_CB_OK;
}

static void get_stats(struct mnl_socket *sk, struct stats *stats)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];

	memset(stats, 0, sizeof(*stats));
	run(sk, put_header(buf, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP),
	    stats_cb, stats);
}

/* Events and counters tell what has happened, and why */
TEST_F(evict, reasons)
{
	struct mnl_socket *events;
	struct reasons reasons;
	struct stats stats;

	events = nl_open(NF_NETLINK_CONNTRACK_DESTROY);
	ASSERT_NE(events, NULL);

	ASSERT_EQ(add_many(self->sk, &syn_recv, 0, ENTRIES), 0);
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, 8), 0);
	get_reasons(events, &reasons);
	EXPECT_EQ(reasons.of[CTA_EVICT_REASON_REPLIED] +
		  reasons.of[CTA_EVICT_REASON_UNREPLIED], 8);
	EXPECT_GE(reasons.of[CTA_EVICT_REASON_REPLIED], 1);
	get_stats(self->sk, &stats);
	EXPECT_EQ(stats.of[CTA_STATS_EARLY_DROP], 8);
	EXPECT_EQ(stats.of[CTA_STATS_EVICT_REPLIED],
		  reasons.of[CTA_EVICT_REASON_REPLIED]);
	EXPECT_EQ(stats.of[CTA_STATS_EVICT_UNREPLIED],
		  reasons.of[CTA_EVICT_REASON_UNREPLIED]);
	mnl_socket_close(events);
}

TEST_F(evict, reason_closing)
{
	struct mnl_socket *events;
	struct reasons reasons;
	struct stats stats;

	events = nl_open(NF_NETLINK_CONNTRACK_DESTROY);
	ASSERT_NE(events, NULL);

	ASSERT_EQ(add_many(self->sk, &time_wait, 0, ENTRIES), 0);
	ASSERT_EQ(add_many(self->sk, &established, 0, 8), 0);
	get_reasons(events, &reasons);
	EXPECT_EQ(reasons.of[CTA_EVICT_REASON_CLOSING], 8);
	get_stats(self->sk, &stats);
	EXPECT_EQ(stats.of[CTA_STATS_EVICT_CLOSING], 8);
	EXPECT_EQ(stats.of[CTA_STATS_FULL_DROP], 0);
	mnl_socket_close(events);
}

/* Half of the timeout is left to entries: five days less the 1000 seconds are
 * more than that.
 */
static int adaptive_on(void)
{
	return sysctl_write(SYSCTL("timeout_adaptive_start"), ENTRIES / 2) ?:
	       sysctl_write(SYSCTL("timeout_adaptive_end"), ENTRIES * 3 / 2);
}

static const struct group fresh = {
	.id		= 30,
	.protonum	= IPPROTO_TCP,
	.tcp_state	= TCP_CONNTRACK_ESTABLISHED,
	.status		= STATUS_ASSURED,
	.timeout	= 5 * 86400 - 60,
	.many_sources	= true,
};

/* Entries that are idle go without a new one for each of them */
TEST_F(evict, adaptive_gc)
{
	unsigned int i, left;

	ASSERT_EQ(adaptive_on(), 0);
	ASSERT_EQ(add_many(self->sk, &fresh, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES / 2 - 1), 0);

	for (i = 0; i < 150; i++) {
		left = count(self->sk, &established);
		if (left <= ENTRIES / 4)
			break;
		usleep(100000);
		/* gc is asked to look by those who add an entry */
		add(self->sk, &syn_sent, i);
	}
	EXPECT_LE(left, ENTRIES / 4);
	EXPECT_EQ(count(self->sk, &fresh), ENTRIES / 2);
}

TEST_F(evict, adaptive_values)
{
	EXPECT_EQ(sysctl_read(SYSCTL("timeout_adaptive_start")), 0);
	EXPECT_EQ(sysctl_read(SYSCTL("timeout_adaptive_end")), 0);
	EXPECT_EQ(sysctl_write(SYSCTL("timeout_adaptive_start"), -1), -EINVAL);
	EXPECT_EQ(sysctl_write(SYSCTL("timeout_adaptive_end"), 1ll << 32),
		  -EINVAL);

	/* an end below the start: off */
	ASSERT_EQ(sysctl_write(SYSCTL("timeout_adaptive_start"), 2), 0);
	ASSERT_EQ(sysctl_write(SYSCTL("timeout_adaptive_end"), 1), 0);
	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES), 0);
	EXPECT_EQ(add_many(self->sk, &syn_sent, 0, 8), 8);
}

struct pressure {
	unsigned int	messages;
	uint8_t		level;
	uint32_t	evicted;
	uint32_t	dropped;
};

static int pressure_cb(const struct nlmsghdr *nlh, void *data)
{
	struct pressure *pressure = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 |
				IPCTNL_MSG_CT_PRESSURE))
		return MNL_CB_ERROR;

	pressure->messages++;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_PRESSURE_LEVEL:
			pressure->level = mnl_attr_get_u8(attr);
			break;
		case CTA_PRESSURE_EVICTED:
			pressure->evicted += ntohl(mnl_attr_get_u32(attr));
			break;
		case CTA_PRESSURE_DROPPED:
			pressure->dropped += ntohl(mnl_attr_get_u32(attr));
			break;
		}
	}
	return MNL_CB_OK;
}

static bool pressure_open(struct mnl_socket **sk)
{
	const struct timeval timeout = { .tv_sec = 10 };
	int group = NFNLGRP_CONNTRACK_PRESSURE;

	*sk = nl_open(0);
	return *sk &&
	       !setsockopt(mnl_socket_get_fd(*sk), SOL_SOCKET, SO_RCVTIMEO,
			   &timeout, sizeof(timeout)) &&
	       !mnl_socket_setsockopt(*sk, NETLINK_ADD_MEMBERSHIP, &group,
				      sizeof(group));
}

/* Wait for messages until the level is @level; false if none comes any more */
static bool pressure_wait(struct mnl_socket *sk, struct pressure *pressure,
			  uint8_t level)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t len;

	do {
		len = mnl_socket_recvfrom(sk, buf, sizeof(buf));
		if (len < 0 || mnl_cb_run(buf, len, 0, 0, pressure_cb,
					  pressure) < 0)
			return false;
	} while (pressure->level != level);

	return true;
}

TEST_F(evict, pressure)
{
	struct pressure pressure = {};
	struct mnl_socket *sk;

	ASSERT_TRUE(pressure_open(&sk));
	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &query, 0, ENTRIES / 2 - 16), 0);
	EXPECT_TRUE(pressure_wait(sk, &pressure, CTA_PRESSURE_HIGH));
	EXPECT_EQ(pressure.messages, 1);

	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, 32), 0);
	do {
		ASSERT_TRUE(pressure_wait(sk, &pressure, CTA_PRESSURE_FULL));
	} while (!pressure.evicted);
	EXPECT_EQ(pressure.dropped, 0);

	ASSERT_EQ(flush(self->sk), 0);
	EXPECT_TRUE(pressure_wait(sk, &pressure, CTA_PRESSURE_NORMAL));
	/* one for each second since, and one per change of the level */
	EXPECT_GE(pressure.messages, 3);
	EXPECT_LE(pressure.messages, 12);
	mnl_socket_close(sk);
}

/* Only the namespace that is concerned is told */
TEST_F(evict, pressure_namespace)
{
	const struct timeval timeout = { .tv_sec = 2 };
	struct pressure pressure = {};
	struct mnl_socket *sk;

	ASSERT_TRUE(pressure_open(&sk));
	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	mnl_socket_close(self->sk);
	self->sk = nl_open(0);
	ASSERT_NE(self->sk, NULL);
	ASSERT_EQ(add_many(self->sk, &query, 0, ENTRIES + 16), 0);

	ASSERT_EQ(setsockopt(mnl_socket_get_fd(sk), SOL_SOCKET, SO_RCVTIMEO,
			     &timeout, sizeof(timeout)), 0);
	EXPECT_FALSE(pressure_wait(sk, &pressure, CTA_PRESSURE_FULL));
	EXPECT_EQ(pressure.messages, 0);
	mnl_socket_close(sk);
}

/* No reason for what somebody has deleted */
TEST_F(evict, no_reason)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct mnl_socket *events;
	struct reasons reasons;
	struct nlmsghdr *nlh;

	events = nl_open(NF_NETLINK_CONNTRACK_DESTROY);
	ASSERT_NE(events, NULL);
	ASSERT_EQ(add(self->sk, &query, 0), 0);
	nlh = put_header(buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	put_tuple(nlh, CTA_TUPLE_ORIG, &query, 0);
	ASSERT_EQ(run(self->sk, nlh, NULL, NULL), 0);
	get_reasons(events, &reasons);
	EXPECT_EQ(reasons.of[CTA_EVICT_REASON_UNSPEC], 1);
	mnl_socket_close(events);
}

/* Entries that are refused have gc evict those of others: these come last */
TEST_F(evict, not_established)
{
	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES), 0);

	EXPECT_EQ(add_many(self->sk, &syn_sent, 0, 16), 16);
	EXPECT_EQ(count(self->sk, &established), ENTRIES);
}

TEST_F(evict, refused)
{
	struct stats stats;

	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES), 0);
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, 16), 16);
	get_stats(self->sk, &stats);
	EXPECT_EQ(stats.of[CTA_STATS_EARLY_DROP], 0);
	EXPECT_EQ(stats.of[CTA_STATS_FULL_DROP], 16);
}

TEST_F(evict, adaptive_full)
{
	struct mnl_socket *events;
	struct reasons reasons;

	events = nl_open(NF_NETLINK_CONNTRACK_DESTROY);
	ASSERT_NE(events, NULL);
	ASSERT_EQ(add_many(self->sk, &fresh, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &established, 0, ENTRIES / 2), 0);
	ASSERT_EQ(add_many(self->sk, &syn_sent, 0, 8), 8);

	ASSERT_EQ(adaptive_on(), 0);
	EXPECT_EQ(add_many(self->sk, &syn_sent, 0, 8), 0);
	get_reasons(events, &reasons);
	EXPECT_GE(reasons.of[CTA_EVICT_REASON_IDLE], 1);
	EXPECT_EQ(count(self->sk, &fresh), ENTRIES / 2);
	mnl_socket_close(events);
}

/* In the initial namespace, as nfct_evict.sh has set it; of buckets, there are
 * less than the table wants.
 */
#define HOST_MAX	4096
#define HOST_BUCKETS	2048
#define HOST_FLOWS	1024
#define HOST_MARK	0x6e666374

/* What is about to be added or removed is counted */
#define ON_THE_WAY	64

#define TRACKED(table)	"nft 'table ip " table " { chain c { type filter " \
			"hook output priority 0; ct state new accept; }; }'"

struct container {
	bool		floods;
	bool		sets_limits;
};

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* Somebody who is nobody here, and root of namespaces of their own */
static bool container_enter(void)
{
	if (setgid(65534) || setuid(65534) ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	/* both are lost with the change of the user */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	return write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", "0 65534 1") &&
	       write_file("/proc/self/gid_map", "0 65534 1");
}

static bool loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good = !ioctl(fd, SIOCSIFFLAGS, &ifr);

	close(fd);
	return good;
}

static bool container_sets_limits(void)
{
	return !sysctl_write(SYSCTL("max"), 1 << 20) ||
	       !sysctl_write(SYSCTL("buckets"), 1 << 16) ||
	       !sysctl_write(SYSCTL("buckets_auto"), 1) ||
	       !sysctl_write(SYSCTL("buckets_max"), 1 << 16);
}

/* New flows, and connections that are not evicted for them: the table is full
 * of these in the end, so that flows are dropped.
 */
static void container_flood(struct mnl_socket *sk)
{
	struct sockaddr_in addr = {
		.sin_family	= AF_INET,
		.sin_port	= htons(9),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint32_t i;

	for (i = 0; ; i++) {
		addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (i & 0xfffff));
		sendto(fd, "", 1, 0, (void *)&addr, sizeof(addr));
		if (i % 4 == 0)
			add(sk, &established, i / 4 % 60000);
	}
}

static void container_run(struct container *container)
{
	struct mnl_socket *sk;

	if (!container_enter() || !loopback_up() || system(TRACKED("t")))
		_exit(1);
	sk = nl_open(0);
	if (!sk)
		_exit(1);
	container->sets_limits = container_sets_limits();
	__atomic_store_n(&container->floods, true, __ATOMIC_RELEASE);
	container_flood(sk);
}

/* Returns the process if it floods its namespace */
static pid_t container_start(struct container *container)
{
	pid_t pid = fork();

	if (!pid)
		container_run(container);

	while (!__atomic_load_n(&container->floods, __ATOMIC_ACQUIRE)) {
		if (pid < 0 || waitpid(pid, NULL, WNOHANG) == pid)
			return -1;
		usleep(1000);
	}
	return pid;
}

/* A socket in the network namespace of another process */
static struct mnl_socket *nl_open_of(pid_t pid)
{
	int self = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct mnl_socket *sk = NULL;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (self >= 0 && fd >= 0 && !setns(fd, CLONE_NEWNET)) {
		sk = nl_open(0);
		if (setns(self, CLONE_NEWNET))
			exit(KSFT_FAIL);
	}
	close(fd);
	close(self);
	return sk;
}

static int entries_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *entries = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_ENTRIES)
			*entries = ntohl(mnl_attr_get_u32(attr));
	}
	return MNL_CB_STOP;
}

/* Of the whole namespace, in the table or not yet */
static uint32_t count_all(struct mnl_socket *sk)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	uint32_t entries = ~0u;

	run(sk, put_header(buf, IPCTNL_MSG_CT_GET_STATS, 0), entries_cb,
	    &entries);
	return entries;
}

struct host {
	struct mnl_socket	*sk;
	struct mnl_socket	*pressure;
	struct sockaddr_in	addr;
	struct stats		before;
	int			server;
	unsigned int		flows;
};

static const struct group host_groups[] = {
	{
		.id		= 40,
		.protonum	= IPPROTO_TCP,
		.tcp_state	= TCP_CONNTRACK_SYN_SENT,
		.timeout	= 1000,
		.mark		= HOST_MARK,
		.many_sources	= true,
	},
	{
		.id		= 41,
		.protonum	= IPPROTO_TCP,
		.tcp_state	= TCP_CONNTRACK_TIME_WAIT,
		.status		= STATUS_ASSURED,
		.timeout	= 1000,
		.mark		= HOST_MARK,
		.many_sources	= true,
	},
	{
		.id		= 42,
		.protonum	= IPPROTO_UDP,
		.status		= STATUS_REPLIED,
		.timeout	= 1000,
		.mark		= HOST_MARK,
	},
};

/* Entries of the kinds that are evicted first, and somebody to send to */
static bool host_start(struct host *host)
{
	const struct timeval timeout = { .tv_sec = 10 };
	socklen_t len = sizeof(host->addr);
	unsigned int i;

	host->addr.sin_family = AF_INET;
	host->server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(host->server, (void *)&host->addr, len) ||
	    getsockname(host->server, (void *)&host->addr, &len) ||
	    setsockopt(host->server, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)))
		return false;

	host->sk = nl_open(0);
	if (!host->sk || !pressure_open(&host->pressure))
		return false;
	for (i = 0; i < ARRAY_SIZE(host_groups); i++) {
		if (add_many(host->sk, &host_groups[i], 0, ENTRIES))
			return false;
	}
	get_stats(host->sk, &host->before);
	return true;
}

/* A packet to an address that was not used yet has to arrive */
static bool host_flow(struct host *host)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char buf[2];
	bool good;

	host->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host->flows);
	good = sendto(fd, "x", 1, 0, (void *)&host->addr,
		      sizeof(host->addr)) == 1 &&
	       recv(host->server, buf, sizeof(buf), 0) == 1;
	close(fd);
	host->flows++;
	return good;
}

static void host_end(struct host *host)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = put_header(buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(HOST_MARK));
	run(host->sk, nlh, NULL, NULL);
	mnl_socket_close(host->sk);
	mnl_socket_close(host->pressure);
	close(host->server);
}

/* Has the container taken all it can get? */
static bool container_is_full(struct mnl_socket *sk)
{
	struct stats stats;

	get_stats(sk, &stats);
	return stats.of[CTA_STATS_EARLY_DROP] > HOST_MAX &&
	       stats.of[CTA_STATS_FULL_DROP] > HOST_MAX;
}

FIXTURE(container)
{
	struct host		host;
	pid_t			pid;
	struct mnl_socket	*inside;
};

/* nfct_evict.sh has set the size of the table, and has packets of the initial
 * namespace tracked.
 */
FIXTURE_SETUP(container)
{
	struct container *container;

	self->pid = -1;
	if (sysctl_read(SYSCTL("max")) != HOST_MAX)
		SKIP(return, "nf_conntrack_max is not set, run nfct_evict.sh");

	container = mmap(NULL, sizeof(*container), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(container, MAP_FAILED);
	ASSERT_TRUE(host_start(&self->host));
	self->pid = container_start(container);
	if (self->pid < 0)
		SKIP(return, "no user namespaces, or no nft in them");
	EXPECT_FALSE(container->sets_limits);
	self->inside = nl_open_of(self->pid);
	ASSERT_NE(self->inside, NULL);
}

static void container_end(pid_t *pid)
{
	if (*pid < 0)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = -1;
}

FIXTURE_TEARDOWN(container)
{
	container_end(&self->pid);
	if (self->inside)
		mnl_socket_close(self->inside);
	if (self->host.sk)
		host_end(&self->host);
}

static const unsigned int counters[] = {
	CTA_STATS_EARLY_DROP, CTA_STATS_DROP, CTA_STATS_FULL_DROP,
	CTA_STATS_INSERT_FAILED, CTA_STATS_EVICT_UNREPLIED,
	CTA_STATS_EVICT_CLOSING, CTA_STATS_EVICT_REPLIED,
	CTA_STATS_EVICT_IDLE, CTA_STATS_EVICT_GC,
};

/* Who floods a namespace fills up to the limit of that, and nobody else
 * notices.
 */
TEST_F_TIMEOUT(container, goes_unnoticed, 300)
{
	struct host *host = &self->host;
	struct stats stats;
	unsigned int i;
	char buf[64];

	while (!container_is_full(self->inside)) {
		ASSERT_LE(count_all(self->inside), HOST_MAX + ON_THE_WAY);
		ASSERT_LE(sysctl_read(SYSCTL("buckets")), HOST_BUCKETS);
		if (host->flows < HOST_FLOWS)
			ASSERT_TRUE(host_flow(host));
	}
	/* the table has not grown, though it had more than that */
	EXPECT_GT(count_all(self->inside), HOST_BUCKETS);
	container_end(&self->pid);

	get_stats(host->sk, &stats);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		EXPECT_EQ(stats.of[counters[i]],
			  host->before.of[counters[i]]) {
			TH_LOG("counter %u", counters[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(host_groups); i++)
		EXPECT_EQ(count(host->sk, &host_groups[i]), ENTRIES);
	EXPECT_GE(count_all(host->sk), 3 * ENTRIES + host->flows);
	EXPECT_LT(recv(mnl_socket_get_fd(host->pressure), buf, sizeof(buf),
		       MSG_DONTWAIT), 0);
}

TEST_HARNESS_MAIN
