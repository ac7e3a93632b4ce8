// SPDX-License-Identifier: GPL-2.0-only
/* Filters of conntrack entries: what they match. */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string.h>

#include "ctfilter.h"
#include "main.h"

bool ctfilter_addr_match(const struct ctfilter_addr *want, const uint8_t *addr)
{
	unsigned int bytes = want->prefixlen / 8, bits = want->prefixlen % 8;
	uint8_t differs;

	if (memcmp(want->addr, addr, bytes))
		return false;
	if (!bits)
		return true;
	differs = want->addr[bytes] ^ addr[bytes];
	return !(differs >> (8 - bits));
}

static bool match_range(const struct ctfilter_range *want, bool known,
			uint32_t number)
{
	if (!want->set)
		return true;
	return known && number >= want->min && number <= want->max;
}

static bool match_dir(const struct ctfilter_dir *want,
		      const struct ctentry_dir *dir)
{
	return ctfilter_addr_match(&want->src, dir->src) &&
	       ctfilter_addr_match(&want->dst, dir->dst) &&
	       match_range(&want->sport, dir->ports, dir->sport) &&
	       match_range(&want->dport, dir->ports, dir->dport);
}

static bool match_nat(uint32_t want, uint32_t status)
{
	uint32_t is = 0;

	if (status & IPS_SRC_NAT)
		is |= CTA_FILTER_NAT_SRC;
	if (status & IPS_DST_NAT)
		is |= CTA_FILTER_NAT_DST;
	return !want || want & (is ? is : CTA_FILTER_NAT_NONE);
}

static bool match_state(uint32_t want, const struct ctentry *entry)
{
	if (!want)
		return true;
	return entry->has_state && entry->tcp_state < 32 &&
	       want & 1u << entry->tcp_state;
}

static bool match_labels(const struct ctfilter *filter,
			 const struct ctentry *entry)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(filter->labels); i++)
		if (filter->labels[i] & ~entry->labels[i])
			return false;
	return true;
}

bool ctfilter_match(const struct ctfilter *filter, const struct ctentry *entry)
{
	if (filter->family && filter->family != entry->family)
		return false;
	if (filter->has_proto && filter->proto != entry->proto)
		return false;
	if (filter->has_zone && filter->zone != entry->zone)
		return false;
	if ((entry->mark & filter->mark_mask) != filter->mark ||
	    (entry->status & filter->status_mask) != filter->status)
		return false;
	return match_dir(&filter->dir[CTENTRY_ORIG],
			 &entry->dir[CTENTRY_ORIG]) &&
	       match_dir(&filter->dir[CTENTRY_REPLY],
			 &entry->dir[CTENTRY_REPLY]) &&
	       match_nat(filter->nat, entry->status) &&
	       match_state(filter->tcp_states, entry) &&
	       match_range(&filter->expires, entry->has_timeout,
			   entry->timeout) &&
	       match_labels(filter, entry);
}

unsigned int ctfilter_first(const struct ctfilter *filters, unsigned int count,
			    const struct ctentry *entry)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (ctfilter_match(&filters[i], entry))
			break;
	return i;
}

/* GRE has a key there, which is not what is asked for. */
bool ctfilter_has_ports(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		return true;
	default:
		return false;
	}
}
