// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush conntrack entries by CT_DELETE with CTA_FILTER.
 *
 * A kernel that has it filters by family, mark, status, zone and exact fields
 * of tuples, from 6.11 on. From 5.8 on they refuse CTA_FILTER here; older ones
 * pass over it and, with nothing else they know, delete everything. So this
 * asks ctflush_probe() first. And a dump parses filters by the same code as a
 * flush: it shows, in the table that is going to be flushed, which entries the
 * kernel takes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "ctflush.h"
#include "ctfilter_uapi.h"
#include "main.h"

static bool is_exact_addr(const struct ctfilter *filter,
			  const struct ctfilter_addr *addr)
{
	return !addr->prefixlen ||
	       addr->prefixlen == ctentry_addr_len(filter->family) * 8;
}

static bool is_exact_port(const struct ctfilter_range *ports)
{
	return !ports->set || ports->min == ports->max;
}

static bool has_ports(const struct ctfilter_dir *dir)
{
	return dir->sport.set || dir->dport.set;
}

/* The kernel compares ports of these two, and passes over others'. */
static const char *dir_lacks(const struct ctfilter *filter,
			     const struct ctfilter_dir *dir)
{
	if (!is_exact_addr(filter, &dir->src) ||
	    !is_exact_addr(filter, &dir->dst))
		return "prefixes";
	if (!is_exact_port(&dir->sport) || !is_exact_port(&dir->dport))
		return "ranges of ports";
	if (has_ports(dir) && filter->proto != IPPROTO_TCP &&
	    filter->proto != IPPROTO_UDP)
		return "ports of this protocol";
	return NULL;
}

const char *ctflush_filter_lacks(const struct ctfilter *filter)
{
	uint32_t status, mask;
	const char *lacks;

	if (filter->tcp_states)
		return "TCP states";
	if (filter->expires.set)
		return "lifetimes";
	if (filter->has_labels)
		return "labels";
	if (!ctflush_status(filter, &status, &mask))
		return "several kinds of NAT";
	lacks = dir_lacks(filter, &filter->dir[CTENTRY_ORIG]);
	return lacks ? lacks : dir_lacks(filter, &filter->dir[CTENTRY_REPLY]);
}

static void put_addr(struct nlmsghdr *nlh, uint8_t family, uint16_t v4,
		     const struct ctfilter_addr *addr)
{
	uint16_t type = family == AF_INET ? v4 : v4 + CTA_IP_V6_SRC -
							CTA_IP_V4_SRC;

	if (addr->prefixlen)
		mnl_attr_put(nlh, type, ctentry_addr_len(family), addr->addr);
}

static void put_port(struct nlmsghdr *nlh, uint16_t type,
		     const struct ctfilter_range *port)
{
	if (port->set)
		mnl_attr_put_u16(nlh, type, htons((uint16_t)port->min));
}

static uint32_t dir_flags(const struct ctfilter *filter,
			  const struct ctfilter_dir *dir)
{
	uint32_t flags = 0;

	if (dir->src.prefixlen)
		flags |= CTA_FILTER_F_CTA_IP_SRC;
	if (dir->dst.prefixlen)
		flags |= CTA_FILTER_F_CTA_IP_DST;
	if (dir->sport.set)
		flags |= CTA_FILTER_F_CTA_PROTO_SRC_PORT;
	if (dir->dport.set)
		flags |= CTA_FILTER_F_CTA_PROTO_DST_PORT;
	/* Ports have no meaning without. */
	if (filter->has_proto)
		flags |= CTA_FILTER_F_CTA_PROTO_NUM;
	return flags;
}

static void put_tuple(struct nlmsghdr *nlh, uint16_t type, uint8_t family,
		      const struct ctfilter *filter,
		      const struct ctfilter_dir *dir)
{
	struct nlattr *tuple, *nest;

	if (!dir_flags(filter, dir))
		return;
	tuple = mnl_attr_nest_start(nlh, type);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	put_addr(nlh, family, CTA_IP_V4_SRC, &dir->src);
	put_addr(nlh, family, CTA_IP_V4_DST, &dir->dst);
	mnl_attr_nest_end(nlh, nest);
	if (filter->has_proto) {
		nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
		mnl_attr_put_u8(nlh, CTA_PROTO_NUM, filter->proto);
		put_port(nlh, CTA_PROTO_SRC_PORT, &dir->sport);
		put_port(nlh, CTA_PROTO_DST_PORT, &dir->dport);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_nest_end(nlh, tuple);
}

/* The flags are there even if none is set: they make it a filtered flush. */
static void put_flags(struct nlmsghdr *nlh, const struct ctfilter *filter)
{
	const struct ctfilter_dir *dir = filter->dir;
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_FILTER);

	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS,
			 dir_flags(filter, &dir[CTENTRY_ORIG]));
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS,
			 dir_flags(filter, &dir[CTENTRY_REPLY]));
	mnl_attr_nest_end(nlh, nest);
}

void ctflush_filter_put(struct nlmsghdr *nlh, const struct ctfilter *filter)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	uint8_t family = nfg->nfgen_family;
	uint32_t status, mask;

	put_tuple(nlh, CTA_TUPLE_ORIG, family, filter,
		  &filter->dir[CTENTRY_ORIG]);
	put_tuple(nlh, CTA_TUPLE_REPLY, family, filter,
		  &filter->dir[CTENTRY_REPLY]);
	if (filter->mark_mask) {
		mnl_attr_put_u32(nlh, CTA_MARK, htonl(filter->mark));
		mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(filter->mark_mask));
	}
	ctflush_status(filter, &status, &mask);
	if (mask) {
		mnl_attr_put_u32(nlh, CTA_STATUS, htonl(status));
		mnl_attr_put_u32(nlh, CTA_STATUS_MASK, htonl(mask));
	}
	if (filter->has_zone)
		mnl_attr_put_u16(nlh, CTA_ZONE, htons(filter->zone));
	put_flags(nlh, filter);
}

/**
 * struct look - a dump before a flush, with the same filter
 * @job:    with all filters
 * @index:  of the one that is asked for
 * @counts: filled
 * @wrong:  the kernel has shown what does not fit
 */
struct look {
	const struct ctflush *job;
	unsigned int index;
	struct ctflush_counts *counts;
	bool wrong;
};

static int take_entry(const struct nlmsghdr *nlh, void *data)
{
	struct look *look = data;
	struct ctentry entry;

	if (ctentry_parse(nlh, &entry) ||
	    !ctfilter_match(&look->job->filters[look->index], &entry))
		look->wrong = true;
	/* What fits two filters is counted with the first. */
	else if (ctfilter_first(look->job->filters, look->index, &entry) ==
		 look->index)
		look->counts->matched++;
	return MNL_CB_OK;
}

/* For which there are neither attributes nor doubts, on any kernel. */
static bool is_everything(const struct ctfilter *filter)
{
	return !filter->given && !filter->family;
}

static int ask(struct nl *nl, uint8_t msg, uint16_t flags, uint8_t family,
	       struct look *look)
{
	const struct ctfilter *filter = &look->job->filters[look->index];
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	int err;

	nlh = nl_nfmsg(nl, buf, ctflush_type(msg), flags, family, 0);
	if (!is_everything(filter))
		ctflush_filter_put(nlh, filter);
	err = nl_talk(nl, nlh, take_entry, look);
	return look->wrong ? -EBADMSG : err;
}

/* The kernel takes a protocol for one family at a time only. */
static int ask_families(struct nl *nl, uint8_t msg, uint16_t flags,
			struct look *look)
{
	const struct ctfilter *filter = &look->job->filters[look->index];
	int err;

	if (filter->family || !filter->has_proto)
		return ask(nl, msg, flags, (uint8_t)filter->family, look);
	err = ask(nl, msg, flags, AF_INET, look);
	return err ? err : ask(nl, msg, flags, AF_INET6, look);
}

static int ask_all(struct nl *nl, uint8_t msg, uint16_t flags,
		   struct look *look)
{
	int err = 0;

	for (look->index = 0; look->index < look->job->count && !err;
	     look->index++)
		err = ask_families(nl, msg, flags, look);
	return err;
}

int ctflush_filter(struct nl *nl, const struct ctflush *job,
		   struct ctflush_counts *counts)
{
	struct look look = { .job = job, .counts = counts };
	int err;

	if (!(job->count == 1 && is_everything(job->filters)) &&
	    ctflush_probe())
		return -ENOSYS;
	err = ask_all(nl, IPCTNL_MSG_CT_GET, NLM_F_DUMP, &look);
	if (err || job->dry_run)
		return err;
	return ask_all(nl, IPCTNL_MSG_CT_DELETE, 0, &look);
}
