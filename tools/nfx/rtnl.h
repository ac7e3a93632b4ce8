/* SPDX-License-Identifier: GPL-2.0-only */
/* Links, addresses, routes and rules for a throw-away network namespace. */
#ifndef NFX_RTNL_H
#define NFX_RTNL_H

#include <stdint.h>

#include "nl.h"

/* The MAC addresses of the two ends rtnl_veth() makes. */
extern const uint8_t rtnl_mac_a[6], rtnl_mac_b[6];

/*
 * All functions return 0 or -errno. @family is AF_INET or AF_INET6, addresses
 * are in network byte order, @len is a prefix length in bits. @rt is a
 * NETLINK_ROUTE socket.
 */

/**
 * rtnl_veth() - create the veth pair "a" <-> "b" and bring both ends up
 *
 * "a" has IFF_NOARP set: what is routed to it leaves without address
 * resolution. Both ends stay in the caller's namespace.
 */
int rtnl_veth(struct nl *rt);

/** rtnl_up() - bring link @ifname up. */
int rtnl_up(struct nl *rt, const char *ifname);

int rtnl_addr_add(struct nl *rt, int family, const char *ifname,
		  const void *addr, uint8_t len);

/**
 * rtnl_addr_del_many() - remove IPv4 addresses with one single send
 * @addrs: @count addresses, all with prefix length @len
 */
int rtnl_addr_del_many(struct nl *rt, const char *ifname,
		       const uint32_t *addrs, unsigned int count, uint8_t len);

/** rtnl_route_add() - @dst/@len dev @ifname in @table; @len 0 is default. */
int rtnl_route_add(struct nl *rt, int family, uint8_t table, const void *dst,
		   uint8_t len, const char *ifname);

/**
 * rtnl_rule_add() - lookup @table at preference @pref
 * @suppress: drop results whose prefix is not longer than this; -1: keep all
 */
int rtnl_rule_add(struct nl *rt, int family, uint32_t pref, uint8_t table,
		  int suppress);

#endif /* NFX_RTNL_H */
