/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What messages of ctnetlink with filters have to do, going by the uAPI header:
 * which of them are refused, and which entries the others match.
 */
#ifndef _NFCT_FLUSH_MODEL_H
#define _NFCT_FLUSH_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "nfct_flush_flags.h"

#define ENTRIES		64

/* Conditions on the lifetime are not decided closer than that, in seconds */
#define AGE_MAX		5000

enum { ORIG, REPLY };

/* Ports are the identifier for ICMP, and 0 for protocols without any */
struct tuple {
	uint8_t		src[16], dst[16];
	uint16_t	sport, dport;
	uint8_t		type, code;
};

struct entry {
	uint8_t		family, l4proto;
	uint8_t		tcp_state;
	uint8_t		nat;
	uint16_t	zone;
	uint32_t	mark, status, timeout;
	uint8_t		label[16];
	struct tuple	dir[2];
};

static inline size_t addr_size(int family)
{
	return family == AF_INET6 ? 16 : 4;
}

static inline bool is_icmp(uint8_t l4proto)
{
	return l4proto == IPPROTO_ICMP || l4proto == IPPROTO_ICMPV6;
}

static inline bool has_ports(uint8_t l4proto)
{
	return l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP ||
	       l4proto == IPPROTO_SCTP;
}

enum kind { K_REFUSE, K_FIXED, K_UP_TO, K_ADDR, K_FLAGS, K_NEST };

struct level;

struct policy {
	enum kind		kind;
	unsigned int		len;
	uint32_t		mask;	/* bits that are known, if not 0 */
	const struct level	*level;
};

struct level {
	unsigned int		max;
	const struct policy	*policy;
};

#define FIXED(n)	{ K_FIXED, .len = n }
#define BITS(n)		{ K_FIXED, .len = 4, .mask = n }
#define NEST(l)		{ K_NEST, .level = l }

static const struct policy dir_policy[CTA_FILTER_DIR_MAX + 1] = {
	[CTA_FILTER_DIR_SRC]		= { K_ADDR },
	[CTA_FILTER_DIR_SRC_PREFIXLEN]	= FIXED(1),
	[CTA_FILTER_DIR_DST]		= { K_ADDR },
	[CTA_FILTER_DIR_DST_PREFIXLEN]	= FIXED(1),
	[CTA_FILTER_DIR_SPORT_MIN]	= FIXED(2),
	[CTA_FILTER_DIR_SPORT_MAX]	= FIXED(2),
	[CTA_FILTER_DIR_DPORT_MIN]	= FIXED(2),
	[CTA_FILTER_DIR_DPORT_MAX]	= FIXED(2),
};

static const struct level dir_level = { CTA_FILTER_DIR_MAX, dir_policy };

static const struct policy filter_policy[CTA_FILTER_MAX + 1] = {
	[CTA_FILTER_ORIG_FLAGS]		= { K_FLAGS },
	[CTA_FILTER_REPLY_FLAGS]	= { K_FLAGS },
	[CTA_FILTER_L3PROTO]		= FIXED(1),
	[CTA_FILTER_L4PROTO]		= FIXED(1),
	[CTA_FILTER_ORIG]		= NEST(&dir_level),
	[CTA_FILTER_REPLY]		= NEST(&dir_level),
	[CTA_FILTER_NAT]		= BITS(7),
	[CTA_FILTER_TCP_STATES]		= BITS((1 << TCP_CONNTRACK_MAX) - 1),
	[CTA_FILTER_EXPIRES_MIN]	= FIXED(4),
	[CTA_FILTER_EXPIRES_MAX]	= FIXED(4),
};

static const struct level filter_level = { CTA_FILTER_MAX, filter_policy };

static const struct policy ip_policy[CTA_IP_MAX + 1] = {
	[CTA_IP_V4_SRC]		= FIXED(4),
	[CTA_IP_V4_DST]		= FIXED(4),
	[CTA_IP_V6_SRC]		= FIXED(16),
	[CTA_IP_V6_DST]		= FIXED(16),
};

static const struct level ip_level = { CTA_IP_MAX, ip_policy };

static const struct policy proto_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_NUM]		= FIXED(1),
	[CTA_PROTO_SRC_PORT]	= FIXED(2),
	[CTA_PROTO_DST_PORT]	= FIXED(2),
	[CTA_PROTO_ICMP_ID]	= FIXED(2),
	[CTA_PROTO_ICMP_TYPE]	= FIXED(1),
	[CTA_PROTO_ICMP_CODE]	= FIXED(1),
	[CTA_PROTO_ICMPV6_ID]	= FIXED(2),
	[CTA_PROTO_ICMPV6_TYPE]	= FIXED(1),
	[CTA_PROTO_ICMPV6_CODE]	= FIXED(1),
};

static const struct level proto_level = { CTA_PROTO_MAX, proto_policy };

/* A zone of the tuple is not for flushes */
static const struct policy tuple_policy[CTA_TUPLE_ZONE + 1] = {
	[CTA_TUPLE_IP]		= NEST(&ip_level),
	[CTA_TUPLE_PROTO]	= NEST(&proto_level),
};

static const struct level tuple_level = { CTA_TUPLE_ZONE, tuple_policy };

static const struct policy entry_policy[CTA_MAX + 1] = {
	[CTA_TUPLE_ORIG]	= NEST(&tuple_level),
	[CTA_TUPLE_REPLY]	= NEST(&tuple_level),
	[CTA_STATUS]		= FIXED(4),
	[CTA_STATUS_MASK]	= FIXED(4),
	[CTA_MARK]		= FIXED(4),
	[CTA_MARK_MASK]		= FIXED(4),
	[CTA_ZONE]		= FIXED(2),
	[CTA_LABELS]		= { K_UP_TO, .len = 16 },
	[CTA_LABELS_MASK]	= { K_UP_TO, .len = 16 },
	[CTA_FILTER]		= NEST(&filter_level),
};

static const struct level entry_level = { CTA_MAX, entry_policy };

static const struct policy list_policy[CTA_FLUSH_LIST_MAX + 1] = {
	[CTA_FLUSH_FILTER]	= NEST(&entry_level),
};

static const struct level list_level = { CTA_FLUSH_LIST_MAX, list_policy };

static const struct policy flush_policy[CTA_FLUSH_MAX + 1] = {
	[CTA_FLUSH_FLAGS]	= BITS(CTA_FLUSH_F_DRY_RUN | CTA_FLUSH_F_LAZY),
	[CTA_FLUSH_FILTERS]	= NEST(&list_level),
};

static const struct level flush_level = { CTA_FLUSH_MAX, flush_policy };

static inline const void *attr_data(const struct nlattr *attr)
{
	return attr + 1;
}

static inline int attr_len(const struct nlattr *attr)
{
	return attr->nla_len - sizeof(*attr);
}

static inline uint8_t get_u8(const struct nlattr *attr)
{
	return *(const uint8_t *)attr_data(attr);
}

static inline uint16_t get_be16(const struct nlattr *attr)
{
	uint16_t val;

	memcpy(&val, attr_data(attr), sizeof(val));
	return ntohs(val);
}

static inline uint32_t get_be32(const struct nlattr *attr)
{
	uint32_t val;

	memcpy(&val, attr_data(attr), sizeof(val));
	return ntohl(val);
}

/* Flags for tuples are in host order */
static inline uint32_t get_u32(const struct nlattr *attr)
{
	uint32_t val;

	memcpy(&val, attr_data(attr), sizeof(val));
	return val;
}

static inline bool parse(const struct level *level, const char *data, int len,
			 const struct nlattr **tb);

static inline bool attr_valid(const struct policy *p, const struct nlattr *attr)
{
	bool is_nest = attr->nla_type & NLA_F_NESTED;
	bool has_to_be = p->kind == K_NEST;
	unsigned int len = attr_len(attr);

	if (is_nest != has_to_be)
		return false;

	switch (p->kind) {
	case K_FIXED:
		return len == p->len &&
		       !(p->mask && get_be32(attr) & ~p->mask);
	case K_FLAGS:
		return len == 4 && !(get_u32(attr) & ~F_ALL);
	case K_UP_TO:
		return len <= p->len;
	case K_ADDR:
		return len >= 4 && len <= 16;
	case K_NEST:
		return parse(p->level, attr_data(attr), len, NULL);
	default:
		return false;
	}
}

/* Everything has to be known. Of attributes that are there twice, the last one
 * counts, but all have to be valid; whether it is one of the two lengths of an
 * address is left to decode_addr().
 */
static inline bool parse(const struct level *level, const char *data, int len,
			 const struct nlattr **tb)
{
	if (tb)
		memset(tb, 0, (level->max + 1) * sizeof(*tb));

	while (len >= (int)sizeof(struct nlattr)) {
		const struct nlattr *attr = (const void *)data;
		unsigned int type = attr->nla_type & NLA_TYPE_MASK;

		if (attr->nla_len < sizeof(*attr) || attr->nla_len > len ||
		    type > level->max || !attr_valid(&level->policy[type],
						     attr))
			return false;
		if (tb)
			tb[type] = attr;
		data += NLA_ALIGN(attr->nla_len);
		len -= NLA_ALIGN(attr->nla_len);
	}

	return len <= 0;
}

struct range {
	uint16_t	min, max;
};

struct addr {
	uint8_t		bytes[16];
	unsigned int	bits;
};

struct dir {
	struct addr	src, dst;
	struct range	sport, dport;
};

struct match_tuple {
	uint32_t	flags;
	struct tuple	tuple;
	uint8_t		l4proto;
};

struct u32_mask {
	uint32_t	val, mask;
};

/* One filter */
struct cond {
	uint8_t			family;
	bool			l4, zone, labels;
	uint8_t			l4proto;
	uint16_t		zone_id;
	struct u32_mask		mark, status;
	uint32_t		nat, tcp_states, expires_min, expires_max;
	uint8_t			label[16], label_mask[16];
	struct dir		dir[2];
	struct match_tuple	tuple[2];
};

/* What the kernel may do: some details are left to it */
enum verdict { V_REFUSE, V_ACCEPT, V_EITHER, V_IGNORE };

static inline enum verdict decode_labels(struct cond *c,
					 const struct nlattr **tb)
{
	const struct nlattr *labels = tb[CTA_LABELS];
	const struct nlattr *mask = tb[CTA_LABELS_MASK] ?: labels;
	unsigned int i;

	if (!mask)
		return V_ACCEPT;
	if (!labels || attr_len(labels) != attr_len(mask))
		return V_REFUSE;

	memcpy(c->label, attr_data(labels), attr_len(labels));
	memcpy(c->label_mask, attr_data(mask), attr_len(mask));
	for (i = 0; i < sizeof(c->label_mask); i++)
		c->labels |= c->label_mask[i];

	return c->labels ? V_ACCEPT : V_REFUSE;
}

static inline enum verdict decode_entry(struct cond *c,
					const struct nlattr **tb)
{
	if ((tb[CTA_MARK_MASK] && !tb[CTA_MARK]) ||
	    (tb[CTA_STATUS_MASK] && !tb[CTA_STATUS]))
		return V_REFUSE;

	if (tb[CTA_MARK]) {
		c->mark.val = get_be32(tb[CTA_MARK]);
		c->mark.mask = tb[CTA_MARK_MASK] ?
			get_be32(tb[CTA_MARK_MASK]) : UINT32_MAX;
	}
	if (tb[CTA_STATUS]) {
		c->status.val = get_be32(tb[CTA_STATUS]);
		c->status.mask = tb[CTA_STATUS_MASK] ?
			get_be32(tb[CTA_STATUS_MASK]) : c->status.val;
		if (!c->status.mask)
			return V_REFUSE;
	}
	if (tb[CTA_ZONE]) {
		c->zone = true;
		c->zone_id = get_be16(tb[CTA_ZONE]);
	}

	return decode_labels(c, tb);
}

static inline bool decode_family(struct cond *c, int family)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	if (c->family && c->family != family)
		return false;
	c->family = family;

	return true;
}

static inline bool decode_addr(struct cond *c, struct addr *addr,
			       const struct nlattr *attr,
			       const struct nlattr *prefix)
{
	if (!attr)
		return !prefix;
	if ((attr_len(attr) != 4 && attr_len(attr) != 16) ||
	    !decode_family(c, attr_len(attr) == 4 ? AF_INET : AF_INET6))
		return false;

	memcpy(addr->bytes, attr_data(attr), attr_len(attr));
	addr->bits = attr_len(attr) * 8;
	if (prefix && get_u8(prefix) > addr->bits)
		return false;
	if (prefix)
		addr->bits = get_u8(prefix);

	return true;
}

static inline bool decode_ports(const struct cond *c, struct range *range,
				const struct nlattr *min,
				const struct nlattr *max)
{
	range->min = min ? get_be16(min) : 0;
	range->max = max ? get_be16(max) : UINT16_MAX;
	if ((min || max) && !(c->l4 && has_ports(c->l4proto)))
		return false;

	return range->min <= range->max;
}

static inline bool decode_dir(struct cond *c, struct dir *dir,
			      const struct nlattr *attr)
{
	const struct nlattr *tb[CTA_FILTER_DIR_MAX + 1];

	dir->sport.max = UINT16_MAX;
	dir->dport.max = UINT16_MAX;
	if (!attr)
		return true;

	return parse(&dir_level, attr_data(attr), attr_len(attr), tb) &&
	       decode_addr(c, &dir->src, tb[CTA_FILTER_DIR_SRC],
			   tb[CTA_FILTER_DIR_SRC_PREFIXLEN]) &&
	       decode_addr(c, &dir->dst, tb[CTA_FILTER_DIR_DST],
			   tb[CTA_FILTER_DIR_DST_PREFIXLEN]) &&
	       decode_ports(c, &dir->sport, tb[CTA_FILTER_DIR_SPORT_MIN],
			    tb[CTA_FILTER_DIR_SPORT_MAX]) &&
	       decode_ports(c, &dir->dport, tb[CTA_FILTER_DIR_DPORT_MIN],
			    tb[CTA_FILTER_DIR_DPORT_MAX]);
}

/* Bits of which one has to be true: without any there is no such filter */
static inline bool decode_any(uint32_t *bits, const struct nlattr *attr)
{
	*bits = attr ? get_be32(attr) : 0;
	return !attr || *bits;
}

static inline bool decode_expires(struct cond *c, const struct nlattr **tb)
{
	const struct nlattr *min = tb[CTA_FILTER_EXPIRES_MIN];
	const struct nlattr *max = tb[CTA_FILTER_EXPIRES_MAX];

	c->expires_min = min ? get_be32(min) : 0;
	c->expires_max = max ? get_be32(max) : UINT32_MAX;

	return c->expires_min <= c->expires_max;
}

static inline bool decode_filter(struct cond *c, const struct nlattr *attr)
{
	const struct nlattr *tb[CTA_FILTER_MAX + 1];

	if (!parse(&filter_level, attr_data(attr), attr_len(attr), tb))
		return false;

	c->l4 = tb[CTA_FILTER_L4PROTO];
	if (c->l4)
		c->l4proto = get_u8(tb[CTA_FILTER_L4PROTO]);
	if (tb[CTA_FILTER_ORIG_FLAGS])
		c->tuple[ORIG].flags = get_u32(tb[CTA_FILTER_ORIG_FLAGS]);
	if (tb[CTA_FILTER_REPLY_FLAGS])
		c->tuple[REPLY].flags = get_u32(tb[CTA_FILTER_REPLY_FLAGS]);
	if (c->l4 && tb[CTA_FILTER_TCP_STATES] && c->l4proto != IPPROTO_TCP)
		return false;
	if (tb[CTA_FILTER_L3PROTO] &&
	    !decode_family(c, get_u8(tb[CTA_FILTER_L3PROTO])))
		return false;

	return decode_dir(c, &c->dir[ORIG], tb[CTA_FILTER_ORIG]) &&
	       decode_dir(c, &c->dir[REPLY], tb[CTA_FILTER_REPLY]) &&
	       decode_any(&c->nat, tb[CTA_FILTER_NAT]) &&
	       decode_any(&c->tcp_states, tb[CTA_FILTER_TCP_STATES]) &&
	       decode_expires(c, tb);
}

/* Bits that mean something for a protocol */
static inline uint32_t flags_of(const struct match_tuple *m)
{
	uint32_t flags = F_IP_SRC | F_IP_DST | F_PROTO_NUM;

	switch (m->l4proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return flags | F_SRC_PORT | F_DST_PORT;
	case IPPROTO_ICMP:
		return flags | F_ICMP_TYPE | F_ICMP_CODE | F_ICMP_ID;
	case IPPROTO_ICMPV6:
		return flags | F_ICMPV6_TYPE | F_ICMPV6_CODE | F_ICMPV6_ID;
	}

	return flags;
}

static inline bool take(uint32_t flags, uint32_t flag, void *to, size_t size,
			const struct nlattr *attr)
{
	if (!(flags & flag))
		return true;
	if (!attr)
		return false;
	memcpy(to, attr_data(attr), size);

	return true;
}

static inline bool decode_tuple_ip(const struct cond *c, struct match_tuple *m,
				   const struct nlattr *attr)
{
	bool v6 = c->family == AF_INET6;
	const struct nlattr *tb[CTA_IP_MAX + 1];
	size_t size = addr_size(c->family);

	if (!(m->flags & (F_IP_SRC | F_IP_DST)))
		return true;

	return attr && parse(&ip_level, attr_data(attr), attr_len(attr), tb) &&
	       take(m->flags, F_IP_SRC, m->tuple.src, size,
		    tb[v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC]) &&
	       take(m->flags, F_IP_DST, m->tuple.dst, size,
		    tb[v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST]);
}

static inline bool decode_tuple_icmp(struct match_tuple *m,
				     const struct nlattr **tb)
{
	if (m->l4proto == IPPROTO_ICMP)
		return take(m->flags, F_ICMP_TYPE, &m->tuple.type, 1,
			    tb[CTA_PROTO_ICMP_TYPE]) &&
		       take(m->flags, F_ICMP_CODE, &m->tuple.code, 1,
			    tb[CTA_PROTO_ICMP_CODE]) &&
		       take(m->flags, F_ICMP_ID, &m->tuple.sport, 2,
			    tb[CTA_PROTO_ICMP_ID]);

	return take(m->flags, F_ICMPV6_TYPE, &m->tuple.type, 1,
		    tb[CTA_PROTO_ICMPV6_TYPE]) &&
	       take(m->flags, F_ICMPV6_CODE, &m->tuple.code, 1,
		    tb[CTA_PROTO_ICMPV6_CODE]) &&
	       take(m->flags, F_ICMPV6_ID, &m->tuple.sport, 2,
		    tb[CTA_PROTO_ICMPV6_ID]);
}

static inline bool decode_tuple_proto(struct match_tuple *m,
				      const struct nlattr *attr)
{
	const struct nlattr *tb[CTA_PROTO_MAX + 1];

	if (!(m->flags & F_PROTO_NUM))
		return !(m->flags & ~(F_IP_SRC | F_IP_DST));
	if (!attr || !parse(&proto_level, attr_data(attr), attr_len(attr), tb))
		return false;
	if (!take(m->flags, F_PROTO_NUM, &m->l4proto, 1, tb[CTA_PROTO_NUM]) ||
	    m->flags & ~flags_of(m))
		return false;
	if (is_icmp(m->l4proto))
		return decode_tuple_icmp(m, tb);

	return take(m->flags, F_SRC_PORT, &m->tuple.sport, 2,
		    tb[CTA_PROTO_SRC_PORT]) &&
	       take(m->flags, F_DST_PORT, &m->tuple.dport, 2,
		    tb[CTA_PROTO_DST_PORT]);
}

/* The tuple and its flags belong together. Not each type of ICMP is one that
 * connections are tracked by.
 */
static inline enum verdict decode_tuple(const struct cond *c,
					struct match_tuple *m,
					const struct nlattr *attr)
{
	const struct nlattr *tb[CTA_TUPLE_ZONE + 1];

	if (!m->flags && !attr)
		return V_ACCEPT;
	if (!m->flags || !attr || !c->family ||
	    !parse(&tuple_level, attr_data(attr), attr_len(attr), tb) ||
	    !decode_tuple_ip(c, m, tb[CTA_TUPLE_IP]) ||
	    !decode_tuple_proto(m, tb[CTA_TUPLE_PROTO]))
		return V_REFUSE;

	m->tuple.sport = ntohs(m->tuple.sport);
	m->tuple.dport = ntohs(m->tuple.dport);

	return m->flags & (F_ICMP_TYPE | F_ICMPV6_TYPE) ? V_EITHER : V_ACCEPT;
}

static inline enum verdict worse(enum verdict a, enum verdict b)
{
	if (a == V_REFUSE || b == V_REFUSE)
		return V_REFUSE;

	return a == V_EITHER ? a : b;
}

static const struct nlattr no_filter = { .nla_len = MNL_ATTR_HDRLEN };

/* The attributes of a filter, that are valid each by itself */
static inline enum verdict decode_attrs(struct cond *c, int family,
					const struct nlattr **tb)
{
	enum verdict v;

	memset(c, 0, sizeof(*c));
	c->family = family;
	v = decode_entry(c, tb);
	if (!decode_filter(c, tb[CTA_FILTER] ?: &no_filter))
		return V_REFUSE;
	v = worse(v, decode_tuple(c, &c->tuple[ORIG], tb[CTA_TUPLE_ORIG]));

	return worse(v, decode_tuple(c, &c->tuple[REPLY],
				     tb[CTA_TUPLE_REPLY]));
}

/* What a message asks for */
struct request {
	uint32_t	flags;
	unsigned int	count;
	struct cond	cond[MAX_FILTERS];
};

static inline enum verdict decode_list(struct request *rq, int family,
				       const struct nlattr *list)
{
	const struct nlattr *tb[CTA_MAX + 1], *attr;
	enum verdict v = V_ACCEPT;

	if (!list)
		return v;

	mnl_attr_for_each_nested(attr, list) {
		if (rq->count == MAX_FILTERS ||
		    !parse(&entry_level, attr_data(attr), attr_len(attr), tb))
			return V_REFUSE;
		v = worse(v, decode_attrs(&rq->cond[rq->count++], family, tb));
		if (v == V_REFUSE)
			break;
	}

	return v;
}

static inline enum verdict decode_flush(struct request *rq,
					const struct nlmsghdr *nlh, bool lazy)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	int len = nlh->nlmsg_len - MNL_NLMSG_HDRLEN - sizeof(*nfg);
	const struct nlattr *tb[CTA_FLUSH_MAX + 1];
	enum verdict v;

	if (len < 0)
		return V_IGNORE;
	if (nlh->nlmsg_flags & NLM_F_DUMP || nfg->version != NFNETLINK_V0 ||
	    (nfg->nfgen_family && nfg->nfgen_family != AF_INET &&
	     nfg->nfgen_family != AF_INET6) ||
	    !parse(&flush_level, (const char *)(nfg + 1), len, tb))
		return V_REFUSE;

	if (tb[CTA_FLUSH_FLAGS])
		rq->flags = get_be32(tb[CTA_FLUSH_FLAGS]);
	v = decode_list(rq, nfg->nfgen_family, tb[CTA_FLUSH_FILTERS]);
	if (!(rq->flags & CTA_FLUSH_F_LAZY))
		return rq->count ? v : V_REFUSE;
	if (rq->count || rq->flags != CTA_FLUSH_F_LAZY || nfg->nfgen_family ||
	    !lazy)
		return V_REFUSE;

	return v;
}

/* IPCTNL_MSG_CT_DELETE and dumps: only what is in CTA_FILTER can be broken */
static inline enum verdict decode_other(struct request *rq,
					const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[CTA_MAX + 1] = {}, *attr;
	bool dump = nlh->nlmsg_flags & NLM_F_DUMP;

	mnl_attr_for_each(attr, nlh, sizeof(*nfg))
		tb[mnl_attr_get_type(attr)] = attr;
	if (!dump && (tb[CTA_LABELS] || tb[CTA_LABELS_MASK]))
		return V_REFUSE;
	rq->count = 1;

	return decode_attrs(&rq->cond[0], nfg->nfgen_family, tb);
}

/* @lazy: nf_conntrack_revalidate allows lazy flushes */
static inline enum verdict decode(struct request *rq,
				  const struct nlmsghdr *nlh, bool lazy)
{
	rq->flags = 0;
	rq->count = 0;
	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_FLUSH)
		return decode_flush(rq, nlh, lazy);

	return decode_other(rq, nlh);
}

static inline bool addr_matches(const struct addr *addr, const uint8_t *bytes)
{
	unsigned int n = addr->bits / 8, rest = addr->bits % 8;

	if (memcmp(addr->bytes, bytes, n))
		return false;

	return !rest || !((addr->bytes[n] ^ bytes[n]) >> (8 - rest));
}

static inline bool dir_matches(const struct cond *c, int number,
			       const struct entry *e)
{
	const struct dir *dir = &c->dir[number];
	const struct tuple *t = &e->dir[number];

	if (!addr_matches(&dir->src, t->src) ||
	    !addr_matches(&dir->dst, t->dst))
		return false;
	/* there are no ranges for protocols without ports */
	if (!has_ports(e->l4proto))
		return true;

	return t->sport >= dir->sport.min && t->sport <= dir->sport.max &&
	       t->dport >= dir->dport.min && t->dport <= dir->dport.max;
}

static inline bool tuple_matches(const struct match_tuple *m,
				 const struct entry *e, const struct tuple *t)
{
	uint32_t flags = m->flags;

	return !((flags & F_IP_SRC && memcmp(m->tuple.src, t->src, 16)) ||
		 (flags & F_IP_DST && memcmp(m->tuple.dst, t->dst, 16)) ||
		 (flags & F_PROTO_NUM && m->l4proto != e->l4proto) ||
		 (flags & (F_SRC_PORT | F_ICMP_ID | F_ICMPV6_ID) &&
		  m->tuple.sport != t->sport) ||
		 (flags & F_DST_PORT && m->tuple.dport != t->dport) ||
		 (flags & (F_ICMP_TYPE | F_ICMPV6_TYPE) &&
		  m->tuple.type != t->type) ||
		 (flags & (F_ICMP_CODE | F_ICMPV6_CODE) &&
		  m->tuple.code != t->code));
}

static inline bool labels_match(const struct cond *c, const struct entry *e)
{
	unsigned int i;

	for (i = 0; i < sizeof(e->label); i++)
		if ((e->label[i] & c->label_mask[i]) != c->label[i])
			return false;

	return true;
}

static inline bool masks_match(const struct cond *c, const struct entry *e)
{
	uint8_t nat = e->nat ?: CTA_FILTER_NAT_NONE;

	return (e->mark & c->mark.mask) == c->mark.val &&
	       (e->status & c->status.mask) == c->status.val &&
	       (!c->nat || c->nat & nat) &&
	       (!c->tcp_states || (e->l4proto == IPPROTO_TCP &&
				   c->tcp_states & 1 << e->tcp_state));
}

/* But for the lifetime */
static inline bool cond_matches(const struct cond *c, const struct entry *e)
{
	return (!c->family || c->family == e->family) &&
	       (!c->l4 || c->l4proto == e->l4proto) &&
	       (!c->zone || c->zone_id == e->zone) &&
	       masks_match(c, e) &&
	       (!c->labels || labels_match(c, e)) &&
	       dir_matches(c, ORIG, e) && dir_matches(c, REPLY, e) &&
	       tuple_matches(&c->tuple[ORIG], e, &e->dir[ORIG]) &&
	       tuple_matches(&c->tuple[REPLY], e, &e->dir[REPLY]);
}

/* For how many seconds to come does an entry live? As many as it was given when
 * it is new, less when it gets old.
 */
static inline void match_entry(const struct request *rq, const struct entry *e,
			       uint64_t bit, uint64_t *sure, uint64_t *maybe)
{
	uint32_t newest = e->timeout, oldest = e->timeout - AGE_MAX;
	unsigned int i;

	for (i = 0; i < rq->count; i++) {
		const struct cond *c = &rq->cond[i];

		if (*sure & bit)
			return;
		if (!cond_matches(c, e))
			continue;
		if (c->expires_min <= oldest && c->expires_max >= newest)
			*sure |= bit;
		if (c->expires_min <= newest && c->expires_max >= oldest)
			*maybe |= bit;
	}
}

/**
 * match - which entries does a request match?
 * @rq: the request
 * @entries: all entries
 * @set: bits of those that count
 * @sure: these match
 * @maybe: others do not match
 */
static inline void match(const struct request *rq, const struct entry *entries,
			 uint64_t set, uint64_t *sure, uint64_t *maybe)
{
	unsigned int i;

	*sure = 0;
	*maybe = 0;
	for (i = 0; i < ENTRIES; i++)
		if (set >> i & 1)
			match_entry(rq, &entries[i], 1ull << i, sure, maybe);
}

#endif
