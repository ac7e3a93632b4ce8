/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _XT_RPATH_H
#define _XT_RPATH_H

#include <linux/netfilter/nf_rpf.h>
#include <linux/types.h>

enum {
	XT_RPFILTER_LOOSE = 1 << 0,
	XT_RPFILTER_VALID_MARK = 1 << 1,
	XT_RPFILTER_ACCEPT_LOCAL = 1 << 2,
	XT_RPFILTER_INVERT = 1 << 3,
	/* revision 1, which has no XT_RPFILTER_LOOSE */
	XT_RPFILTER_NO_DEFAULT = 1 << 4,
	XT_RPFILTER_L4 = 1 << 5,
	XT_RPFILTER_NO_IPSEC_EXEMPT = 1 << 6,
#ifdef __KERNEL__
	XT_RPFILTER_OPTION_MASK = XT_RPFILTER_LOOSE |
				  XT_RPFILTER_VALID_MARK |
				  XT_RPFILTER_ACCEPT_LOCAL |
				  XT_RPFILTER_INVERT,
	XT_RPFILTER_OPTION_MASK_V1 = XT_RPFILTER_VALID_MARK |
				     XT_RPFILTER_ACCEPT_LOCAL |
				     XT_RPFILTER_INVERT |
				     XT_RPFILTER_NO_DEFAULT |
				     XT_RPFILTER_L4 |
				     XT_RPFILTER_NO_IPSEC_EXEMPT,
#endif
};

struct xt_rpfilter_info {
	__u8 flags;
};

/**
 * struct xt_rpfilter_info_v1 - revision 1, for IPv4 and IPv6
 * @flags: XT_RPFILTER_VALID_MARK and so on
 * @classes: bit n is set if packets of class n match, see enum nf_rpf_class
 * @vrf: name of the VRF to look up in, or empty for that of the packet; without
 *	such a VRF, the class of all packets is NF_RPF_NONE
 */
struct xt_rpfilter_info_v1 {
	__u32 flags;
	__u32 classes;
	char vrf[16];
};

#endif
