/* SPDX-License-Identifier: GPL-2.0-only */
/* Conditions that conntrack entries are selected by */
#ifndef _NF_CONNTRACK_FILTER_H
#define _NF_CONNTRACK_FILTER_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netlink.h>

/**
 * struct nf_ct_filter_addr - a range of addresses
 * @addr: first bits of the addresses
 * @len: how many of them are compared, 0: any address will do
 */
struct nf_ct_filter_addr {
	union nf_inet_addr	addr;
	u8			len;
};

/**
 * struct nf_ct_filter_ports - a range of ports
 * @min: first port
 * @max: last port
 */
struct nf_ct_filter_ports {
	u16			min;
	u16			max;
};

/**
 * struct nf_ct_filter_dir - conditions on the tuple of one direction
 * @src: source addresses
 * @dst: destination addresses
 * @sport: source ports
 * @dport: destination ports
 */
struct nf_ct_filter_dir {
	struct nf_ct_filter_addr	src;
	struct nf_ct_filter_addr	dst;
	struct nf_ct_filter_ports	sport;
	struct nf_ct_filter_ports	dport;
};

/**
 * struct nf_ct_filter - conditions that an entry has to meet, all of them
 * @set: conditions to look at, as bits of their number in enum ctattr_filter;
 *	the bit of CTA_FILTER_UNSPEC stands for the labels
 * @l3proto: NFPROTO_IPV4, NFPROTO_IPV6 or, for both, NFPROTO_UNSPEC
 * @l4proto: layer 4 protocol
 * @nat: CTA_FILTER_NAT_*, one of them has to be true
 * @tcp_states: bits of enum tcp_conntrack, one of them has to be true
 * @expires_min: least number of seconds until the entry expires
 * @expires_max: greatest number of seconds until the entry expires
 * @dir: tuples
 * @labels: labels under @labels_mask
 * @labels_mask: labels to compare
 */
struct nf_ct_filter {
	u32			set;
	u8			l3proto;
	u8			l4proto;
	u32			nat;
	u32			tcp_states;
	u32			expires_min;
	u32			expires_max;
	struct nf_ct_filter_dir	dir[IP_CT_DIR_MAX];
	struct nf_conn_labels	labels;
	struct nf_conn_labels	labels_mask;
};

extern const struct nla_policy nf_ct_filter_policy[CTA_FILTER_MAX + 1];

int nf_ct_filter_parse(struct nf_ct_filter *filter, struct nlattr *tb[],
		       struct netlink_ext_ack *extack);
int nf_ct_filter_parse_labels(struct nf_ct_filter *filter,
			      const struct nlattr *labels,
			      const struct nlattr *mask,
			      struct netlink_ext_ack *extack);
bool nf_ct_filter_match(const struct nf_ct_filter *filter,
			const struct nf_conn *ct);

#endif /* _NF_CONNTRACK_FILTER_H */
