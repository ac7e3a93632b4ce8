/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NF_CONNTRACK_EVICT_H
#define _NF_CONNTRACK_EVICT_H

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack.h>

/* Entries and hash nodes that are looked at to evict one entry, at most. There
 * are more nodes, as entries of other namespaces do not count as entries.
 */
#define NF_CT_EVICT_ENTRIES	16u
#define NF_CT_EVICT_NODES	128u

/* What is evicted first, of the entries of a sample */
enum nf_ct_evict_class {
	NF_CT_EVICT_CLASH,	/* IPS_NAT_CLASH, does not live long anyway */
	NF_CT_EVICT_UNREPLIED,
	NF_CT_EVICT_CLOSING,	/* closing connections, answered queries */
	NF_CT_EVICT_REPLIED,
	NF_CT_EVICT_IDLE,	/* for longer than adaptive timeouts allow */
	NF_CT_EVICT_NEVER,
};

/**
 * struct nf_ct_evict_candidate - the entry of a sample to evict
 * @ct: entry, with a reference, or NULL
 * @class: of @ct
 * @idle: for how long @ct had no packet, in jiffies
 */
struct nf_ct_evict_candidate {
	struct nf_conn		*ct;
	enum nf_ct_evict_class	class;
	u32			idle;
};

/**
 * struct nf_ct_evict_sample - entries that were looked at
 * @net: namespace of the new entry, others are of no interest
 * @orig: its tuple
 * @nodes: how many hash nodes were looked at
 * @entries: how many live entries of @net were among them
 * @same_source: how many of them have the source address of @orig
 * @expired: entries of @net were among them that had timed out, and are gone
 * @retry: the one to evict was removed by somebody else
 * @any: the one to evict
 * @same: the one to evict of those with the same source
 */
struct nf_ct_evict_sample {
	struct net				*net;
	const struct nf_conntrack_tuple		*orig;
	unsigned int				nodes;
	unsigned int				entries;
	unsigned int				same_source;
	bool					expired;
	bool					retry;
	struct nf_ct_evict_candidate		any;
	struct nf_ct_evict_candidate		same;
};

u32 nf_ct_state_timeout(const struct nf_conn *ct, u32 left);
bool nf_ct_is_closing(const struct nf_conn *ct);
bool nf_ct_evict_is_exempt(const struct nf_conn *ct);
bool nf_ct_evict_look(struct nf_ct_evict_sample *sample, struct nf_conn *ct);
bool nf_ct_evict(struct nf_ct_evict_sample *sample);
bool nf_ct_evict_gc(struct nf_conn *ct, bool full);
void nf_ct_evict_failed(struct net *net, unsigned int count);

bool nf_ct_delete_evicted(struct nf_conn *ct, u8 reason);

#endif /* _NF_CONNTRACK_EVICT_H */
