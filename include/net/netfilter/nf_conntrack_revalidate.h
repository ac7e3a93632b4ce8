/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NF_CONNTRACK_REVALIDATE_H
#define _NF_CONNTRACK_REVALIDATE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/netfilter.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>

/* sysctl net.netfilter.nf_conntrack_revalidate */
#define NF_CT_REVALIDATE_OIF	BIT(0)	/* leaves through another device */
#define NF_CT_REVALIDATE_XFRM	BIT(1)	/* IPsec now, not before; or v.v. */
#define NF_CT_REVALIDATE_EGRESS	(NF_CT_REVALIDATE_OIF | \
				 NF_CT_REVALIDATE_XFRM)
#define NF_CT_REVALIDATE_GEN	BIT(2)	/* nf_ct_revalidate_bump() */
#define NF_CT_REVALIDATE_ALL	(NF_CT_REVALIDATE_EGRESS | \
				 NF_CT_REVALIDATE_GEN)

bool __nf_ct_revalidate_egress(struct nf_conn *ct, const struct sk_buff *skb,
			       const struct net_device *out, u8 reasons);
void __nf_ct_revalidate_init(struct nf_conn *ct, u32 gen);
bool __nf_ct_revalidate_gen(struct nf_conn *ct, u32 gen);
int nf_ct_revalidate_bump(struct net *net);

/**
 * nf_ct_revalidate_egress() - does the NAT decision of a flow still hold?
 * @ct: the flow
 * @ctinfo: relation of the packet to it
 * @skb: the packet
 * @state: hook that runs
 *
 * Called at the end of the NAT hooks, under rcu_read_lock().
 *
 * Return: true if the flow was set up for another egress: it must be killed
 * and the packet dropped.
 */
static inline bool
nf_ct_revalidate_egress(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			const struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	u8 reasons;

	/* IP_CT_NEW: original direction, no reply yet, not expected */
	if (ctinfo != IP_CT_NEW || state->hook != NF_INET_POST_ROUTING)
		return false;

	reasons = READ_ONCE(state->net->ct.sysctl_revalidate);
	reasons &= NF_CT_REVALIDATE_EGRESS;

	return reasons && __nf_ct_revalidate_egress(ct, skb, state->out,
						    reasons);
}

/**
 * nf_ct_revalidate_init() - give a new flow the generation of its namespace
 * @ct: the flow, its tuples are known
 * @net: its namespace
 */
static inline void nf_ct_revalidate_init(struct nf_conn *ct,
					 const struct net *net)
{
	/* Pairs with nf_ct_revalidate_bump(): a flow of the new generation
	 * sees the ruleset that it was bumped for.
	 */
	u32 gen = atomic_read_acquire(&net->ct.revalidate_gen);

	if (unlikely(gen))
		__nf_ct_revalidate_init(ct, gen);
}

/**
 * nf_ct_revalidate_gen() - look up again after nf_ct_revalidate_bump()?
 * @ct: flow that was found
 * @ctinfo: relation of the packet to it
 * @net: namespace
 *
 * Return: true if the flow was of an older generation and has been killed.
 */
static inline bool nf_ct_revalidate_gen(struct nf_conn *ct,
					enum ip_conntrack_info ctinfo,
					const struct net *net)
{
	u32 gen;

	if (ctinfo != IP_CT_NEW)
		return false;

	gen = atomic_read(&net->ct.revalidate_gen);
	return unlikely(gen) && __nf_ct_revalidate_gen(ct, gen);
}

#endif /* _NF_CONNTRACK_REVALIDATE_H */
