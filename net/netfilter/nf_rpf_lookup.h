/* SPDX-License-Identifier: GPL-2.0 */
/* What the reverse path lookups of IPv4 and IPv6 have in common. */
#ifndef _NF_RPF_LOOKUP_H
#define _NF_RPF_LOOKUP_H

#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_rpf.h>
#include <net/xfrm.h>

/* A bridge hands frames to the IP hooks before it knows who they are for. One
 * to another host is bridged, and whether a route leads back says nothing. One
 * to a group is for this host as well.
 */
static inline bool nf_rpf_is_bridged(const struct sk_buff *skb,
				     const struct nf_rpf *rpf)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *nf_bridge = nf_bridge_info_get(skb);

	if (likely(!nf_bridge))
		return false;

	/* what is routed has lost it before it is forwarded */
	if (rpf->out)
		return true;

	/* the address of the bridge may be that of another port */
	return nf_bridge->pkt_otherhost &&
	       !ether_addr_equal(eth_hdr(skb)->h_dest, rpf->in->dev_addr);
#else
	return false;
#endif
}

/* Is there no point in a lookup, whatever the addresses? */
static inline bool nf_rpf_is_exempt(const struct sk_buff *skb,
				    const struct nf_rpf *rpf)
{
	if (skb->pkt_type == PACKET_LOOPBACK || rpf->in->flags & IFF_LOOPBACK)
		return true;

	if (rpf->flags & NF_RPF_F_IPSEC && secpath_exists(skb))
		return true;

	return nf_rpf_is_bridged(skb, rpf);
}

static inline int nf_rpf_l3mdev(const struct nf_rpf *rpf)
{
	return rpf->vrf ? rpf->vrf->ifindex :
			  l3mdev_master_ifindex_rcu(rpf->in);
}

/* What the errors of routes and rules stand for, see fib_props[] */
static inline enum nf_rpf_class nf_rpf_error(int err)
{
	switch (err) {
	case -EINVAL:		/* blackhole */
	case -EACCES:		/* prohibit */
	case -EHOSTUNREACH:	/* unreachable */
		return NF_RPF_DROP_NEXTHOP;
	default:
		return NF_RPF_NONE;
	}
}

#endif /* _NF_RPF_LOOKUP_H */
