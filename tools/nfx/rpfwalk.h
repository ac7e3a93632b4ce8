/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The routing decision of the kernel, made here: rules in their order, the
 * table each of them leads to, the best route of the longest prefix.
 *
 * Nothing is asked of the kernel and nothing is allocated. What it does is in
 * net/core/fib_rules.c, net/ipv4/fib_{rules,trie}.c, net/ipv6/fib6_rules.c,
 * ip6_fib.c and route.c.
 */
#ifndef NFX_RPFWALK_H
#define NFX_RPFWALK_H

#include "rpftables.h"

/* ifindex of the loopback device, in each namespace */
#define RPF_LOOPBACK 1

/**
 * enum rpf_lookup - which of the kernel's ways through the tables
 * @RPF_LOOKUP_FIB:   fib_lookup(), fib6_lookup(): of nf_rpf and nft fib
 * @RPF_LOOKUP_ROUTE: IPv6: ip6_pol_route(), of packets and RTM_GETROUTE
 * @RPF_LOOKUP_POL:   IPv6: ip6_pol_route_lookup(), of the rpfilter match
 *                    revision 0
 *
 * They differ in what a throw route of IPv6 does, and in the route of several
 * to a prefix that is taken. IPv4 has one way.
 */
enum rpf_lookup { RPF_LOOKUP_FIB, RPF_LOOKUP_ROUTE, RPF_LOOKUP_POL };

/**
 * struct rpf_flow - of the packet that would go back
 * @lookup:    as above
 * @daddr:     where to: the source of the packet that came
 * @saddr:     where from; zero if that is not known, then @has_saddr is false
 * @iif, @oif: ifindex, 0 for none
 * @l3mdev:    ifindex of a VRF to look up in, 0 for none
 * @proto:     IPPROTO_*, 0 if not known
 * @sport, @dport: host byte order, 0 if not known
 * @tos:       DSCP and ECN as in the header
 * @strict:    only routes by @oif (RT6_LOOKUP_F_IFACE)
 * @linkstate: routes by links without carrier count, or not, as the sysctl
 *             ignore_routes_with_linkdown says; else they count
 * @keep_suppressed: the rules suppress nothing (IPv6, as nft fib of some
 *             kernels does it)
 * @keep_throw: a throw route is the result (the same)
 */
struct rpf_flow {
	enum rpf_lookup lookup;
	uint8_t daddr[RPF_ADDR];
	uint8_t saddr[RPF_ADDR];
	bool has_saddr;
	uint32_t iif;
	uint32_t oif;
	uint32_t mark;
	uint32_t l3mdev;
	uint32_t uid;
	uint8_t proto;
	uint16_t sport;
	uint16_t dport;
	uint8_t tos;
	bool strict;
	bool linkstate;
	bool keep_suppressed;
	bool keep_throw;
};

/**
 * enum rpf_step_kind - what became of a rule
 * @RPF_STEP_OTHER:    it is for other flows
 * @RPF_STEP_NO_ROUTE: its table has no route
 * @RPF_STEP_THROW:    its table has a route of type throw
 * @RPF_STEP_SUPPRESS: its table has one that the rule suppresses
 * @RPF_STEP_GOTO:     it goes to another rule
 * @RPF_STEP_NOWHERE:  it would, but there is none, or it does nothing at all
 * @RPF_STEP_ACTION:   it ends the lookup by itself
 * @RPF_STEP_ROUTE:    its table has the route
 */
enum rpf_step_kind {
	RPF_STEP_OTHER,
	RPF_STEP_NO_ROUTE,
	RPF_STEP_THROW,
	RPF_STEP_SUPPRESS,
	RPF_STEP_GOTO,
	RPF_STEP_NOWHERE,
	RPF_STEP_ACTION,
	RPF_STEP_ROUTE,
	RPF_STEPS,
};

/**
 * struct rpf_step - one rule
 * @why:   of RPF_STEP_OTHER: the selector that did not fit, else NULL
 * @table: that was looked into, 0 if none was
 * @route: that was found there, or NULL
 */
struct rpf_step {
	enum rpf_step_kind kind;
	const struct rpf_rule *rule;
	const char *why;
	uint32_t table;
	const struct rpf_route *route;
};

typedef void (*rpf_step_cb)(const struct rpf_step *step, void *data);

/**
 * struct rpf_result - the decision
 * @err:   0, or -errno as the kernel has it: -EINVAL blackhole, -EACCES
 *         prohibit, -EHOSTUNREACH unreachable, -ENETUNREACH, -ESRCH nothing
 * @rule:  that made it, NULL if none did
 * @route: that was taken, be it one that gives an error; NULL if there is none
 * @type:  of the route, RTN_BLACKHOLE for a blackhole object
 * @nh:    first of its ways that could be taken, or NULL
 */
struct rpf_result {
	int err;
	const struct rpf_rule *rule;
	const struct rpf_route *route;
	uint8_t type;
	const struct rpf_nh *nh;
};

/** rpf_walk() - decide. @cb, which may be NULL, sees each rule on the way. */
void rpf_walk(const struct rpf_tables *tables, const struct rpf_flow *flow,
	      struct rpf_result *result, rpf_step_cb cb, void *data);

/**
 * rpf_rule_mismatch() - the selector of a rule that a flow does not fit
 * @flow:  after l3mdev_update_flow(), as rpf_walk() does it
 * @oif_vrf: the VRF of the flow comes from its oif (FLOWI_FLAG_L3MDEV_OIF)
 *
 * FIB_RULE_INVERT is not looked at. Return: its name in ip-rule(8), or NULL.
 */
const char *rpf_rule_mismatch(const struct rpf_tables *tables,
			      const struct rpf_rule *rule,
			      const struct rpf_flow *flow, bool oif_vrf);

/**
 * rpf_alias() - does a route that the kernel has at hand beside the best one
 *		 count for a flow?
 * @best: the one that was taken
 *
 * It is one to the same prefix, in the same table, of the same type, for the
 * same TOS. (fib_result_uses_dev(), fib6_result_uses_dev())
 */
bool rpf_alias(const struct rpf_tables *tables, const struct rpf_flow *flow,
	       const struct rpf_route *best, const struct rpf_route *route);

/* rpflookup.c */

/**
 * rpf_lookup_table() - find the best route of a table
 * @result: @route, @type, @nh and @err are set
 *
 * Return: true if there is one, also if it is one that gives an error.
 */
bool rpf_lookup_table(const struct rpf_tables *tables,
		      const struct rpf_flow *flow, uint32_t table,
		      struct rpf_result *result);

/** rpf_in_table() - is a route in it, local and main being one if @merged? */
bool rpf_in_table(const struct rpf_tables *tables,
		  const struct rpf_route *route, uint32_t table);

/** rpf_nh_dead() - can a way not be taken? See struct rpf_flow, @linkstate. */
bool rpf_nh_dead(const struct rpf_tables *tables, const struct rpf_nh *nh,
		 bool linkstate);

#endif /* NFX_RPFWALK_H */
