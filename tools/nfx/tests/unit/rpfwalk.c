// SPDX-License-Identifier: GPL-2.0-only
/* The walk: selectors, actions, the order of routes, trees of IPv6. */
#include <errno.h>
#include <linux/icmpv6.h>

#include "rpflab.h"
#include "rpftext.h"

static struct rpf_flow flow;
static struct rpf_result result;

static void go(const char *to)
{
	finish_tables();
	addr(to, flow.daddr);
	rpf_walk(&lab, &flow, &result, NULL, NULL);
}

/* Does the flow end at the route by @ifindex? */
static bool goes_by(const char *to, uint32_t ifindex)
{
	go(to);
	return !result.err && result.nh && result.nh->ifindex == ifindex;
}

static void begin(int family)
{
	start(family);
	memset(&flow, 0, sizeof(flow));
	flow.iif = LO;
}

/* A rule of its own table before that of main, which leads elsewhere. */
static struct rpf_rule *choice(int family)
{
	begin(family);
	route(MAIN, "default", "a", 0);
	route(OTHER, "default", "b", 0);
	return rule(100, OTHER);
}

static const char dst4[] = "192.0.2.1", dst6[] = "2001:db8::1";

static const char *mismatch(const struct rpf_rule *r)
{
	const char *why = rpf_rule_mismatch(&lab, r, &flow, false);

	return why ? why : "";
}

static void test_addresses(void)
{
	struct rpf_rule *r = choice(AF_INET);

	r->src_len = addr("198.51.100.0/24", r->src);
	ok(goes_by(dst4, A) && !strcmp(mismatch(r), "from"),
	   "from, without a source");
	flow.has_saddr = true;
	addr("198.51.100.9", flow.saddr);
	ok(goes_by(dst4, B), "from");
	r->dst_len = addr("192.0.2.128/25", r->dst);
	ok(goes_by(dst4, A) && !strcmp(mismatch(r), "to"), "to");
	r = choice(AF_INET6);
	r->src_len = addr("::/1", r->src);
	ok(goes_by(dst6, A), "from of IPv6 needs a source");
	flow.has_saddr = true;
	ok(goes_by(dst6, B), "and fits it");
	flow.has_saddr = false;
	r->flags = FIB_RULE_FIND_SADDR;
	ok(goes_by(dst6, B), "or may find one");
}

static void test_tos(void)
{
	struct rpf_rule *r = choice(AF_INET);

	r->tos = 0x10;
	flow.tos = 0x10 | 0xe0 | 0x03;
	ok(goes_by(dst4, B), "tos of IPv4 does not see the upper bits");
	flow.tos = 0x14;
	ok(goes_by(dst4, A) && !strcmp(mismatch(r), "tos"), "but the others");
	r = choice(AF_INET6);
	r->tos = 0x10;
	flow.tos = 0x90;
	ok(goes_by(dst6, A), "tos of IPv6 does");
	r->tos = 0;
	r->has_dscp = true;
	r->dscp = 0x90;
	r->dscp_mask = 0xfc;
	ok(goes_by(dst6, B), "dscp");
	flow.tos = 0xf0;
	ok(goes_by(dst6, A), "another one");
	r->dscp = r->dscp_mask = 0x80;
	ok(goes_by(dst6, B), "with a mask");
}

static void test_other_selectors(void)
{
	struct rpf_rule *r = choice(AF_INET);

	r->uids = true;
	r->uid_max = 10;
	ok(goes_by(dst4, B), "uidrange with root");
	r->uid_min = 1;
	ok(goes_by(dst4, A) && !strcmp(mismatch(r), "uidrange"),
	   "uidrange without");
	r->uids = false;
	r->tun_id = 7;
	ok(goes_by(dst4, A), "tun_id");
	r->tun_id = 0;
	r->sport = (struct rpf_ports){ 80, 90, 0 };
	flow.sport = 91;
	ok(goes_by(dst4, A) && !strcmp(mismatch(r), "sport"), "sport");
	flow.sport = 90;
	ok(goes_by(dst4, B), "in its range");
	r->sport = (struct rpf_ports){ 0x50, 0x50, 0xf0 };
	flow.sport = 0x5f;
	ok(goes_by(dst4, B), "in its mask");
	r->sport.start = r->sport.end = 0;
	r->sport.mask = 0x0f;
	ok(goes_by(dst4, A), "out of it");
	flow.sport = 0x50;
	ok(goes_by(dst4, B), "a mask for zeros");
	r->flags = FIB_RULE_INVERT;
	ok(goes_by(dst4, A), "not");
	flow.sport = 1;
	ok(goes_by(dst4, B), "not, the other way");
	r->flags = 0;
	r->sport = (struct rpf_ports){ 0 };
	r->flowlabel = 5;
	r->flowlabel_mask = 7;
	ok(!strcmp(mismatch(r), "flowlabel"), "flowlabel");
}

static void test_vrf_devices(void)
{
	struct rpf_rule *r = choice(AF_INET);

	r->iifindex = V;
	flow.l3mdev = V;
	ok(goes_by(dst4, B), "iif of a VRF: a flow of that");
	flow.l3mdev = 0;
	flow.oif = P;
	ok(goes_by(dst4, A), "not if it is so by its oif");
	r->iifindex = 0;
	r->oifindex = V;
	ok(goes_by(dst4, B), "then the oif is it");
	flow.oif = 0;
	flow.iif = Q;
	r->oifindex = 0;
	r->l3mdev = true;
	route(VRF, "default", "q", 0);
	ok(goes_by(dst4, Q), "the iif may be the port of one");
}

static struct rpf_step steps[16];
static unsigned int step_count;

static void note(const struct rpf_step *step, void *data)
{
	(void)data;
	steps[step_count++] = *step;
}

static bool steps_are(const enum rpf_step_kind *kinds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count && i < step_count; i++)
		if (steps[i].kind != kinds[i])
			return false;
	return step_count == count;
}

static void test_actions(void)
{
	static const enum rpf_step_kind kinds[] = {
		RPF_STEP_NO_ROUTE, RPF_STEP_GOTO, RPF_STEP_NOWHERE,
		RPF_STEP_NOWHERE, RPF_STEP_OTHER, RPF_STEP_THROW,
		RPF_STEP_ROUTE,
	};
	struct rpf_rule *r;

	begin(AF_INET);
	r = rule(100, 0);
	r->action = FR_ACT_GOTO;
	r->target = 300;
	rule(200, 0)->action = FR_ACT_BLACKHOLE;
	rule(300, 0)->action = FR_ACT_NOP;
	r = rule(400, 0);
	r->action = FR_ACT_GOTO;
	r->target = 401;
	rule(500, OTHER)->iifindex = A;
	rule(600, OTHER);
	typed(OTHER, "default", RTN_THROW);
	route(MAIN, "default", "a", 0);
	finish_tables();
	addr(dst4, flow.daddr);
	rpf_walk(&lab, &flow, &result, note, NULL);
	ok(steps_are(kinds, 7) && !strcmp(steps[4].why, "iif") &&
	   steps[6].route == result.route && steps[6].table == MAIN,
	   "goto, nop, throw");
	rule(50, 0)->action = FR_ACT_PROHIBIT;
	go(dst4);
	ok(result.err == -EACCES && result.rule->pref == 50, "prohibit");
	lab.rules[1].action = FR_ACT_UNREACHABLE;
	go(dst4);
	ok(result.err == -ENETUNREACH, "unreachable");
	lab.rules[1].action = FR_ACT_BLACKHOLE;
	go(dst4);
	ok(result.err == -EINVAL, "blackhole");
}

static void test_order4(void)
{
	begin(AF_INET);
	route(LOCAL, "192.0.0.0/16", "c", 0);
	route(MAIN, "192.0.2.0/24", "a", 100);
	ok(goes_by(dst4, A), "tables that are one: the longest prefix");
	rule(40000, OTHER);
	ok(goes_by(dst4, C), "that are apart: the first table");
	begin(AF_INET);
	route(MAIN, "192.0.2.0/24", "a", 0);
	route(MAIN, "192.0.2.0/24", "b", 100)->tos = 0x10;
	ok(goes_by(dst4, A), "a route for a TOS");
	flow.tos = 0x10;
	ok(goes_by(dst4, B), "comes first for that");
	flow.tos = 0x08;
	ok(goes_by(dst4, A), "and for that only");
}

static void test_dead(int family, const char *to)
{
	struct rpf_route *r;

	begin(family);
	route(MAIN, "default", "a", 0);
	r = route(MAIN, to, "b", 0);
	r->nhs[0].flags = RTNH_F_DEAD | RTNH_F_LINKDOWN;
	ok(goes_by(to, B), "a link without carrier counts");
	flow.linkstate = true;
	ok(goes_by(to, A), "or not, as the flow wants it");
	lab.routes[0].nhs[0].flags = RTNH_F_LINKDOWN;
	ok(goes_by(to, B), "if the sysctl does, too");
	flow.linkstate = false;
	lab.links[B - 1].flags &= ~(uint32_t)IFF_UP;
	lab.routes[0].nhs[0].flags = RTNH_F_DEAD | RTNH_F_LINKDOWN;
	ok(goes_by(to, A), "a link that is down does not");
}

static void test_metric6(void)
{
	struct rpf_route *r;

	begin(AF_INET6);
	route(MAIN, dst6, "a", 100)->expired = true;
	route(MAIN, dst6, "b", 200);
	ok(goes_by(dst6, B), "an expired route");
	begin(AF_INET6);
	route(MAIN, dst6, "a", 100)->pref = ICMPV6_ROUTER_PREF_LOW;
	route(MAIN, dst6, "b", 100)->pref = ICMPV6_ROUTER_PREF_HIGH;
	route(MAIN, dst6, "c", 100);
	ok(goes_by(dst6, B), "the best router of a metric");
	begin(AF_INET6);
	route(MAIN, dst6, "a", 100)->pref = ICMPV6_ROUTER_PREF_LOW;
	route(MAIN, dst6, "b", 200)->pref = ICMPV6_ROUTER_PREF_HIGH;
	ok(goes_by(dst6, A), "but not of another one");
	flow.oif = C;
	ok(goes_by(dst6, A), "oif is a preference");
	flow.strict = true;
	go(dst6);
	ok(result.err == -ESRCH, "or all that counts");
	flow.strict = false;
	flow.lookup = RPF_LOOKUP_POL;
	flow.oif = B;
	ok(goes_by(dst6, B), "rpfilter looks at all metrics");
	flow.oif = C;
	ok(goes_by(dst6, A), "and takes the first otherwise");
	r = route(MAIN, "default", "c", 0);
	r->metric = 1;
	ok(goes_by(dst6, A), "of the longest prefix");
}

static void test_sources6(void)
{
	struct rpf_route *r;

	begin(AF_INET6);
	route(MAIN, "2001:db8::/32", "a", 100);
	r = route(MAIN, "2001:db8::/32", "b", 100);
	r->src_len = addr("2001:db8:7::/48", r->src);
	route(MAIN, "default", "c", 100);
	flow.has_saddr = true;
	addr("2001:db8:7::1", flow.saddr);
	ok(goes_by(dst6, B), "a route for a source");
	addr("2001:db8:8::1", flow.saddr);
	ok(goes_by(dst6, C), "hides the others of its prefix");
	route(MAIN, dst6, "c", 100)->expired = true;
	ok(goes_by(dst6, A), "but not from below");
	begin(AF_INET6);
	route(MAIN, "default", "a", 100);
	r = route(MAIN, "default", "b", 100);
	r->src_len = addr("2001:db8:7::/48", r->src);
	ok(goes_by(dst6, A), "and not if it is a default route");
}

static void test_text(void)
{
	char text[RPF_TEXT];
	struct rpf_rule *r;

	begin(AF_INET);
	r = rule(100, OTHER);
	r->src_len = addr("198.51.100.0/24", r->src);
	r->mark = 1;
	r->mark_mask = 3;
	r->suppress_prefixlen = 0;
	r->proto = IPPROTO_UDP;
	r->dport = (struct rpf_ports){ 53, 60, 0 };
	ok(!strcmp(rpf_rule_text(&lab, r, text, sizeof(text)),
		   "100: from 198.51.100.0/24 fwmark 0x1/0x3 ipproto udp "
		   "dport 53-60 lookup 51 suppress_prefixlength 0"),
	   "a rule as text");
	ok(!strcmp(rpf_route_text(&lab, route(MAIN, "192.0.2.0/24", "ab", 9),
				  text, sizeof(text)),
		   "192.0.2.0/24 dev a and dev b metric 9"),
	   "a route as text");
	ok(!strcmp(rpf_route_text(&lab, typed(MAIN, "default", RTN_PROHIBIT),
				  text, sizeof(text)),
		   "prohibit default dev lo"), "one of another type");
	rpf_route_text(&lab, &lab.routes[0], text, 8);
	ok(!strcmp(text, "192.0.2"), "cut short");
}

int main(void)
{
	test_addresses();
	test_tos();
	test_other_selectors();
	test_vrf_devices();
	test_actions();
	test_order4();
	test_dead(AF_INET, dst4);
	test_dead(AF_INET6, dst6);
	test_metric6();
	test_sources6();
	test_text();
	rpf_free(&lab);
	return unit_finish();
}
