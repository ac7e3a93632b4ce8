// SPDX-License-Identifier: GPL-2.0-only
/* Shorter timeouts of conntrack entries while the table fills up */

#include <linux/math64.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_adaptive.h>
#include <net/netfilter/nf_conntrack_evict.h>
#include <net/netfilter/nf_conntrack_timeout.h>

/**
 * DOC: Adaptive timeouts
 *
 * An entry may be without a packet for its whole timeout up to ->start entries
 * in the namespace, and for a shorter time the more there are, down to its
 * floor with ->end entries::
 *
 *	share of the timeout
 *	1 |-------------.
 *	  |              `.
 *	  |                `.
 *	  |                  `.
 *	0 +-------------+------`+------ entries
 *	              start    end
 *
 * This is what PF does. Timeouts are not changed: what gc finds idle for longer
 * goes, and so does what eviction looks at. Packets do not pay for it, and an
 * entry that gc has not found yet has its whole timeout again when there is
 * room again.
 */

#define NF_CT_ADAPTIVE_ONE		256u
/* How often gc is asked to look for idle entries */
#define NF_CT_ADAPTIVE_INTERVAL		(5 * HZ)

/* Entries may be idle for that long in any case */
#define NF_CT_ADAPTIVE_FLOOR		(2 * HZ)
#define NF_CT_ADAPTIVE_FLOOR_UNREPLIED	(5 * HZ)
#define NF_CT_ADAPTIVE_FLOOR_STREAM	(30 * HZ)
#define NF_CT_ADAPTIVE_FLOOR_CONNECTION	(300 * HZ)

/* Was there ever a namespace with timeouts that are shorter than usual? */
bool __nf_ct_adaptive_used __read_mostly;

/* Share of the timeout, in 1/256 */
static u32 nf_ct_adaptive_factor(const struct net *net)
{
	u32 start = READ_ONCE(net->ct.sysctl_timeout_adaptive_start);
	u32 end, entries;

	if (start == 0)
		return NF_CT_ADAPTIVE_ONE;

	end = READ_ONCE(net->ct.sysctl_timeout_adaptive_end);
	entries = atomic_read(&nf_ct_pernet(net)->count);
	if (end <= start || entries <= start)
		return NF_CT_ADAPTIVE_ONE;
	if (entries >= end)
		return 0;

	return div_u64((u64)(end - entries) * NF_CT_ADAPTIVE_ONE, end - start);
}

static u32 nf_ct_adaptive_floor(const struct nf_conn *ct, unsigned long status)
{
	if (!(status & (IPS_SEEN_REPLY | IPS_ASSURED)))
		return NF_CT_ADAPTIVE_FLOOR_UNREPLIED;
	if (!(status & IPS_ASSURED) || nf_ct_is_closing(ct))
		return NF_CT_ADAPTIVE_FLOOR;

	switch (nf_ct_protonum(ct)) {
	case IPPROTO_TCP:
	case IPPROTO_SCTP:
		return NF_CT_ADAPTIVE_FLOOR_CONNECTION;
	default:
		return NF_CT_ADAPTIVE_FLOOR_STREAM;
	}
}

/**
 * nf_ct_adaptive_expired - has an entry been idle for too long?
 * @ct: confirmed entry that has not timed out, with a reference
 *
 * Entries that stay when the table is full have their whole timeout, and so
 * have those with a timeout policy of their own. Who does not get an answer is
 * given less time than others.
 *
 * Context: RCU read-side critical section
 * Return: true if @ct may be evicted
 */
bool nf_ct_adaptive_expired(const struct nf_conn *ct)
{
	u32 factor = nf_ct_adaptive_factor(nf_ct_net(ct));
	const unsigned long status = READ_ONCE(ct->status);
	u32 left, limit, timeout;

	if (factor == NF_CT_ADAPTIVE_ONE || (status & IPS_EXPECTED) ||
	    nf_ct_evict_is_exempt(ct) || nf_ct_timeout_lookup(ct))
		return false;

	if (!(status & (IPS_SEEN_REPLY | IPS_ASSURED)))
		factor = factor * factor / NF_CT_ADAPTIVE_ONE;

	left = nf_ct_expires(ct);
	timeout = nf_ct_state_timeout(ct, left);
	limit = (u64)timeout * factor / NF_CT_ADAPTIVE_ONE;
	limit = max(limit, nf_ct_adaptive_floor(ct, status));

	return left < timeout && timeout - left >= limit;
}

/**
 * __nf_ct_adaptive_wants_gc - shall gc look for idle entries now?
 * @net: namespace that gets a new entry
 *
 * Many namespaces do not keep gc more busy than one does.
 *
 * Return: true once in a while if timeouts of @net are shorter than usual
 */
bool __nf_ct_adaptive_wants_gc(const struct net *net)
{
	static unsigned long last;
	unsigned long now = jiffies;

	if (nf_ct_adaptive_factor(net) == NF_CT_ADAPTIVE_ONE ||
	    now - READ_ONCE(last) < NF_CT_ADAPTIVE_INTERVAL)
		return false;

	WRITE_ONCE(last, now);
	WRITE_ONCE(__nf_ct_adaptive_used, true);
	return true;
}
