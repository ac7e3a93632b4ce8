/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of the kernel's conntrack netlink that are not in its headers yet.
 *
 * patches/03* bring them: with these in include/uapi, what is below only
 * repeats the numbers, and can go. The order matters: the kernel's headers
 * first, as most of the names are enumerators there.
 */
#ifndef NFX_CTPATCH_UAPI_H
#define NFX_CTPATCH_UAPI_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* enum cntl_msg_types */
#ifndef IPCTNL_MSG_CT_FLUSH
#define IPCTNL_MSG_CT_FLUSH		8
#endif
#ifndef IPCTNL_MSG_CT_PRESSURE
#define IPCTNL_MSG_CT_PRESSURE		9
#endif

/* enum ctattr_flush: be32 flags, nest of filters; be64 counts in the reply */
#ifndef CTA_FLUSH_FLAGS
#define CTA_FLUSH_FLAGS			1
#endif
#ifndef CTA_FLUSH_FILTERS
#define CTA_FLUSH_FILTERS		2
#endif
#ifndef CTA_FLUSH_MATCHED
#define CTA_FLUSH_MATCHED		3
#endif
#ifndef CTA_FLUSH_DELETED
#define CTA_FLUSH_DELETED		4
#endif
#ifndef CTA_FLUSH_SCANNED
#define CTA_FLUSH_SCANNED		5
#endif
#ifndef CTA_FLUSH_PAD
#define CTA_FLUSH_PAD			6
#endif
#ifndef CTA_FLUSH_MAX
#define CTA_FLUSH_MAX			6
#endif

/* enum ctattr_flush_list: nest of enum ctattr_type */
#ifndef CTA_FLUSH_FILTER
#define CTA_FLUSH_FILTER		1
#endif

#ifndef CTA_FLUSH_F_DRY_RUN
#define CTA_FLUSH_F_DRY_RUN		(1 << 0)
#endif
#ifndef CTA_FLUSH_F_LAZY
#define CTA_FLUSH_F_LAZY		(1 << 1)
#endif

/* enum ctattr_filter: u8, u8, two nests, then be32 */
#ifndef CTA_FILTER_L3PROTO
#define CTA_FILTER_L3PROTO		3
#endif
#ifndef CTA_FILTER_L4PROTO
#define CTA_FILTER_L4PROTO		4
#endif
#ifndef CTA_FILTER_ORIG
#define CTA_FILTER_ORIG			5
#endif
#ifndef CTA_FILTER_REPLY
#define CTA_FILTER_REPLY		6
#endif
#ifndef CTA_FILTER_NAT
#define CTA_FILTER_NAT			7
#endif
#ifndef CTA_FILTER_TCP_STATES
#define CTA_FILTER_TCP_STATES		8
#endif
#ifndef CTA_FILTER_EXPIRES_MIN
#define CTA_FILTER_EXPIRES_MIN		9
#endif
#ifndef CTA_FILTER_EXPIRES_MAX
#define CTA_FILTER_EXPIRES_MAX		10
#endif

/* enum ctattr_filter_dir: addresses of 4 or 16 bytes, u8 prefixes, be16 */
#ifndef CTA_FILTER_DIR_SRC
#define CTA_FILTER_DIR_SRC		1
#endif
#ifndef CTA_FILTER_DIR_SRC_PREFIXLEN
#define CTA_FILTER_DIR_SRC_PREFIXLEN	2
#endif
#ifndef CTA_FILTER_DIR_DST
#define CTA_FILTER_DIR_DST		3
#endif
#ifndef CTA_FILTER_DIR_DST_PREFIXLEN
#define CTA_FILTER_DIR_DST_PREFIXLEN	4
#endif
#ifndef CTA_FILTER_DIR_SPORT_MIN
#define CTA_FILTER_DIR_SPORT_MIN	5
#endif
#ifndef CTA_FILTER_DIR_SPORT_MAX
#define CTA_FILTER_DIR_SPORT_MAX	6
#endif
#ifndef CTA_FILTER_DIR_DPORT_MIN
#define CTA_FILTER_DIR_DPORT_MIN	7
#endif
#ifndef CTA_FILTER_DIR_DPORT_MAX
#define CTA_FILTER_DIR_DPORT_MAX	8
#endif

#ifndef CTA_FILTER_NAT_SRC
#define CTA_FILTER_NAT_SRC		(1 << 0)
#endif
#ifndef CTA_FILTER_NAT_DST
#define CTA_FILTER_NAT_DST		(1 << 1)
#endif
#ifndef CTA_FILTER_NAT_NONE
#define CTA_FILTER_NAT_NONE		(1 << 2)
#endif

/*
 * Flags of CTA_FILTER_ORIG_FLAGS and CTA_FILTER_REPLY_FLAGS, u32 in host byte
 * order. All kernels from 5.8 on have them, in net/netfilter/nf_internals.h.
 */
#ifndef CTA_FILTER_F_CTA_IP_SRC
#define CTA_FILTER_F_CTA_IP_SRC		(1 << 0)
#endif
#ifndef CTA_FILTER_F_CTA_IP_DST
#define CTA_FILTER_F_CTA_IP_DST		(1 << 1)
#endif
#ifndef CTA_FILTER_F_CTA_PROTO_NUM
#define CTA_FILTER_F_CTA_PROTO_NUM	(1 << 3)
#endif
#ifndef CTA_FILTER_F_CTA_PROTO_SRC_PORT
#define CTA_FILTER_F_CTA_PROTO_SRC_PORT	(1 << 4)
#endif
#ifndef CTA_FILTER_F_CTA_PROTO_DST_PORT
#define CTA_FILTER_F_CTA_PROTO_DST_PORT	(1 << 5)
#endif

/* enum nfnetlink_groups */
#ifndef NFNLGRP_CONNTRACK_PRESSURE
#define NFNLGRP_CONNTRACK_PRESSURE	10
#endif

/* enum ctattr_pressure: u8, be32 */
#ifndef CTA_PRESSURE_LEVEL
#define CTA_PRESSURE_LEVEL		1
#endif
#ifndef CTA_PRESSURE_ENTRIES
#define CTA_PRESSURE_ENTRIES		2
#endif
#ifndef CTA_PRESSURE_MAX
#define CTA_PRESSURE_MAX		3
#endif
#ifndef CTA_PRESSURE_EVICTED
#define CTA_PRESSURE_EVICTED		4
#endif
#ifndef CTA_PRESSURE_DROPPED
#define CTA_PRESSURE_DROPPED		5
#endif

/* enum ctattr_stats_cpu: from here on come CTA_STATS_EVICT_* */
#ifndef CTA_STATS_EVICT_FIRST
#define CTA_STATS_EVICT_FIRST		(CTA_STATS_CHAIN_TOOLONG + 1)
#endif

#endif /* NFX_CTPATCH_UAPI_H */
