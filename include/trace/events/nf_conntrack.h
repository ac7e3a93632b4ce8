/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nf_conntrack

#if !defined(_TRACE_NF_CONNTRACK_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_NF_CONNTRACK_H

#include <linux/tracepoint.h>

/* A hash table was resized, or could not be if err is not 0 */
TRACE_EVENT(nf_ct_resize,
	    TP_PROTO(const char *table, u32 from, u32 to, u64 nodes, u64 nsecs,
		     int err),
	    TP_ARGS(table, from, to, nodes, nsecs, err),
	    TP_STRUCT__entry(__string(table, table)
			     __field(u32, from)
			     __field(u32, to)
			     __field(u64, nodes)
			     __field(u64, nsecs)
			     __field(int, err)
	    ),
	    TP_fast_assign(__assign_str(table);
			   __entry->from = from;
			   __entry->to = to;
			   __entry->nodes = nodes;
			   __entry->nsecs = nsecs;
			   __entry->err = err;
	    ),
	    TP_printk("table=%s from=%u to=%u nodes=%llu nsecs=%llu err=%d",
		      __get_str(table), __entry->from, __entry->to,
		      __entry->nodes, __entry->nsecs, __entry->err)
);

#endif /* _TRACE_NF_CONNTRACK_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
