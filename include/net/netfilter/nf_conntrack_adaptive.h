/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NF_CONNTRACK_ADAPTIVE_H
#define _NF_CONNTRACK_ADAPTIVE_H

#include <net/netfilter/nf_conntrack.h>

extern bool __nf_ct_adaptive_used;

bool nf_ct_adaptive_expired(const struct nf_conn *ct);
bool __nf_ct_adaptive_wants_gc(const struct net *net);

/* Is there a reason for gc to call nf_ct_adaptive_expired()? */
static inline bool nf_ct_adaptive_used(void)
{
	return READ_ONCE(__nf_ct_adaptive_used);
}

static inline bool nf_ct_adaptive_wants_gc(const struct net *net)
{
	return READ_ONCE(net->ct.sysctl_timeout_adaptive_start) &&
	       __nf_ct_adaptive_wants_gc(net);
}

#endif /* _NF_CONNTRACK_ADAPTIVE_H */
