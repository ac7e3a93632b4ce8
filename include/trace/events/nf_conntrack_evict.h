/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nf_conntrack
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE nf_conntrack_evict

#if !defined(_TRACE_NF_CONNTRACK_EVICT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_NF_CONNTRACK_EVICT_H

#include <linux/tracepoint.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack.h>

TRACE_DEFINE_ENUM(CTA_EVICT_REASON_UNREPLIED);
TRACE_DEFINE_ENUM(CTA_EVICT_REASON_CLOSING);
TRACE_DEFINE_ENUM(CTA_EVICT_REASON_REPLIED);
TRACE_DEFINE_ENUM(CTA_EVICT_REASON_IDLE);

#define nf_ct_evict_show_reason(reason)					\
	__print_symbolic(reason,					\
			 { CTA_EVICT_REASON_UNREPLIED, "unreplied" },	\
			 { CTA_EVICT_REASON_CLOSING, "closing" },	\
			 { CTA_EVICT_REASON_REPLIED, "replied" },	\
			 { CTA_EVICT_REASON_IDLE, "idle" })

/* An entry was evicted, by the gc worker or for a new one; idle, in jiffies:
 * without a packet for so long
 */
TRACE_EVENT(nf_ct_evict,
	    TP_PROTO(const struct nf_conn *ct, u8 reason, u32 idle, bool gc),
	    TP_ARGS(ct, reason, idle, gc),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(unsigned int, netns)
			     __field(unsigned long, status)
			     __field(unsigned int, idle_ms)
			     __field(u8, protonum)
			     __field(u8, reason)
			     __field(bool, gc)
	    ),
	    TP_fast_assign(__entry->id = nf_ct_get_id(ct);
			   __entry->netns = nf_ct_net(ct)->ns.inum;
			   __entry->status = READ_ONCE(ct->status);
			   __entry->idle_ms = jiffies_to_msecs(idle);
			   __entry->protonum = nf_ct_protonum(ct);
			   __entry->reason = reason;
			   __entry->gc = gc;
	    ),
	    TP_printk("netns=%u id=%u protonum=%u status=0x%lx idle=%u ms reason=%s gc=%d",
		      __entry->netns, __entry->id, __entry->protonum,
		      __entry->status, __entry->idle_ms,
		      nf_ct_evict_show_reason(__entry->reason), __entry->gc)
);

/* A new entry is refused: the table is full, nothing could be evicted */
TRACE_EVENT(nf_ct_full,
	    TP_PROTO(const struct net *net, unsigned int entries),
	    TP_ARGS(net, entries),
	    TP_STRUCT__entry(__field(unsigned int, netns)
			     __field(unsigned int, entries)
	    ),
	    TP_fast_assign(__entry->netns = net->ns.inum;
			   __entry->entries = entries;
	    ),
	    TP_printk("netns=%u entries=%u", __entry->netns, __entry->entries)
);

#endif /* _TRACE_NF_CONNTRACK_EVICT_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
