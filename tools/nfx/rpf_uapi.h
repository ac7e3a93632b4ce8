/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's routing and its reverse path filter take and give, but
 * the system's headers may have no name for: they are often older.
 */
#ifndef NFX_RPF_UAPI_H
#define NFX_RPF_UAPI_H

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

/* linux/fib_rules.h; all u8 but the labels (be32) and port masks (u16). */
#define RPF_FRA_DSCP		25
#define RPF_FRA_FLOWLABEL	26
#define RPF_FRA_FLOWLABEL_MASK	27
#define RPF_FRA_SPORT_MASK	28
#define RPF_FRA_DPORT_MASK	29
#define RPF_FRA_DSCP_MASK	30
#define RPF_FRA_MAX		30

/* linux/netfilter/nf_tables.h of blocks 04xx: enum nft_fib_flags */
#define RPF_FIB_F_FEASIBLE	(1U << 6)
#define RPF_FIB_F_NO_DEFAULT	(1U << 7)
#define RPF_FIB_F_ACCEPT_LOCAL	(1U << 8)
#define RPF_FIB_F_L4		(1U << 9)

/* The same: enum nft_fib_result */
#define RPF_FIB_RESULT		4

#endif /* NFX_RPF_UAPI_H */
