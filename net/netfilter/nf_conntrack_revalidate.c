// SPDX-License-Identifier: GPL-2.0
/*
 * Second look at flows that keep sending and never get an answer
 *
 * NAT decides on the first packet of a flow. If the route or the ruleset
 * changes, a TCP connection breaks and the next one gets a new decision. A
 * sender without connection (syslog, SIP, statsd, L2TP) notices nothing: each
 * of its packets refreshes the entry that sends the next one the wrong way.
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <net/dst.h>
#include <net/ipv6.h>

#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_revalidate.h>

/* What a flapping route costs: one packet and one new entry per flow in that
 * time. It is also what UDP takes to call a flow a stream.
 */
#define NF_CT_REVALIDATE_MIN_AGE	(2 * HZ)

/* A reply proves that the path works. The address of an expected flow was
 * told to somebody. The flow table follows the route by itself.
 */
#define NF_CT_REVALIDATE_NEVER \
	(IPS_SEEN_REPLY | IPS_EXPECTED | IPS_OFFLOAD)

/* struct nf_conn does not grow */
static_assert(offsetofend(union nf_conntrack_proto, reval) <=
	      sizeof(struct ip_ct_tcp));

/* Others keep the state of a connection in this part of union
 * nf_conntrack_proto.
 */
static bool nf_ct_revalidate_l4proto(u8 protonum)
{
	return protonum != IPPROTO_TCP && protonum != IPPROTO_SCTP;
}

/* The sender chooses the device for these, not the route: a packet may leave
 * through several of them in turn, or its clones at once.
 */
static bool nf_ct_revalidate_unrouted(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *tuple;

	tuple = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	if (nf_ct_l3num(ct) == NFPROTO_IPV6)
		return ipv6_addr_type(&tuple->dst.u3.in6) &
		       (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL);

	return ipv4_is_multicast(tuple->dst.u3.ip) ||
	       ipv4_is_lbcast(tuple->dst.u3.ip);
}

/* Before source NAT, and before the lookup of a policy for the new source. */
static u32 nf_ct_revalidate_now(const struct sk_buff *skb,
				const struct net_device *out)
{
	const struct dst_entry *dst = skb_dst(skb);

	return (u32)out->ifindex << 1 | (dst && dst_xfrm(dst));
}

/**
 * __nf_ct_revalidate_egress() - compare the egress of a packet with that of
 *				 the packet the flow was set up for
 * @ct: the flow, as a packet in original direction sees it
 * @skb: the packet
 * @out: device it leaves through
 * @reasons: NF_CT_REVALIDATE_OIF, NF_CT_REVALIDATE_XFRM: what to compare
 *
 * The first packet writes what is compared; the entry is not in the table
 * yet. If it was not recorded then, because it was off or the entry was
 * made by ctnetlink, the first packet to come writes it. Several CPUs may do
 * so at once: one of them has the last word. It never changes after that.
 *
 * Return: true if it differs and the entry is old enough to be killed.
 */
bool __nf_ct_revalidate_egress(struct nf_conn *ct, const struct sk_buff *skb,
			       const struct net_device *out, u8 reasons)
{
	struct nf_ct_revalidate *reval = &ct->proto.reval;
	unsigned long status = READ_ONCE(ct->status);
	u32 was, now, changed;

	if (!nf_ct_revalidate_l4proto(nf_ct_protonum(ct)) ||
	    status & NF_CT_REVALIDATE_NEVER)
		return false;

	now = nf_ct_revalidate_now(skb, out);
	/* pairs with the release below: since is valid if egress is */
	was = smp_load_acquire(&reval->egress);
	if (!was) {
		if (nf_ct_revalidate_unrouted(ct))
			return false;
		WRITE_ONCE(reval->since, nfct_time_stamp);
		/* pairs with the acquire above */
		smp_store_release(&reval->egress, now);
		return false;
	}

	changed = was ^ now;
	if (!((reasons & NF_CT_REVALIDATE_OIF) && changed >> 1) &&
	    !((reasons & NF_CT_REVALIDATE_XFRM) && changed & 1))
		return false;

	return (status & IPS_CONFIRMED) &&
	       nfct_time_stamp - READ_ONCE(reval->since) >=
	       NF_CT_REVALIDATE_MIN_AGE;
}
EXPORT_SYMBOL_GPL(__nf_ct_revalidate_egress);

void __nf_ct_revalidate_init(struct nf_conn *ct, u32 gen)
{
	if (nf_ct_revalidate_l4proto(nf_ct_protonum(ct)))
		ct->proto.reval.gen = gen;
}

/**
 * __nf_ct_revalidate_gen() - kill a flow of another generation
 * @ct: the flow, as a packet in original direction found it
 * @gen: current generation
 *
 * Return: true if a new lookup is worth it. A flow that is still found while
 * another CPU removes it is used once more.
 */
bool __nf_ct_revalidate_gen(struct nf_conn *ct, u32 gen)
{
	unsigned long status = READ_ONCE(ct->status);
	const struct net *net = nf_ct_net(ct);

	if (!(READ_ONCE(net->ct.sysctl_revalidate) & NF_CT_REVALIDATE_GEN))
		return false;

	if (!(status & IPS_CONFIRMED) ||
	    status & (NF_CT_REVALIDATE_NEVER | IPS_DYING) ||
	    !nf_ct_revalidate_l4proto(nf_ct_protonum(ct)) ||
	    ct->proto.reval.gen == gen)
		return false;

	nf_ct_kill(ct);
	return true;
}

/**
 * nf_ct_revalidate_bump() - forget all unreplied flows without connection
 * @net: namespace
 *
 * For use after a change of the ruleset. The flows stay in the table, the
 * next packet of each of them replaces it, and is not lost.
 *
 * A packet that had entered the hooks before the change may still make an entry
 * that counts as new, by chains of the old ruleset that are before conntrack.
 * Do it again a moment later if there are such.
 *
 * Context: any, takes no locks. Does the same work for any number of flows.
 * Return: 0, or -EOPNOTSUPP if the sysctl does not ask for it: nothing would
 * look at the generation.
 */
int nf_ct_revalidate_bump(struct net *net)
{
	if (!(READ_ONCE(net->ct.sysctl_revalidate) & NF_CT_REVALIDATE_GEN))
		return -EOPNOTSUPP;

	/* pairs with nf_ct_revalidate_init(); 0 is for "never" */
	if (!atomic_inc_return_release(&net->ct.revalidate_gen))
		atomic_inc_return_release(&net->ct.revalidate_gen);

	return 0;
}
EXPORT_SYMBOL_GPL(nf_ct_revalidate_bump);
