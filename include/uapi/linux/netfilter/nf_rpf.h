/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _UAPI_NF_RPF_H
#define _UAPI_NF_RPF_H

/**
 * enum nf_rpf_class - what the reverse path of a packet is
 * @NF_RPF_UNSPEC: never the class of a packet
 * @NF_RPF_EXEMPT: not looked up: loopback, DHCP, IGMP, duplicate address
 *	detection, bridged to another host, or protected by IPsec
 * @NF_RPF_STRICT: the best route to the source uses the input device
 * @NF_RPF_FEASIBLE: another route to the same prefix uses the input device
 * @NF_RPF_LOOSE: there is a route to the source, by other devices
 * @NF_RPF_DEFAULT: there is only a default route, which was asked not to count
 * @NF_RPF_LOCAL: the source is an address of this host
 * @NF_RPF_MARTIAN: the source is no unicast address
 * @NF_RPF_DROP_NEXTHOP: the route to the source is one of type blackhole,
 *	prohibit or unreachable
 * @NF_RPF_NONE: there is no route to the source
 */
enum nf_rpf_class {
	NF_RPF_UNSPEC,
	NF_RPF_EXEMPT,
	NF_RPF_STRICT,
	NF_RPF_FEASIBLE,
	NF_RPF_LOOSE,
	NF_RPF_DEFAULT,
	NF_RPF_LOCAL,
	NF_RPF_MARTIAN,
	NF_RPF_DROP_NEXTHOP,
	NF_RPF_NONE,
	/* private: */
	__NF_RPF_MAX
};

#define NF_RPF_MAX	(__NF_RPF_MAX - 1)

#endif /* _UAPI_NF_RPF_H */
