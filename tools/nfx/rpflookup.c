// SPDX-License-Identifier: GPL-2.0-only
/* The best route of a table. */
#include <errno.h>
#include <linux/icmpv6.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "rpf_uapi.h"
#include "rpfwalk.h"

#define LEGACY_TOS 0x1c		/* as in rpfwalk.c */

/* As of fib_props[]; IPv6 has the same for the types it has. */
static int type_error(uint8_t type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
		return -EACCES;
	case RTN_THROW:
		return -EAGAIN;
	default:
		return 0;
	}
}

bool rpf_in_table(const struct rpf_tables *tables,
		  const struct rpf_route *route, uint32_t table)
{
	if (tables->merged &&
	    (table == RT_TABLE_LOCAL || table == RT_TABLE_MAIN))
		return route->table == RT_TABLE_LOCAL ||
		       route->table == RT_TABLE_MAIN;
	return route->table == table;
}

/*
 * Who reads the flags sees a link without carrier as dead if the sysctl wants
 * that (fib_nexthop_info()). One that is down is dead in any case.
 */
bool rpf_nh_dead(const struct rpf_tables *tables, const struct rpf_nh *nh,
		 bool linkstate)
{
	const struct rpf_link *link;

	if (!(nh->flags & RTNH_F_DEAD))
		return false;
	if (linkstate || !(nh->flags & RTNH_F_LINKDOWN))
		return true;
	link = rpf_link(tables, nh->ifindex);
	return !link || !(link->flags & IFF_UP);
}

static bool take(const struct rpf_route *route, const struct rpf_nh *nh,
		 struct rpf_result *result)
{
	result->route = route;
	result->type = route->blackhole ? RTN_BLACKHOLE : route->type;
	result->err = type_error(result->type);
	result->nh = nh;
	return true;
}

static const struct rpf_nh *first_nh(const struct rpf_tables *tables,
				     const struct rpf_flow *flow,
				     const struct rpf_route *route)
{
	unsigned int i;

	for (i = 0; i < route->nh_count; i++)
		if (!rpf_nh_dead(tables, &route->nhs[i], flow->linkstate))
			return &route->nhs[i];
	return NULL;
}

/* fib_table_lookup(). oif is never set for IPv4. */
static bool lookup4(const struct rpf_tables *tables,
		    const struct rpf_flow *flow, uint32_t table,
		    struct rpf_result *result)
{
	const struct rpf_route *route;
	const struct rpf_nh *nh;
	unsigned int i;

	for (i = 0; i < tables->route_count; i++) {
		route = &tables->routes[i];
		if (!rpf_in_table(tables, route, table) ||
		    !rpf_prefix_has(route->dst, route->dst_len, flow->daddr))
			continue;
		if (route->tos && route->tos != (flow->tos & LEGACY_TOS))
			continue;
		nh = first_nh(tables, flow, route);
		if (nh || route->blackhole || type_error(route->type))
			return take(route, nh, result);
	}
	return false;
}

/* Those routes that a node of the tree of IPv6 holds: of one prefix. */
struct node {
	const struct rpf_tables *tables;
	uint32_t table;
	const struct rpf_route *key;
	unsigned int at;
};

static bool same_node(const struct rpf_route *a, const struct rpf_route *b)
{
	return a->table == b->table && a->dst_len == b->dst_len &&
	       a->src_len == b->src_len &&
	       !memcmp(a->dst, b->dst, RPF_ADDR) &&
	       !memcmp(a->src, b->src, RPF_ADDR);
}

/* The next route of the node, NULL after the last. */
static const struct rpf_route *next_route(struct node *node)
{
	const struct rpf_tables *tables = node->tables;

	while (node->at < tables->route_count) {
		const struct rpf_route *route = &tables->routes[node->at++];

		if (same_node(route, node->key))
			return route;
	}
	return NULL;
}

/* rt6_score_route() without what is known of neighbours; -1 does not do. */
static int score(const struct rpf_flow *flow, const struct rpf_route *route,
		 const struct rpf_nh *nh)
{
	/* IPV6_DECODE_PREF(): low is -1, medium 0, high 1, reserved medium */
	int pref = route->pref == ICMPV6_ROUTER_PREF_LOW ? 1 :
		   route->pref == ICMPV6_ROUTER_PREF_HIGH ? 3 : 2;
	bool same = !flow->oif || nh->ifindex == flow->oif;

	if (!same && flow->strict)
		return -1;
	return (same ? 2 : 0) + (pref << 2);
}

struct best {
	const struct rpf_route *route;
	const struct rpf_nh *nh;
	int score;
};

/* Returns true if nothing can be better: an object that is a blackhole. */
static bool try_route(const struct rpf_tables *tables,
		      const struct rpf_flow *flow,
		      const struct rpf_route *route, struct best *best)
{
	unsigned int i;
	int m;

	if (route->expired)
		return false;
	if (route->blackhole) {
		*best = (struct best){ route, NULL, 0 };
		return true;
	}
	for (i = 0; i < route->nh_count; i++) {
		const struct rpf_nh *nh = &route->nhs[i];

		if (rpf_nh_dead(tables, nh, flow->linkstate))
			continue;
		m = score(flow, route, nh);
		if (m > best->score)
			*best = (struct best){ route, nh, m };
	}
	return false;
}

/* rt6_select(): the best of the first metric, or of all the others. */
static bool select_route(struct node *node, const struct rpf_flow *flow,
			 struct rpf_result *result)
{
	struct best best = { .score = -1 };
	const struct rpf_route *route;
	bool rest = false;

	node->at = 0;
	while ((route = next_route(node))) {
		if (!rest && route->metric != node->key->metric) {
			if (best.route)
				break;
			rest = true;
		}
		if (try_route(node->tables, flow, route, &best))
			break;
	}
	return best.route && take(best.route, best.nh, result);
}

/* __rt6_device_match(), with the device only */
static const struct rpf_nh *device_nh(const struct rpf_tables *tables,
				      const struct rpf_route *route,
				      uint32_t oif)
{
	unsigned int i;

	for (i = 0; i < route->nh_count; i++)
		if (route->nhs[i].ifindex == oif &&
		    !rpf_nh_dead(tables, &route->nhs[i], false))
			return &route->nhs[i];
	return NULL;
}

/*
 * rt6_device_match(): of all metrics the first that uses oif, or the first.
 * Without oif the kernel looks for a device with the address the flow is
 * from; which route it takes then makes no difference to who asks.
 */
static bool match_device(struct node *node, const struct rpf_flow *flow,
			 struct rpf_result *result)
{
	const struct rpf_route *route;
	const struct rpf_nh *nh;

	node->at = 0;
	while (flow->oif && (route = next_route(node))) {
		nh = device_nh(node->tables, route, flow->oif);
		if (nh && !route->blackhole)
			return take(route, nh, result);
	}
	if (flow->oif && flow->strict)
		return false;
	nh = first_nh(node->tables, flow, node->key);
	return (nh || node->key->blackhole) && take(node->key, nh, result);
}

/*
 * Where there are routes for sources, those without one are seen if one of
 * them has matched, if they are the default routes, or on the way up from a
 * longer prefix: see fib6_node_lookup_1() and fib6_backtrack().
 */
static bool node_is_seen(const struct node *node, const struct rpf_flow *flow,
			 bool way_up)
{
	const struct rpf_tables *tables = node->tables;
	const struct rpf_route *key = node->key, *route;
	bool sources = false;
	unsigned int i;

	if (key->src_len)
		return rpf_prefix_has(key->src, key->src_len, flow->saddr);
	if (way_up || !key->dst_len)
		return true;
	for (i = 0; i < tables->route_count; i++) {
		route = &tables->routes[i];
		if (route->table != key->table || !route->src_len ||
		    route->dst_len != key->dst_len ||
		    memcmp(route->dst, key->dst, RPF_ADDR))
			continue;
		if (rpf_prefix_has(route->src, route->src_len, flow->saddr))
			return true;
		sources = true;
	}
	return !sources;
}

/* fib6_table_lookup() and ip6_pol_route_lookup() */
static bool lookup6(const struct rpf_tables *tables,
		    const struct rpf_flow *flow, uint32_t table,
		    struct rpf_result *result)
{
	struct node node = { .tables = tables, .table = table };
	bool found, way_up = false;
	unsigned int i;

	for (i = 0; i < tables->route_count; i++) {
		const struct rpf_route *route = &tables->routes[i];

		if (route->table != table ||
		    !rpf_prefix_has(route->dst, route->dst_len, flow->daddr) ||
		    (node.key && same_node(node.key, route)))
			continue;
		node.key = route;
		if (!node_is_seen(&node, flow, way_up))
			continue;
		way_up = true;
		if (flow->lookup == RPF_LOOKUP_POL)
			found = match_device(&node, flow, result);
		else
			found = select_route(&node, flow, result);
		if (found)
			return true;
	}
	return false;
}

bool rpf_lookup_table(const struct rpf_tables *tables,
		      const struct rpf_flow *flow, uint32_t table,
		      struct rpf_result *result)
{
	if (tables->family == AF_INET)
		return lookup4(tables, flow, table, result);
	return lookup6(tables, flow, table, result);
}
