/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the reverse path of a packet is, as nf_rpf of blocks 04xx says it
 * (net/netfilter/nf_rpf_ipv4.c, nf_rpf_ipv6.c), made from tables alone.
 */
#ifndef NFX_RPFEVAL_H
#define NFX_RPFEVAL_H

#include "rpfwalk.h"

/**
 * enum rpf_class - as enum nf_rpf_class of linux/netfilter/nf_rpf.h
 * @RPF_EXEMPT:   not looked up: loopback, DHCP, IGMP, duplicate address
 *                detection
 * @RPF_STRICT:   the best route to the source uses the input device
 * @RPF_FEASIBLE: another route to the same prefix uses it
 * @RPF_LOOSE:    there is a route to the source, by other devices
 * @RPF_DEFAULT:  there is only a default route, which does not count
 * @RPF_LOCAL:    the source is an address of this host
 * @RPF_MARTIAN:  the source is no unicast address
 * @RPF_DROP_NEXTHOP: the route is a blackhole, prohibit or unreachable
 * @RPF_NONE:     there is no route to the source
 */
enum rpf_class {
	RPF_UNSPEC,
	RPF_EXEMPT,
	RPF_STRICT,
	RPF_FEASIBLE,
	RPF_LOOSE,
	RPF_DEFAULT,
	RPF_LOCAL,
	RPF_MARTIAN,
	RPF_DROP_NEXTHOP,
	RPF_NONE,
	RPF_CLASSES,
};

/** rpf_class_name() - as libxt_rpfilter and nft have it: "drop-nexthop" */
const char *rpf_class_name(enum rpf_class class);

/** rpf_class_text() - what it means, half a sentence */
const char *rpf_class_text(enum rpf_class class);

/* The modes of a reverse path filter: sets of classes. */
enum rpf_mode {
	RPF_MODE_STRICT,
	RPF_MODE_FEASIBLE,
	RPF_MODE_LOOSE,
	RPF_MODES,
};

const char *rpf_mode_name(enum rpf_mode mode);

/** rpf_mode_find() - mode of that name, or RPF_MODES */
enum rpf_mode rpf_mode_find(const char *name);

/** rpf_passes() - does a packet of @class pass a filter of @mode? */
bool rpf_passes(enum rpf_mode mode, enum rpf_class class);

/* Options of a lookup, as --no-default, --accept-local, --l4. */
#define RPF_F_NO_DEFAULT	(1U << 0)
#define RPF_F_ACCEPT_LOCAL	(1U << 1)
#define RPF_F_L4		(1U << 2)

/**
 * struct rpf_query - a packet that has come in
 * @src:   its source, whose reverse path is looked for
 * @dst:   its destination, if @has_dst; else nothing is known of it
 * @in:    ifindex of the device it came by
 * @out:   that it is forwarded to, 0 if it is not, or not yet known
 * @vrf:   ifindex of the VRF to look up in, 0 for that of @in
 * @mark:  of the reverse flow: 0 unless the mark is to count
 * @proto: IPPROTO_*, 0 if not known
 * @sport, @dport: of the packet, host byte order, 0 if not known
 * @tos:   DSCP and ECN
 */
struct rpf_query {
	uint8_t src[RPF_ADDR];
	uint8_t dst[RPF_ADDR];
	bool has_dst;
	uint32_t in;
	uint32_t out;
	uint32_t vrf;
	uint32_t mark;
	uint8_t proto;
	uint16_t sport;
	uint16_t dport;
	uint8_t tos;
};

/**
 * struct rpf_answer - what came of it
 * @class:    see there
 * @reason:   what made it RPF_EXEMPT or RPF_MARTIAN before any lookup, or NULL
 * @result:   of the lookup, if there was one
 * @feasible: of RPF_FEASIBLE: the route that uses the input device
 */
struct rpf_answer {
	enum rpf_class class;
	const char *reason;
	struct rpf_result result;
	const struct rpf_route *feasible;
};

/** rpf_flow_of() - the flow that is looked up for a packet, see RPF_F_L4 */
void rpf_flow_of(const struct rpf_tables *tables, const struct rpf_query *query,
		 unsigned int flags, struct rpf_flow *flow);

/**
 * rpf_eval() - classify a packet
 * @flags: RPF_F_*
 */
void rpf_eval(const struct rpf_tables *tables, const struct rpf_query *query,
	      unsigned int flags, struct rpf_answer *answer);

/**
 * rpf_eval_flow() - the same for a flow other than rpf_flow_of() makes
 *
 * Return: the class that @flow, which is not exempt, has.
 */
enum rpf_class rpf_eval_flow(const struct rpf_tables *tables,
			     const struct rpf_query *query,
			     const struct rpf_flow *flow, unsigned int flags);

/**
 * rpf_early() - is there an answer before any lookup?
 *
 * Return: RPF_EXEMPT or RPF_MARTIAN with its @reason, else RPF_UNSPEC.
 */
enum rpf_class rpf_early(const struct rpf_tables *tables,
			 const struct rpf_query *query, const char **reason);

/** rpf_uses() - does a route use a device, or a port of it if it is a VRF? */
bool rpf_uses(const struct rpf_tables *tables, const struct rpf_route *route,
	      uint32_t ifindex);

/* rpfaddr.c: kinds of addresses, in network byte order */

/** rpf4_is_unicast() - none of multicast, 0.0.0.0/8, 255.255.255.255 */
bool rpf4_is_unicast(const uint8_t *addr);
bool rpf4_is_zeronet(const uint8_t *addr);
bool rpf4_is_broadcast(const uint8_t *addr);
bool rpf4_is_multicast(const uint8_t *addr);
bool rpf4_is_loopback(const uint8_t *addr);

/** rpf4_is_local_multicast() - of 224.0.0.0/24 */
bool rpf4_is_local_multicast(const uint8_t *addr);

bool rpf6_is_any(const uint8_t *addr);
bool rpf6_is_multicast(const uint8_t *addr);

/** rpf6_is_local_multicast() - of a scope up to that of the link */
bool rpf6_is_local_multicast(const uint8_t *addr);
bool rpf6_is_linklocal(const uint8_t *addr);

/** rpf6_is_unicast() - see __ipv6_addr_type(): neither :: nor multicast */
bool rpf6_is_unicast(const uint8_t *addr);

#endif /* NFX_RPFEVAL_H */
