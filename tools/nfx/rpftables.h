/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links, rules and routes of a network namespace, as far as the way back to
 * one source address depends on them.
 *
 * They come from rtnetlink (rpf_load()) or from a test. What looks at them
 * asks the kernel nothing: rpfwalk.h, rpfeval.h, rpfstock.h.
 */
#ifndef NFX_RPFTABLES_H
#define NFX_RPFTABLES_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "nl.h"

/* Of an address of either family; IPv4 takes the first 4 bytes. */
#define RPF_ADDR 16

/**
 * struct rpf_link - a network device
 * @flags:       IFF_*
 * @master:      ifindex of the device it is a port of, 0 for none
 * @group:       of "suppress_ifgroup"
 * @vrf:         it is a VRF: what the kernel calls an L3 master device
 * @vrf_table:   then, the table of it
 * @vrf_port:    it is a port of a VRF
 * @bridge_port: it is a port of a bridge
 * @has_ipv4:    it has an IPv4 address
 */
struct rpf_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	uint32_t flags;
	uint32_t master;
	uint32_t group;
	bool vrf;
	uint32_t vrf_table;
	bool vrf_port;
	bool bridge_port;
	bool has_ipv4;
};

/* Ports in host byte order; none of @start, @end and @mask set: all of them. */
struct rpf_ports {
	uint16_t start;
	uint16_t end;
	uint16_t mask;
};

/* iif or oif of a rule whose device is not there */
#define RPF_DETACHED UINT32_MAX

/**
 * struct rpf_rule - a rule of ip-rule(8)
 * @pref:    preference
 * @action:  FR_ACT_*
 * @flags:   FIB_RULE_*
 * @table:   of FR_ACT_TO_TBL; of no meaning with @l3mdev
 * @target:  preference that FR_ACT_GOTO goes to
 * @suppress_prefixlen: routes of up to this length do not count, -1 for none
 * @suppress_ifgroup:   routes by devices of this group do not, -1 for none
 * @iifindex, @oifindex: 0 for any, RPF_DETACHED if there is no such device
 * @tos:     the old selector, 0 for any
 * @dscp, @dscp_mask: the new one, as in the header, six bits shifted by two
 * @uid_min, @uid_max: set if @uids
 * @flowlabel, @flowlabel_mask: host byte order
 */
struct rpf_rule {
	uint32_t pref;
	uint8_t action;
	uint32_t flags;
	uint32_t table;
	uint32_t target;
	int32_t suppress_prefixlen;
	int32_t suppress_ifgroup;
	uint8_t src[RPF_ADDR];
	uint8_t src_len;
	uint8_t dst[RPF_ADDR];
	uint8_t dst_len;
	char iif[IF_NAMESIZE];
	uint32_t iifindex;
	char oif[IF_NAMESIZE];
	uint32_t oifindex;
	uint32_t mark;
	uint32_t mark_mask;
	uint64_t tun_id;
	bool l3mdev;
	bool uids;
	uint32_t uid_min;
	uint32_t uid_max;
	uint8_t proto;
	struct rpf_ports sport;
	struct rpf_ports dport;
	uint8_t tos;
	bool has_dscp;
	uint8_t dscp;
	uint8_t dscp_mask;
	uint32_t flowlabel;
	uint32_t flowlabel_mask;
};

/**
 * struct rpf_nh - one way of a route
 * @ifindex: 0 if the route has no device
 * @flags:   RTNH_F_*
 * @gateway: there is one
 */
struct rpf_nh {
	uint32_t ifindex;
	uint32_t flags;
	bool gateway;
};

/**
 * struct rpf_route - a route
 * @type:      RTN_*
 * @tos:       that it is for (IPv4), 0 for all
 * @metric:    RTA_PRIORITY
 * @pref:      of the router (RFC 4191), as in RTA_PREF
 * @custom:    not made by the kernel
 * @realm:     it has a realm
 * @expired:   it is past its lifetime, and does not count
 * @nhid:      nexthop object, 0 for none
 * @blackhole: the nexthop object is a blackhole
 * @nhs:       @nh_count ways; owned by the tables
 */
struct rpf_route {
	uint32_t table;
	uint8_t type;
	uint8_t dst[RPF_ADDR];
	uint8_t dst_len;
	uint8_t src[RPF_ADDR];
	uint8_t src_len;
	uint8_t tos;
	uint32_t metric;
	uint8_t pref;
	bool custom;
	bool realm;
	bool expired;
	uint32_t nhid;
	bool blackhole;
	struct rpf_nh *nhs;
	unsigned int nh_count;
};

/**
 * struct rpf_tables - all of it, for one family
 * @family:    AF_INET or AF_INET6
 * @links:     all devices
 * @rules:     in the order of their preferences
 * @routes:    in the order the kernel looks at them, see rpf_sort_routes()
 * @merged:    there never was a rule of one's own: IPv4 looks into the tables
 *             local and main at once
 * @src_local: the source is an IPv4 address of a device here
 * @dst_local: the destination is
 * @intr:      something has changed while it was read
 */
struct rpf_tables {
	int family;
	struct rpf_link *links;
	unsigned int link_count;
	struct rpf_rule *rules;
	unsigned int rule_count;
	struct rpf_route *routes;
	unsigned int route_count;
	bool merged;
	bool src_local;
	bool dst_local;
	bool intr;
};

/** rpf_free() - free what the tables hold, not the structure itself */
void rpf_free(struct rpf_tables *tables);

/*
 * rpf_add_*() - append a zeroed item
 *
 * Return: the item, which the next one of its kind may move, or NULL without
 * memory.
 */
struct rpf_link *rpf_add_link(struct rpf_tables *tables);
struct rpf_rule *rpf_add_rule(struct rpf_tables *tables);
struct rpf_route *rpf_add_route(struct rpf_tables *tables);

/** rpf_add_nh() - append a way to a route. Return: as the above. */
struct rpf_nh *rpf_add_nh(struct rpf_route *route);

const struct rpf_link *rpf_link(const struct rpf_tables *tables,
				uint32_t ifindex);
const struct rpf_link *rpf_link_name(const struct rpf_tables *tables,
				     const char *name);

/** rpf_vrf() - ifindex of the VRF that @ifindex is, or is a port of, else 0 */
uint32_t rpf_vrf(const struct rpf_tables *tables, uint32_t ifindex);

/** rpf_prefix_has() - is @addr in @prefix, of @len bits? */
bool rpf_prefix_has(const uint8_t *prefix, unsigned int len,
		    const uint8_t *addr);

/** rpf_addr_size() - bytes of an address of @family */
unsigned int rpf_addr_size(int family);

/**
 * rpf_sort_routes() - put routes into the order the kernel looks at them
 *
 * The longest prefix first. IPv4: those for a TOS first, then by metric
 * (fib_trie.c: fib_find_alias()). IPv6: by length of the source, then metric.
 * Routes that are equal in this stay in the order they were added in.
 */
void rpf_sort_routes(struct rpf_tables *tables);

/**
 * rpf_rule_selects() - are there flows that a rule does not match?
 *
 * One for flows of a VRF is not counted. (fib_rules.h: fib_rule_matchall())
 */
bool rpf_rule_selects(const struct rpf_rule *rule);

/** rpf_rules_default() - are the rules those of a new namespace? */
bool rpf_rules_default(const struct rpf_tables *tables);

/** rpf_default_rules() - add these. Return: 0 or -ENOMEM. */
int rpf_default_rules(struct rpf_tables *tables);

/**
 * rpf_load() - read what matters for the way back to an address
 * @rt:  a NETLINK_ROUTE socket
 * @src: routes are kept if they lead to it; 4 or 16 bytes, NULL for none
 * @dst: only for tables->dst_local, may be NULL
 *
 * Return: 0 or -errno; rpf_free() is needed in both cases.
 */
int rpf_load(struct nl *rt, struct rpf_tables *tables, int family,
	     const uint8_t *src, const uint8_t *dst);

/* rpflinks.c, rpfrules.c, rpfroutes.c, rpfnexthops.c: the parts of it */

/* What the functions that take messages get as @data. */
struct rpf_loader {
	struct rpf_tables *tables;
	struct nl *rt;
	const uint8_t *src;
	const uint8_t *dst;
	int err;
};

/** rpf_dump() - one dump, of which each message goes to @cb with @loader */
int rpf_dump(struct rpf_loader *loader, int family, uint16_t type,
	     mnl_cb_t cb);

int rpf_load_links(struct rpf_loader *loader);
int rpf_load_rules(struct rpf_loader *loader);
int rpf_load_routes(struct rpf_loader *loader);

/** rpf_load_nexthop() - add the ways of the object of a route. 0 or -errno. */
int rpf_load_nexthop(struct nl *rt, struct rpf_route *route);

/*
 * rpf_parse_*() - read one message into a zeroed item
 *
 * Return: 0; -EBADMSG if it is another message or a part is missing; -ENOMEM.
 */
int rpf_parse_link(const struct nlmsghdr *nlh, struct rpf_link *link);
int rpf_parse_rule(const struct nlmsghdr *nlh, struct rpf_rule *rule);
int rpf_parse_route(const struct nlmsghdr *nlh, struct rpf_route *route);

#endif /* NFX_RPFTABLES_H */
