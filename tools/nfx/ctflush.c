// SPDX-License-Identifier: GPL-2.0-only
/* Flushing conntrack entries: what its methods share. */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "ctflush.h"

uint16_t ctflush_type(uint8_t msg)
{
	return (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | msg);
}

/* A mask of bits says "all of these"; of two kinds "one of these" is more. */
bool ctflush_status(const struct ctfilter *filter, uint32_t *status,
		    uint32_t *mask)
{
	*status = filter->status;
	*mask = filter->status_mask;
	switch (filter->nat) {
	case 0:
		return true;
	case CTA_FILTER_NAT_SRC:
		*status |= IPS_SRC_NAT;
		*mask |= IPS_SRC_NAT;
		return true;
	case CTA_FILTER_NAT_DST:
		*status |= IPS_DST_NAT;
		*mask |= IPS_DST_NAT;
		return true;
	case CTA_FILTER_NAT_NONE:
		*mask |= IPS_NAT_MASK;
		return true;
	default:
		return false;
	}
}
