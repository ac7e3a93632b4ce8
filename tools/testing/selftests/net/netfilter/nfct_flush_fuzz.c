// SPDX-License-Identifier: GPL-2.0
/*
 * Random IPCTNL_MSG_CT_FLUSH messages, and deletions and dumps by CTA_FILTER,
 * good ones and broken ones.
 *
 * Each message is decoded here as well, from what the uAPI header promises:
 * the kernel has to refuse what is refused here, and to accept the rest. From
 * the entries that were made, and those that accepted messages have deleted,
 * follows what it has to match, to delete and to list.
 *
 * One worker does so in a namespace of its own. Two share another one, with
 * packets: there, the counts are only compared with each other.
 *
 * nfct_flush_fuzz [operations [seed [seconds]]], whatever ends first
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>

#include "kselftest.h"
#include "conntrack_htable.h"
#include "nfct_flush_model.h"

#define OPERATIONS	20000
#define LONG_RUN	1000000
#define BATCH_MSGS	128
#define BATCH_BYTES	(96 * 1024)
#define MSG_BYTES	(48 * 1024)
#define RCV_BYTES	2048
#define ATTEMPTS	2000
#define BUCKETS		1024
#define LIFETIME	10000

/* Sets of entries are masks. Those in @least are in the table for sure, those
 * that are not in @most are not.
 */
static struct {
	struct mnl_socket	*nl;
	unsigned int		number;
	bool			shared;
	bool			lazy;
	uint64_t		random;
	unsigned int		seq;
	struct entry		entry[ENTRIES];
	uint64_t		least, most;
	uint64_t		born_ms;
} w;

/* Seen by all workers */
static struct {
	unsigned long	operations;
	unsigned long	accepted, deleted, listed;
	bool		failed;
} *total;

/* Messages that are accepted take the time of dozens that are not, or more
 * where locks are checked: in a long run, good ones are so many times as rare,
 * and others have more that is wrong.
 */
static unsigned int rare = 1;
static unsigned int mutations = 1;

static unsigned long operations = OPERATIONS;
static uint64_t end_ms;

static uint64_t rnd(void)
{
	w.random ^= w.random << 13;
	w.random ^= w.random >> 7;
	w.random ^= w.random << 17;

	return w.random * 0x2545f4914f6cdd1dull >> 16;
}

static unsigned int below(unsigned int limit)
{
	return rnd() % limit;
}

/* One time of @n */
static bool rarely(unsigned int n)
{
	return !below(n);
}

static void add(unsigned long *counter, unsigned long n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

static bool more(void)
{
	return !__atomic_load_n(&total->failed, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&total->operations, __ATOMIC_RELAXED) <
	       operations && (!end_ms || now_ms() < end_ms);
}

static struct nlmsghdr *put_header(void *buf, int type, int flags, int family)
{
	struct nlmsghdr *nlh = ct_put_msg(buf, type, flags, ++w.seq);
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	nfg->nfgen_family = family;
	return nlh;
}

/* ------------------------------------------------- entries of the table */

static const uint16_t ports[] = { 0, 1, 53, 80, 443, 1024, 40000, 65535 };
static const uint16_t zones[] = { 0, 0, 1, 5, 65535 };
/* Requests: echo and timestamp, echo and node information */
static const uint8_t icmp_types[2][2] = { { 8, 13 }, { 128, 139 } };

static uint16_t any_port(void)
{
	return ports[below(ARRAY_SIZE(ports))];
}

/* The last byte of the source tells entries apart */
static void entry_addrs(struct entry *e, unsigned int number)
{
	struct tuple *t = &e->dir[ORIG];

	if (e->family == AF_INET6) {
		inet_pton(AF_INET6, "2001:db8::", t->src);
		inet_pton(AF_INET6, "2001:db8:1::", t->dst);
	} else {
		inet_pton(AF_INET, "10.1.0.0", t->src);
		inet_pton(AF_INET, "192.0.2.0", t->dst);
	}
	t->src[2] ^= below(3);
	t->src[addr_size(e->family) - 1] = number + 1;
	t->dst[addr_size(e->family) - 1] = 1 + below(4);
}

static void entry_protocol(struct entry *e)
{
	static const uint8_t protocols[] = {
		IPPROTO_UDP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_TCP,
		IPPROTO_ICMP, IPPROTO_SCTP, 89 /* OSPF */,
	};
	struct tuple *t = &e->dir[ORIG];

	e->l4proto = protocols[below(ARRAY_SIZE(protocols))];
	switch (e->l4proto) {
	case IPPROTO_TCP:
		e->tcp_state = 1 + below(TCP_CONNTRACK_MAX - 1);
		break;
	case IPPROTO_ICMP:
		if (e->family == AF_INET6)
			e->l4proto = IPPROTO_ICMPV6;
		t->sport = any_port();
		t->type = icmp_types[e->family == AF_INET6][below(2)];
		t->code = below(3);
		return;
	case 89:
		return;
	}
	t->sport = any_port();
	t->dport = any_port();
}

/* What replies look like, with a reply address in place of what is translated;
 * no two entries have the same.
 */
static void entry_reply(struct entry *e, unsigned int number)
{
	const struct tuple *orig = &e->dir[ORIG];
	struct tuple *reply = &e->dir[REPLY];
	uint8_t snat[4] = { 198, 51, 100, number + 1 };
	uint8_t dnat[4] = { 203, 0, 113, number + 1 };

	memcpy(reply->src, orig->dst, sizeof(reply->src));
	memcpy(reply->dst, orig->src, sizeof(reply->dst));
	if (e->nat & CTA_FILTER_NAT_SRC)
		memcpy(reply->dst, snat, sizeof(snat));
	if (e->nat & CTA_FILTER_NAT_DST)
		memcpy(reply->src, dnat, sizeof(dnat));
	if (is_icmp(e->l4proto)) {
		reply->sport = orig->sport;
		reply->type = orig->type == 8 ? 0 : orig->type + 1;
		reply->code = orig->code;
	} else {
		reply->sport = orig->dport;
		reply->dport = orig->sport;
	}
}

static void entry_make(struct entry *e, unsigned int number)
{
	static const uint32_t status[] = {
		IPS_CONFIRMED,
		IPS_CONFIRMED | IPS_SEEN_REPLY,
		IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED,
	};

	memset(e, 0, sizeof(*e));
	e->family = rarely(3) ? AF_INET6 : AF_INET;
	entry_addrs(e, number);
	entry_protocol(e);
	if (e->family == AF_INET && rarely(4) &&
	    (e->l4proto == IPPROTO_TCP || e->l4proto == IPPROTO_UDP))
		e->nat = 1 + below(3);
	entry_reply(e, number);
	e->zone = zones[below(ARRAY_SIZE(zones))];
	e->mark = rarely(2) ? below(4) : rnd();
	e->status = status[below(ARRAY_SIZE(status))];
	e->timeout = LIFETIME * (1 + below(3));
	if (rarely(2))
		e->label[below(sizeof(e->label))] = 1 << below(8);
}

static void put_tuple(struct nlmsghdr *nlh, int type, const struct entry *e,
		      const struct tuple *t)
{
	bool v6 = e->family == AF_INET6, icmpv6 = e->l4proto == IPPROTO_ICMPV6;
	struct nlattr *tuple, *nest;

	tuple = mnl_attr_nest_start(nlh, type);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put(nlh, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC,
		     addr_size(e->family), t->src);
	mnl_attr_put(nlh, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST,
		     addr_size(e->family), t->dst);
	mnl_attr_nest_end(nlh, nest);

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, e->l4proto);
	if (is_icmp(e->l4proto)) {
		mnl_attr_put_u16(nlh, icmpv6 ? CTA_PROTO_ICMPV6_ID :
				 CTA_PROTO_ICMP_ID, htons(t->sport));
		mnl_attr_put_u8(nlh, icmpv6 ? CTA_PROTO_ICMPV6_TYPE :
				CTA_PROTO_ICMP_TYPE, t->type);
		mnl_attr_put_u8(nlh, icmpv6 ? CTA_PROTO_ICMPV6_CODE :
				CTA_PROTO_ICMP_CODE, t->code);
	} else {
		mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(t->sport));
		mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(t->dport));
	}
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static void put_nat(struct nlmsghdr *nlh, int type, const uint8_t *addr)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, CTA_NAT_V4_MINIP, 4, addr);
	mnl_attr_nest_end(nlh, nest);
}

static struct nlmsghdr *put_entry(void *buf, const struct entry *e)
{
	struct nlattr *info, *tcp;
	struct nlmsghdr *nlh;
	struct entry plain = *e;

	plain.nat = 0;
	entry_reply(&plain, 0);

	nlh = put_header(buf, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL |
			 NLM_F_ACK, e->family);
	put_tuple(nlh, CTA_TUPLE_ORIG, e, &e->dir[ORIG]);
	put_tuple(nlh, CTA_TUPLE_REPLY, e, &plain.dir[REPLY]);
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(e->timeout));
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(e->mark));
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(e->status));
	mnl_attr_put_u16(nlh, CTA_ZONE, htons(e->zone));
	mnl_attr_put(nlh, CTA_LABELS, sizeof(e->label), e->label);
	if (e->nat & CTA_FILTER_NAT_SRC)
		put_nat(nlh, CTA_NAT_SRC, e->dir[REPLY].dst);
	if (e->nat & CTA_FILTER_NAT_DST)
		put_nat(nlh, CTA_NAT_DST, e->dir[REPLY].src);
	if (e->l4proto == IPPROTO_TCP) {
		info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
		tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);
		mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE, e->tcp_state);
		mnl_attr_nest_end(nlh, tcp);
		mnl_attr_nest_end(nlh, info);
	}

	return nlh;
}

/* ------------------------------------------------- messages that are sent */

/* The broken ones deviate here and there from what is right */
static bool sloppy;

static bool odd(void)
{
	return sloppy && rarely(24);
}

static const struct entry *any_entry(void)
{
	return &w.entry[below(ENTRIES)];
}

static uint32_t any_u32(void)
{
	static const uint32_t special[] = {
		0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, UINT32_MAX,
	};

	return rarely(2) ? special[below(ARRAY_SIZE(special))] : rnd();
}

/* An attribute of any type, length and content */
static void put_stray(struct nlmsghdr *nlh)
{
	uint8_t data[40];
	unsigned int i, len = below(sizeof(data));

	for (i = 0; i < len; i++)
		data[i] = rarely(2) ? 0 : rnd();
	mnl_attr_put(nlh, below(32) | (rarely(4) ? NLA_F_NESTED : 0), len,
		     data);
}

static struct nlattr *nest_start(struct nlmsghdr *nlh, int type)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (odd())
		nest->nla_type ^= rarely(2) ? NLA_F_NESTED :
					      NLA_F_NET_BYTEORDER;
	return nest;
}

static void nest_end(struct nlmsghdr *nlh, struct nlattr *nest)
{
	if (odd())
		put_stray(nlh);
	mnl_attr_nest_end(nlh, nest);
}

static void put_u32(struct nlmsghdr *nlh, int type, uint32_t val)
{
	mnl_attr_put_u32(nlh, type, htonl(odd() ? any_u32() : val));
}

static void put_u32_mask(struct nlmsghdr *nlh, int type, int mask_type,
			 uint32_t val)
{
	uint32_t mask = any_u32() ?: 1;
	bool masked = rarely(2);

	if (!odd())
		put_u32(nlh, type, masked ? val & mask : val ?: 1);
	if (masked)
		put_u32(nlh, mask_type, mask);
}

static void put_labels(struct nlmsghdr *nlh, const struct entry *e)
{
	unsigned int len = odd() ? below(18) : sizeof(e->label);
	uint8_t bits[18] = {};

	memcpy(bits, e->label, sizeof(e->label));
	if (!memcmp(bits, bits + 1, 15) || odd())
		bits[below(16)] |= 1;
	mnl_attr_put(nlh, CTA_LABELS, len, bits);
	bits[below(16)] |= rnd();
	if (rarely(3))
		mnl_attr_put(nlh, CTA_LABELS_MASK, len, bits);
}

static void put_addr(struct nlmsghdr *nlh, int type, const struct entry *e,
		     const uint8_t *addr)
{
	unsigned int size = addr_size(odd() ? AF_INET6 : e->family);
	unsigned int bits = odd() ? below(256) : below(size * 8 + 1);

	if (!odd())
		mnl_attr_put(nlh, type, odd() ? below(17) : size, addr);
	/* the prefix length is the next attribute */
	if (rarely(2))
		mnl_attr_put_u8(nlh, type + 1, bits);
}

static void put_ports(struct nlmsghdr *nlh, int type, uint16_t port)
{
	uint16_t max = port + below(UINT16_MAX - port + 1);

	if (!rarely(3))
		mnl_attr_put_u16(nlh, type, htons(odd() ? rnd() :
					  rarely(2) ? port : port / 2));
	/* the maximum is the next attribute */
	if (!rarely(3))
		mnl_attr_put_u16(nlh, type + 1, htons(odd() ? rnd() :
					  rarely(2) ? port : max));
}

static void put_dir(struct nlmsghdr *nlh, int type, const struct entry *e,
		    const struct tuple *t, bool with_ports)
{
	struct nlattr *nest = nest_start(nlh, type);

	if (rarely(2))
		put_addr(nlh, CTA_FILTER_DIR_SRC, e, t->src);
	if (rarely(2))
		put_addr(nlh, CTA_FILTER_DIR_DST, e, t->dst);
	if ((with_ports && rarely(2)) || odd())
		put_ports(nlh, CTA_FILTER_DIR_SPORT_MIN, t->sport);
	if ((with_ports && rarely(2)) || odd())
		put_ports(nlh, CTA_FILTER_DIR_DPORT_MIN, t->dport);
	nest_end(nlh, nest);
}

static void put_expires(struct nlmsghdr *nlh)
{
	static const uint32_t border[] = {
		0, 1, LIFETIME - AGE_MAX - 1, LIFETIME + 1,
		2 * LIFETIME - AGE_MAX - 1, 2 * LIFETIME + 1,
		3 * LIFETIME - AGE_MAX - 1, 3 * LIFETIME + 1, UINT32_MAX,
	};
	unsigned int max = below(ARRAY_SIZE(border)), min = below(max + 1);

	if (!rarely(3))
		put_u32(nlh, CTA_FILTER_EXPIRES_MIN, border[min]);
	if (!rarely(3))
		put_u32(nlh, CTA_FILTER_EXPIRES_MAX, border[max]);
}

static uint32_t any_tuple_flags(const struct entry *e)
{
	struct match_tuple m = { .l4proto = e->l4proto };
	uint32_t flags = rnd() & (odd() ? F_ALL : flags_of(&m));

	if (flags & ~(F_IP_SRC | F_IP_DST))
		flags |= F_PROTO_NUM;
	if (odd())
		return any_u32();

	return flags ?: F_IP_SRC;
}

/* CTA_FILTER, with flags for the tuple if there is one */
static struct nlattr *put_filter(struct nlmsghdr *nlh, const struct entry *e,
				 int tuple)
{
	struct nlattr *nest = nest_start(nlh, CTA_FILTER);
	bool l4 = rarely(2);

	if (tuple && !odd())
		mnl_attr_put_u32(nlh, tuple == CTA_TUPLE_ORIG ?
				 CTA_FILTER_ORIG_FLAGS :
				 CTA_FILTER_REPLY_FLAGS, any_tuple_flags(e));
	if (tuple || rarely(3))
		mnl_attr_put_u8(nlh, CTA_FILTER_L3PROTO,
				odd() ? rnd() : e->family);
	if (l4)
		mnl_attr_put_u8(nlh, CTA_FILTER_L4PROTO,
				odd() ? rnd() : e->l4proto);
	if (rarely(2))
		put_dir(nlh, CTA_FILTER_ORIG, e, &e->dir[ORIG],
			l4 && has_ports(e->l4proto));
	if (rarely(4))
		put_dir(nlh, CTA_FILTER_REPLY, e, &e->dir[REPLY],
			l4 && has_ports(e->l4proto));
	if (rarely(6))
		put_u32(nlh, CTA_FILTER_NAT, 1 + below(7));
	if ((e->l4proto == IPPROTO_TCP && rarely(4)) || odd())
		put_u32(nlh, CTA_FILTER_TCP_STATES,
			1 << e->tcp_state | below(1 << TCP_CONNTRACK_MAX));
	if (rarely(6))
		put_expires(nlh);
	nest_end(nlh, nest);

	return nest;
}

static void put_entry_conditions(struct nlmsghdr *nlh, const struct entry *e)
{
	if (rarely(3))
		put_u32_mask(nlh, CTA_MARK, CTA_MARK_MASK, e->mark);
	if (rarely(6))
		put_u32_mask(nlh, CTA_STATUS, CTA_STATUS_MASK, e->status);
	if (rarely(4))
		mnl_attr_put_u16(nlh, CTA_ZONE, htons(odd() ? rnd() : e->zone));
}

static void put_flush_filter(struct nlmsghdr *nlh)
{
	struct nlattr *nest = nest_start(nlh, CTA_FLUSH_FILTER);
	const struct entry *e = any_entry();
	int tuple = 0;

	if (rarely(5))
		tuple = rarely(2) ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY;
	put_entry_conditions(nlh, e);
	if (rarely(6))
		put_labels(nlh, e);
	if (tuple)
		put_tuple(nlh, tuple, e, &e->dir[tuple == CTA_TUPLE_REPLY]);
	if (tuple || !rarely(32))
		put_filter(nlh, e, tuple);
	nest_end(nlh, nest);
}

static unsigned int any_count(void)
{
	if (odd())
		return below(3) ? MAX_FILTERS + 1 + below(8) : 0;
	if (rarely(64))
		return MAX_FILTERS - below(4);

	return 1 + below(rarely(4) ? 8 : 2);
}

static uint32_t any_flush_flags(void)
{
	if (odd())
		return any_u32();

	return rarely(6) ? 0 : CTA_FLUSH_F_DRY_RUN;
}

static void put_flush_attrs(struct nlmsghdr *nlh)
{
	uint32_t flags = any_flush_flags();
	unsigned int count = any_count();
	struct nlattr *nest;

	if (rarely(64)) {
		mnl_attr_put_u32(nlh, CTA_FLUSH_FLAGS, htonl(CTA_FLUSH_F_LAZY));
		return;
	}
	if (flags)
		mnl_attr_put_u32(nlh, CTA_FLUSH_FLAGS, htonl(flags));

	nest = nest_start(nlh, CTA_FLUSH_FILTERS);
	while (count--)
		put_flush_filter(nlh);
	nest_end(nlh, nest);
	if (odd())
		put_stray(nlh);
}

static uint16_t any_length(uint16_t len)
{
	static const uint16_t special[] = { 0, 1, 3, 4, 5, 8, 20, 0xffff };

	switch (below(3)) {
	case 0:
		return special[below(ARRAY_SIZE(special))];
	case 1:
		return len + below(9) - 4;
	}

	return below(256);
}

/* Change something between @data and @data + @len, most of all in what looks
 * like the head of an attribute
 */
static void mutate(char *data, unsigned int len)
{
	unsigned int at, to;
	struct nlattr *attr;

	if (len < 8)
		return;
	at = below(len - 7);
	to = below(len - 7) & ~3u;
	attr = (void *)(data + (at & ~3u));

	switch (below(8)) {
	case 0:
		data[at] ^= 1 << below(8);
		break;
	case 1:
		data[at] = rarely(2) ? rnd() : rarely(2) ? 0 : 0xff;
		break;
	case 2:
		attr->nla_type = below(32);
		break;
	case 3:
		attr->nla_type ^= rarely(2) ? NLA_F_NESTED : 1 << below(16);
		break;
	case 4:
		memcpy(data + to, attr, 8);
		break;
	default:
		attr->nla_len = any_length(attr->nla_len);
	}
}

/* What is outside of the attributes, and where they end */
static void mutate_frame(struct nlmsghdr *nlh)
{
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	unsigned int len = below(20);

	switch (below(5)) {
	case 0:
		nfg->nfgen_family = rnd();
		break;
	case 1:
		nfg->version = rnd();
		break;
	case 2:
		nlh->nlmsg_flags |= rarely(2) ? NLM_F_ROOT : NLM_F_MATCH;
		break;
	case 3:
		nlh->nlmsg_len = MNL_NLMSG_HDRLEN +
			below(nlh->nlmsg_len - MNL_NLMSG_HDRLEN + 1);
		break;
	default:
		memset(mnl_nlmsg_get_payload_tail(nlh), rarely(2) ? 0 : rnd(),
		       NLA_ALIGN(len));
		nlh->nlmsg_len += len;
	}
}

static void put_flush(void *buf)
{
	static const int families[] = { 0, 0, 0, 0, 0, 0, AF_INET, AF_INET6 };
	struct nlmsghdr *nlh;
	unsigned int i;

	sloppy = !rarely(24 * rare);
	nlh = put_header(buf, IPCTNL_MSG_CT_FLUSH, rarely(4) ? 0 : NLM_F_ACK,
			 families[below(sloppy ? 8 : 6)]);
	if (rarely(8))
		nlh->nlmsg_flags |= NLM_F_ECHO;
	put_flush_attrs(nlh);
	if (!sloppy)
		return;

	for (i = mutations + below(6); i; i--)
		mutate((char *)nlh + MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg),
		       nlh->nlmsg_len - MNL_NLMSG_HDRLEN -
		       sizeof(struct nfgenmsg));
	if (rarely(4))
		mutate_frame(nlh);
}

/* A deletion or a dump by CTA_FILTER */
static void put_other(void *buf, int type, int flags)
{
	const struct entry *e = any_entry();
	struct nlattr *filter;
	struct nlmsghdr *nlh;

	sloppy = false;
	nlh = put_header(buf, type, flags, rarely(4) ? e->family : 0);
	put_entry_conditions(nlh, e);
	if (rarely(8))
		put_labels(nlh, e);
	sloppy = rarely(2);
	filter = put_filter(nlh, e, 0);
	if (sloppy && attr_len(filter))
		mutate((char *)(filter + 1), attr_len(filter));
	/* the attribute itself is right */
	filter->nla_type = CTA_FILTER | NLA_F_NESTED;
}

/* -------------------------------------------------- what the kernel says */

struct result {
	bool		acked, counted;
	int		err;
	uint64_t	matched, deleted, scanned;
	unsigned int	events;
};

static struct {
	char		buf[BATCH_BYTES + MSG_BYTES];
	size_t		used;
	unsigned int	count;
	unsigned int	first_seq;
	struct nlmsghdr	*msg[BATCH_MSGS];
	struct result	result[BATCH_MSGS];
	unsigned int	events;		/* before the next counts */
	long		entries;	/* of the namespace, at the end */
} batch;

static void dump_bytes(const struct nlmsghdr *nlh)
{
	const uint8_t *bytes = (const void *)nlh;
	unsigned int i, n, len = nlh->nlmsg_len;
	char line[128];

	for (i = 0; i < len && i < 1024; i += n) {
		for (n = 0; n < 32 && i + n < len; n++)
			sprintf(line + 2 * n, "%02x", bytes[i + n]);
		ksft_print_msg("  %s\n", line);
	}
}

static bool wrong(const struct nlmsghdr *nlh, const char *what, uint64_t is,
		  uint64_t least, uint64_t most)
{
	ksft_print_msg("worker %u: %s: 0x%llx, not from 0x%llx to 0x%llx\n",
		       w.number, what, (unsigned long long)is,
		       (unsigned long long)least, (unsigned long long)most);
	if (nlh)
		dump_bytes(nlh);

	return false;
}

static bool within(const struct nlmsghdr *nlh, const char *what, uint64_t is,
		   uint64_t least, uint64_t most)
{
	return (is >= least && is <= most) || wrong(nlh, what, is, least, most);
}

static bool equal(const struct nlmsghdr *nlh, const char *what, uint64_t is,
		  uint64_t expected)
{
	return within(nlh, what, is, expected, expected);
}

static void read_counts(const struct nlmsghdr *nlh, struct result *r)
{
	const struct nlattr *attr;

	r->counted = true;
	r->events = batch.events;
	batch.events = 0;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		uint64_t val;

		if (mnl_attr_get_payload_len(attr) != sizeof(val))
			continue;
		val = be64toh(mnl_attr_get_u64(attr));
		if (mnl_attr_get_type(attr) == CTA_FLUSH_MATCHED)
			r->matched = val;
		else if (mnl_attr_get_type(attr) == CTA_FLUSH_DELETED)
			r->deleted = val;
		else if (mnl_attr_get_type(attr) == CTA_FLUSH_SCANNED)
			r->scanned = val;
	}
}

static void read_stats(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_ENTRIES)
			batch.entries = ntohl(mnl_attr_get_u32(attr));
}

/* Returns true if it is the answer to the last message of the batch */
static bool read_msg(const struct nlmsghdr *nlh)
{
	unsigned int number = nlh->nlmsg_seq - batch.first_seq;
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	struct result *r = &batch.result[number];

	if (nlh->nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 |
				IPCTNL_MSG_CT_DELETE)) {
		batch.events++;
		return false;
	}
	if (number == batch.count) {
		read_stats(nlh);
		return true;
	}
	if (number > batch.count)
		return false;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		r->acked = true;
		r->err = e->error;
	} else {
		read_counts(nlh, r);
	}

	return false;
}

static bool read_results(void)
{
	static char buf[32][RCV_BYTES];
	struct mmsghdr msgs[32] = {};
	struct iovec iov[32];
	bool last = false;
	int i, n;

	for (i = 0; i < 32; i++) {
		iov[i].iov_base = buf[i];
		iov[i].iov_len = RCV_BYTES;
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	while (!last) {
		n = recvmmsg(mnl_socket_get_fd(w.nl), msgs, 32, MSG_WAITFORONE,
			     NULL);
		if (n < 0) {
			ksft_print_msg("receive: %s\n", strerror(errno));
			return false;
		}
		for (i = 0; i < n; i++) {
			const struct nlmsghdr *nlh = (void *)buf[i];

			if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC)
				return equal(nlh, "too long", 1, 0);
			last |= read_msg(nlh);
		}
	}

	return true;
}

static bool check_counts(const struct nlmsghdr *nlh, const struct request *rq,
			 const struct result *r)
{
	bool dry = rq->flags & CTA_FLUSH_F_DRY_RUN;
	bool echo = nlh->nlmsg_flags & NLM_F_ECHO;

	return equal(nlh, "deleted", r->deleted, dry ? 0 : r->matched) &&
	       within(nlh, "scanned", r->scanned, r->matched, UINT64_MAX) &&
	       equal(nlh, "events", r->events, echo ? r->deleted : 0);
}

static unsigned int size_of(uint64_t set)
{
	return __builtin_popcountll(set);
}

/* How often entries are looked at depends on who shares a bucket */
static bool check_model(const struct nlmsghdr *nlh, const struct request *rq,
			const struct result *r)
{
	unsigned int least = size_of(w.least), most = size_of(w.most);
	bool dry = rq->flags & CTA_FLUSH_F_DRY_RUN;
	uint64_t sure, maybe;

	if (rq->flags & CTA_FLUSH_F_LAZY)
		return equal(nlh, "lazy", r->matched + r->scanned, 0);

	match(rq, w.entry, w.most, &sure, &maybe);
	if (r->counted &&
	    (!within(nlh, "matched", r->matched, size_of(sure & w.least),
		     size_of(maybe & w.most)) ||
	     !within(nlh, "scanned", r->scanned, least,
		     most * (1 + r->deleted))))
		return false;
	if (!dry) {
		w.least &= ~maybe;
		w.most &= ~sure;
	}

	return true;
}

/* An acknowledgment is only sent if it was asked for */
static bool accepted(const struct nlmsghdr *nlh, const struct result *r)
{
	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_FLUSH)
		return r->counted;

	return r->acked && !r->err;
}

static bool check_ignored(const struct nlmsghdr *nlh, const struct result *r)
{
	return equal(nlh, "not ignored", r->counted || r->err, 0);
}

static bool check_result(const struct nlmsghdr *nlh, const struct result *r)
{
	bool ack = nlh->nlmsg_flags & NLM_F_ACK;
	static struct request rq;
	enum verdict v = decode(&rq, nlh, w.lazy);
	bool good = accepted(nlh, r);

	if (v == V_IGNORE)
		return check_ignored(nlh, r);
	if (v != V_EITHER &&
	    !equal(nlh, "accepted", good, v == V_ACCEPT))
		return false;
	if (!equal(nlh, "failed", !!r->err, !good) ||
	    !equal(nlh, "acknowledged", r->acked, ack || !good))
		return false;
	if (!good)
		return true;

	add(&total->accepted, 1);
	add(&total->deleted, r->deleted);
	if (r->counted && !check_counts(nlh, &rq, r))
		return false;

	return w.shared || check_model(nlh, &rq, r);
}

static bool send_batch(void)
{
	struct nlmsghdr *nlh;

	nlh = put_header(batch.buf + batch.used, IPCTNL_MSG_CT_GET_STATS, 0,
			 AF_UNSPEC);
	batch.used += nlh->nlmsg_len;
	batch.first_seq = nlh->nlmsg_seq - batch.count;
	batch.events = 0;
	memset(batch.result, 0, batch.count * sizeof(*batch.result));

	if (mnl_socket_sendto(w.nl, batch.buf, batch.used) < 0) {
		ksft_print_msg("send: %s\n", strerror(errno));
		return false;
	}

	return read_results();
}

static void batch_start(void)
{
	batch.used = 0;
	batch.count = 0;
}

static void *batch_end(void)
{
	return batch.buf + batch.used;
}

static void batch_add(void)
{
	struct nlmsghdr *nlh = batch_end();

	batch.msg[batch.count++] = nlh;
	batch.used += NLMSG_ALIGN(nlh->nlmsg_len);
}

static long count_entries(void)
{
	batch_start();
	return send_batch() ? batch.entries : -1;
}

/* Somebody else may have a reference for a moment */
static bool check_entries(void)
{
	unsigned int least = size_of(w.least), most = size_of(w.most), i;
	long count = batch.entries;

	for (i = 0; i < ATTEMPTS && count > most; i++) {
		usleep(1000);
		count = count_entries();
	}

	return within(NULL, "entries", count, least, most);
}

static bool run_batch(void)
{
	unsigned int i;

	batch_start();
	while (batch.count < BATCH_MSGS && batch.used < BATCH_BYTES) {
		if (rarely(512))
			put_other(batch_end(), IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
		else
			put_flush(batch_end());
		batch_add();
	}
	if (!send_batch())
		return false;

	add(&total->operations, batch.count);
	for (i = 0; i < batch.count; i++)
		if (!check_result(batch.msg[i], &batch.result[i]))
			return false;

	return w.shared || check_entries();
}

static int list_addr(const struct nlattr *attr, void *data)
{
	const uint8_t *addr = attr_data(attr);
	unsigned int *number = data;

	if (mnl_attr_get_type(attr) == CTA_IP_V4_SRC ||
	    mnl_attr_get_type(attr) == CTA_IP_V6_SRC)
		*number = addr[attr_len(attr) - 1] - 1;

	return MNL_CB_OK;
}

static int list_tuple(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
		return mnl_attr_parse_nested(attr, list_addr, data);

	return MNL_CB_OK;
}

struct listing {
	uint64_t	set;
	unsigned int	count;
	uint32_t	status[ENTRIES];
};

static int list_entry(const struct nlmsghdr *nlh, void *data)
{
	unsigned int number = ENTRIES;
	struct listing *list = data;
	const struct nlattr *attr;
	uint32_t status = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			mnl_attr_parse_nested(attr, list_tuple, &number);
		else if (mnl_attr_get_type(attr) == CTA_STATUS)
			status = get_be32(attr);
	}
	list->count++;
	if (number < ENTRIES) {
		list->set |= 1ull << number;
		list->status[number] = status;
	}

	return MNL_CB_OK;
}

/* Returns 0 or an error of the kernel */
static int list(const struct nlmsghdr *nlh, struct listing *list)
{
	static char buf[64 * 1024];
	ssize_t len;
	int ret;

	memset(list, 0, sizeof(*list));
	if (mnl_socket_sendto(w.nl, nlh, nlh->nlmsg_len) < 0)
		return errno;
	do {
		len = mnl_socket_recvfrom(w.nl, buf, sizeof(buf));
		if (len < 0)
			return errno;
		ret = mnl_cb_run(buf, len, nlh->nlmsg_seq, 0, list_entry, list);
	} while (ret > MNL_CB_STOP);

	return ret < 0 ? errno : 0;
}

static bool list_all(struct listing *l)
{
	list(put_header(batch.buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC),
	     l);
	return equal(NULL, "not listed", w.least & ~l->set, 0) &&
	       equal(NULL, "listed", l->set & ~w.most, 0) &&
	       equal(NULL, "times listed", l->count, size_of(l->set));
}

/* Compare the whole table with the model, which then knows more */
static bool check_table(void)
{
	struct listing l;

	if (!list_all(&l))
		return false;
	w.least = l.set;
	w.most = l.set;

	return true;
}

static bool run_dump(void)
{
	const struct nlmsghdr *nlh = (void *)batch.buf;
	static struct request rq;
	uint64_t sure, maybe;
	struct listing l;
	enum verdict v;
	int err;

	put_other(batch.buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	err = list(nlh, &l);
	add(&total->operations, 1);
	v = decode(&rq, nlh, w.lazy);
	if (!equal(nlh, "dumped", !err, v == V_ACCEPT))
		return false;
	if (err || w.shared)
		return true;

	add(&total->listed, l.count);
	match(&rq, w.entry, w.most, &sure, &maybe);
	return equal(nlh, "not listed", sure & w.least & ~l.set, 0) &&
	       equal(nlh, "listed", l.set & ~(maybe & w.most), 0);
}

/* The kernel adds bits about NAT, and must have done it as asked for */
static bool learn_status(void)
{
	struct listing l;
	unsigned int i;

	if (!list_all(&l))
		return false;
	for (i = 0; i < ENTRIES; i++) {
		struct entry *e = &w.entry[i];
		uint32_t nat = e->nat & CTA_FILTER_NAT_SRC ? IPS_SRC_NAT : 0;

		nat |= e->nat & CTA_FILTER_NAT_DST ? IPS_DST_NAT : 0;
		if (!equal(NULL, "NAT", l.status[i] & IPS_NAT_MASK, nat))
			return false;
		e->status = l.status[i];
	}

	return true;
}

static bool delete_all(void)
{
	batch_start();
	put_header(batch_end(), IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
	batch_add();
	if (!send_batch())
		return false;
	w.least = 0;
	w.most = 0;
	w.born_ms = now_ms();

	return w.shared || check_entries();
}

/* What was deleted comes back as something else. Workers that share entries are
 * in the way of each other.
 */
static bool make_entries(void)
{
	unsigned int i;

	batch_start();
	for (i = 0; i < ENTRIES; i++) {
		if (w.most >> i & 1 && !(w.shared && rarely(2)))
			continue;
		entry_make(&w.entry[i], i);
		put_entry(batch_end(), &w.entry[i]);
		batch_add();
	}
	if (!send_batch())
		return false;
	w.least = UINT64_MAX;
	w.most = UINT64_MAX;
	if (w.shared)
		return true;

	for (i = 0; i < batch.count; i++)
		if (!equal(batch.msg[i], "not added", -batch.result[i].err, 0))
			return false;

	return learn_status();
}

static void set_lazy(void)
{
	bool lazy = rarely(2);

	if (!sysctl_write("revalidate", lazy ? 4 : 0))
		w.lazy = lazy;
}

/* One packet, to nobody */
static void send_packet(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(1 + below(UINT16_MAX)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	sendto(fd, "", 1, 0, (void *)&addr, sizeof(addr));
	close(fd);
}

/* All again from time to time: entries get old */
static bool renew(void)
{
	if ((rarely(64) || now_ms() - w.born_ms > AGE_MAX * 500) &&
	    !delete_all())
		return false;
	if (!w.shared)
		set_lazy();

	return make_entries();
}

static bool work(void)
{
	while (more()) {
		if (w.shared)
			send_packet();
		if ((size_of(w.least) < ENTRIES / 2 || rarely(16 * rare)) &&
		    !renew())
			return false;
		if (!run_batch() || (rarely(rare) && !run_dump()))
			return false;
		if (!w.shared && rarely(rare) && !check_table())
			return false;
	}

	return true;
}

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ksft_print_msg("%s: %s\n", name, strerror(errno));
	close(fd);
}

/* A user namespace as well, so that it is what a container can do */
static bool own_namespace(void)
{
	char uid_map[32], gid_map[32];

	snprintf(uid_map, sizeof(uid_map), "0 %u 1", getuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return !unshare(CLONE_NEWNET);

	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", uid_map);
	write_file("/proc/self/gid_map", gid_map);
	return true;
}

/* Labels can be set once a rule sets some; packets are tracked then as well */
static bool setup(void)
{
	if (!own_namespace() || sysctl_write("events", 1))
		return false;
	if (system("ip link set lo up; nft 'table ip t { chain c {"
		   " type filter hook output priority 0; ct label set 2; }; }'"
		   ))
		ksft_print_msg("without labels\n");

	return true;
}

static void seed_worker(unsigned int seed)
{
	unsigned int i;

	w.random = seed * 8ull + w.number + 1;
	for (i = 0; i < 16; i++)
		rnd();
}

static int start(unsigned int seed)
{
	int size = 1 << 20, on = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	seed_worker(seed);
	w.nl = ct_open();
	if (!w.nl)
		return 1;
	setsockopt(mnl_socket_get_fd(w.nl), SOL_SOCKET, SO_RCVBUF, &size,
		   sizeof(size));
	setsockopt(mnl_socket_get_fd(w.nl), SOL_SOCKET, SO_SNDBUF, &size,
		   sizeof(size));
	mnl_socket_setsockopt(w.nl, NETLINK_EXT_ACK, &on, sizeof(on));
	w.born_ms = now_ms();

	if (work())
		return 0;
	__atomic_store_n(&total->failed, true, __ATOMIC_RELAXED);
	return 1;
}

/* Worker 0 alone, 1 and 2 in a namespace that they share */
static int start_group(unsigned int number, unsigned int seed)
{
	int status = 0, ret;
	pid_t pid = -1;

	if (!setup()) {
		ksft_print_msg("no namespace\n");
		return 1;
	}
	w.number = number;
	w.shared = number;
	if (w.shared) {
		pid = fork();
		w.number += !pid;
	}
	ret = start(seed);
	if (pid > 0)
		waitpid(pid, &status, 0);

	return ret || status;
}

static bool run(unsigned int seed)
{
	unsigned int i;
	int status;

	fflush(stdout);
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid < 0)
			ksft_exit_fail_perror("fork");
		if (!pid)
			exit(start_group(i, seed));
	}
	while (wait(&status) > 0)
		if (status)
			total->failed = true;

	return !total->failed;
}

/* Refused either way, so it can be sent where entries matter. A kernel without
 * the message does not say why.
 */
static bool kernel_has_flush(void)
{
	struct mnl_socket *nl = ct_open();
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	int on = 1, len;

	if (!nl)
		return false;
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	nlh = put_header(buf, IPCTNL_MSG_CT_FLUSH, NLM_F_ACK, AF_UNSPEC);
	mnl_socket_sendto(nl, nlh, nlh->nlmsg_len);
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	mnl_socket_close(nl);

	return len > 0 && nlh->nlmsg_flags & NLM_F_ACK_TLVS;
}

int main(int argc, char **argv)
{
	unsigned int seed;
	long buckets;
	bool good;

	ksft_print_header();
	ksft_set_plan(1);
	if (argc > 1)
		operations = strtoul(argv[1], NULL, 0);
	if (operations > LONG_RUN) {
		rare = 16;
		mutations = 4;
	}
	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : (unsigned int)getpid();
	end_ms = argc > 3 ? now_ms() + 1000 * strtoul(argv[3], NULL, 0) : 0;

	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (!kernel_has_flush())
		ksft_exit_skip("kernel has no IPCTNL_MSG_CT_FLUSH\n");
	total = mmap(NULL, sizeof(*total), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (total == MAP_FAILED)
		ksft_exit_fail_perror("mmap");

	/* a walk takes as long as there are buckets */
	buckets = sysctl_read("buckets");
	sysctl_write("buckets", BUCKETS);
	ksft_print_msg("seed %u, %lu operations\n", seed, operations);
	good = run(seed);
	sysctl_write("buckets", buckets);

	ksft_print_msg("%lu accepted, %lu entries deleted, %lu listed\n",
		       total->accepted, total->deleted, total->listed);
	ksft_test_result(good, "%lu operations\n", total->operations);
	ksft_finished();
}
