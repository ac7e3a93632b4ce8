// SPDX-License-Identifier: GPL-2.0-only
/* What the reverse path filters of a stock kernel would say. */
#include <assert.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "rpfstock.h"

static const char * const gap_texts[RPF_GAPS] = {
	[RPF_GAP_OTHER]		= "another reason",
	[RPF_GAP_L4]		= "rules for protocols and ports",
	[RPF_GAP_LINK]		= "routes by links without carrier",
	[RPF_GAP_TYPE]		= "sources that are no unicast address",
	[RPF_GAP_OUT]		= "rules for the output interface",
	[RPF_GAP_METRIC]	= "another route to the same prefix",
	[RPF_GAP_MARK]		= "rules for the mark",
	[RPF_GAP_SUPPRESS]	= "rules that suppress routes",
};

const char *rpf_gap_text(unsigned int gap)
{
	return gap < RPF_GAPS ? gap_texts[gap] : NULL;
}

static const struct {
	const char *name;
	enum rpf_mode mode;
} stocks[] = {
	[RPF_STOCK_SYSCTL]	= { "sysctl", RPF_MODES },
	[RPF_STOCK_RP1]		= { "rp_filter=1", RPF_MODE_STRICT },
	[RPF_STOCK_RP2]		= { "rp_filter=2", RPF_MODE_LOOSE },
	[RPF_STOCK_XT]		= { "rpfilter", RPF_MODE_STRICT },
	[RPF_STOCK_XT_LOOSE]	= { "rpfilter --loose", RPF_MODE_LOOSE },
	[RPF_STOCK_NFT]		= { "fib saddr . iif", RPF_MODE_STRICT },
	[RPF_STOCK_NFT_LOOSE]	= { "fib saddr", RPF_MODE_LOOSE },
};
static_assert(ARRAY_SIZE(stocks) == RPF_STOCKS, "one row per answer");

const char *rpf_stock_name(enum rpf_stock_id id)
{
	return stocks[id].name;
}

/* What all of the following look at. */
struct stock {
	const struct rpf_tables *tables;
	const struct rpf_query *query;
	unsigned int flags;
	uint32_t mark;
	const struct rpf_sysctls *sysctls;
	const struct rpf_fixes *fixes;
	enum rpf_class class;
	struct rpf_flow base;
};

static bool is_loopback(const struct stock *s)
{
	const struct rpf_link *in = rpf_link(s->tables, s->query->in);

	return in && in->flags & IFF_LOOPBACK;
}

static bool answer(struct rpf_stock *to, bool pass, const char *why)
{
	to->pass = pass;
	to->why = why;
	return pass;
}

/* The differences in how a flow is looked up, one by one. */

static void take_l4(struct rpf_flow *to, const struct rpf_flow *from)
{
	to->proto = from->proto;
	to->sport = from->sport;
	to->dport = from->dport;
}

static void take_link(struct rpf_flow *to, const struct rpf_flow *from)
{
	to->linkstate = from->linkstate;
}

static void take_out(struct rpf_flow *to, const struct rpf_flow *from)
{
	to->iif = from->iif;
}

static void take_metric(struct rpf_flow *to, const struct rpf_flow *from)
{
	to->lookup = from->lookup;
	to->oif = from->oif;
}

static void take_mark(struct rpf_flow *to, const struct rpf_flow *from)
{
	to->mark = from->mark;
}

static void take_suppress(struct rpf_flow *to, const struct rpf_flow *from)
{
	to->keep_suppressed = from->keep_suppressed;
}

static const struct {
	enum rpf_gap gap;
	void (*take)(struct rpf_flow *to, const struct rpf_flow *from);
} takes[] = {
	{ RPF_GAP_L4,		take_l4 },
	{ RPF_GAP_LINK,		take_link },
	{ RPF_GAP_OUT,		take_out },
	{ RPF_GAP_METRIC,	take_metric },
	{ RPF_GAP_MARK,		take_mark },
	{ RPF_GAP_SUPPRESS,	take_suppress },
};

/* Which of the differences are enough to make the other answer? */
static unsigned int find_gaps(const struct stock *s,
			      const struct rpf_flow *flow,
			      const struct rpf_stock *to)
{
	bool base = rpf_passes(to->mode, s->class);
	unsigned int gaps = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(takes); i++) {
		struct rpf_flow copy = s->base;
		enum rpf_class class;

		takes[i].take(&copy, flow);
		class = rpf_eval_flow(s->tables, s->query, &copy, s->flags);
		if (rpf_passes(to->mode, class) != base)
			gaps |= 1U << takes[i].gap;
	}
	return gaps;
}

static void compare(const struct stock *s, const struct rpf_flow *flow,
		    struct rpf_stock *to)
{
	if (to->pass == rpf_passes(to->mode, s->class))
		return;
	/* Without a lookup of its own, it was the address that decided. */
	if (s->class == RPF_MARTIAN || s->class == RPF_EXEMPT || !flow)
		to->gaps = 1U << RPF_GAP_TYPE;
	else
		to->gaps = find_gaps(s, flow, to);
	if (!to->gaps && to->mode == RPF_MODE_STRICT &&
	    s->class == RPF_FEASIBLE)
		to->gaps = 1U << RPF_GAP_METRIC;
	if (!to->gaps)
		to->gaps = 1U << RPF_GAP_OTHER;
}

/* A table of realms, local routes or rules of one's own make the kernel look
 * closer (fib_num_tclassid_users(), fib_has_custom_local_routes).
 */
static bool looks_closer(const struct rpf_tables *tables)
{
	unsigned int i;

	if (!tables->merged)
		return true;
	for (i = 0; i < tables->route_count; i++)
		if (tables->routes[i].realm ||
		    (tables->routes[i].custom &&
		     tables->routes[i].type == RTN_LOCAL))
			return true;
	return false;
}

/* The end of __fib_validate_source() */
static bool validate_route(const struct stock *s, uint8_t rp,
			   const struct rpf_result *result,
			   struct rpf_stock *to)
{
	const struct rpf_link *in = rpf_link(s->tables, s->query->in);

	if (result->err)
		return answer(to, !rp, NULL);
	if (result->type == RTN_LOCAL) {
		if (!s->sysctls->accept_local)
			return answer(to, false, "accept_local is 0");
	} else if (result->type != RTN_UNICAST) {
		return answer(to, false, "no unicast address");
	}
	if (rpf_uses(s->tables, result->route, s->query->in))
		return answer(to, true, NULL);
	if (in && !in->has_ipv4)
		return answer(to, !rp, rp ? "loose is strict on an interface "
			      "without an IPv4 address" : NULL);
	return answer(to, rp != 1, NULL);
}

/* fib_validate_source() */
static bool validate(const struct stock *s, uint8_t rp, struct rpf_flow *flow,
		     struct rpf_stock *to)
{
	struct rpf_result result;

	rpf_flow_of(s->tables, s->query, RPF_F_L4, flow);
	flow->l3mdev = rpf_vrf(s->tables, s->query->in);
	flow->mark = s->sysctls->src_valid_mark ? s->mark : 0;
	flow->linkstate = true;
	if (!rp && s->sysctls->accept_local)
		return answer(to, true, NULL);
	if (!rp && !looks_closer(s->tables))
		return answer(to, !s->tables->src_local,
			      s->tables->src_local ? "accept_local is 0" :
			      NULL);
	rpf_walk(s->tables, flow, &result, NULL, NULL);
	return validate_route(s, rp, &result, to);
}

/* The checks of ip_route_input_slow() before that. */
static bool sysctl_early(const struct stock *s, struct rpf_stock *to)
{
	const struct rpf_query *query = s->query;
	const char *reason;

	if (rpf_early(s->tables, query, &reason) == RPF_EXEMPT) {
		answer(to, true, reason);
		return true;
	}
	if (!rpf4_is_unicast(query->src)) {
		answer(to, false, "a martian source, whatever rp_filter is");
		return true;
	}
	if (rpf4_is_loopback(query->src) && !s->sysctls->route_localnet) {
		answer(to, false, "route_localnet is 0");
		return true;
	}
	return false;
}

static void ask_sysctl(const struct stock *s, uint8_t rp, struct rpf_stock *to)
{
	struct rpf_flow flow;

	to->known = s->sysctls->known;
	if (!to->known)
		return;
	if (sysctl_early(s, to)) {
		if (to->mode < RPF_MODES)
			compare(s, NULL, to);
		return;
	}
	validate(s, rp, &flow, to);
	if (to->mode < RPF_MODES)
		compare(s, &flow, to);
}

/* A route without errors: does it do for @mode? */
static bool route_does(const struct stock *s, const struct rpf_result *result,
		       enum rpf_mode mode)
{
	return !result->err && (mode == RPF_MODE_LOOSE ||
				rpf_uses(s->tables, result->route,
					 s->query->in));
}

static bool is_exempt(const struct stock *s)
{
	const char *reason;

	return rpf_early(s->tables, s->query, &reason) == RPF_EXEMPT;
}

/* rpfilter_mt() of ipt_rpfilter.c */
static void ask_xt4(const struct stock *s, struct rpf_stock *to)
{
	struct rpf_result result;
	struct rpf_flow flow;

	to->known = true;
	if (is_exempt(s)) {
		to->pass = true;
		return;
	}
	rpf_flow_of(s->tables, s->query, 0, &flow);
	flow.l3mdev = rpf_vrf(s->tables, s->query->in);
	flow.iif = RPF_LOOPBACK;
	flow.proto = 0;
	rpf_walk(s->tables, &flow, &result, NULL, NULL);
	to->pass = result.type == RTN_UNICAST &&
		   route_does(s, &result, to->mode);
	compare(s, &flow, to);
}

/* That of ip6t_rpfilter.c: what the route uses is one device. */
static void ask_xt6(const struct stock *s, struct rpf_stock *to)
{
	struct rpf_result result;
	struct rpf_flow flow;

	to->known = true;
	if (is_loopback(s) || rpf6_is_any(s->query->src)) {
		to->pass = true;
		compare(s, NULL, to);
		return;
	}
	rpf_flow_of(s->tables, s->query, 0, &flow);
	flow.l3mdev = rpf_vrf(s->tables, s->query->in);
	flow.lookup = RPF_LOOKUP_POL;
	flow.iif = RPF_LOOPBACK;
	if (to->mode == RPF_MODE_STRICT)
		flow.oif = s->query->in;
	rpf_walk(s->tables, &flow, &result, NULL, NULL);
	if (!result.err && result.nh && result.type != RTN_LOCAL &&
	    result.type != RTN_ANYCAST)
		to->pass = to->mode == RPF_MODE_LOOSE ||
			   result.nh->ifindex == s->query->in ||
			   rpf_vrf(s->tables, result.nh->ifindex) ==
			   s->query->in;
	compare(s, &flow, to);
}

/* The parts of the flow that both families of nft fib have. */
static void nft_flow(const struct stock *s, const struct rpf_stock *to,
		     struct rpf_flow *flow)
{
	rpf_flow_of(s->tables, s->query, 0, flow);
	flow->l3mdev = rpf_vrf(s->tables, s->query->in);
	if (to->mode == RPF_MODE_LOOSE)
		flow->iif = RPF_LOOPBACK;
}

/* nft_fib4_eval() */
static void ask_nft4(const struct stock *s, struct rpf_stock *to)
{
	struct rpf_result result;
	struct rpf_flow flow;
	bool type;

	to->known = true;
	if (is_exempt(s)) {
		to->pass = true;
		return;
	}
	nft_flow(s, to, &flow);
	rpf_walk(s->tables, &flow, &result, NULL, NULL);
	type = result.type == RTN_UNICAST ||
	       (result.type != RTN_LOCAL && !s->fixes->fib4_bcast);
	to->pass = type && route_does(s, &result, to->mode);
	compare(s, &flow, to);
}

/* nft_fib_v6_skip_icmpv6(); an unknown protocol is taken for it. */
static bool skips_icmp6(const struct stock *s)
{
	const struct rpf_query *query = s->query;

	return rpf6_is_any(query->src) && query->has_dst &&
	       (!query->proto || query->proto == IPPROTO_ICMPV6) &&
	       rpf6_is_local_multicast(query->dst);
}

/* nft_fib6_eval() */
static void ask_nft6(const struct stock *s, struct rpf_stock *to)
{
	struct rpf_result result;
	struct rpf_flow flow;

	to->known = true;
	if (is_loopback(s) || skips_icmp6(s)) {
		to->pass = true;
		compare(s, NULL, to);
		return;
	}
	nft_flow(s, to, &flow);
	flow.linkstate = true;
	flow.keep_suppressed = !s->fixes->fib6_suppress;
	flow.keep_throw = !s->fixes->fib6_throw;
	rpf_walk(s->tables, &flow, &result, NULL, NULL);
	to->pass = result.type != RTN_LOCAL && result.type != RTN_ANYCAST &&
		   route_does(s, &result, to->mode);
	compare(s, &flow, to);
}

static void ask(const struct stock *s, enum rpf_stock_id id,
		struct rpf_stock *to)
{
	bool v4 = s->tables->family == AF_INET;

	*to = (struct rpf_stock){ .mode = stocks[id].mode };
	switch (id) {
	case RPF_STOCK_SYSCTL:
		if (v4)
			ask_sysctl(s, s->sysctls->rp_filter, to);
		break;
	case RPF_STOCK_RP1:
	case RPF_STOCK_RP2:
		if (v4)
			ask_sysctl(s, id == RPF_STOCK_RP1 ? 1 : 2, to);
		break;
	case RPF_STOCK_XT:
	case RPF_STOCK_XT_LOOSE:
		(v4 ? ask_xt4 : ask_xt6)(s, to);
		break;
	default:
		(v4 ? ask_nft4 : ask_nft6)(s, to);
	}
}

void rpf_stock(const struct rpf_tables *tables, const struct rpf_query *query,
	       unsigned int flags, uint32_t mark,
	       const struct rpf_sysctls *sysctls,
	       const struct rpf_fixes *fixes, struct rpf_stock *stock)
{
	struct stock s = {
		.tables = tables, .query = query, .flags = flags,
		.mark = mark, .sysctls = sysctls, .fixes = fixes,
	};
	struct rpf_answer base;
	unsigned int id;

	rpf_eval(tables, query, flags, &base);
	s.class = base.class;
	rpf_flow_of(tables, query, flags, &s.base);
	for (id = 0; id < RPF_STOCKS; id++)
		ask(&s, id, &stock[id]);
}
