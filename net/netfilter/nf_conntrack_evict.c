// SPDX-License-Identifier: GPL-2.0-only
/* Choice of the conntrack entry that has to go when the table is full */

#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack_adaptive.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_evict.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#define CREATE_TRACE_POINTS
#include <trace/events/nf_conntrack_evict.h>

/**
 * DOC: Eviction of a sample
 *
 * Whoever adds an entry to a full table looks at up to %NF_CT_EVICT_ENTRIES
 * entries of its namespace, from a random place of the table on, and evicts
 * the one that is worth the least: of the lowest class, and there the one that
 * was without a packet for the longest time. A flood of new connections thus
 * pushes out its own oldest, and who answers faster than the flood fills the
 * table is not affected. No list is kept and no entry has a field for this.
 *
 * If at least a quarter of the sample has the source address of the new entry,
 * and others have nothing of a lower class, the choice is made among those: a
 * source that takes a large part of the table competes with itself. This is
 * what CHOKe does with packets.
 */

/* A packet may have set one of these two instead of that of the state, if they
 * are shorter.
 */
static u32 nf_ct_tcp_timeout(const unsigned int *timeouts, u8 state, u32 left)
{
	u32 retrans = READ_ONCE(timeouts[TCP_CONNTRACK_RETRANS]);
	u32 unack = READ_ONCE(timeouts[TCP_CONNTRACK_UNACK]);
	u32 timeout = READ_ONCE(timeouts[state]);

	if (left <= retrans)
		timeout = min(timeout, retrans);
	if (left <= unack)
		timeout = min(timeout, unack);

	return timeout;
}

/**
 * nf_ct_state_timeout - how long an entry lives after a packet
 * @ct: entry, with a reference
 * @left: what is left to live, in jiffies
 *
 * Return: what the last packet has set, in jiffies, judging from the state
 */
u32 nf_ct_state_timeout(const struct nf_conn *ct, u32 left)
{
	const unsigned int *timeouts = nf_ct_timeout_lookup(ct);
	const unsigned long status = READ_ONCE(ct->status);
	struct net *net = nf_ct_net(ct);

	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
		if (!timeouts)
			timeouts = nf_tcp_pernet(net)->timeouts;
		return nf_ct_tcp_timeout(timeouts,
					 READ_ONCE(ct->proto.tcp.state), left);
	case IPPROTO_UDP:
		if (!timeouts)
			timeouts = nf_udp_pernet(net)->timeouts;
		return READ_ONCE(timeouts[status & IPS_ASSURED ?
					  UDP_CT_REPLIED : UDP_CT_UNREPLIED]);
	case IPPROTO_ICMP:
		if (!timeouts)
			timeouts = &nf_icmp_pernet(net)->timeout;
		break;
#if IS_ENABLED(CONFIG_IPV6)
	case IPPROTO_ICMPV6:
		if (!timeouts)
			timeouts = &nf_icmpv6_pernet(net)->timeout;
		break;
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	case IPPROTO_SCTP:
		if (!timeouts)
			timeouts = nf_sctp_pernet(net)->timeouts;
		return READ_ONCE(timeouts[READ_ONCE(ct->proto.sctp.state)]);
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	case IPPROTO_GRE:
		return status & IPS_SEEN_REPLY ?
		       READ_ONCE(ct->proto.gre.stream_timeout) :
		       READ_ONCE(ct->proto.gre.timeout);
#endif
	default:
		if (!timeouts)
			timeouts = &nf_generic_pernet(net)->timeout;
		break;
	}

	return READ_ONCE(*timeouts);
}

/* What is left to live says nothing across protocols and states: a query of UDP
 * starts with less than what a SYN of a minute ago has.
 */
static u32 nf_ct_idle(const struct nf_conn *ct)
{
	u32 left = nf_ct_expires(ct);
	u32 timeout = nf_ct_state_timeout(ct, left);

	return left < timeout ? timeout - left : 0;
}

/* Are its packets few, and is a reply the end of it? */
static bool nf_ct_is_query(const struct nf_conn *ct)
{
	switch (nf_ct_protonum(ct)) {
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return true;
	default:
		return false;
	}
}

/**
 * nf_ct_is_closing - is a connection about to end?
 * @ct: entry
 *
 * Return: true if it is closing, false also for protocols that do not tell
 */
bool nf_ct_is_closing(const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4proto;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4proto->can_early_drop && l4proto->can_early_drop(ct);
}

static bool nf_ct_evict_is_protected(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	const struct net *net = nf_ct_net(ct);

	return READ_ONCE(ct->mark) &
	       READ_ONCE(net->ct.sysctl_early_drop_protect_mask);
#else
	return false;
#endif
}

/**
 * nf_ct_evict_is_exempt - must an entry stay when the table is full?
 * @ct: confirmed entry, with a reference
 *
 * Return: true if @ct must stay whatever its state
 */
bool nf_ct_evict_is_exempt(const struct nf_conn *ct)
{
	return READ_ONCE(ct->status) & (IPS_OFFLOAD | IPS_HW_OFFLOAD |
					IPS_FIXED_TIMEOUT) ||
	       nf_ct_evict_is_protected(ct);
}

/* What a confirmed entry is worth; there is a reference to it */
static enum nf_ct_evict_class nf_ct_evict_class(const struct nf_conn *ct)
{
	const unsigned long status = READ_ONCE(ct->status);

	if (status & IPS_NAT_CLASH && !nf_ct_evict_is_protected(ct))
		return NF_CT_EVICT_CLASH;
	if (nf_ct_evict_is_exempt(ct))
		return NF_CT_EVICT_NEVER;
	if (!(status & (IPS_SEEN_REPLY | IPS_ASSURED)))
		return NF_CT_EVICT_UNREPLIED;
	/* an expectation may be used by many, but not all get an answer */
	if (status & IPS_EXPECTED)
		return NF_CT_EVICT_NEVER;
	if (nf_ct_is_closing(ct))
		return NF_CT_EVICT_CLOSING;
	if (status & IPS_ASSURED)
		return nf_ct_adaptive_expired(ct) ? NF_CT_EVICT_IDLE :
						    NF_CT_EVICT_NEVER;

	return nf_ct_is_query(ct) ? NF_CT_EVICT_CLOSING : NF_CT_EVICT_REPLIED;
}

/* gc evicts whatever it comes by first, so leave it what is old. Connections
 * that are closing do not get any better.
 */
#define NF_CT_EVICT_GC_IDLE	(2 * HZ)

/* May the gc worker evict an entry of @class when the table is full? */
static bool nf_ct_evict_gc_may(const struct nf_conn *ct,
			       enum nf_ct_evict_class class)
{
	if (class == NF_CT_EVICT_CLOSING && nf_ct_is_closing(ct))
		return true;

	return class <= NF_CT_EVICT_CLOSING &&
	       nf_ct_idle(ct) >= NF_CT_EVICT_GC_IDLE;
}

/* Hosts have many IPv6 addresses, but networks of 64 bits */
static bool nf_ct_same_source(const struct nf_conntrack_tuple *a,
			      const struct nf_conntrack_tuple *b)
{
	if (a->src.l3num != b->src.l3num)
		return false;
	if (a->src.l3num == NFPROTO_IPV6)
		return ipv6_prefix_equal(&a->src.u3.in6, &b->src.u3.in6, 64);

	return a->src.u3.ip == b->src.u3.ip;
}

static void nf_ct_evict_take(struct nf_ct_evict_candidate *candidate,
			     struct nf_conn *ct, enum nf_ct_evict_class class,
			     u32 idle)
{
	if (candidate->ct) {
		if (class > candidate->class ||
		    (class == candidate->class && idle <= candidate->idle))
			return;
		nf_ct_put(candidate->ct);
	}

	refcount_inc(&ct->ct_general.use);
	candidate->ct = ct;
	candidate->class = class;
	candidate->idle = idle;
}

/* @ct has a reference, is in the table and of the namespace */
static void nf_ct_evict_compare(struct nf_ct_evict_sample *sample,
				struct nf_conn *ct)
{
	enum nf_ct_evict_class class = nf_ct_evict_class(ct);
	bool same = nf_ct_same_source(nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
				      sample->orig);
	u32 idle;

	sample->entries++;
	sample->same_source += same;
	if (class == NF_CT_EVICT_NEVER)
		return;

	idle = nf_ct_idle(ct);
	nf_ct_evict_take(&sample->any, ct, class, idle);
	if (same)
		nf_ct_evict_take(&sample->same, ct, class, idle);
}

/**
 * nf_ct_evict_look - add an entry to the sample
 * @sample: the sample
 * @ct: entry found in the table, without a reference
 *
 * Context: RCU read-side critical section, it can be that of softirq
 * Return: true if the sample is complete
 */
bool nf_ct_evict_look(struct nf_ct_evict_sample *sample, struct nf_conn *ct)
{
	sample->nodes++;

	if (!net_eq(nf_ct_net(ct), sample->net) && !nf_ct_is_expired(ct))
		goto out;

	if (!refcount_inc_not_zero(&ct->ct_general.use))
		goto out;

	/* load ->ct_net and ->status after refcount increase */
	smp_acquire__after_ctrl_dep();

	/* It might be another entry by now due to SLAB_TYPESAFE_BY_RCU rules,
	 * one of another namespace or that is not in the table.
	 */
	if (nf_ct_should_gc(ct)) {
		if (nf_ct_kill(ct) && net_eq(nf_ct_net(ct), sample->net))
			sample->expired = true;
	} else if (net_eq(nf_ct_net(ct), sample->net) &&
		   nf_ct_is_confirmed(ct) && !nf_ct_is_dying(ct)) {
		/* load ->ext and ->timeout after IPS_CONFIRMED, pairs with
		 * smp_mb__before_atomic() in __nf_conntrack_confirm()
		 */
		smp_acquire__after_ctrl_dep();
		nf_ct_evict_compare(sample, ct);
	}

	nf_ct_put(ct);
out:
	return sample->expired ||
	       sample->entries >= NF_CT_EVICT_ENTRIES ||
	       sample->nodes >= NF_CT_EVICT_NODES;
}

/* The source does not lose more than others would */
static bool nf_ct_evict_heavy_source(const struct nf_ct_evict_sample *sample)
{
	return READ_ONCE(sample->net->ct.sysctl_early_drop_source) &&
	       sample->same.ct && sample->same.class <= sample->any.class &&
	       sample->same_source >= max(sample->entries / 4, 2u);
}

static u8 nf_ct_evict_reason(enum nf_ct_evict_class class)
{
	switch (class) {
	case NF_CT_EVICT_CLASH:
	case NF_CT_EVICT_UNREPLIED:
		return CTA_EVICT_REASON_UNREPLIED;
	case NF_CT_EVICT_CLOSING:
		return CTA_EVICT_REASON_CLOSING;
	case NF_CT_EVICT_IDLE:
		return CTA_EVICT_REASON_IDLE;
	default:
		return CTA_EVICT_REASON_REPLIED;
	}
}

static void nf_ct_evict_count(struct net *net, u8 reason, bool gc)
{
	if (gc)
		NF_CT_STAT_INC_ATOMIC(net, evict_gc);
	else
		NF_CT_STAT_INC_ATOMIC(net, early_drop);

	switch (reason) {
	case CTA_EVICT_REASON_UNREPLIED:
		NF_CT_STAT_INC_ATOMIC(net, evict_unreplied);
		break;
	case CTA_EVICT_REASON_CLOSING:
		NF_CT_STAT_INC_ATOMIC(net, evict_closing);
		break;
	case CTA_EVICT_REASON_REPLIED:
		NF_CT_STAT_INC_ATOMIC(net, evict_replied);
		break;
	case CTA_EVICT_REASON_IDLE:
		NF_CT_STAT_INC_ATOMIC(net, evict_idle);
		break;
	}
}

/* @ct has a reference. Returns false if somebody else has removed it, or if it
 * is gone, but counts until its DESTROY event is delivered.
 */
static bool nf_ct_evict_one(struct nf_conn *ct, u8 reason, u32 idle, bool gc)
{
	if (!nf_ct_delete_evicted(ct, reason))
		return false;

	trace_nf_ct_evict(ct, reason, idle, gc);
	nf_ct_evict_count(nf_ct_net(ct), reason, gc);
	return true;
}

/* Evict @candidate, unless it has become more valuable meanwhile */
static bool nf_ct_evict_candidate(const struct nf_ct_evict_candidate *candidate)
{
	struct nf_conn *ct = candidate->ct;
	u8 reason = nf_ct_evict_reason(candidate->class);

	return nf_ct_evict_class(ct) <= candidate->class &&
	       nf_ct_evict_one(ct, reason, candidate->idle, false);
}

/**
 * nf_ct_evict - evict an entry of the sample
 * @sample: the sample, of no use afterwards but for @retry
 *
 * Return: true if there is room for a new entry. If not, @sample->retry tells
 * if there was an entry to evict, but it has just been removed or used, or
 * counts until its DESTROY event is delivered.
 */
bool nf_ct_evict(struct nf_ct_evict_sample *sample)
{
	const struct nf_ct_evict_candidate *candidate = &sample->any;
	bool room = sample->expired;

	if (nf_ct_evict_heavy_source(sample))
		candidate = &sample->same;

	if (!room && candidate->ct) {
		room = nf_ct_evict_candidate(candidate);
		sample->retry = !room;
	}

	if (sample->any.ct)
		nf_ct_put(sample->any.ct);
	if (sample->same.ct)
		nf_ct_put(sample->same.ct);

	return room;
}

/**
 * nf_ct_evict_gc - evict an entry from the gc worker
 * @ct: confirmed entry, with a reference
 * @full: the table is full, so that an entry may go that is not idle
 *
 * Return: true if it was evicted, false if it stays or somebody else has
 * removed it
 */
bool nf_ct_evict_gc(struct nf_conn *ct, bool full)
{
	bool idle = nf_ct_adaptive_expired(ct);
	enum nf_ct_evict_class class;
	u8 reason;

	if ((!idle && !full) || nf_conntrack_ecache_is_behind(nf_ct_net(ct)))
		return false;

	class = nf_ct_evict_class(ct);
	if (!idle && !nf_ct_evict_gc_may(ct, class))
		return false;

	reason = idle ? CTA_EVICT_REASON_IDLE : nf_ct_evict_reason(class);
	return nf_ct_evict_one(ct, reason, nf_ct_idle(ct), true);
}

/**
 * nf_ct_evict_failed - a new entry is refused, nothing could be evicted for it
 * @net: namespace of the entry
 * @count: entries of @net
 */
void nf_ct_evict_failed(struct net *net, unsigned int count)
{
	trace_nf_ct_full(net, count);
	NF_CT_STAT_INC_ATOMIC(net, full_drop);
}
