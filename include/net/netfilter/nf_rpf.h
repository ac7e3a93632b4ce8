/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NF_RPF_H
#define _NF_RPF_H

#include <linux/bits.h>
#include <linux/types.h>
#include <uapi/linux/netfilter/nf_rpf.h>

struct iphdr;
struct ipv6hdr;
struct net;
struct net_device;
struct sk_buff;

/* Tell feasible paths from loose ones, which costs where there is neither. */
#define NF_RPF_F_FEASIBLE	BIT(0)
/* A default route does not count. */
#define NF_RPF_F_NO_DEFAULT	BIT(1)
/* An address of this host is as good as any other. */
#define NF_RPF_F_ACCEPT_LOCAL	BIT(2)
/* Rules (ip rule) see the ports of the reverse flow. */
#define NF_RPF_F_L4		BIT(3)
/* What came by IPsec is exempt. */
#define NF_RPF_F_IPSEC		BIT(4)

/**
 * struct nf_rpf - a reverse path lookup
 * @in: device the packet came from
 * @out: device it is forwarded to, or NULL if that is not known
 * @vrf: VRF to look up in, or NULL for that of @in
 * @mark: of the reverse flow
 * @l4proto: for IPv6, protocol behind the extension headers, 0: look for it
 * @flags: %NF_RPF_F_FEASIBLE and so on
 * @dev: result: device of the route that was found, for %NF_RPF_STRICT,
 *	 %NF_RPF_FEASIBLE and %NF_RPF_LOOSE; @in for %NF_RPF_EXEMPT; else NULL
 */
struct nf_rpf {
	const struct net_device	*in;
	const struct net_device	*out;
	const struct net_device	*vrf;
	u32			mark;
	u8			l4proto;
	u8			flags;
	const struct net_device	*dev;
};

enum nf_rpf_class nf_rpf4(struct net *net, const struct sk_buff *skb,
			  const struct iphdr *iph, struct nf_rpf *rpf);
enum nf_rpf_class nf_rpf6(struct net *net, const struct sk_buff *skb,
			  const struct ipv6hdr *ip6h, struct nf_rpf *rpf);

#endif /* _NF_RPF_H */
