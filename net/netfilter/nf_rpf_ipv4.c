// SPDX-License-Identifier: GPL-2.0-only
/* Reverse path lookup of IPv4 */

#include <linux/ip.h>
#include <linux/module.h>
#include <net/flow_dissector.h>
#include <net/ip.h>
#include <net/ip_fib.h>

#include "nf_rpf_lookup.h"

/* DHCP and IGMP of hosts that have no address yet */
static bool nf_rpf4_is_exempt(const struct iphdr *iph)
{
	return ipv4_is_zeronet(iph->saddr) &&
	       (ipv4_is_lbcast(iph->daddr) ||
		ipv4_is_local_multicast(iph->daddr));
}

static bool nf_rpf4_is_unicast(__be32 addr)
{
	return !ipv4_is_multicast(addr) && !ipv4_is_lbcast(addr) &&
	       !ipv4_is_zeronet(addr);
}

/* What only rules match on */
static void nf_rpf4_rule_keys(struct net *net, const struct sk_buff *skb,
			      const struct iphdr *iph,
			      const struct nf_rpf *rpf, struct flowi4 *fl4)
{
	struct flow_keys keys;

	fl4->flowi4_uid = sock_net_uid(net, NULL);
	fl4->flowi4_l3mdev = nf_rpf_l3mdev(rpf);
	fl4->flowi4_proto = iph->protocol;
	if (rpf->flags & NF_RPF_F_L4 &&
	    fib4_rules_early_flow_dissect(net, skb, fl4, &keys))
		swap(fl4->fl4_sport, fl4->fl4_dport);
}

static enum nf_rpf_class nf_rpf4_classify(const struct fib_result *res,
					  const struct flowi4 *fl4,
					  struct nf_rpf *rpf)
{
	if (res->type == RTN_LOCAL) {
		if (!(rpf->flags & NF_RPF_F_ACCEPT_LOCAL))
			return NF_RPF_LOCAL;
	} else if (res->type != RTN_UNICAST) {
		return NF_RPF_MARTIAN;
	}

	if (rpf->flags & NF_RPF_F_NO_DEFAULT && !res->prefixlen)
		return NF_RPF_DEFAULT;

	rpf->dev = FIB_RES_DEV(*res);
	if (fib_info_nh_uses_dev(res->fi, rpf->in))
		return NF_RPF_STRICT;
	if (rpf->flags & NF_RPF_F_FEASIBLE &&
	    fib_result_uses_dev(res, fl4, rpf->in))
		return NF_RPF_FEASIBLE;

	return NF_RPF_LOOSE;
}

/**
 * nf_rpf4 - find out what the reverse path of an IPv4 packet is
 * @net: network namespace
 * @skb: the packet
 * @iph: its header
 * @rpf: how to look it up; the result goes to @rpf->dev
 *
 * Context: RCU read-side critical section.
 * Return: the class
 */
enum nf_rpf_class nf_rpf4(struct net *net, const struct sk_buff *skb,
			  const struct iphdr *iph, struct nf_rpf *rpf)
{
	struct flowi4 fl4 = {
		.flowi4_iif = rpf->out ? rpf->out->ifindex : LOOPBACK_IFINDEX,
		.flowi4_mark = rpf->mark,
		.flowi4_dscp = ip4h_dscp(iph),
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.daddr = iph->saddr,
	};
	struct fib_result res;
	int err;

	rpf->dev = rpf->in;
	if (nf_rpf_is_exempt(skb, rpf) || nf_rpf4_is_exempt(iph))
		return NF_RPF_EXEMPT;
	rpf->dev = NULL;

	if (!nf_rpf4_is_unicast(iph->saddr))
		return NF_RPF_MARTIAN;

	if (nf_rpf4_is_unicast(iph->daddr))
		fl4.saddr = iph->daddr;
	if (fib4_has_custom_rules(net))
		nf_rpf4_rule_keys(net, skb, iph, rpf, &fl4);

	err = fib_lookup(net, &fl4, &res, FIB_LOOKUP_IGNORE_LINKSTATE);
	if (err)
		return nf_rpf_error(err);

	return nf_rpf4_classify(&res, &fl4, rpf);
}
EXPORT_SYMBOL_GPL(nf_rpf4);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Reverse path lookup for netfilter");
