/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What conntrack netlink takes, but has no name for in its headers.
 */
#ifndef NFX_CTFILTER_UAPI_H
#define NFX_CTFILTER_UAPI_H

#include <linux/netfilter/nfnetlink_conntrack.h>

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

#endif /* NFX_CTFILTER_UAPI_H */
