// SPDX-License-Identifier: GPL-2.0
/* IPCTNL_MSG_CT_FLUSH, and the same filters in dumps
 *
 * Each test has a network namespace of its own, with one entry per line of
 * entries[]. Entry n has bit n of its mark set, so a set of entries is a mask.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/wait.h>

#include <libmnl/libmnl.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "kselftest_harness.h"
#include "nfct_flush_flags.h"

#define BUF_SIZE	(128 * 1024)
#define ZONE		5

struct entry {
	const char	*src, *dst;
	uint16_t	sport, dport;
	uint8_t		l4proto;
	uint8_t		tcp_state;
	uint16_t	zone;
	uint32_t	timeout;
	const char	*snat, *dnat;
};

enum {
	DNS, DNS2, NTP, WEB, WEB_WAIT, WEB6, DNS6, SNAT, DNAT, BOTH, PING, SCTP,
	ENTRIES
};

#define M(n)		(1u << (n))
#define ALL		(M(ENTRIES) - 1)

static const struct entry entries[ENTRIES] = {
	[DNS]	= { "10.1.0.1", "192.0.2.1", 1000, 53, IPPROTO_UDP,
		    .timeout = 100 },
	[DNS2]	= { "10.1.1.2", "192.0.2.1", 2000, 53, IPPROTO_UDP },
	[NTP]	= { "10.2.0.1", "192.0.2.2", 1000, 123, IPPROTO_UDP,
		    .zone = ZONE, .timeout = 100000 },
	[WEB]	= { "10.1.0.3", "192.0.2.1", 3000, 80, IPPROTO_TCP,
		    TCP_CONNTRACK_ESTABLISHED },
	[WEB_WAIT] = { "10.1.0.4", "192.0.2.1", 3001, 443, IPPROTO_TCP,
		    TCP_CONNTRACK_TIME_WAIT },
	[WEB6]	= { "2001:db8::1", "2001:db8:1::1", 4000, 80, IPPROTO_TCP,
		    TCP_CONNTRACK_SYN_SENT },
	[DNS6]	= { "2001:db8::2", "2001:db8:1::1", 4001, 53, IPPROTO_UDP },
	[SNAT]	= { "10.3.0.1", "192.0.2.3", 5000, 53, IPPROTO_UDP,
		    .snat = "198.51.100.1" },
	[DNAT]	= { "10.3.0.2", "192.0.2.3", 5001, 53, IPPROTO_UDP,
		    .dnat = "198.51.100.2" },
	[BOTH]	= { "10.3.0.3", "192.0.2.3", 5002, 53, IPPROTO_UDP,
		    .snat = "198.51.100.3", .dnat = "198.51.100.4" },
	[PING]	= { "10.4.0.1", "192.0.2.4", 7, 0, IPPROTO_ICMP },
	[SCTP]	= { "10.5.0.1", "192.0.2.5", 6000, 36412, IPPROTO_SCTP },
};

/* An attribute that may be left out */
struct opt {
	bool		set;
	uint32_t	val;
};

#define V(x)		{ true, x }

struct dir {
	const char	*src, *dst;
	struct opt	src_len, dst_len;
	struct opt	sport_min, sport_max, dport_min, dport_max;
};

struct filter {
	struct opt	mark, mark_mask, status, status_mask, zone;
	struct opt	l3proto, l4proto, nat, tcp_states;
	struct opt	expires_min, expires_max;
	struct opt	orig_flags;
	const struct entry *tuple;
	struct dir	orig, reply;
	struct opt	label, label_mask;
};

struct result {
	int		err;
	bool		has_msg;
	char		msg[64];
	unsigned int	replies;
	unsigned int	events;
	uint64_t	matched, deleted, scanned;
};

static char buf[BUF_SIZE];

static struct nlmsghdr *put_header(int type, int flags, int family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	static unsigned int seq;
	struct nfgenmsg *nfh;

	nlh->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++seq;

	nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = family;
	nfh->version = NFNETLINK_V0;

	return nlh;
}

static int addr_family(const char *addr)
{
	return strchr(addr, ':') ? AF_INET6 : AF_INET;
}

static void put_addr(struct nlmsghdr *nlh, int type, const char *addr)
{
	int family = addr_family(addr);
	char bin[16];

	inet_pton(family, addr, bin);
	mnl_attr_put(nlh, type, family == AF_INET6 ? 16 : 4, bin);
}

static void put_u8(struct nlmsghdr *nlh, int type, const struct opt *o)
{
	if (o->set)
		mnl_attr_put_u8(nlh, type, o->val);
}

static void put_be16(struct nlmsghdr *nlh, int type, const struct opt *o)
{
	if (o->set)
		mnl_attr_put_u16(nlh, type, htons(o->val));
}

static void put_be32(struct nlmsghdr *nlh, int type, const struct opt *o)
{
	if (o->set)
		mnl_attr_put_u32(nlh, type, htonl(o->val));
}

static void put_ip(struct nlmsghdr *nlh, const char *src, const char *dst)
{
	bool v6 = addr_family(src) == AF_INET6;
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	put_addr(nlh, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, src);
	put_addr(nlh, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, dst);
	mnl_attr_nest_end(nlh, nest);
}

static void put_proto(struct nlmsghdr *nlh, uint8_t l4proto, uint16_t sport,
		      uint16_t dport, bool reply)
{
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, l4proto);
	if (l4proto == IPPROTO_ICMP) {
		mnl_attr_put_u16(nlh, CTA_PROTO_ICMP_ID, htons(sport));
		mnl_attr_put_u8(nlh, CTA_PROTO_ICMP_TYPE, reply ? 0 : 8);
		mnl_attr_put_u8(nlh, CTA_PROTO_ICMP_CODE, 0);
	} else {
		mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(sport));
		mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dport));
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_tuple(struct nlmsghdr *nlh, int type, const struct entry *e)
{
	bool reply = type == CTA_TUPLE_REPLY;
	uint16_t sport = e->sport, dport = e->dport;
	struct nlattr *nest;

	if (reply && e->l4proto != IPPROTO_ICMP) {
		sport = e->dport;
		dport = e->sport;
	}

	nest = mnl_attr_nest_start(nlh, type);
	put_ip(nlh, reply ? e->dst : e->src, reply ? e->src : e->dst);
	put_proto(nlh, e->l4proto, sport, dport, reply);
	mnl_attr_nest_end(nlh, nest);
}

static void put_nat(struct nlmsghdr *nlh, int type, const char *addr)
{
	struct nlattr *nest;

	if (!addr)
		return;

	nest = mnl_attr_nest_start(nlh, type);
	put_addr(nlh, CTA_NAT_V4_MINIP, addr);
	mnl_attr_nest_end(nlh, nest);
}

static void put_tcp(struct nlmsghdr *nlh, uint8_t state)
{
	struct nlattr *info, *tcp;

	info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
	tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE, state);
	mnl_attr_nest_end(nlh, tcp);
	mnl_attr_nest_end(nlh, info);
}

static void put_dir(struct nlmsghdr *nlh, int type, const struct dir *d)
{
	static const struct dir none;
	struct nlattr *nest;

	if (!memcmp(d, &none, sizeof(none)))
		return;

	nest = mnl_attr_nest_start(nlh, type);
	if (d->src)
		put_addr(nlh, CTA_FILTER_DIR_SRC, d->src);
	put_u8(nlh, CTA_FILTER_DIR_SRC_PREFIXLEN, &d->src_len);
	if (d->dst)
		put_addr(nlh, CTA_FILTER_DIR_DST, d->dst);
	put_u8(nlh, CTA_FILTER_DIR_DST_PREFIXLEN, &d->dst_len);
	put_be16(nlh, CTA_FILTER_DIR_SPORT_MIN, &d->sport_min);
	put_be16(nlh, CTA_FILTER_DIR_SPORT_MAX, &d->sport_max);
	put_be16(nlh, CTA_FILTER_DIR_DPORT_MIN, &d->dport_min);
	put_be16(nlh, CTA_FILTER_DIR_DPORT_MAX, &d->dport_max);
	mnl_attr_nest_end(nlh, nest);
}

static void put_label(struct nlmsghdr *nlh, int type, const struct opt *o)
{
	uint32_t bits[4] = { o->val };

	if (o->set)
		mnl_attr_put(nlh, type, sizeof(bits), bits);
}

/* Attributes of a filter: those of a dump, or in CTA_FLUSH_FILTER */
static void put_filter(struct nlmsghdr *nlh, const struct filter *f)
{
	struct nlattr *nest;

	put_be32(nlh, CTA_MARK, &f->mark);
	put_be32(nlh, CTA_MARK_MASK, &f->mark_mask);
	put_be32(nlh, CTA_STATUS, &f->status);
	put_be32(nlh, CTA_STATUS_MASK, &f->status_mask);
	put_be16(nlh, CTA_ZONE, &f->zone);
	put_label(nlh, CTA_LABELS, &f->label);
	put_label(nlh, CTA_LABELS_MASK, &f->label_mask);
	if (f->tuple)
		put_tuple(nlh, CTA_TUPLE_ORIG, f->tuple);

	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	if (f->orig_flags.set)
		mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, f->orig_flags.val);
	put_u8(nlh, CTA_FILTER_L3PROTO, &f->l3proto);
	put_u8(nlh, CTA_FILTER_L4PROTO, &f->l4proto);
	put_dir(nlh, CTA_FILTER_ORIG, &f->orig);
	put_dir(nlh, CTA_FILTER_REPLY, &f->reply);
	put_be32(nlh, CTA_FILTER_NAT, &f->nat);
	put_be32(nlh, CTA_FILTER_TCP_STATES, &f->tcp_states);
	put_be32(nlh, CTA_FILTER_EXPIRES_MIN, &f->expires_min);
	put_be32(nlh, CTA_FILTER_EXPIRES_MAX, &f->expires_max);
	mnl_attr_nest_end(nlh, nest);
}

static struct nlmsghdr *put_flush(int family, uint32_t flags,
				  const struct filter *f, unsigned int count)
{
	struct nlmsghdr *nlh;
	struct nlattr *list;
	unsigned int i;

	nlh = put_header(IPCTNL_MSG_CT_FLUSH, NLM_F_ACK, family);
	if (flags)
		mnl_attr_put_u32(nlh, CTA_FLUSH_FLAGS, htonl(flags));

	list = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTERS);
	for (i = 0; i < count; i++) {
		struct nlattr *nest;

		nest = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTER);
		put_filter(nlh, &f[i]);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_nest_end(nlh, list);

	return nlh;
}

static void read_counts(const struct nlmsghdr *nlh, struct result *res)
{
	const struct nlattr *attr;

	res->replies++;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		uint64_t val;

		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			continue;

		val = be64toh(mnl_attr_get_u64(attr));
		switch (mnl_attr_get_type(attr)) {
		case CTA_FLUSH_MATCHED:
			res->matched = val;
			break;
		case CTA_FLUSH_DELETED:
			res->deleted = val;
			break;
		case CTA_FLUSH_SCANNED:
			res->scanned = val;
			break;
		}
	}
}

static void read_error(const struct nlmsghdr *nlh, struct result *res)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	res->err = -err->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;

	/* NETLINK_CAP_ACK: only the header is repeated */
	mnl_attr_for_each(attr, nlh, sizeof(*err)) {
		if (mnl_attr_get_type(attr) != NLMSGERR_ATTR_MSG)
			continue;
		res->has_msg = true;
		snprintf(res->msg, sizeof(res->msg), "%s",
			 mnl_attr_get_str(attr));
	}
}

/* Returns true if it is the acknowledgment of @seq */
static bool read_msg(const struct nlmsghdr *nlh, unsigned int seq,
		     struct result *res)
{
	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		if (nlh->nlmsg_seq != seq)
			return false;
		read_error(nlh, res);
		return true;
	case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_FLUSH:
		read_counts(nlh, res);
		break;
	case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE:
		res->events++;
		break;
	}

	return false;
}

/* Reads up to the acknowledgment of @seq */
static int read_result(struct mnl_socket *nl, unsigned int seq,
		       struct result *res)
{
	static char rcv[BUF_SIZE];

	for (;;) {
		int len = mnl_socket_recvfrom(nl, rcv, sizeof(rcv));
		struct nlmsghdr *nlh = (void *)rcv;

		if (len < 0)
			return -errno;

		while (mnl_nlmsg_ok(nlh, len)) {
			if (read_msg(nlh, seq, res))
				return 0;
			nlh = mnl_nlmsg_next(nlh, &len);
		}
	}
}

static struct result talk(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	struct result res = {};

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		res.err = errno;
	else
		res.err = -read_result(nl, nlh->nlmsg_seq, &res) ?: res.err;

	return res;
}

static struct result flush(struct mnl_socket *nl, uint32_t flags,
			   const struct filter *f, unsigned int count)
{
	return talk(nl, put_flush(AF_UNSPEC, flags, f, count));
}

static int read_mark(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *marks = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == CTA_MARK)
			*marks |= ntohl(mnl_attr_get_u32(attr));

	return MNL_CB_OK;
}

/* Returns 0 and the marks of the entries that are listed, or an error */
static int dump(struct mnl_socket *nl, int family, const struct filter *f,
		uint32_t *marks)
{
	static char rcv[BUF_SIZE];
	struct nlmsghdr *nlh;
	int ret;

	nlh = put_header(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	if (f)
		put_filter(nlh, f);

	*marks = 0;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;

	do {
		ret = mnl_socket_recvfrom(nl, rcv, sizeof(rcv));
		if (ret > 0)
			ret = mnl_cb_run(rcv, ret, nlh->nlmsg_seq,
					 mnl_socket_get_portid(nl), read_mark,
					 marks);
	} while (ret > MNL_CB_STOP);

	return ret < 0 ? -errno : 0;
}

static uint32_t present(struct mnl_socket *nl)
{
	uint32_t marks;

	return dump(nl, AF_UNSPEC, NULL, &marks) ? ~0u : marks;
}

static int add_entry(struct mnl_socket *nl, const struct entry *e,
		     uint32_t mark, uint32_t label)
{
	const struct opt labels = V(label);
	struct nlmsghdr *nlh;

	nlh = put_header(IPCTNL_MSG_CT_NEW,
			 NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
			 addr_family(e->src));
	put_tuple(nlh, CTA_TUPLE_ORIG, e);
	put_tuple(nlh, CTA_TUPLE_REPLY, e);
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(e->timeout ?: 10000));
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(mark));
	mnl_attr_put_u16(nlh, CTA_ZONE, htons(e->zone));
	if (e->tcp_state)
		put_tcp(nlh, e->tcp_state);
	put_nat(nlh, CTA_NAT_SRC, e->snat);
	put_nat(nlh, CTA_NAT_DST, e->dnat);
	if (label)
		put_label(nlh, CTA_LABELS, &labels);

	return talk(nl, nlh).err;
}

/* Adds the entries that are not there */
static int add_entries(struct mnl_socket *nl)
{
	unsigned int i;
	int err;

	for (i = 0; i < ENTRIES; i++) {
		err = add_entry(nl, &entries[i], M(i), 0);
		if (err && err != EEXIST) {
			fprintf(stderr, "entry %u: %s\n", i, strerror(err));
			return err;
		}
	}

	return 0;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1;

	if (!nl)
		return NULL;

	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on))) {
		mnl_socket_close(nl);
		return NULL;
	}

	return nl;
}

/* An empty table: nothing can be deleted, whatever the kernel makes of it.
 * One without the message says so, but can not say what was wrong with it.
 */
static bool kernel_lacks_flush(struct mnl_socket *nl)
{
	const struct filter none = {};
	struct result res = flush(nl, CTA_FLUSH_F_DRY_RUN, &none, 1);

	return res.err == EINVAL && !res.has_msg;
}

/* DESTROY events also for entries that are added while nobody listens */
static void enable_events(void)
{
	int fd = open("/proc/sys/net/netfilter/nf_conntrack_events", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		perror("nf_conntrack_events");
	close(fd);
}

FIXTURE(flush)
{
	struct mnl_socket *nl;
};

FIXTURE_SETUP(flush)
{
	if (unshare(CLONE_NEWNET))
		SKIP(return, "cannot make a network namespace: %s",
		     strerror(errno));

	self->nl = open_socket();
	if (!self->nl)
		SKIP(return, "cannot open a netfilter socket: %s",
		     strerror(errno));

	if (kernel_lacks_flush(self->nl))
		SKIP(return, "kernel has no IPCTNL_MSG_CT_FLUSH");

	enable_events();
	ASSERT_EQ(0, add_entries(self->nl));
	ASSERT_EQ(ALL, present(self->nl)) {
		TH_LOG("without marks of entries nothing can be tested");
	}
}

FIXTURE_TEARDOWN(flush)
{
	if (self->nl)
		mnl_socket_close(self->nl);
}

static const struct {
	const char	*name;
	struct filter	f;
	uint32_t	match;
} good[] = {
	{ "nothing", {}, ALL },
	{ "mark", { .mark = V(M(NTP)) }, M(NTP) },
	{ "mark and mask", { .mark = V(0), .mark_mask = V(M(NTP)) },
	  ALL & ~M(NTP) },
	{ "zone", { .zone = V(ZONE) }, M(NTP) },
	{ "status", { .status = V(IPS_SRC_NAT) }, M(SNAT) | M(BOTH) },
	{ "status and mask",
	  { .status = V(IPS_SRC_NAT), .status_mask = V(IPS_NAT_MASK) },
	  M(SNAT) },
	{ "tuple",
	  { .l3proto = V(NFPROTO_IPV4), .tuple = &entries[DNS],
	    .orig_flags = V(F_IP_DST | F_PROTO_NUM | F_DST_PORT) },
	  M(DNS) | M(DNS2) },
	{ "icmp tuple",
	  { .l3proto = V(NFPROTO_IPV4), .tuple = &entries[PING],
	    .orig_flags = V(F_PROTO_NUM | F_ICMP_TYPE) }, M(PING) },
	{ "ipv6", { .l3proto = V(NFPROTO_IPV6) }, M(WEB6) | M(DNS6) },
	{ "tcp", { .l4proto = V(IPPROTO_TCP) },
	  M(WEB) | M(WEB_WAIT) | M(WEB6) },
	{ "icmp", { .l4proto = V(IPPROTO_ICMP) }, M(PING) },
	{ "unused protocol", { .l4proto = V(0) }, 0 },
	{ "tcp over ipv6",
	  { .l3proto = V(NFPROTO_IPV6), .l4proto = V(IPPROTO_TCP) }, M(WEB6) },
	{ "address", { .orig = { .src = "10.1.0.1" } }, M(DNS) },
	{ "prefix", { .orig = { .src = "10.1.0.0", .src_len = V(24) } },
	  M(DNS) | M(WEB) | M(WEB_WAIT) },
	{ "prefix with host bits",
	  { .orig = { .src = "10.1.0.9", .src_len = V(16) } },
	  M(DNS) | M(DNS2) | M(WEB) | M(WEB_WAIT) },
	{ "prefix of 31 bits",
	  { .orig = { .dst = "192.0.2.5", .dst_len = V(31) } },
	  M(PING) | M(SCTP) },
	{ "prefix of 0 bits",
	  { .orig = { .src = "0.0.0.0", .src_len = V(0) } },
	  ALL & ~(M(WEB6) | M(DNS6)) },
	{ "ipv6 address", { .orig = { .src = "2001:db8::2" } }, M(DNS6) },
	{ "ipv6 prefix",
	  { .orig = { .src = "2001:db8::", .src_len = V(126) } },
	  M(WEB6) | M(DNS6) },
	{ "ipv6 prefix of 64 bits",
	  { .reply = { .src = "2001:db8:1::", .src_len = V(64) } },
	  M(WEB6) | M(DNS6) },
	{ "ipv6 prefix of 65 bits",
	  { .orig = { .src = "2001:db8::8000:0:0:0", .src_len = V(65) } }, 0 },
	{ "ipv6 prefix of 0 bits",
	  { .orig = { .src = "::", .src_len = V(0) } }, M(WEB6) | M(DNS6) },
	{ "source and destination",
	  { .orig = { .src = "10.1.0.0", .src_len = V(16),
		      .dst = "192.0.2.1" },
	    .l4proto = V(IPPROTO_UDP) }, M(DNS) | M(DNS2) },
	{ "reply to a translated address",
	  { .reply = { .dst = "198.51.100.0", .dst_len = V(24) } },
	  M(SNAT) | M(BOTH) },
	{ "reply from a translated address",
	  { .reply = { .src = "198.51.100.0", .src_len = V(24) } },
	  M(DNAT) | M(BOTH) },
	{ "original and reply",
	  { .orig = { .src = "10.3.0.0", .src_len = V(16) },
	    .reply = { .src = "192.0.2.3" } }, M(SNAT) },
	{ "ports",
	  { .l4proto = V(IPPROTO_UDP),
	    .orig = { .sport_min = V(1000), .sport_max = V(2000) } },
	  M(DNS) | M(DNS2) | M(NTP) },
	{ "one port",
	  { .l4proto = V(IPPROTO_TCP),
	    .orig = { .dport_min = V(443), .dport_max = V(443) } },
	  M(WEB_WAIT) },
	{ "ports from",
	  { .l4proto = V(IPPROTO_UDP), .orig = { .dport_min = V(54) } },
	  M(NTP) },
	{ "ports up to",
	  { .l4proto = V(IPPROTO_UDP), .orig = { .sport_max = V(1999) } },
	  M(DNS) | M(NTP) },
	{ "ports of the reply",
	  { .l4proto = V(IPPROTO_TCP),
	    .reply = { .sport_min = V(80), .sport_max = V(80) } },
	  M(WEB) | M(WEB6) },
	{ "all ports",
	  { .l4proto = V(IPPROTO_TCP),
	    .orig = { .sport_min = V(0), .sport_max = V(65535) } },
	  M(WEB) | M(WEB_WAIT) | M(WEB6) },
	{ "source nat", { .nat = V(CTA_FILTER_NAT_SRC) }, M(SNAT) | M(BOTH) },
	{ "destination nat", { .nat = V(CTA_FILTER_NAT_DST) },
	  M(DNAT) | M(BOTH) },
	{ "any nat", { .nat = V(CTA_FILTER_NAT_SRC | CTA_FILTER_NAT_DST) },
	  M(SNAT) | M(DNAT) | M(BOTH) },
	{ "no nat", { .nat = V(CTA_FILTER_NAT_NONE) },
	  ALL & ~(M(SNAT) | M(DNAT) | M(BOTH)) },
	{ "nat or not",
	  { .nat = V(CTA_FILTER_NAT_SRC | CTA_FILTER_NAT_DST |
		     CTA_FILTER_NAT_NONE) }, ALL },
	{ "tcp state",
	  { .tcp_states = V(1 << TCP_CONNTRACK_TIME_WAIT) }, M(WEB_WAIT) },
	{ "tcp states",
	  { .l4proto = V(IPPROTO_TCP),
	    .tcp_states = V(1 << TCP_CONNTRACK_SYN_SENT |
			    1 << TCP_CONNTRACK_ESTABLISHED) },
	  M(WEB) | M(WEB6) },
	{ "all tcp states",
	  { .tcp_states = V((1 << TCP_CONNTRACK_MAX) - 1) },
	  M(WEB) | M(WEB_WAIT) | M(WEB6) },
	{ "expires soon", { .expires_max = V(100) }, M(DNS) },
	{ "expires late", { .expires_min = V(20000) }, M(NTP) },
	{ "expires in between",
	  { .expires_min = V(101), .expires_max = V(20000) },
	  ALL & ~(M(DNS) | M(NTP)) },
	{ "expires ever",
	  { .expires_min = V(0), .expires_max = V(UINT32_MAX) }, ALL },
	{ "all conditions",
	  { .mark = V(M(WEB)), .zone = V(0), .l3proto = V(NFPROTO_IPV4),
	    .l4proto = V(IPPROTO_TCP), .nat = V(CTA_FILTER_NAT_NONE),
	    .tcp_states = V(1 << TCP_CONNTRACK_ESTABLISHED),
	    .expires_min = V(1), .expires_max = V(100000),
	    .orig = { .src = "10.0.0.0", .src_len = V(8),
		      .dport_min = V(1), .dport_max = V(1023) },
	    .reply = { .dst = "10.1.0.3", .sport_max = V(80) } }, M(WEB) },
	{ "all conditions but one",
	  { .mark = V(M(WEB)), .zone = V(0), .l3proto = V(NFPROTO_IPV4),
	    .l4proto = V(IPPROTO_TCP), .nat = V(CTA_FILTER_NAT_NONE),
	    .tcp_states = V(1 << TCP_CONNTRACK_ESTABLISHED),
	    .orig = { .src = "10.0.0.0", .src_len = V(8) },
	    .reply = { .dst = "10.1.0.3", .sport_max = V(79) } }, 0 },
};

TEST_F(flush, dump_matches)
{
	unsigned int i;
	uint32_t marks;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, dump(self->nl, AF_UNSPEC, &good[i].f, &marks)) {
			TH_LOG("dump by %s", good[i].name);
		}
		EXPECT_EQ(good[i].match, marks) {
			TH_LOG("dump by %s", good[i].name);
		}
	}
}

TEST_F(flush, dry_run_counts)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct result res = flush(self->nl, CTA_FLUSH_F_DRY_RUN,
					  &good[i].f, 1);

		EXPECT_EQ(0, res.err) {
			TH_LOG("dry run by %s", good[i].name);
		}
		EXPECT_EQ(1, res.replies);
		EXPECT_EQ(__builtin_popcount(good[i].match), res.matched) {
			TH_LOG("dry run by %s", good[i].name);
		}
		EXPECT_EQ(0, res.deleted);
		EXPECT_EQ(ENTRIES, res.scanned);
	}

	EXPECT_EQ(ALL, present(self->nl));
}

TEST_F(flush, flush_deletes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct result res = flush(self->nl, 0, &good[i].f, 1);
		uint64_t count = __builtin_popcount(good[i].match);

		EXPECT_EQ(0, res.err) {
			TH_LOG("flush by %s", good[i].name);
		}
		EXPECT_EQ(1, res.replies);
		EXPECT_EQ(count, res.matched);
		EXPECT_EQ(count, res.deleted);
		EXPECT_LE(ENTRIES, res.scanned);
		EXPECT_EQ(0, res.events);
		EXPECT_EQ(ALL & ~good[i].match, present(self->nl)) {
			TH_LOG("flush by %s", good[i].name);
		}
		ASSERT_EQ(0, add_entries(self->nl));
	}
}

TEST_F(flush, delete_deletes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct nlmsghdr *nlh;

		nlh = put_header(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
		put_filter(nlh, &good[i].f);
		EXPECT_EQ(0, talk(self->nl, nlh).err);
		EXPECT_EQ(ALL & ~good[i].match, present(self->nl)) {
			TH_LOG("delete by %s", good[i].name);
		}
		ASSERT_EQ(0, add_entries(self->nl));
	}
}

TEST_F(flush, family_of_message)
{
	const struct filter none = {}, v4 = { .l3proto = V(NFPROTO_IPV4) };
	struct result res;

	res = talk(self->nl, put_flush(AF_INET6, 0, &v4, 1));
	EXPECT_EQ(EINVAL, res.err);
	EXPECT_TRUE(res.has_msg);
	EXPECT_EQ(ALL, present(self->nl));

	res = talk(self->nl, put_flush(AF_INET6, 0, &none, 1));
	EXPECT_EQ(0, res.err);
	EXPECT_EQ(2, res.deleted);
	EXPECT_EQ(ALL & ~(M(WEB6) | M(DNS6)), present(self->nl));
}

TEST_F(flush, filters_are_ored)
{
	const struct filter f[] = {
		{ .zone = V(ZONE) },
		{ .l4proto = V(IPPROTO_TCP), .l3proto = V(NFPROTO_IPV6) },
		{ .orig = { .src = "10.1.0.0", .src_len = V(16) } },
		/* overlaps with the one before */
		{ .l4proto = V(IPPROTO_UDP), .orig = { .sport_max = V(1500) } },
		{ .l4proto = V(IPPROTO_ICMPV6) },
	};
	uint32_t match = M(NTP) | M(WEB6) | M(DNS) | M(DNS2) | M(WEB) |
			 M(WEB_WAIT);
	struct result res;

	res = flush(self->nl, CTA_FLUSH_F_DRY_RUN, f, ARRAY_SIZE(f));
	EXPECT_EQ(0, res.err);
	EXPECT_EQ(6, res.matched);
	EXPECT_EQ(0, res.deleted);

	res = flush(self->nl, 0, f, ARRAY_SIZE(f));
	EXPECT_EQ(0, res.err);
	EXPECT_EQ(6, res.matched);
	EXPECT_EQ(6, res.deleted);
	EXPECT_EQ(ALL & ~match, present(self->nl));
}

TEST_F(flush, number_of_filters)
{
	struct filter f[MAX_FILTERS + 1] = {};
	struct result res;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(f); i++) {
		f[i].mark.set = true;
		f[i].mark.val = i < MAX_FILTERS - 1 ? 1u << 31 : M(DNS);
	}

	res = flush(self->nl, 0, f, 0);
	EXPECT_EQ(EINVAL, res.err);
	EXPECT_TRUE(res.has_msg);
	EXPECT_EQ(0, res.replies);

	res = flush(self->nl, 0, f, MAX_FILTERS + 1);
	EXPECT_EQ(E2BIG, res.err);
	EXPECT_TRUE(res.has_msg);
	EXPECT_EQ(0, res.replies);
	EXPECT_EQ(ALL, present(self->nl));

	res = flush(self->nl, 0, f, MAX_FILTERS);
	EXPECT_EQ(0, res.err);
	EXPECT_EQ(1, res.deleted);
	EXPECT_EQ(ALL & ~M(DNS), present(self->nl));
}

static const struct {
	const char	*name;
	struct filter	f;
	int		err;
	bool		flush_only;
} bad[] = {
	{ "unknown family", { .l3proto = V(0) }, EAFNOSUPPORT },
	{ "other family", { .l3proto = V(AF_BRIDGE) }, EAFNOSUPPORT },
	{ "prefix over 32 bits",
	  { .orig = { .src = "10.1.0.0", .src_len = V(33) } }, EINVAL },
	{ "destination prefix over 32 bits",
	  { .reply = { .dst = "10.1.0.0", .dst_len = V(255) } }, EINVAL },
	{ "prefix over 128 bits",
	  { .orig = { .src = "2001:db8::", .src_len = V(129) } }, EINVAL },
	{ "prefix without address", { .orig = { .src_len = V(8) } }, EINVAL },
	{ "destination prefix without address",
	  { .orig = { .src = "10.1.0.0", .dst_len = V(0) } }, EINVAL },
	{ "address of another family",
	  { .l3proto = V(NFPROTO_IPV6), .orig = { .src = "10.1.0.1" } },
	  EINVAL },
	{ "addresses of two families",
	  { .orig = { .src = "10.1.0.1", .dst = "2001:db8::1" } }, EINVAL },
	{ "directions of two families",
	  { .orig = { .src = "10.1.0.1" }, .reply = { .dst = "2001:db8::1" } },
	  EINVAL },
	{ "ports without protocol", { .orig = { .sport_min = V(1) } }, EINVAL },
	{ "ports of icmp",
	  { .l4proto = V(IPPROTO_ICMP), .orig = { .dport_max = V(1) } },
	  EINVAL },
	{ "ports of gre",
	  { .l4proto = V(IPPROTO_GRE), .reply = { .dport_max = V(1) } },
	  EINVAL },
	{ "source ports upside down",
	  { .l4proto = V(IPPROTO_UDP),
	    .orig = { .sport_min = V(2), .sport_max = V(1) } }, EINVAL },
	{ "destination ports upside down",
	  { .l4proto = V(IPPROTO_TCP),
	    .reply = { .dport_min = V(65535), .dport_max = V(0) } }, EINVAL },
	{ "no nat bit", { .nat = V(0) }, EINVAL },
	{ "unknown nat bit", { .nat = V(8 | CTA_FILTER_NAT_SRC) }, EINVAL },
	{ "last nat bit", { .nat = V(1u << 31) }, EINVAL },
	{ "no tcp state", { .tcp_states = V(0) }, EINVAL },
	{ "unknown tcp state", { .tcp_states = V(1 << TCP_CONNTRACK_MAX) },
	  EINVAL },
	{ "tcp state of udp",
	  { .l4proto = V(IPPROTO_UDP), .tcp_states = V(2) }, EINVAL },
	{ "lifetimes upside down",
	  { .expires_min = V(2), .expires_max = V(1) }, EINVAL },
	{ "mask without mark", { .mark_mask = V(1) }, EINVAL },
	{ "mask without status", { .status_mask = V(1) }, EINVAL },
	{ "no status", { .status = V(0) }, EINVAL },
	{ "flags without tuple",
	  { .l3proto = V(NFPROTO_IPV4), .orig_flags = V(F_IP_SRC) }, EINVAL },
	{ "unknown flag of tuple",
	  { .l3proto = V(NFPROTO_IPV4), .tuple = &entries[DNS],
	    .orig_flags = V(1 << 12) }, EINVAL },
	{ "tuple without flags",
	  { .l3proto = V(NFPROTO_IPV4), .tuple = &entries[DNS] },
	  EINVAL, true },
	{ "ports of an sctp tuple",
	  { .l3proto = V(NFPROTO_IPV4), .tuple = &entries[SCTP],
	    .orig_flags = V(F_PROTO_NUM | F_SRC_PORT) }, EINVAL, true },
	{ "zone of a tuple",
	  { .l3proto = V(NFPROTO_IPV4), .tuple = &entries[DNS],
	    .orig_flags = V(F_IP_SRC | F_TUPLE_ZONE) }, EINVAL, true },
	{ "mask without labels", { .label_mask = V(1) }, EINVAL },
	{ "no label", { .label = V(0) }, EINVAL },
};

TEST_F(flush, bad_filters)
{
	const struct filter none = {};
	struct filter two[2];
	struct result res;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		res = flush(self->nl, 0, &bad[i].f, 1);
		EXPECT_EQ(bad[i].err, res.err) {
			TH_LOG("flush by %s", bad[i].name);
		}
		EXPECT_TRUE(res.has_msg) {
			TH_LOG("flush by %s", bad[i].name);
		}
		EXPECT_EQ(0, res.replies);

		/* it does not help that another one is good */
		two[0] = none;
		two[1] = bad[i].f;
		res = flush(self->nl, 0, two, 2);
		EXPECT_EQ(bad[i].err, res.err);
	}

	EXPECT_EQ(ALL, present(self->nl));
}

TEST_F(flush, bad_filters_in_other_requests)
{
	unsigned int i;
	uint32_t marks;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct nlmsghdr *nlh;

		if (bad[i].flush_only)
			continue;

		EXPECT_EQ(-bad[i].err,
			  dump(self->nl, AF_UNSPEC, &bad[i].f, &marks)) {
			TH_LOG("dump by %s", bad[i].name);
		}

		nlh = put_header(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
		put_filter(nlh, &bad[i].f);
		/* it does not take labels at all, older kernels ignore them */
		EXPECT_EQ(bad[i].f.label.set || bad[i].f.label_mask.set ?
			  EOPNOTSUPP : bad[i].err,
			  talk(self->nl, nlh).err) {
			TH_LOG("delete by %s", bad[i].name);
		}
	}

	EXPECT_EQ(ALL, present(self->nl));
}

TEST_F(flush, unknown_flags)
{
	const struct filter none = {};
	struct result res;
	unsigned int i;

	for (i = 2; i < 32; i++) {
		res = flush(self->nl, 1u << i, &none, 1);
		EXPECT_EQ(EINVAL, res.err);
		EXPECT_TRUE(res.has_msg);

		res = flush(self->nl, 1u << i | CTA_FLUSH_F_DRY_RUN, &none, 1);
		EXPECT_EQ(EINVAL, res.err);
	}

	EXPECT_EQ(ALL, present(self->nl));
}

/* What a lazy flush does is a matter of packets, see conntrack_revalidate.sh */
TEST_F(flush, lazy)
{
	const struct filter none = {};
	struct result res;

	/* not enabled in this namespace */
	res = flush(self->nl, CTA_FLUSH_F_LAZY, NULL, 0);
	EXPECT_EQ(EOPNOTSUPP, res.err);
	EXPECT_TRUE(res.has_msg);

	res = flush(self->nl, CTA_FLUSH_F_LAZY, &none, 1);
	EXPECT_EQ(EINVAL, res.err);
	EXPECT_TRUE(res.has_msg);
	res = flush(self->nl, CTA_FLUSH_F_LAZY | CTA_FLUSH_F_DRY_RUN, NULL, 0);
	EXPECT_EQ(EINVAL, res.err);
	res = talk(self->nl, put_flush(AF_INET, CTA_FLUSH_F_LAZY, NULL, 0));
	EXPECT_EQ(EINVAL, res.err);
	EXPECT_TRUE(res.has_msg);
	EXPECT_EQ(ALL, present(self->nl));
}

/* A flush that would delete everything, but for what is put where @depth says:
 * 0 in the message, 1 in CTA_FLUSH_FILTERS, 2 in CTA_FLUSH_FILTER,
 * 3 in @nest[0], 4 in @nest[1] of that, 5 in @nest[2]
 */
struct odd {
	unsigned int	depth;
	uint16_t	nest[3];
	uint16_t	type;
	uint16_t	len;
	bool		no_nested_flag;
	unsigned int	garbage;
};

static void odd_put(struct nlmsghdr *nlh, const struct odd *odd,
		    unsigned int depth)
{
	static const char zeros[32];

	if (odd->depth != depth)
		return;
	if (odd->type || odd->len)
		mnl_attr_put(nlh, odd->type, odd->len, zeros);
	if (odd->garbage) {
		memset(mnl_nlmsg_get_payload_tail(nlh), 0, odd->garbage);
		nlh->nlmsg_len += odd->garbage;
	}
}

static void odd_nest_end(struct nlmsghdr *nlh, const struct odd *odd,
			 struct nlattr *nest, unsigned int depth)
{
	mnl_attr_nest_end(nlh, nest);
	if (odd->no_nested_flag && odd->depth == depth)
		nest->nla_type &= ~NLA_F_NESTED;
}

static struct nlmsghdr *put_odd(const struct odd *odd)
{
	uint16_t types[5] = { CTA_FLUSH_FILTERS, CTA_FLUSH_FILTER };
	struct nlattr *nest[5];
	struct nlmsghdr *nlh;
	unsigned int i;

	memcpy(types + 2, odd->nest, sizeof(odd->nest));

	nlh = put_header(IPCTNL_MSG_CT_FLUSH, NLM_F_ACK, AF_UNSPEC);
	for (i = 0; i < ARRAY_SIZE(types) && types[i]; i++)
		nest[i] = mnl_attr_nest_start(nlh, types[i]);

	for (; i > 0; i--) {
		odd_put(nlh, odd, i);
		odd_nest_end(nlh, odd, nest[i - 1], i);
	}
	odd_put(nlh, odd, 0);

	return nlh;
}

#define IN_FILTER	{ CTA_FILTER }
#define IN_ORIG		{ CTA_FILTER, CTA_FILTER_ORIG }
#define IN_TUPLE	{ CTA_TUPLE_ORIG }
#define IN_IP		{ CTA_TUPLE_ORIG, CTA_TUPLE_IP }
#define IN_PROTO	{ CTA_TUPLE_REPLY, CTA_TUPLE_PROTO }

static const struct odd odds[] = {
	/* attributes that do not exist, or not there */
	{ 0, .type = 0, .len = 4 },
	{ 0, .type = CTA_FLUSH_MATCHED, .len = 8 },
	{ 0, .type = CTA_FLUSH_DELETED, .len = 8 },
	{ 0, .type = CTA_FLUSH_SCANNED, .len = 8 },
	{ 0, .type = CTA_FLUSH_PAD, .len = 0 },
	{ 0, .type = CTA_FLUSH_MAX + 1, .len = 4 },
	{ 0, .type = CTA_FLUSH_MAX + 2, .len = 0 },
	{ 0, .type = 1000, .len = 4 },
	{ 1, .type = 0, .len = 4 },
	{ 1, .type = CTA_FLUSH_LIST_MAX + 1, .len = 4 },
	{ 3, IN_FILTER, .type = 0, .len = 4 },
	{ 3, IN_FILTER, .type = CTA_FILTER_MAX + 1, .len = 4 },
	{ 4, IN_ORIG, .type = 0, .len = 4 },
	{ 4, IN_ORIG, .type = CTA_FILTER_DIR_MAX + 1, .len = 4 },
	{ 3, IN_TUPLE, .type = CTA_TUPLE_ZONE, .len = 2 },
	{ 3, IN_TUPLE, .type = CTA_TUPLE_MAX + 1, .len = 4 },
	{ 4, IN_IP, .type = CTA_IP_MAX + 1, .len = 4 },
	{ 4, IN_PROTO, .type = CTA_PROTO_MAX + 1, .len = 4 },
	/* attributes of the wrong size */
	{ 0, .type = CTA_FLUSH_FLAGS, .len = 2 },
	{ 0, .type = CTA_FLUSH_FLAGS, .len = 8 },
	{ 2, .type = CTA_MARK, .len = 2 },
	{ 2, .type = CTA_MARK, .len = 8 },
	{ 2, .type = CTA_STATUS, .len = 1 },
	{ 2, .type = CTA_ZONE, .len = 4 },
	{ 2, .type = CTA_LABELS, .len = 32 },
	{ 3, IN_FILTER, .type = CTA_FILTER_L3PROTO, .len = 4 },
	{ 3, IN_FILTER, .type = CTA_FILTER_L4PROTO, .len = 0 },
	{ 3, IN_FILTER, .type = CTA_FILTER_NAT, .len = 1 },
	{ 3, IN_FILTER, .type = CTA_FILTER_TCP_STATES, .len = 2 },
	{ 3, IN_FILTER, .type = CTA_FILTER_EXPIRES_MIN, .len = 8 },
	{ 3, IN_FILTER, .type = CTA_FILTER_EXPIRES_MAX, .len = 2 },
	{ 4, IN_ORIG, .type = CTA_FILTER_DIR_SRC, .len = 3 },
	{ 4, IN_ORIG, .type = CTA_FILTER_DIR_SRC, .len = 8 },
	{ 4, IN_ORIG, .type = CTA_FILTER_DIR_DST, .len = 17 },
	{ 4, IN_ORIG, .type = CTA_FILTER_DIR_SPORT_MIN, .len = 1 },
	{ 4, IN_ORIG, .type = CTA_FILTER_DIR_DPORT_MAX, .len = 4 },
	{ 4, IN_IP, .type = CTA_IP_V4_SRC, .len = 2 },
	{ 4, IN_IP, .type = CTA_IP_V6_SRC, .len = 4 },
	/* nests that are none */
	{ 1, .no_nested_flag = true },
	{ 2, .no_nested_flag = true },
	{ 3, IN_FILTER, .no_nested_flag = true },
	{ 4, IN_ORIG, .no_nested_flag = true },
	{ 3, IN_TUPLE, .no_nested_flag = true },
	{ 4, IN_IP, .no_nested_flag = true },
	{ 4, IN_PROTO, .no_nested_flag = true },
	{ 0, .type = CTA_FLUSH_FILTERS, .len = 4 },
	{ 0, .type = CTA_FLUSH_FILTERS | NLA_F_NESTED, .len = 3 },
	{ 1, .type = CTA_FLUSH_FILTER, .len = 4 },
	{ 2, .type = CTA_FILTER, .len = 4 },
	{ 2, .type = CTA_TUPLE_ORIG, .len = 4 },
	{ 3, IN_FILTER, .type = CTA_FILTER_ORIG, .len = 4 },
	{ 3, IN_FILTER, .type = CTA_FILTER_REPLY, .len = 4 },
	/* bytes after the last attribute */
	{ 0, .garbage = 3 },
	{ 1, .garbage = 4 },
	{ 2, .garbage = 4 },
	{ 3, IN_FILTER, .garbage = 4 },
	{ 4, IN_ORIG, .garbage = 4 },
};

static bool known_in_filter(unsigned int type)
{
	switch (type) {
	case CTA_TUPLE_ORIG:
	case CTA_TUPLE_REPLY:
	case CTA_STATUS:
	case CTA_STATUS_MASK:
	case CTA_MARK:
	case CTA_MARK_MASK:
	case CTA_ZONE:
	case CTA_LABELS:
	case CTA_LABELS_MASK:
	case CTA_FILTER:
		return true;
	}

	return false;
}

TEST_F(flush, odd_messages)
{
	const struct odd not_odd = { .depth = 2 };
	const struct odd not_odd_either = { .depth = 4, IN_ORIG };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(odds); i++) {
		struct result res = talk(self->nl, put_odd(&odds[i]));

		EXPECT_TRUE(res.err == EINVAL || res.err == ERANGE ||
			    res.err == EAFNOSUPPORT) {
			TH_LOG("odd message %u: error %d", i, res.err);
		}
		EXPECT_TRUE(res.has_msg) {
			TH_LOG("odd message %u", i);
		}
		/* it has none, but that is not what should be found */
		EXPECT_STRNE("tuple without its flags", res.msg) {
			TH_LOG("odd message %u", i);
		}
		EXPECT_EQ(ALL, present(self->nl)) {
			TH_LOG("odd message %u", i);
			ASSERT_EQ(0, add_entries(self->nl));
		}
	}

	EXPECT_EQ(ENTRIES, talk(self->nl, put_odd(&not_odd)).deleted);
	ASSERT_EQ(0, add_entries(self->nl));
	EXPECT_EQ(ENTRIES, talk(self->nl, put_odd(&not_odd_either)).deleted);
}

TEST_F(flush, attributes_that_do_not_filter)
{
	unsigned int type;

	for (type = 0; type < CTA_MAX + 40; type++) {
		struct odd odd = { .depth = 2, .type = type, .len = 4 };
		struct result res;

		if (known_in_filter(type))
			continue;

		res = talk(self->nl, put_odd(&odd));
		EXPECT_EQ(EINVAL, res.err) {
			TH_LOG("attribute %u in a filter", type);
		}
		EXPECT_TRUE(res.has_msg);
	}

	EXPECT_EQ(ALL, present(self->nl));
}

TEST_F(flush, odd_headers)
{
	const struct filter none = {};
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfh;

	nlh = put_flush(AF_BRIDGE, 0, &none, 1);
	EXPECT_EQ(EAFNOSUPPORT, talk(self->nl, nlh).err);

	nlh = put_flush(AF_UNSPEC, 0, &none, 1);
	nfh = mnl_nlmsg_get_payload(nlh);
	nfh->version = NFNETLINK_V0 + 1;
	EXPECT_EQ(EINVAL, talk(self->nl, nlh).err);

	nlh = put_flush(AF_UNSPEC, 0, &none, 1);
	nlh->nlmsg_flags |= NLM_F_DUMP;
	EXPECT_EQ(EOPNOTSUPP, talk(self->nl, nlh).err);

	nlh = put_header(IPCTNL_MSG_CT_FLUSH, NLM_F_ACK, AF_UNSPEC);
	EXPECT_EQ(EINVAL, talk(self->nl, nlh).err);

	EXPECT_EQ(ALL, present(self->nl));
}

TEST_F(flush, echo)
{
	const struct filter tcp = { .l4proto = V(IPPROTO_TCP) };
	struct nlmsghdr *nlh;
	struct result res;

	nlh = put_flush(AF_UNSPEC, CTA_FLUSH_F_DRY_RUN, &tcp, 1);
	nlh->nlmsg_flags |= NLM_F_ECHO;
	res = talk(self->nl, nlh);
	EXPECT_EQ(0, res.err);
	EXPECT_EQ(0, res.events);
	EXPECT_EQ(3, res.matched);

	nlh = put_flush(AF_UNSPEC, 0, &tcp, 1);
	nlh->nlmsg_flags |= NLM_F_ECHO;
	res = talk(self->nl, nlh);
	EXPECT_EQ(0, res.err);
	EXPECT_EQ(3, res.events);
	EXPECT_EQ(3, res.deleted);
}

TEST_F(flush, labels)
{
	const struct filter has = { .label = V(2) };
	const struct filter all = { .label = V(6) };
	const struct filter not = { .label = V(0), .label_mask = V(2) };
	const struct filter one = { .label = V(2), .label_mask = V(6) };
	const struct entry e = { "10.9.0.1", "192.0.2.9", 1, 2, IPPROTO_UDP };
	const uint32_t mark = M(ENTRIES);
	struct nlmsghdr *nlh;
	uint32_t marks;

	/* a rule that sets labels lets entries have some */
	if (system("nft 'table ip t { chain c { ct label set 2; }; }'"))
		SKIP(return, "nft or the kernel cannot set labels");

	ASSERT_EQ(0, add_entry(self->nl, &e, mark, 2));

	EXPECT_EQ(0, dump(self->nl, AF_UNSPEC, &has, &marks));
	EXPECT_EQ(mark, marks);
	EXPECT_EQ(0, dump(self->nl, AF_UNSPEC, &not, &marks));
	EXPECT_EQ(ALL, marks);
	EXPECT_EQ(0, dump(self->nl, AF_UNSPEC, &one, &marks));
	EXPECT_EQ(mark, marks);
	EXPECT_EQ(0, dump(self->nl, AF_UNSPEC, &all, &marks));
	EXPECT_EQ(0, marks);

	nlh = put_header(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
	put_label(nlh, CTA_LABELS, &has.label);
	EXPECT_EQ(EOPNOTSUPP, talk(self->nl, nlh).err);

	EXPECT_EQ(0, flush(self->nl, 0, &all, 1).deleted);
	EXPECT_EQ(1, flush(self->nl, 0, &has, 1).deleted);
	EXPECT_EQ(ALL, present(self->nl));
}

TEST_F(flush, other_namespace)
{
	const struct filter none = {};
	struct mnl_socket *other;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	other = open_socket();
	ASSERT_NE(NULL, other);
	ASSERT_EQ(0, add_entries(other));

	EXPECT_EQ(ENTRIES, flush(other, 0, &none, 1).deleted);
	EXPECT_EQ(0, present(other));
	EXPECT_EQ(ALL, present(self->nl));

	/* ... and the socket counts, not where the process is */
	ASSERT_EQ(0, add_entries(other));
	EXPECT_EQ(ENTRIES, flush(self->nl, 0, &none, 1).deleted);
	EXPECT_EQ(0, present(self->nl));
	EXPECT_EQ(ALL, present(other));

	mnl_socket_close(other);
}

/* What the exit code of a child says about its flush of everything */
static int flush_in_child(int unshare_flags)
{
	const struct filter none = {};
	struct mnl_socket *nl;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(200);
		if (unshare_flags && unshare(unshare_flags))
			_exit(201);
		nl = open_socket();
		_exit(nl ? flush(nl, 0, &none, 1).err : 202);
	}

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;

	return WEXITSTATUS(status);
}

TEST_F(flush, unprivileged)
{
	int ret;

	EXPECT_EQ(EPERM, flush_in_child(0));
	EXPECT_EQ(ALL, present(self->nl));

	ret = flush_in_child(CLONE_NEWUSER | CLONE_NEWNET);
	if (ret == 201)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, ret);
	EXPECT_EQ(ALL, present(self->nl));
}

#define MANY		30000
#define TRIES		5

/* Adds entries until there are MANY more */
static int add_many(struct mnl_socket *nl)
{
	struct entry e = { NULL, "192.0.2.1", 1, 1, IPPROTO_UDP };
	char src[32];
	unsigned int i;
	int err;

	e.src = src;
	for (i = 0; i < MANY; i++) {
		snprintf(src, sizeof(src), "10.%u.%u.%u", 128 + (i >> 16),
			 i >> 8 & 255, i & 255);
		err = add_entry(nl, &e, 1u << 31, 0);
		if (err)
			return err;
	}

	return 0;
}

/* Goes through the mutex of ctnetlink */
static int read_entries(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	uint32_t *count = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_ENTRIES)
			*count = ntohl(mnl_attr_get_u32(attr));

	return MNL_CB_OK;
}

static uint32_t count_entries(struct mnl_socket *nl)
{
	uint32_t count = ~0u;
	struct nlmsghdr *nlh;
	char rcv[4096];
	int len;

	nlh = put_header(IPCTNL_MSG_CT_GET_STATS, 0, AF_UNSPEC);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return ~0u;

	len = mnl_socket_recvfrom(nl, rcv, sizeof(rcv));
	if (len > 0)
		mnl_cb_run(rcv, len, nlh->nlmsg_seq, mnl_socket_get_portid(nl),
			   read_entries, &count);

	return count;
}

/* Kill a process in the middle of its flush; returns how many entries there
 * were at that moment.
 */
static uint32_t kill_flush(struct mnl_socket *nl, struct mnl_socket *shared,
			   uint32_t total, struct result *res)
{
	const struct filter many = { .mark = V(1u << 31) };
	struct nlmsghdr *nlh = put_flush(AF_UNSPEC, 0, &many, 1);
	unsigned int seq = nlh->nlmsg_seq;
	uint32_t count;
	pid_t pid;

	pid = fork();
	if (!pid) {
		mnl_socket_sendto(shared, nlh, nlh->nlmsg_len);
		_exit(0);
	}

	do
		count = count_entries(nl);
	while (count == total);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	read_result(shared, seq, res);

	return count;
}

TEST_F_TIMEOUT(flush, signal, 180)
{
	struct mnl_socket *shared = open_socket();
	uint32_t total = ENTRIES + MANY, count;
	struct result res;
	unsigned int i;

	ASSERT_NE(NULL, shared);

	for (i = 0; i < TRIES; i++) {
		ASSERT_EQ(0, add_many(self->nl));
		ASSERT_EQ(total, count_entries(self->nl));

		memset(&res, 0, sizeof(res));
		count = kill_flush(self->nl, shared, total, &res);
		EXPECT_EQ(1, res.replies);
		EXPECT_EQ(res.matched, res.deleted);
		EXPECT_EQ(total - res.deleted, count_entries(self->nl));

		if (res.deleted < MANY)
			break;
	}

	if (i == TRIES)
		SKIP(return, "the flush is always done before it is killed");

	EXPECT_EQ(ECANCELED, res.err);
	EXPECT_LT(0, res.deleted);
	/* it was answered while the table was walked */
	EXPECT_LT(ENTRIES, count);
	mnl_socket_close(shared);
}

/* Longer than gc takes, shorter than the second that it waits by itself */
#define TEARDOWN_MS	400

static unsigned int ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
}

/* In the namespace it is started in, with a flow that nfct_flush.sh has made:
 * it has a reference to its entry, which is counted for as long.
 */
TEST(offloaded)
{
	const struct filter f = { .status = V(IPS_OFFLOAD) };
	struct mnl_socket *nl = open_socket();
	struct timespec start;
	struct result res;
	uint32_t before;

	ASSERT_NE(NULL, nl);
	if (kernel_lacks_flush(nl))
		SKIP(return, "kernel has no IPCTNL_MSG_CT_FLUSH");

	res = flush(nl, CTA_FLUSH_F_DRY_RUN, &f, 1);
	ASSERT_EQ(0, res.err);
	if (!res.matched)
		SKIP(return, "no entry is offloaded");

	before = count_entries(nl);
	clock_gettime(CLOCK_MONOTONIC, &start);
	res = flush(nl, 0, &f, 1);
	ASSERT_EQ(0, res.err);

	while (count_entries(nl) > before - res.deleted &&
	       ms_since(&start) < 2000)
		usleep(1000);

	TH_LOG("%llu flows were taken down after %u ms",
	       (unsigned long long)res.deleted, ms_since(&start));
	EXPECT_GT(TEARDOWN_MS, ms_since(&start));
	mnl_socket_close(nl);
}

TEST_HARNESS_MAIN
