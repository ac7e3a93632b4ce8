// SPDX-License-Identifier: GPL-2.0-only
/* Reverse path lookup of IPv6 */

#include <linux/export.h>
#include <linux/ipv6.h>
#include <net/flow_dissector.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>

#include "nf_rpf_lookup.h"

/* Duplicate address detection, router solicitations and MLD of hosts that have
 * no address yet
 */
static bool nf_rpf6_is_exempt(const struct ipv6hdr *ip6h)
{
	return ipv6_addr_any(&ip6h->saddr) &&
	       ipv6_addr_is_multicast(&ip6h->daddr) &&
	       IPV6_ADDR_MC_SCOPE(&ip6h->daddr) <=
	       IPV6_ADDR_SCOPE_LINKLOCAL;
}

static u8 nf_rpf6_proto(const struct sk_buff *skb, const struct nf_rpf *rpf)
{
	unsigned short frag_off;
	unsigned int thoff = 0;
	int proto;

	if (rpf->l4proto)
		return rpf->l4proto;
	proto = ipv6_find_hdr(skb, &thoff, -1, &frag_off, NULL);

	return max(proto, 0);
}

/* What only rules match on */
static void nf_rpf6_rule_keys(struct net *net, const struct sk_buff *skb,
			      const struct nf_rpf *rpf, struct flowi6 *fl6)
{
	struct flow_keys keys;

	fl6->flowi6_uid = sock_net_uid(net, NULL);
	fl6->flowi6_l3mdev = nf_rpf_l3mdev(rpf);
	fl6->flowi6_proto = nf_rpf6_proto(skb, rpf);
	if (rpf->flags & NF_RPF_F_L4 &&
	    fib6_rules_early_flow_dissect(net, skb, fl6, &keys))
		swap(fl6->fl6_sport, fl6->fl6_dport);
}

/* Link-local addresses are of a link: of the port, in the second round that a
 * packet to a VRF makes. What a VRF device loops back is exempt.
 */
static int nf_rpf6_link(const struct sk_buff *skb, const struct net_device *in)
{
	return netif_is_l3_master(in) ? IP6CB(skb)->iif : in->ifindex;
}

static enum nf_rpf_class nf_rpf6_classify(const struct fib6_result *res,
					  struct nf_rpf *rpf)
{
	/* some are of type unicast: routes by way of lo, and those of ioctls */
	if (res->fib6_flags & RTF_REJECT)
		return res->fib6_type == RTN_THROW ? NF_RPF_NONE :
						     NF_RPF_DROP_NEXTHOP;

	switch (res->fib6_type) {
	case RTN_UNICAST:
		break;
	case RTN_LOCAL:
		if (rpf->flags & NF_RPF_F_ACCEPT_LOCAL)
			break;
		return NF_RPF_LOCAL;
	default:
		return NF_RPF_MARTIAN;
	}

	if (rpf->flags & NF_RPF_F_NO_DEFAULT && !res->f6i->fib6_dst.plen)
		return NF_RPF_DEFAULT;

	rpf->dev = res->nh->fib_nh_dev;
	if (fib6_route_uses_dev(res->f6i, rpf->in))
		return NF_RPF_STRICT;
	if (rpf->flags & NF_RPF_F_FEASIBLE &&
	    fib6_result_uses_dev(res, rpf->in))
		return NF_RPF_FEASIBLE;

	return NF_RPF_LOOSE;
}

/**
 * nf_rpf6 - find out what the reverse path of an IPv6 packet is
 * @net: network namespace
 * @skb: the packet
 * @ip6h: its header
 * @rpf: how to look it up; the result goes to @rpf->dev
 *
 * Context: RCU read-side critical section.
 * Return: the class
 */
enum nf_rpf_class nf_rpf6(struct net *net, const struct sk_buff *skb,
			  const struct ipv6hdr *ip6h, struct nf_rpf *rpf)
{
	int flags = RT6_LOOKUP_F_IGNORE_LINKSTATE, saddr_type, err;
	struct flowi6 fl6 = {
		.flowi6_iif = rpf->out ? rpf->out->ifindex : LOOPBACK_IFINDEX,
		.flowi6_mark = rpf->mark,
		.flowlabel = ip6_flowinfo(ip6h),
		.daddr = ip6h->saddr,
		.saddr = ip6h->daddr,
	};
	struct fib6_result res = {};

	rpf->dev = rpf->in;
	if (nf_rpf_is_exempt(skb, rpf) || nf_rpf6_is_exempt(ip6h))
		return NF_RPF_EXEMPT;
	rpf->dev = NULL;

	saddr_type = ipv6_addr_type(&ip6h->saddr);
	if (!(saddr_type & IPV6_ADDR_UNICAST))
		return NF_RPF_MARTIAN;
	if (saddr_type & IPV6_ADDR_LINKLOCAL) {
		flags |= RT6_LOOKUP_F_IFACE;
		fl6.flowi6_oif = nf_rpf6_link(skb, rpf->in);
	}
	if (!ipv6_addr_is_multicast(&ip6h->daddr))
		flags |= RT6_LOOKUP_F_HAS_SADDR;
	if (fib6_has_custom_rules(net))
		nf_rpf6_rule_keys(net, skb, rpf, &fl6);

	err = fib6_lookup(net, fl6.flowi6_oif, &fl6, &res, flags);
	if (err)
		return nf_rpf_error(err);
	if (res.f6i == net->ipv6.fib6_null_entry)
		return NF_RPF_NONE;

	return nf_rpf6_classify(&res, rpf);
}
EXPORT_SYMBOL_GPL(nf_rpf6);
