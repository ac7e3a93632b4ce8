// SPDX-License-Identifier: GPL-2.0-only
/* Flush conntrack entries by the kernel's flush message. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "ctflush.h"
#include "main.h"

/* Room for one filter: all attributes of all parts. */
#define FILTER_SIZE	512

static void put_be16(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u16(nlh, type, htons((uint16_t)value));
}

static void put_be32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

/* The attribute after that of an address has its prefix length. */
static void put_addr(struct nlmsghdr *nlh, uint16_t type, int family,
		     const struct ctfilter_addr *addr)
{
	if (!addr->prefixlen)
		return;
	mnl_attr_put(nlh, type, ctentry_addr_len(family), addr->addr);
	mnl_attr_put_u8(nlh, type + 1, addr->prefixlen);
}

/* The attribute after that of the minimum has the maximum. */
static void put_ports(struct nlmsghdr *nlh, uint16_t type,
		      const struct ctfilter_range *ports)
{
	if (!ports->set)
		return;
	put_be16(nlh, type, ports->min);
	put_be16(nlh, type + 1, ports->max);
}

_Static_assert(CTA_FILTER_DIR_SRC_PREFIXLEN == CTA_FILTER_DIR_SRC + 1 &&
	       CTA_FILTER_DIR_DST_PREFIXLEN == CTA_FILTER_DIR_DST + 1 &&
	       CTA_FILTER_DIR_SPORT_MAX == CTA_FILTER_DIR_SPORT_MIN + 1 &&
	       CTA_FILTER_DIR_DPORT_MAX == CTA_FILTER_DIR_DPORT_MIN + 1,
	       "put_addr() and put_ports() rely on it");

static void put_dir(struct nlmsghdr *nlh, uint16_t type, int family,
		    const struct ctfilter_dir *dir)
{
	struct nlattr *nest;

	if (!dir->src.prefixlen && !dir->dst.prefixlen && !dir->sport.set &&
	    !dir->dport.set)
		return;
	nest = mnl_attr_nest_start(nlh, type);
	put_addr(nlh, CTA_FILTER_DIR_SRC, family, &dir->src);
	put_addr(nlh, CTA_FILTER_DIR_DST, family, &dir->dst);
	put_ports(nlh, CTA_FILTER_DIR_SPORT_MIN, &dir->sport);
	put_ports(nlh, CTA_FILTER_DIR_DPORT_MIN, &dir->dport);
	mnl_attr_nest_end(nlh, nest);
}

static void put_filter(struct nlmsghdr *nlh, const struct ctfilter *filter)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_FILTER);

	if (filter->family)
		mnl_attr_put_u8(nlh, CTA_FILTER_L3PROTO,
				(uint8_t)filter->family);
	if (filter->has_proto)
		mnl_attr_put_u8(nlh, CTA_FILTER_L4PROTO, filter->proto);
	put_dir(nlh, CTA_FILTER_ORIG, filter->family,
		&filter->dir[CTENTRY_ORIG]);
	put_dir(nlh, CTA_FILTER_REPLY, filter->family,
		&filter->dir[CTENTRY_REPLY]);
	if (filter->nat)
		put_be32(nlh, CTA_FILTER_NAT, filter->nat);
	if (filter->tcp_states)
		put_be32(nlh, CTA_FILTER_TCP_STATES, filter->tcp_states);
	if (filter->expires.set && filter->expires.min)
		put_be32(nlh, CTA_FILTER_EXPIRES_MIN, filter->expires.min);
	if (filter->expires.set && filter->expires.max != UINT32_MAX)
		put_be32(nlh, CTA_FILTER_EXPIRES_MAX, filter->expires.max);
	/* Without attributes there is nothing to parse. */
	if (mnl_nlmsg_get_payload_tail(nlh) == mnl_attr_get_payload(nest))
		mnl_attr_nest_cancel(nlh, nest);
	else
		mnl_attr_nest_end(nlh, nest);
}

void ctflush_msg_put(struct nlmsghdr *nlh, const struct ctfilter *filter)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTER);

	if (filter->mark_mask) {
		put_be32(nlh, CTA_MARK, filter->mark);
		put_be32(nlh, CTA_MARK_MASK, filter->mark_mask);
	}
	if (filter->status_mask) {
		put_be32(nlh, CTA_STATUS, filter->status);
		put_be32(nlh, CTA_STATUS_MASK, filter->status_mask);
	}
	if (filter->has_zone)
		put_be16(nlh, CTA_ZONE, filter->zone);
	if (filter->has_labels) {
		mnl_attr_put(nlh, CTA_LABELS, sizeof(filter->labels),
			     filter->labels);
		mnl_attr_put(nlh, CTA_LABELS_MASK, sizeof(filter->labels),
			     filter->labels);
	}
	put_filter(nlh, filter);
	mnl_attr_nest_end(nlh, nest);
}

/* What becomes of a request; the reply proves that it was understood. */
struct reply {
	struct ctflush_counts *counts;
	bool seen;
};

static bool take_be64(const struct nlattr *attr, uint64_t *value)
{
	const void *data = nl_payload(attr, sizeof(*value));

	if (data) {
		memcpy(value, data, sizeof(*value));
		*value = be64toh(*value);
	}
	return data;
}

static int take_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTA_FLUSH_MAX + 1];
	struct reply *reply = data;
	struct ctflush_counts *counts = reply->counts;

	if (nlh->nlmsg_type != ctflush_type(IPCTNL_MSG_CT_FLUSH))
		return MNL_CB_OK;
	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, CTA_FLUSH_MAX);
	reply->seen = take_be64(tb[CTA_FLUSH_MATCHED], &counts->matched) &&
		      take_be64(tb[CTA_FLUSH_DELETED], &counts->deleted) &&
		      take_be64(tb[CTA_FLUSH_SCANNED], &counts->scanned);
	return MNL_CB_OK;
}

/* An unknown number of a message is the one error without a text. */
static int talk(struct nl *nl, struct nlmsghdr *nlh,
		struct ctflush_counts *counts)
{
	struct reply reply = { .counts = counts };
	int err;

	err = nl_talk(nl, nlh, take_reply, &reply);
	if (err == -EINVAL && !nl->ext[0])
		return -ENOSYS;
	counts->counted = reply.seen;
	return err;
}

int ctflush_message(struct nl *nl, const struct ctflush *job,
		    struct ctflush_counts *counts)
{
	size_t size = NL_MSG_SIZE + (size_t)job->count * FILTER_SIZE;
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	void *buf = malloc(size);
	unsigned int i;
	int err;

	if (!buf)
		return -ENOMEM;
	memset(buf, 0, size);
	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_FLUSH), 0,
		       AF_UNSPEC, 0);
	if (job->dry_run)
		put_be32(nlh, CTA_FLUSH_FLAGS, CTA_FLUSH_F_DRY_RUN);
	nest = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTERS);
	for (i = 0; i < job->count; i++)
		ctflush_msg_put(nlh, &job->filters[i]);
	mnl_attr_nest_end(nlh, nest);
	err = talk(nl, nlh, counts);
	free(buf);
	/* Then the number has another meaning there. */
	return err || counts->counted ? err : -EPROTO;
}

int ctflush_lazy(struct nl *nl, struct ctflush_counts *counts)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_FLUSH), 0,
		       AF_UNSPEC, 0);
	put_be32(nlh, CTA_FLUSH_FLAGS, CTA_FLUSH_F_LAZY);
	return talk(nl, nlh, counts);
}
