/* SPDX-License-Identifier: GPL-2.0 */
/* What filters of conntrack netlink have, and the uAPI headers do not. */
#ifndef _NFCT_FLUSH_FLAGS_H
#define _NFCT_FLUSH_FLAGS_H

/* of one flush */
#define MAX_FILTERS	64

/* in the kernel these are in nf_internals.h */
enum {
	F_IP_SRC	= 1 << 0,
	F_IP_DST	= 1 << 1,
	F_TUPLE_ZONE	= 1 << 2,
	F_PROTO_NUM	= 1 << 3,
	F_SRC_PORT	= 1 << 4,
	F_DST_PORT	= 1 << 5,
	F_ICMP_TYPE	= 1 << 6,
	F_ICMP_CODE	= 1 << 7,
	F_ICMP_ID	= 1 << 8,
	F_ICMPV6_TYPE	= 1 << 9,
	F_ICMPV6_CODE	= 1 << 10,
	F_ICMPV6_ID	= 1 << 11,
	F_ALL		= (1 << 12) - 1,
};

#endif /* _NFCT_FLUSH_FLAGS_H */
