// SPDX-License-Identifier: GPL-2.0-only
/* Conditions that conntrack entries are selected by: the attributes in
 * CTA_FILTER, other than those that refer to tuples, and labels.
 *
 * User space lists and deletes entries with these. Whatever is not understood
 * is refused: a condition that is ignored makes a deletion hit more entries.
 */

#include <linux/export.h>
#include <linux/in.h>

#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_filter.h>
#include <net/netfilter/nf_conntrack_tuple.h>

#include "nf_internals.h"

#define NF_CT_FILTER_LABELS	BIT(CTA_FILTER_UNSPEC)
#define NF_CT_FILTER_NAT_ALL	(CTA_FILTER_NAT_SRC | CTA_FILTER_NAT_DST | \
				 CTA_FILTER_NAT_NONE)
#define NF_CT_FILTER_TCP_ALL	(BIT(TCP_CONNTRACK_MAX) - 1)

/* An address has one of these two lengths */
#define NF_CT_FILTER_ADDR \
	NLA_POLICY_RANGE(NLA_BINARY, sizeof(struct in_addr), \
			 sizeof(struct in6_addr))

static const struct nla_policy
nf_ct_filter_dir_policy[CTA_FILTER_DIR_MAX + 1] = {
	[CTA_FILTER_DIR_SRC]		= NF_CT_FILTER_ADDR,
	[CTA_FILTER_DIR_SRC_PREFIXLEN]	= { .type = NLA_U8 },
	[CTA_FILTER_DIR_DST]		= NF_CT_FILTER_ADDR,
	[CTA_FILTER_DIR_DST_PREFIXLEN]	= { .type = NLA_U8 },
	[CTA_FILTER_DIR_SPORT_MIN]	= { .type = NLA_BE16 },
	[CTA_FILTER_DIR_SPORT_MAX]	= { .type = NLA_BE16 },
	[CTA_FILTER_DIR_DPORT_MIN]	= { .type = NLA_BE16 },
	[CTA_FILTER_DIR_DPORT_MAX]	= { .type = NLA_BE16 },
};

const struct nla_policy nf_ct_filter_policy[CTA_FILTER_MAX + 1] = {
	[CTA_FILTER_ORIG_FLAGS]		= NLA_POLICY_MASK(NLA_U32,
							  CTA_FILTER_F_ALL),
	[CTA_FILTER_REPLY_FLAGS]	= NLA_POLICY_MASK(NLA_U32,
							  CTA_FILTER_F_ALL),
	[CTA_FILTER_L3PROTO]		= { .type = NLA_U8 },
	[CTA_FILTER_L4PROTO]		= { .type = NLA_U8 },
	[CTA_FILTER_ORIG]		=
		NLA_POLICY_NESTED(nf_ct_filter_dir_policy),
	[CTA_FILTER_REPLY]		=
		NLA_POLICY_NESTED(nf_ct_filter_dir_policy),
	[CTA_FILTER_NAT]		= NLA_POLICY_MASK(NLA_BE32,
							  NF_CT_FILTER_NAT_ALL),
	[CTA_FILTER_TCP_STATES]		= NLA_POLICY_MASK(NLA_BE32,
							  NF_CT_FILTER_TCP_ALL),
	[CTA_FILTER_EXPIRES_MIN]	= { .type = NLA_BE32 },
	[CTA_FILTER_EXPIRES_MAX]	= { .type = NLA_BE32 },
};
EXPORT_SYMBOL_GPL(nf_ct_filter_policy);

static int nf_ct_filter_set_l3proto(struct nf_ct_filter *filter, u8 l3proto,
				    const struct nlattr *attr,
				    struct netlink_ext_ack *extack)
{
	if (l3proto != NFPROTO_IPV4 && l3proto != NFPROTO_IPV6) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "unknown address family");
		return -EAFNOSUPPORT;
	}

	if (filter->l3proto && filter->l3proto != l3proto) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "address families differ");
		return -EINVAL;
	}

	filter->l3proto = l3proto;
	return 0;
}

static int nf_ct_filter_parse_addr(struct nf_ct_filter *filter,
				   struct nf_ct_filter_addr *addr,
				   const struct nlattr *attr,
				   const struct nlattr *len,
				   struct netlink_ext_ack *extack)
{
	u8 l3proto = NFPROTO_UNSPEC;
	int err;

	if (!attr) {
		if (!len)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, len, "prefix without address");
		return -EINVAL;
	}

	if (nla_len(attr) == sizeof(struct in_addr))
		l3proto = NFPROTO_IPV4;
	else if (nla_len(attr) == sizeof(struct in6_addr))
		l3proto = NFPROTO_IPV6;

	err = nf_ct_filter_set_l3proto(filter, l3proto, attr, extack);
	if (err)
		return err;

	nla_memcpy(&addr->addr, attr, sizeof(addr->addr));
	addr->len = nla_len(attr) * BITS_PER_BYTE;
	if (!len)
		return 0;

	if (nla_get_u8(len) > addr->len) {
		NL_SET_ERR_MSG_ATTR(extack, len, "prefix is too long");
		return -EINVAL;
	}

	addr->len = nla_get_u8(len);
	return 0;
}

static bool nf_ct_filter_has_ports(const struct nf_ct_filter *filter)
{
	if (!(filter->set & BIT(CTA_FILTER_L4PROTO)))
		return false;

	switch (filter->l4proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return true;
	case IPPROTO_SCTP:
		return IS_ENABLED(CONFIG_NF_CT_PROTO_SCTP);
	}

	return false;
}

static int nf_ct_filter_parse_ports(const struct nf_ct_filter *filter,
				    struct nf_ct_filter_ports *ports,
				    const struct nlattr *min,
				    const struct nlattr *max,
				    struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = max ?: min;

	ports->min = min ? ntohs(nla_get_be16(min)) : 0;
	ports->max = max ? ntohs(nla_get_be16(max)) : U16_MAX;

	if (attr && !nf_ct_filter_has_ports(filter)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "ports without a protocol that has ports");
		return -EINVAL;
	}

	if (ports->min > ports->max) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "first port is after last");
		return -EINVAL;
	}

	return 0;
}

static int nf_ct_filter_parse_dir(struct nf_ct_filter *filter,
				  struct nf_ct_filter_dir *dir,
				  const struct nlattr *attr,
				  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CTA_FILTER_DIR_MAX + 1];
	int err;

	err = nla_parse_nested(tb, CTA_FILTER_DIR_MAX, attr,
			       nf_ct_filter_dir_policy, extack);
	if (err)
		return err;

	err = nf_ct_filter_parse_addr(filter, &dir->src,
				      tb[CTA_FILTER_DIR_SRC],
				      tb[CTA_FILTER_DIR_SRC_PREFIXLEN], extack);
	if (err)
		return err;

	err = nf_ct_filter_parse_addr(filter, &dir->dst,
				      tb[CTA_FILTER_DIR_DST],
				      tb[CTA_FILTER_DIR_DST_PREFIXLEN], extack);
	if (err)
		return err;

	err = nf_ct_filter_parse_ports(filter, &dir->sport,
				       tb[CTA_FILTER_DIR_SPORT_MIN],
				       tb[CTA_FILTER_DIR_SPORT_MAX], extack);
	if (err)
		return err;

	return nf_ct_filter_parse_ports(filter, &dir->dport,
					tb[CTA_FILTER_DIR_DPORT_MIN],
					tb[CTA_FILTER_DIR_DPORT_MAX], extack);
}

static int nf_ct_filter_parse_tuples(struct nf_ct_filter *filter,
				     struct nlattr *tb[],
				     struct netlink_ext_ack *extack)
{
	int err;

	if (tb[CTA_FILTER_ORIG]) {
		err = nf_ct_filter_parse_dir(filter,
					     &filter->dir[IP_CT_DIR_ORIGINAL],
					     tb[CTA_FILTER_ORIG], extack);
		if (err)
			return err;
	}

	if (!tb[CTA_FILTER_REPLY])
		return 0;

	return nf_ct_filter_parse_dir(filter, &filter->dir[IP_CT_DIR_REPLY],
				      tb[CTA_FILTER_REPLY], extack);
}

/* Sets of which one member has to be true: an empty one never is */
static int nf_ct_filter_parse_any(u32 *any, const struct nlattr *attr,
				  struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;

	*any = ntohl(nla_get_be32(attr));
	if (*any)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr, "no bit is set");
	return -EINVAL;
}

static int nf_ct_filter_parse_expires(struct nf_ct_filter *filter,
				      struct nlattr *tb[],
				      struct netlink_ext_ack *extack)
{
	const struct nlattr *min = tb[CTA_FILTER_EXPIRES_MIN];
	const struct nlattr *max = tb[CTA_FILTER_EXPIRES_MAX];

	filter->expires_min = min ? ntohl(nla_get_be32(min)) : 0;
	filter->expires_max = max ? ntohl(nla_get_be32(max)) : U32_MAX;

	if (filter->expires_min > filter->expires_max) {
		NL_SET_ERR_MSG_ATTR(extack, max,
				    "least lifetime is over the greatest");
		return -EINVAL;
	}

	return 0;
}

static int nf_ct_filter_parse_protos(struct nf_ct_filter *filter,
				     struct nlattr *tb[],
				     struct netlink_ext_ack *extack)
{
	if (tb[CTA_FILTER_L4PROTO])
		filter->l4proto = nla_get_u8(tb[CTA_FILTER_L4PROTO]);

	if (tb[CTA_FILTER_L4PROTO] && tb[CTA_FILTER_TCP_STATES] &&
	    filter->l4proto != IPPROTO_TCP) {
		NL_SET_ERR_MSG_ATTR(extack, tb[CTA_FILTER_TCP_STATES],
				    "TCP states of another protocol");
		return -EINVAL;
	}

	if (!tb[CTA_FILTER_L3PROTO])
		return 0;

	return nf_ct_filter_set_l3proto(filter,
					nla_get_u8(tb[CTA_FILTER_L3PROTO]),
					tb[CTA_FILTER_L3PROTO], extack);
}

/**
 * nf_ct_filter_parse - read the conditions from CTA_FILTER
 * @filter: to be filled in; zeroed, or with the l3proto that it has to have
 * @tb: attributes of enum ctattr_filter, that obey nf_ct_filter_policy. Those
 *	that refer to tuples (CTA_FILTER_ORIG_FLAGS, CTA_FILTER_REPLY_FLAGS) are
 *	left to the caller
 * @extack: where to put what is wrong
 *
 * An address implies its family in @filter->l3proto.
 *
 * Return: 0, or a negative error and @filter is not to be used
 */
int nf_ct_filter_parse(struct nf_ct_filter *filter, struct nlattr *tb[],
		       struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err;

	for (i = CTA_FILTER_L3PROTO; i <= CTA_FILTER_MAX; i++)
		if (tb[i])
			filter->set |= BIT(i);

	err = nf_ct_filter_parse_protos(filter, tb, extack);
	if (err)
		return err;

	err = nf_ct_filter_parse_tuples(filter, tb, extack);
	if (err)
		return err;

	err = nf_ct_filter_parse_any(&filter->nat, tb[CTA_FILTER_NAT], extack);
	if (err)
		return err;

	err = nf_ct_filter_parse_any(&filter->tcp_states,
				     tb[CTA_FILTER_TCP_STATES], extack);
	if (err)
		return err;

	return nf_ct_filter_parse_expires(filter, tb, extack);
}
EXPORT_SYMBOL_GPL(nf_ct_filter_parse);

/**
 * nf_ct_filter_parse_labels - read a condition on labels
 * @filter: to be filled in
 * @labels: CTA_LABELS, or NULL
 * @mask: CTA_LABELS_MASK; NULL: all labels that are set in @labels
 * @extack: where to put what is wrong
 *
 * Return: 0, or a negative error and @filter is not to be used
 */
int nf_ct_filter_parse_labels(struct nf_ct_filter *filter,
			      const struct nlattr *labels,
			      const struct nlattr *mask,
			      struct netlink_ext_ack *extack)
{
	if (!labels && !mask)
		return 0;

	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_LABELS)) {
		NL_SET_ERR_MSG_ATTR(extack, labels ?: mask,
				    "kernel has no labels");
		return -EOPNOTSUPP;
	}

	if (!labels || (mask && nla_len(labels) != nla_len(mask))) {
		NL_SET_ERR_MSG_ATTR(extack, mask,
				    "mask needs labels of its length");
		return -EINVAL;
	}

	nla_memcpy(&filter->labels, labels, sizeof(filter->labels));
	nla_memcpy(&filter->labels_mask, mask ?: labels,
		   sizeof(filter->labels_mask));

	if (!memchr_inv(&filter->labels_mask, 0, sizeof(filter->labels_mask))) {
		NL_SET_ERR_MSG_ATTR(extack, mask ?: labels, "no label is set");
		return -EINVAL;
	}

	filter->set |= NF_CT_FILTER_LABELS;
	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_filter_parse_labels);

/* IPv4 addresses are the first 32 bits of theirs, the others do not count */
static bool nf_ct_filter_match_addr(const struct nf_ct_filter_addr *range,
				    const union nf_inet_addr *addr)
{
	return ipv6_prefix_equal(&range->addr.in6, &addr->in6, range->len);
}

static bool nf_ct_filter_match_port(const struct nf_ct_filter_ports *ports,
				    __be16 port)
{
	return ntohs(port) >= ports->min && ntohs(port) <= ports->max;
}

static bool nf_ct_filter_match_dir(const struct nf_ct_filter_dir *dir,
				   const struct nf_conntrack_tuple *tuple)
{
	return nf_ct_filter_match_addr(&dir->src, &tuple->src.u3) &&
	       nf_ct_filter_match_addr(&dir->dst, &tuple->dst.u3) &&
	       nf_ct_filter_match_port(&dir->sport, tuple->src.u.all) &&
	       nf_ct_filter_match_port(&dir->dport, tuple->dst.u.all);
}

static bool nf_ct_filter_match_nat(u32 nat, const struct nf_conn *ct)
{
	unsigned long status = READ_ONCE(ct->status);

	return (nat & CTA_FILTER_NAT_SRC && status & IPS_SRC_NAT) ||
	       (nat & CTA_FILTER_NAT_DST && status & IPS_DST_NAT) ||
	       (nat & CTA_FILTER_NAT_NONE && !(status & IPS_NAT_MASK));
}

static bool nf_ct_filter_match_tcp(u32 states, const struct nf_conn *ct)
{
	return nf_ct_protonum(ct) == IPPROTO_TCP &&
	       states & BIT(READ_ONCE(ct->proto.tcp.state));
}

static bool nf_ct_filter_match_expires(const struct nf_ct_filter *filter,
				       const struct nf_conn *ct)
{
	unsigned long expires = nf_ct_expires(ct) / HZ;

	return expires >= filter->expires_min && expires <= filter->expires_max;
}

static bool nf_ct_filter_match_labels(const struct nf_ct_filter *filter,
				      const struct nf_conn *ct)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(filter->labels.bits); i++) {
		unsigned long bits = labels ? READ_ONCE(labels->bits[i]) : 0;

		if ((bits & filter->labels_mask.bits[i]) !=
		    filter->labels.bits[i])
			return false;
	}

	return true;
}

/**
 * nf_ct_filter_match - test if an entry meets all conditions
 * @filter: the conditions
 * @ct: a confirmed entry
 *
 * Context: the caller holds a reference to @ct, or the lock of its bucket
 * Return: true if it does, also if there are no conditions
 */
bool nf_ct_filter_match(const struct nf_ct_filter *filter,
			const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple_hash *hash = ct->tuplehash;
	u32 set = filter->set;

	if (filter->l3proto && nf_ct_l3num(ct) != filter->l3proto)
		return false;

	if (set & BIT(CTA_FILTER_L4PROTO) &&
	    nf_ct_protonum(ct) != filter->l4proto)
		return false;

	if (set & BIT(CTA_FILTER_ORIG) &&
	    !nf_ct_filter_match_dir(&filter->dir[IP_CT_DIR_ORIGINAL],
				    &hash[IP_CT_DIR_ORIGINAL].tuple))
		return false;

	if (set & BIT(CTA_FILTER_REPLY) &&
	    !nf_ct_filter_match_dir(&filter->dir[IP_CT_DIR_REPLY],
				    &hash[IP_CT_DIR_REPLY].tuple))
		return false;

	if (set & BIT(CTA_FILTER_NAT) &&
	    !nf_ct_filter_match_nat(filter->nat, ct))
		return false;

	if (set & BIT(CTA_FILTER_TCP_STATES) &&
	    !nf_ct_filter_match_tcp(filter->tcp_states, ct))
		return false;

	if (set & (BIT(CTA_FILTER_EXPIRES_MIN) | BIT(CTA_FILTER_EXPIRES_MAX)) &&
	    !nf_ct_filter_match_expires(filter, ct))
		return false;

	return !(set & NF_CT_FILTER_LABELS) ||
	       nf_ct_filter_match_labels(filter, ct);
}
EXPORT_SYMBOL_GPL(nf_ct_filter_match);
