// SPDX-License-Identifier: GPL-2.0-only
/* What the reverse path of a packet is, made from tables. */
#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "rpfeval.h"

#if __has_include(<linux/netfilter/nf_rpf.h>)
#include <linux/netfilter/nf_rpf.h>
static_assert(RPF_EXEMPT == (int)NF_RPF_EXEMPT &&
	      RPF_STRICT == (int)NF_RPF_STRICT &&
	      RPF_FEASIBLE == (int)NF_RPF_FEASIBLE &&
	      RPF_LOOSE == (int)NF_RPF_LOOSE &&
	      RPF_DEFAULT == (int)NF_RPF_DEFAULT &&
	      RPF_LOCAL == (int)NF_RPF_LOCAL &&
	      RPF_MARTIAN == (int)NF_RPF_MARTIAN &&
	      RPF_DROP_NEXTHOP == (int)NF_RPF_DROP_NEXTHOP &&
	      RPF_NONE == (int)NF_RPF_NONE &&
	      RPF_CLASSES == (int)__NF_RPF_MAX, "the kernel's classes");
#endif

static const struct {
	const char *name;
	const char *text;
} classes[] = {
	[RPF_UNSPEC]	= { "unspec", "not classified" },
	[RPF_EXEMPT]	= { "exempt", "not looked up" },
	[RPF_STRICT]	= { "strict", "the best route uses the interface" },
	[RPF_FEASIBLE]	= { "feasible",
			    "another route to the prefix uses the interface" },
	[RPF_LOOSE]	= { "loose", "there is a route, by other interfaces" },
	[RPF_DEFAULT]	= { "default", "there is only a default route" },
	[RPF_LOCAL]	= { "local", "the source is an address of this host" },
	[RPF_MARTIAN]	= { "martian", "the source is no unicast address" },
	[RPF_DROP_NEXTHOP] = { "drop-nexthop",
			       "the route is one that drops packets" },
	[RPF_NONE]	= { "none", "there is no route to the source" },
};
static_assert(ARRAY_SIZE(classes) == RPF_CLASSES, "one text per class");

static const struct {
	const char *name;
	unsigned int classes;
} modes[] = {
	[RPF_MODE_STRICT]	= { "strict", 1 << RPF_EXEMPT |
					1 << RPF_STRICT },
	[RPF_MODE_FEASIBLE]	= { "feasible", 1 << RPF_EXEMPT |
					1 << RPF_STRICT | 1 << RPF_FEASIBLE },
	[RPF_MODE_LOOSE]	= { "loose", 1 << RPF_EXEMPT |
					1 << RPF_STRICT | 1 << RPF_FEASIBLE |
					1 << RPF_LOOSE },
};
static_assert(ARRAY_SIZE(modes) == RPF_MODES, "one row per mode");

const char *rpf_class_name(enum rpf_class class)
{
	return classes[class].name;
}

const char *rpf_class_text(enum rpf_class class)
{
	return classes[class].text;
}

const char *rpf_mode_name(enum rpf_mode mode)
{
	return modes[mode].name;
}

enum rpf_mode rpf_mode_find(const char *name)
{
	unsigned int mode;

	for (mode = 0; mode < RPF_MODES; mode++)
		if (!strcmp(modes[mode].name, name))
			break;
	return mode;
}

bool rpf_passes(enum rpf_mode mode, enum rpf_class class)
{
	return modes[mode].classes & 1U << class;
}

bool rpf_uses(const struct rpf_tables *tables, const struct rpf_route *route,
	      uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < route->nh_count; i++)
		if (route->nhs[i].ifindex == ifindex ||
		    rpf_vrf(tables, route->nhs[i].ifindex) == ifindex)
			return true;
	return false;
}

static enum rpf_class early4(const struct rpf_query *query, const char **reason)
{
	if (rpf4_is_zeronet(query->src) && query->has_dst &&
	    (rpf4_is_broadcast(query->dst) ||
	     rpf4_is_local_multicast(query->dst))) {
		*reason = "DHCP or IGMP of a host without an address";
		return RPF_EXEMPT;
	}
	if (rpf4_is_unicast(query->src))
		return RPF_UNSPEC;
	*reason = rpf4_is_multicast(query->src) ? "a multicast address" :
		  rpf4_is_zeronet(query->src) ? "an address of 0.0.0.0/8" :
		  "the broadcast address";
	return RPF_MARTIAN;
}

static enum rpf_class early6(const struct rpf_query *query, const char **reason)
{
	if (rpf6_is_any(query->src) && query->has_dst &&
	    rpf6_is_local_multicast(query->dst)) {
		*reason = "duplicate address detection, router solicitation "
			  "or MLD of a host without an address";
		return RPF_EXEMPT;
	}
	if (rpf6_is_unicast(query->src))
		return RPF_UNSPEC;
	*reason = rpf6_is_multicast(query->src) ? "a multicast address" :
		  rpf6_is_any(query->src) ? "the unspecified address" :
		  "an IPv4-mapped address";
	return RPF_MARTIAN;
}

enum rpf_class rpf_early(const struct rpf_tables *tables,
			 const struct rpf_query *query, const char **reason)
{
	const struct rpf_link *in = rpf_link(tables, query->in);

	*reason = NULL;
	if (in && in->flags & IFF_LOOPBACK) {
		*reason = "the interface is the loopback";
		return RPF_EXEMPT;
	}
	if (tables->family == AF_INET)
		return early4(query, reason);
	return early6(query, reason);
}

/* Addresses of a group are no source of the way back. */
static bool takes_dst(const struct rpf_tables *tables,
		      const struct rpf_query *query)
{
	if (!query->has_dst)
		return false;
	return tables->family == AF_INET ? rpf4_is_unicast(query->dst) :
					   !rpf6_is_multicast(query->dst);
}

void rpf_flow_of(const struct rpf_tables *tables, const struct rpf_query *query,
		 unsigned int flags, struct rpf_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	memcpy(flow->daddr, query->src, RPF_ADDR);
	flow->has_saddr = takes_dst(tables, query);
	if (flow->has_saddr)
		memcpy(flow->saddr, query->dst, RPF_ADDR);
	flow->iif = query->out ? query->out : RPF_LOOPBACK;
	flow->mark = query->mark;
	flow->l3mdev = query->vrf ? query->vrf : rpf_vrf(tables, query->in);
	flow->proto = query->proto;
	flow->tos = query->tos;
	if (flags & RPF_F_L4) {
		flow->sport = query->dport;
		flow->dport = query->sport;
	}
	if (tables->family == AF_INET6 && rpf6_is_linklocal(query->src)) {
		flow->strict = true;
		flow->oif = query->in;
	}
}

/* Routes that give errors, and rules; see nf_rpf_error(). */
static enum rpf_class error_class(int err)
{
	switch (err) {
	case -EINVAL:
	case -EACCES:
	case -EHOSTUNREACH:
		return RPF_DROP_NEXTHOP;
	default:
		return RPF_NONE;
	}
}

static const struct rpf_route *feasible_route(const struct rpf_tables *tables,
					      const struct rpf_query *query,
					      const struct rpf_flow *flow,
					      const struct rpf_route *best)
{
	unsigned int i;

	for (i = 0; i < tables->route_count; i++)
		if (rpf_alias(tables, flow, best, &tables->routes[i]) &&
		    rpf_uses(tables, &tables->routes[i], query->in))
			return &tables->routes[i];
	return NULL;
}

static void classify(const struct rpf_tables *tables,
		     const struct rpf_query *query, const struct rpf_flow *flow,
		     unsigned int flags, struct rpf_answer *answer)
{
	const struct rpf_result *result = &answer->result;
	const struct rpf_route *route = result->route;

	if (result->err) {
		answer->class = error_class(result->err);
	} else if (result->type == RTN_LOCAL &&
		   !(flags & RPF_F_ACCEPT_LOCAL)) {
		answer->class = RPF_LOCAL;
	} else if (result->type != RTN_LOCAL && result->type != RTN_UNICAST) {
		answer->class = RPF_MARTIAN;
	} else if (flags & RPF_F_NO_DEFAULT && !route->dst_len) {
		answer->class = RPF_DEFAULT;
	} else if (rpf_uses(tables, route, query->in)) {
		answer->class = RPF_STRICT;
	} else {
		answer->feasible = feasible_route(tables, query, flow, route);
		answer->class = answer->feasible ? RPF_FEASIBLE : RPF_LOOSE;
	}
}

enum rpf_class rpf_eval_flow(const struct rpf_tables *tables,
			     const struct rpf_query *query,
			     const struct rpf_flow *flow, unsigned int flags)
{
	struct rpf_answer answer = { .class = RPF_UNSPEC };

	rpf_walk(tables, flow, &answer.result, NULL, NULL);
	classify(tables, query, flow, flags, &answer);
	return answer.class;
}

void rpf_eval(const struct rpf_tables *tables, const struct rpf_query *query,
	      unsigned int flags, struct rpf_answer *answer)
{
	struct rpf_flow flow;

	memset(answer, 0, sizeof(*answer));
	answer->class = rpf_early(tables, query, &answer->reason);
	if (answer->class != RPF_UNSPEC)
		return;
	rpf_flow_of(tables, query, flags, &flow);
	rpf_walk(tables, &flow, &answer->result, NULL, NULL);
	classify(tables, query, &flow, flags, answer);
}
