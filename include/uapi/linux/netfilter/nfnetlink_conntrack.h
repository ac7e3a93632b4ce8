/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _IPCONNTRACK_NETLINK_H
#define _IPCONNTRACK_NETLINK_H
#include <linux/netfilter/nfnetlink.h>

enum cntl_msg_types {
	IPCTNL_MSG_CT_NEW,
	IPCTNL_MSG_CT_GET,
	IPCTNL_MSG_CT_DELETE,
	IPCTNL_MSG_CT_GET_CTRZERO,
	IPCTNL_MSG_CT_GET_STATS_CPU,
	IPCTNL_MSG_CT_GET_STATS,
	IPCTNL_MSG_CT_GET_DYING,
	IPCTNL_MSG_CT_GET_UNCONFIRMED,
	IPCTNL_MSG_CT_FLUSH,
	IPCTNL_MSG_CT_PRESSURE,

	IPCTNL_MSG_MAX
};

enum ctnl_exp_msg_types {
	IPCTNL_MSG_EXP_NEW,
	IPCTNL_MSG_EXP_GET,
	IPCTNL_MSG_EXP_DELETE,
	IPCTNL_MSG_EXP_GET_STATS_CPU,

	IPCTNL_MSG_EXP_MAX
};


enum ctattr_type {
	CTA_UNSPEC,
	CTA_TUPLE_ORIG,
	CTA_TUPLE_REPLY,
	CTA_STATUS,
	CTA_PROTOINFO,
	CTA_HELP,
	CTA_NAT_SRC,
#define CTA_NAT	CTA_NAT_SRC	/* backwards compatibility */
	CTA_TIMEOUT,
	CTA_MARK,
	CTA_COUNTERS_ORIG,
	CTA_COUNTERS_REPLY,
	CTA_USE,
	CTA_ID,
	CTA_NAT_DST,
	CTA_TUPLE_MASTER,
	CTA_SEQ_ADJ_ORIG,
	CTA_NAT_SEQ_ADJ_ORIG	= CTA_SEQ_ADJ_ORIG,
	CTA_SEQ_ADJ_REPLY,
	CTA_NAT_SEQ_ADJ_REPLY	= CTA_SEQ_ADJ_REPLY,
	CTA_SECMARK,		/* obsolete */
	CTA_ZONE,
	CTA_SECCTX,
	CTA_TIMESTAMP,
	CTA_MARK_MASK,
	CTA_LABELS,
	CTA_LABELS_MASK,
	CTA_SYNPROXY,
	CTA_FILTER,
	CTA_STATUS_MASK,
	CTA_TIMESTAMP_EVENT,
	CTA_EVICT_REASON,
	__CTA_MAX
};
#define CTA_MAX (__CTA_MAX - 1)

/* CTA_EVICT_REASON: u8, in events of entries that were evicted. Not in one that
 * is sent again because it could not be delivered.
 */
enum ctattr_evict_reason {
	CTA_EVICT_REASON_UNSPEC,
	CTA_EVICT_REASON_UNREPLIED,	/* had no reply */
	CTA_EVICT_REASON_CLOSING,	/* was closing, or an answered query */
	CTA_EVICT_REASON_REPLIED,	/* had a reply, was not assured */
	CTA_EVICT_REASON_IDLE,		/* idle, see adaptive timeouts */
	__CTA_EVICT_REASON_MAX
};

#define CTA_EVICT_REASON_MAX (__CTA_EVICT_REASON_MAX - 1)

enum ctattr_tuple {
	CTA_TUPLE_UNSPEC,
	CTA_TUPLE_IP,
	CTA_TUPLE_PROTO,
	CTA_TUPLE_ZONE,
	__CTA_TUPLE_MAX
};
#define CTA_TUPLE_MAX (__CTA_TUPLE_MAX - 1)

enum ctattr_ip {
	CTA_IP_UNSPEC,
	CTA_IP_V4_SRC,
	CTA_IP_V4_DST,
	CTA_IP_V6_SRC,
	CTA_IP_V6_DST,
	__CTA_IP_MAX
};
#define CTA_IP_MAX (__CTA_IP_MAX - 1)

enum ctattr_l4proto {
	CTA_PROTO_UNSPEC,
	CTA_PROTO_NUM,
	CTA_PROTO_SRC_PORT,
	CTA_PROTO_DST_PORT,
	CTA_PROTO_ICMP_ID,
	CTA_PROTO_ICMP_TYPE,
	CTA_PROTO_ICMP_CODE,
	CTA_PROTO_ICMPV6_ID,
	CTA_PROTO_ICMPV6_TYPE,
	CTA_PROTO_ICMPV6_CODE,
	__CTA_PROTO_MAX
};
#define CTA_PROTO_MAX (__CTA_PROTO_MAX - 1)

enum ctattr_protoinfo {
	CTA_PROTOINFO_UNSPEC,
	CTA_PROTOINFO_TCP,
	CTA_PROTOINFO_DCCP,
	CTA_PROTOINFO_SCTP,
	__CTA_PROTOINFO_MAX
};
#define CTA_PROTOINFO_MAX (__CTA_PROTOINFO_MAX - 1)

enum ctattr_protoinfo_tcp {
	CTA_PROTOINFO_TCP_UNSPEC,
	CTA_PROTOINFO_TCP_STATE,
	CTA_PROTOINFO_TCP_WSCALE_ORIGINAL,
	CTA_PROTOINFO_TCP_WSCALE_REPLY,
	CTA_PROTOINFO_TCP_FLAGS_ORIGINAL,
	CTA_PROTOINFO_TCP_FLAGS_REPLY,
	__CTA_PROTOINFO_TCP_MAX
};
#define CTA_PROTOINFO_TCP_MAX (__CTA_PROTOINFO_TCP_MAX - 1)

enum ctattr_protoinfo_dccp {
	CTA_PROTOINFO_DCCP_UNSPEC,
	CTA_PROTOINFO_DCCP_STATE,
	CTA_PROTOINFO_DCCP_ROLE,
	CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ,
	CTA_PROTOINFO_DCCP_PAD,
	__CTA_PROTOINFO_DCCP_MAX,
};
#define CTA_PROTOINFO_DCCP_MAX (__CTA_PROTOINFO_DCCP_MAX - 1)

enum ctattr_protoinfo_sctp {
	CTA_PROTOINFO_SCTP_UNSPEC,
	CTA_PROTOINFO_SCTP_STATE,
	CTA_PROTOINFO_SCTP_VTAG_ORIGINAL,
	CTA_PROTOINFO_SCTP_VTAG_REPLY,
	__CTA_PROTOINFO_SCTP_MAX
};
#define CTA_PROTOINFO_SCTP_MAX (__CTA_PROTOINFO_SCTP_MAX - 1)

enum ctattr_counters {
	CTA_COUNTERS_UNSPEC,
	CTA_COUNTERS_PACKETS,		/* 64bit counters */
	CTA_COUNTERS_BYTES,		/* 64bit counters */
	CTA_COUNTERS32_PACKETS,		/* old 32bit counters, unused */
	CTA_COUNTERS32_BYTES,		/* old 32bit counters, unused */
	CTA_COUNTERS_PAD,
	__CTA_COUNTERS_MAX
};
#define CTA_COUNTERS_MAX (__CTA_COUNTERS_MAX - 1)

enum ctattr_tstamp {
	CTA_TIMESTAMP_UNSPEC,
	CTA_TIMESTAMP_START,
	CTA_TIMESTAMP_STOP,
	CTA_TIMESTAMP_PAD,
	__CTA_TIMESTAMP_MAX
};
#define CTA_TIMESTAMP_MAX (__CTA_TIMESTAMP_MAX - 1)

enum ctattr_nat {
	CTA_NAT_UNSPEC,
	CTA_NAT_V4_MINIP,
#define CTA_NAT_MINIP CTA_NAT_V4_MINIP
	CTA_NAT_V4_MAXIP,
#define CTA_NAT_MAXIP CTA_NAT_V4_MAXIP
	CTA_NAT_PROTO,
	CTA_NAT_V6_MINIP,
	CTA_NAT_V6_MAXIP,
	__CTA_NAT_MAX
};
#define CTA_NAT_MAX (__CTA_NAT_MAX - 1)

enum ctattr_protonat {
	CTA_PROTONAT_UNSPEC,
	CTA_PROTONAT_PORT_MIN,
	CTA_PROTONAT_PORT_MAX,
	__CTA_PROTONAT_MAX
};
#define CTA_PROTONAT_MAX (__CTA_PROTONAT_MAX - 1)

enum ctattr_seqadj {
	CTA_SEQADJ_UNSPEC,
	CTA_SEQADJ_CORRECTION_POS,
	CTA_SEQADJ_OFFSET_BEFORE,
	CTA_SEQADJ_OFFSET_AFTER,
	__CTA_SEQADJ_MAX
};
#define CTA_SEQADJ_MAX (__CTA_SEQADJ_MAX - 1)

enum ctattr_natseq {
	CTA_NAT_SEQ_UNSPEC,
	CTA_NAT_SEQ_CORRECTION_POS,
	CTA_NAT_SEQ_OFFSET_BEFORE,
	CTA_NAT_SEQ_OFFSET_AFTER,
	__CTA_NAT_SEQ_MAX
};
#define CTA_NAT_SEQ_MAX (__CTA_NAT_SEQ_MAX - 1)

enum ctattr_synproxy {
	CTA_SYNPROXY_UNSPEC,
	CTA_SYNPROXY_ISN,
	CTA_SYNPROXY_ITS,
	CTA_SYNPROXY_TSOFF,
	__CTA_SYNPROXY_MAX,
};
#define CTA_SYNPROXY_MAX (__CTA_SYNPROXY_MAX - 1)

enum ctattr_expect {
	CTA_EXPECT_UNSPEC,
	CTA_EXPECT_MASTER,
	CTA_EXPECT_TUPLE,
	CTA_EXPECT_MASK,
	CTA_EXPECT_TIMEOUT,
	CTA_EXPECT_ID,
	CTA_EXPECT_HELP_NAME,
	CTA_EXPECT_ZONE,
	CTA_EXPECT_FLAGS,
	CTA_EXPECT_CLASS,
	CTA_EXPECT_NAT,
	CTA_EXPECT_FN,
	__CTA_EXPECT_MAX
};
#define CTA_EXPECT_MAX (__CTA_EXPECT_MAX - 1)

enum ctattr_expect_nat {
	CTA_EXPECT_NAT_UNSPEC,
	CTA_EXPECT_NAT_DIR,
	CTA_EXPECT_NAT_TUPLE,
	__CTA_EXPECT_NAT_MAX
};
#define CTA_EXPECT_NAT_MAX (__CTA_EXPECT_NAT_MAX - 1)

enum ctattr_help {
	CTA_HELP_UNSPEC,
	CTA_HELP_NAME,
	CTA_HELP_INFO,
	__CTA_HELP_MAX
};
#define CTA_HELP_MAX (__CTA_HELP_MAX - 1)

enum ctattr_secctx {
	CTA_SECCTX_UNSPEC,
	CTA_SECCTX_NAME,
	__CTA_SECCTX_MAX
};
#define CTA_SECCTX_MAX (__CTA_SECCTX_MAX - 1)

enum ctattr_stats_cpu {
	CTA_STATS_UNSPEC,
	CTA_STATS_SEARCHED,	/* no longer used */
	CTA_STATS_FOUND,
	CTA_STATS_NEW,		/* no longer used */
	CTA_STATS_INVALID,
	CTA_STATS_IGNORE,	/* no longer used */
	CTA_STATS_DELETE,	/* no longer used */
	CTA_STATS_DELETE_LIST,	/* no longer used */
	CTA_STATS_INSERT,
	CTA_STATS_INSERT_FAILED,
	CTA_STATS_DROP,
	CTA_STATS_EARLY_DROP,
	CTA_STATS_ERROR,
	CTA_STATS_SEARCH_RESTART,
	CTA_STATS_CLASH_RESOLVE,
	CTA_STATS_CHAIN_TOOLONG,
	CTA_STATS_FULL_DROP,		/* new entries refused, table full */
	/* Entries that were evicted, by reason. The sum of all reasons is
	 * that of CTA_STATS_EARLY_DROP, evicted for a new entry, and
	 * CTA_STATS_EVICT_GC, evicted by gc.
	 */
	CTA_STATS_EVICT_UNREPLIED,
	CTA_STATS_EVICT_CLOSING,
	CTA_STATS_EVICT_REPLIED,
	CTA_STATS_EVICT_GC,
	CTA_STATS_EVICT_IDLE,
	__CTA_STATS_MAX,
};
#define CTA_STATS_MAX (__CTA_STATS_MAX - 1)

/* IPCTNL_MSG_CT_PRESSURE: sent to NFNLGRP_CONNTRACK_PRESSURE when the level of
 * the namespace changes, and each second while the table is full, but not more
 * often. All but the level are u32 in network byte order.
 */
enum ctattr_pressure {
	CTA_PRESSURE_UNSPEC,
	CTA_PRESSURE_LEVEL,	/* u8, enum ctattr_pressure_level */
	CTA_PRESSURE_ENTRIES,
	CTA_PRESSURE_MAX_ENTRIES,
	CTA_PRESSURE_EVICTED,	/* for new entries, since the last message */
	CTA_PRESSURE_DROPPED,	/* new entries refused since then */
	__CTA_PRESSURE_MAX,
};

#define CTA_PRESSURE_MAX (__CTA_PRESSURE_MAX - 1)

enum ctattr_pressure_level {
	CTA_PRESSURE_NORMAL,
	CTA_PRESSURE_HIGH,	/* more than 7/8 of the maximum */
	CTA_PRESSURE_FULL,	/* at it, or entries evicted or refused */
};

enum ctattr_stats_global {
	CTA_STATS_GLOBAL_UNSPEC,
	CTA_STATS_GLOBAL_ENTRIES,
	CTA_STATS_GLOBAL_MAX_ENTRIES,
	/* The hash table, which all namespaces share: only in the initial
	 * one. All are u32 in network byte order.
	 */
	CTA_STATS_GLOBAL_BUCKETS,
	CTA_STATS_GLOBAL_BUCKETS_MIN,	/* does not shrink below by itself */
	CTA_STATS_GLOBAL_BUCKETS_MAX,	/* does not grow above, 0: fixed */
	CTA_STATS_GLOBAL_NODES,		/* two per entry, one if it clashes */
	CTA_STATS_GLOBAL_GROWN,		/* how often it was made larger */
	CTA_STATS_GLOBAL_SHRUNK,	/* how often it was made smaller */
	CTA_STATS_GLOBAL_RESIZE_FAILED,	/* how often memory was missing */
	/* of a sample of buckets: the longest chain, in nodes, and how many
	 * have a chain of that many nodes, up to the next number
	 */
	CTA_STATS_GLOBAL_CHAIN_LONGEST,
	CTA_STATS_GLOBAL_CHAINS_0,
	CTA_STATS_GLOBAL_CHAINS_1,
	CTA_STATS_GLOBAL_CHAINS_2,
	CTA_STATS_GLOBAL_CHAINS_3,
	CTA_STATS_GLOBAL_CHAINS_5,
	CTA_STATS_GLOBAL_CHAINS_9,
	CTA_STATS_GLOBAL_CHAINS_17,
	CTA_STATS_GLOBAL_CHAINS_33,
	__CTA_STATS_GLOBAL_MAX,
};
#define CTA_STATS_GLOBAL_MAX (__CTA_STATS_GLOBAL_MAX - 1)

enum ctattr_expect_stats {
	CTA_STATS_EXP_UNSPEC,
	CTA_STATS_EXP_NEW,
	CTA_STATS_EXP_CREATE,
	CTA_STATS_EXP_DELETE,
	__CTA_STATS_EXP_MAX,
};
#define CTA_STATS_EXP_MAX (__CTA_STATS_EXP_MAX - 1)

enum ctattr_filter {
	CTA_FILTER_UNSPEC,
	CTA_FILTER_ORIG_FLAGS,
	CTA_FILTER_REPLY_FLAGS,
	CTA_FILTER_L3PROTO,		/* u8: NFPROTO_IPV4 or NFPROTO_IPV6 */
	CTA_FILTER_L4PROTO,		/* u8: IPPROTO_* */
	CTA_FILTER_ORIG,		/* nest of enum ctattr_filter_dir */
	CTA_FILTER_REPLY,		/* nest of enum ctattr_filter_dir */
	CTA_FILTER_NAT,			/* be32: any of CTA_FILTER_NAT_* */
	CTA_FILTER_TCP_STATES,		/* be32: 1 << TCP_CONNTRACK_*, ORed */
	CTA_FILTER_EXPIRES_MIN,		/* be32: seconds left, as CTA_TIMEOUT */
	CTA_FILTER_EXPIRES_MAX,		/* be32 */
	__CTA_FILTER_MAX
};
#define CTA_FILTER_MAX (__CTA_FILTER_MAX - 1)

/* Addresses and ports of one direction. An address has 4 or 16 bytes; without
 * a prefix length all its bits are compared, else the bits after the prefix are
 * ignored. Ports need CTA_FILTER_L4PROTO to be TCP, UDP or SCTP. A minimum that
 * is left out is 0, a maximum 65535.
 */
enum ctattr_filter_dir {
	CTA_FILTER_DIR_UNSPEC,
	CTA_FILTER_DIR_SRC,
	CTA_FILTER_DIR_SRC_PREFIXLEN,	/* u8 */
	CTA_FILTER_DIR_DST,
	CTA_FILTER_DIR_DST_PREFIXLEN,	/* u8 */
	CTA_FILTER_DIR_SPORT_MIN,	/* be16 */
	CTA_FILTER_DIR_SPORT_MAX,	/* be16 */
	CTA_FILTER_DIR_DPORT_MIN,	/* be16 */
	CTA_FILTER_DIR_DPORT_MAX,	/* be16 */
	__CTA_FILTER_DIR_MAX
};

#define CTA_FILTER_DIR_MAX (__CTA_FILTER_DIR_MAX - 1)

/* CTA_FILTER_NAT */
#define CTA_FILTER_NAT_SRC	(1 << 0)	/* source is translated */
#define CTA_FILTER_NAT_DST	(1 << 1)	/* destination is translated */
#define CTA_FILTER_NAT_NONE	(1 << 2)	/* none of both is */

/* IPCTNL_MSG_CT_FLUSH: delete entries that at least one of 1 to 64 filters
 * matches. All attributes have to be known, or nothing is deleted. The answer
 * has the three counts. If a fatal signal ends it early, the counts say how far
 * it came, and the error, if NLM_F_ACK asks for one, is -ECANCELED.
 */
enum ctattr_flush {
	CTA_FLUSH_UNSPEC,
	CTA_FLUSH_FLAGS,		/* be32: CTA_FLUSH_F_* */
	CTA_FLUSH_FILTERS,		/* nest of CTA_FLUSH_FILTER */
	CTA_FLUSH_MATCHED,		/* be64: entries that matched */
	CTA_FLUSH_DELETED,		/* be64: entries that were deleted */
	CTA_FLUSH_SCANNED,		/* be64: entries that were looked at;
					 * again, if one in their bucket was
					 * deleted
					 */
	CTA_FLUSH_PAD,
	__CTA_FLUSH_MAX
};

#define CTA_FLUSH_MAX (__CTA_FLUSH_MAX - 1)

/* CTA_FLUSH_FLAGS */
#define CTA_FLUSH_F_DRY_RUN	(1 << 0)	/* count, do not delete */
/* Instead of filters: have unreplied flows of connectionless protocols start
 * anew with their next packet. The family is AF_UNSPEC, there is no other flag.
 * -EOPNOTSUPP unless nf_conntrack_revalidate of the namespace allows it. All
 * counts are 0.
 */
#define CTA_FLUSH_F_LAZY	(1 << 1)

/* A filter has attributes of enum ctattr_type: CTA_TUPLE_ORIG, CTA_TUPLE_REPLY
 * (the flags in CTA_FILTER say which fields count), CTA_STATUS and _MASK,
 * CTA_MARK and _MASK, CTA_ZONE, CTA_LABELS and _MASK, CTA_FILTER. All of them
 * have to match. Without any, all entries do.
 */
enum ctattr_flush_list {
	CTA_FLUSH_LIST_UNSPEC,
	CTA_FLUSH_FILTER,
	__CTA_FLUSH_LIST_MAX
};

#define CTA_FLUSH_LIST_MAX (__CTA_FLUSH_LIST_MAX - 1)

#endif /* _IPCONNTRACK_NETLINK_H */
