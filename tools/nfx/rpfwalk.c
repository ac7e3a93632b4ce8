// SPDX-License-Identifier: GPL-2.0-only
/* The routing decision: which rule matches, and what it leads to. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "rpf_uapi.h"
#include "rpfwalk.h"

/* The bits of a TOS that the old selectors look at (INET_DSCP_LEGACY_TOS_MASK,
 * which is what is left of IPTOS_RT_MASK without ECN).
 */
#define LEGACY_TOS 0x1c

#define DSCP_BITS 0xfc

static bool iif_fits(const struct rpf_tables *tables,
		     const struct rpf_rule *rule, const struct rpf_flow *flow,
		     bool oif_vrf)
{
	const struct rpf_link *link;

	if (!rule->iifindex)
		return true;
	link = rpf_link(tables, rule->iifindex);
	if (link && link->vrf)
		return !oif_vrf && flow->l3mdev == rule->iifindex;
	return flow->iif == rule->iifindex;
}

static bool oif_fits(const struct rpf_tables *tables,
		     const struct rpf_rule *rule, const struct rpf_flow *flow,
		     bool oif_vrf)
{
	const struct rpf_link *link;

	if (!rule->oifindex)
		return true;
	link = rpf_link(tables, rule->oifindex);
	if (link && link->vrf)
		return oif_vrf && flow->l3mdev == rule->oifindex;
	return flow->oif == rule->oifindex;
}

/* Without a source IPv4 takes 0.0.0.0 for it, IPv6 does not look. */
static bool saddr_fits(const struct rpf_tables *tables,
		       const struct rpf_rule *rule, const struct rpf_flow *flow)
{
	if (!rule->src_len)
		return true;
	if (tables->family == AF_INET6 && !flow->has_saddr)
		return rule->flags & FIB_RULE_FIND_SADDR;
	return rpf_prefix_has(rule->src, rule->src_len, flow->saddr);
}

static bool ports_fit(const struct rpf_ports *ports, uint16_t port)
{
	if ((ports->start ^ port) & ports->mask)
		return false;
	if (ports->mask || !ports->start || !ports->end)
		return true;
	return port >= ports->start && port <= ports->end;
}

/* The old selector of IPv4 does not see the upper bits, that of IPv6 does. */
static bool tos_fits(const struct rpf_tables *tables,
		     const struct rpf_rule *rule, const struct rpf_flow *flow)
{
	if (rule->has_dscp)
		return !((rule->dscp ^ flow->tos) & rule->dscp_mask);
	if (!rule->tos)
		return true;
	if (tables->family == AF_INET)
		return rule->tos == (flow->tos & LEGACY_TOS);
	return rule->tos == (flow->tos & DSCP_BITS);
}

static bool uid_fits(const struct rpf_rule *rule, const struct rpf_flow *flow)
{
	return !rule->uids || (flow->uid >= rule->uid_min &&
			       flow->uid <= rule->uid_max);
}

static bool vrf_fits(const struct rpf_tables *tables,
		     const struct rpf_rule *rule, const struct rpf_flow *flow)
{
	const struct rpf_link *link;

	if (!rule->l3mdev)
		return true;
	link = rpf_link(tables, flow->l3mdev);
	return link && link->vrf;
}

const char *rpf_rule_mismatch(const struct rpf_tables *tables,
			      const struct rpf_rule *rule,
			      const struct rpf_flow *flow, bool oif_vrf)
{
	if (!iif_fits(tables, rule, flow, oif_vrf))
		return "iif";
	if (!oif_fits(tables, rule, flow, oif_vrf))
		return "oif";
	if ((rule->mark ^ flow->mark) & rule->mark_mask)
		return "fwmark";
	if (rule->tun_id)
		return "tun_id";
	if (!vrf_fits(tables, rule, flow))
		return "l3mdev";
	if (!uid_fits(rule, flow))
		return "uidrange";
	if (!saddr_fits(tables, rule, flow))
		return "from";
	if (!rpf_prefix_has(rule->dst, rule->dst_len, flow->daddr))
		return "to";
	if (!tos_fits(tables, rule, flow))
		return rule->has_dscp ? "dscp" : "tos";
	if (rule->flowlabel_mask & rule->flowlabel)
		return "flowlabel";
	if (rule->proto && rule->proto != flow->proto)
		return "ipproto";
	if (!ports_fit(&rule->sport, flow->sport))
		return "sport";
	return ports_fit(&rule->dport, flow->dport) ? NULL : "dport";
}

/*
 * l3mdev_update_flow(): a flow by a port of a VRF is one of the VRF, and an
 * oif that is a VRF is none. Returns FLOWI_FLAG_L3MDEV_OIF.
 */
static bool update_flow(const struct rpf_tables *tables, struct rpf_flow *flow)
{
	const struct rpf_link *link = rpf_link(tables, flow->oif);
	bool oif_vrf = false;

	if (link) {
		oif_vrf = !flow->l3mdev;
		if (!flow->l3mdev)
			flow->l3mdev = rpf_vrf(tables, flow->oif);
		if (link->vrf)
			flow->oif = 0;
	} else if (flow->iif > RPF_LOOPBACK && !flow->l3mdev) {
		flow->l3mdev = rpf_vrf(tables, flow->iif);
	}
	return oif_vrf;
}

/* As of fib4_rule_action() and fib6_rule_action(). */
static int action_error(const struct rpf_rule *rule)
{
	switch (rule->action) {
	case FR_ACT_UNREACHABLE:
		return -ENETUNREACH;
	case FR_ACT_PROHIBIT:
		return -EACCES;
	default:
		return -EINVAL;
	}
}

static bool suppressed(const struct rpf_tables *tables,
		       const struct rpf_rule *rule,
		       const struct rpf_result *result)
{
	const struct rpf_route *route = result->route;
	const struct rpf_nh *nh = result->nh;
	const struct rpf_link *link;

	if ((int)route->dst_len <= rule->suppress_prefixlen)
		return true;
	if (rule->suppress_ifgroup < 0 || !nh)
		return false;
	if (tables->family == AF_INET)
		nh = route->nhs;
	link = rpf_link(tables, nh->ifindex);
	return link && link->group == (uint32_t)rule->suppress_ifgroup;
}

static uint32_t table_of(const struct rpf_tables *tables,
			 const struct rpf_rule *rule,
			 const struct rpf_flow *flow)
{
	const struct rpf_link *link;

	if (!rule->l3mdev)
		return rule->table;
	link = rpf_link(tables, flow->l3mdev);
	return link ? link->vrf_table : 0;
}

/* Sets all of @step but the rule, and @result if that is the end. */
static bool follow_table(const struct rpf_tables *tables,
			 const struct rpf_flow *flow, struct rpf_step *step,
			 struct rpf_result *result)
{
	struct rpf_result found = { .rule = step->rule };

	step->table = table_of(tables, step->rule, flow);
	step->kind = RPF_STEP_NO_ROUTE;
	if (!rpf_lookup_table(tables, flow, step->table, &found))
		return false;
	step->route = found.route;
	if (found.type == RTN_THROW && !flow->keep_throw)
		step->kind = RPF_STEP_THROW;
	else if (!found.err && !flow->keep_suppressed &&
		 suppressed(tables, step->rule, &found))
		step->kind = RPF_STEP_SUPPRESS;
	else
		step->kind = RPF_STEP_ROUTE;
	if (step->kind == RPF_STEP_ROUTE)
		*result = found;
	return step->kind == RPF_STEP_ROUTE;
}

/* Returns true at the end of the walk. */
static bool follow(const struct rpf_tables *tables, const struct rpf_flow *flow,
		   struct rpf_step *step, struct rpf_result *result)
{
	switch (step->rule->action) {
	case FR_ACT_TO_TBL:
		return follow_table(tables, flow, step, result);
	case FR_ACT_GOTO:
		step->kind = RPF_STEP_GOTO;
		return false;
	case FR_ACT_NOP:
		step->kind = RPF_STEP_NOWHERE;
		return false;
	default:
		step->kind = RPF_STEP_ACTION;
		result->rule = step->rule;
		result->err = action_error(step->rule);
		return true;
	}
}

/* Index of the rule that @at goes to, or that of the next one. */
static unsigned int goto_target(const struct rpf_tables *tables,
				unsigned int at, struct rpf_step *step)
{
	unsigned int i;

	for (i = at + 1; i < tables->rule_count; i++)
		if (tables->rules[i].pref == step->rule->target)
			return i;
	step->kind = RPF_STEP_NOWHERE;
	return at + 1;
}

static bool rule_fits(const struct rpf_tables *tables,
		      const struct rpf_flow *flow, bool oif_vrf,
		      struct rpf_step *step)
{
	bool invert = step->rule->flags & FIB_RULE_INVERT;

	step->why = rpf_rule_mismatch(tables, step->rule, flow, oif_vrf);
	if (!step->why == !invert)
		return true;
	if (!step->why)
		step->why = "not";
	return false;
}

void rpf_walk(const struct rpf_tables *tables, const struct rpf_flow *flow,
	      struct rpf_result *result, rpf_step_cb cb, void *data)
{
	struct rpf_flow copy = *flow, lookup;
	bool oif_vrf = update_flow(tables, &copy), end = false;
	unsigned int i = 0;

	lookup = copy;
	/* fib6_lookup() has got it beside the flow */
	if (flow->lookup == RPF_LOOKUP_FIB)
		lookup.oif = flow->oif;
	memset(result, 0, sizeof(*result));
	result->err = -ESRCH;
	while (i < tables->rule_count && !end) {
		struct rpf_step step = { .rule = &tables->rules[i] };

		if (rule_fits(tables, &copy, oif_vrf, &step)) {
			step.why = NULL;
			end = follow(tables, &lookup, &step, result);
		}
		if (step.kind == RPF_STEP_GOTO)
			i = goto_target(tables, i, &step);
		else
			i++;
		if (cb)
			cb(&step, data);
	}
}

/* All of its ways are down, and the route waits for them. */
static bool is_dead(const struct rpf_tables *tables,
		    const struct rpf_route *route)
{
	unsigned int i;

	for (i = 0; i < route->nh_count; i++)
		if (!rpf_nh_dead(tables, &route->nhs[i], false))
			return false;
	return route->nh_count;
}

bool rpf_alias(const struct rpf_tables *tables, const struct rpf_flow *flow,
	       const struct rpf_route *best, const struct rpf_route *route)
{
	if (!rpf_in_table(tables, route, best->table) ||
	    route->dst_len != best->dst_len || route->type != best->type ||
	    memcmp(route->dst, best->dst, RPF_ADDR) || route->expired)
		return false;
	if (tables->family == AF_INET6)
		return route->src_len == best->src_len &&
		       !memcmp(route->src, best->src, RPF_ADDR);
	if (is_dead(tables, route))
		return false;
	return !route->tos || route->tos == (flow->tos & LEGACY_TOS);
}
