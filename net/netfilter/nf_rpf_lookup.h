/* SPDX-License-Identifier: GPL-2.0 */
/* What the reverse path lookups of IPv4 and IPv6 have in common. */
#ifndef _NF_RPF_LOOKUP_H
#define _NF_RPF_LOOKUP_H

#include <linux/if_packet.h>
#include <linux/netdevice.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_rpf.h>
#include <net/xfrm.h>

/* A bridge hands frames to the IP hooks before it knows what becomes of them.
 * One to another host is bridged, unless that is a macvlan of the bridge, and
 * whether a route leads back says nothing. One to a group is for this host as
 * well. In FORWARD, only what is bridged has an output port: a routed packet
 * keeps the rest of its nf_bridge.
 */
static inline bool nf_rpf_is_bridged(const struct sk_buff *skb,
				     const struct nf_rpf *rpf)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *nf_bridge = nf_bridge_info_get(skb);

	if (likely(!nf_bridge))
		return false;
	if (rpf->out)
		return nf_bridge->physoutdev;

	return nf_bridge->pkt_otherhost && !netif_is_macvlan_port(rpf->in);
#else
	return false;
#endif
}

/* Is there no point in a lookup, whatever the addresses? A bridged frame comes
 * first, it has no input device if the port has just left the bridge.
 */
static inline bool nf_rpf_is_exempt(const struct sk_buff *skb,
				    const struct nf_rpf *rpf)
{
	if (nf_rpf_is_bridged(skb, rpf))
		return true;

	if (skb->pkt_type == PACKET_LOOPBACK || rpf->in->flags & IFF_LOOPBACK)
		return true;

	return rpf->flags & NF_RPF_F_IPSEC && secpath_exists(skb);
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
