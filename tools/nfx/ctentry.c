// SPDX-License-Identifier: GPL-2.0-only
/* What a dump tells of a conntrack entry. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "ctentry.h"
#include "main.h"
#include "nl.h"

unsigned int ctentry_addr_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

static bool take(const struct nlattr *attr, void *to, size_t size)
{
	const void *data = nl_payload(attr, size);

	if (data)
		memcpy(to, data, size);
	return data;
}

static uint16_t be16(const struct nlattr *attr)
{
	uint16_t value = 0;

	take(attr, &value, sizeof(value));
	return ntohs(value);
}

static bool parse_ip(const struct nlattr *nest, int family,
		     struct ctentry_dir *dir)
{
	const struct nlattr *tb[CTA_IP_MAX + 1];

	if (!nest)
		return false;
	nl_nested(nest, tb, CTA_IP_MAX);
	if (family == AF_INET)
		return take(tb[CTA_IP_V4_SRC], dir->src, 4) &&
		       take(tb[CTA_IP_V4_DST], dir->dst, 4);
	return take(tb[CTA_IP_V6_SRC], dir->src, 16) &&
	       take(tb[CTA_IP_V6_DST], dir->dst, 16);
}

static bool parse_proto(const struct nlattr *nest, uint8_t *proto,
			struct ctentry_dir *dir)
{
	const struct nlattr *tb[CTA_PROTO_MAX + 1];

	if (!nest)
		return false;
	nl_nested(nest, tb, CTA_PROTO_MAX);
	dir->ports = nl_payload(tb[CTA_PROTO_SRC_PORT], 2) &&
		     nl_payload(tb[CTA_PROTO_DST_PORT], 2);
	dir->sport = be16(tb[CTA_PROTO_SRC_PORT]);
	dir->dport = be16(tb[CTA_PROTO_DST_PORT]);
	return take(tb[CTA_PROTO_NUM], proto, sizeof(*proto));
}

/* A zone that is for one direction is in the tuple of that. */
static bool parse_tuple(const struct nlattr *nest, struct ctentry *entry,
			int which)
{
	const struct nlattr *tb[CTA_TUPLE_MAX + 1];
	struct ctentry_dir *dir = &entry->dir[which];

	if (!nest)
		return false;
	nl_nested(nest, tb, CTA_TUPLE_MAX);
	if (tb[CTA_TUPLE_ZONE])
		entry->zone = be16(tb[CTA_TUPLE_ZONE]);
	return parse_ip(tb[CTA_TUPLE_IP], entry->family, dir) &&
	       parse_proto(tb[CTA_TUPLE_PROTO], &entry->proto, dir);
}

static void parse_state(const struct nlattr *nest, struct ctentry *entry)
{
	const struct nlattr *info[CTA_PROTOINFO_MAX + 1];
	const struct nlattr *tcp[CTA_PROTOINFO_TCP_MAX + 1];

	if (!nest)
		return;
	nl_nested(nest, info, CTA_PROTOINFO_MAX);
	if (!info[CTA_PROTOINFO_TCP])
		return;
	nl_nested(info[CTA_PROTOINFO_TCP], tcp, CTA_PROTOINFO_TCP_MAX);
	entry->has_state = take(tcp[CTA_PROTOINFO_TCP_STATE],
				&entry->tcp_state, sizeof(entry->tcp_state));
}

/* A kernel may have room for fewer labels. */
static void parse_labels(const struct nlattr *attr, struct ctentry *entry)
{
	size_t len;

	if (!attr)
		return;
	len = mnl_attr_get_payload_len(attr);
	if (len > sizeof(entry->labels))
		len = sizeof(entry->labels);
	memcpy(entry->labels, mnl_attr_get_payload(attr), len);
}

static bool parse_attrs(const struct nlmsghdr *nlh, struct ctentry *entry)
{
	const struct nlattr *tb[CTA_MAX + 1];

	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, CTA_MAX);
	entry->tuple_attr = tb[CTA_TUPLE_ORIG];
	entry->id_attr = tb[CTA_ID];
	entry->zone_attr = tb[CTA_ZONE];
	if (!nl_payload(tb[CTA_STATUS], 4) || !nl_payload(tb[CTA_ID], 4))
		return false;
	entry->status = nl_be32(tb[CTA_STATUS]);
	entry->mark = nl_be32(tb[CTA_MARK]);
	entry->zone = be16(tb[CTA_ZONE]);
	entry->has_timeout = nl_payload(tb[CTA_TIMEOUT], 4);
	entry->timeout = nl_be32(tb[CTA_TIMEOUT]);
	parse_state(tb[CTA_PROTOINFO], entry);
	parse_labels(tb[CTA_LABELS], entry);
	return parse_tuple(tb[CTA_TUPLE_ORIG], entry, CTENTRY_ORIG) &&
	       parse_tuple(tb[CTA_TUPLE_REPLY], entry, CTENTRY_REPLY);
}

int ctentry_parse(const struct nlmsghdr *nlh, struct ctentry *entry)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	memset(entry, 0, sizeof(*entry));
	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return -EBADMSG;
	entry->family = nfg->nfgen_family;
	if (entry->family != AF_INET && entry->family != AF_INET6)
		return -EBADMSG;
	return parse_attrs(nlh, entry) ? 0 : -EBADMSG;
}
