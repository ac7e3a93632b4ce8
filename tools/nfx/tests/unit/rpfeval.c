// SPDX-License-Identifier: GPL-2.0-only
/* What the reverse path of a packet is: each case, for both families. */
#include "rpflab.h"

/* Names of the cases, with the family in front. */
static char text[160];

static const char *name(const char *what)
{
	snprintf(text, sizeof(text), "IPv%c: %s",
		 lab.family == AF_INET ? '4' : '6', what);
	return text;
}

/* Of the family that is tested. */
static const char *src, *net, *wide;

static void begin(int family)
{
	start(family);
	src = family == AF_INET ? "192.0.2.7" : "2001:db8:2::7";
	net = family == AF_INET ? "192.0.2.0/24" : "2001:db8:2::/64";
	wide = family == AF_INET ? "192.0.0.0/16" : "2001:db8::/32";
}

static void test_ways(int family)
{
	begin(family);
	route(MAIN, net, "a", 0);
	ok(classes_are(src, 0, RPF_STRICT, RPF_LOOSE, RPF_LOOSE),
	   name("one route"));
	begin(family);
	route(MAIN, net, "ab", 0);
	ok(classes_are(src, 0, RPF_STRICT, RPF_STRICT, RPF_LOOSE),
	   name("ECMP"));
	begin(family);
	route(MAIN, net, "ab", 0)->nhid = 7;
	ok(classes_are(src, 0, RPF_STRICT, RPF_STRICT, RPF_LOOSE),
	   name("a group of nexthop objects"));
	begin(family);
	route(MAIN, net, "b", 200);
	route(MAIN, net, "a", 100);
	ok(classes_are(src, 0, RPF_STRICT, RPF_FEASIBLE, RPF_LOOSE),
	   name("two metrics"));
	begin(family);
	route(MAIN, net, "a", 0);
	route(MAIN, wide, "b", 0);
	route(MAIN, "default", "c", 0);
	ok(classes_are(src, 0, RPF_STRICT, RPF_LOOSE, RPF_LOOSE),
	   name("a shorter prefix is no feasible path"));
	begin(family);
	route(MAIN, net, "a", 100);
	route(OTHER, net, "b", 0);
	rule(40000, OTHER);
	ok(classes_are(src, 0, RPF_STRICT, RPF_LOOSE, RPF_LOOSE),
	   name("nor is one of another table"));
	begin(family);
	ok(classes_are(src, 0, RPF_NONE, RPF_NONE, RPF_NONE),
	   name("no route"));
}

/* What stands beside the best route, and does not count. */
static void test_aliases(int family)
{
	bool v4 = family == AF_INET;

	begin(family);
	route(MAIN, net, "a", 100);
	route(MAIN, net, "b", 200)->expired = true;
	ok(class_of(src, B, 0) == RPF_LOOSE, name("an expired path"));
	begin(family);
	route(MAIN, net, "a", 100);
	route(MAIN, net, "b", 200)->type = RTN_LOCAL;
	ok(class_of(src, B, 0) == RPF_LOOSE, name("a path of another type"));
	begin(family);
	route(MAIN, net, "a", 100);
	route(MAIN, v4 ? "192.0.3.0/24" : "2001:db8:3::/64", "b", 100);
	ok(class_of(src, B, 0) == RPF_LOOSE, name("of another prefix"));
	begin(family);
	route(MAIN, net, "a", 100);
	route(MAIN, net, "b", 200)->nhs[0].flags = RTNH_F_DEAD;
	ok(class_of(src, B, 0) == (v4 ? RPF_LOOSE : RPF_FEASIBLE),
	   name("one that is down, which IPv6 does not look at"));
	begin(family);
	route(MAIN, net, "a", 100);
	route(MAIN, net, "b", 200)->nhs[0].flags = RTNH_F_LINKDOWN;
	ok(class_of(src, B, 0) == RPF_FEASIBLE,
	   name("without carrier it does"));
}

static void test_tos(void)
{
	begin(AF_INET);
	route(MAIN, net, "a", 0);
	route(MAIN, net, "b", 200)->tos = 0x10;
	ask.tos = 0x08;
	ok(class_of(src, B, 0) == RPF_LOOSE, "IPv4: a path for another TOS");
	ask.tos = 0x10;
	ok(classes_are(src, 0, RPF_FEASIBLE, RPF_STRICT, RPF_LOOSE),
	   "IPv4: one for this");
}

/* Routes for sources: the way back begins where the packet went. */
static void test_sources(void)
{
	struct rpf_rule *other;
	struct rpf_route *r;

	begin(AF_INET6);
	route(MAIN, net, "a", 100);
	r = route(MAIN, net, "b", 200);
	r->src_len = addr("2001:db8:7::/48", r->src);
	ask.has_dst = true;
	addr("2001:db8:7::1", ask.dst);
	ok(classes_are(src, 0, RPF_LOOSE, RPF_STRICT, RPF_LOOSE),
	   "IPv6: a route for the source");
	begin(AF_INET6);
	route(MAIN, net, "a", 0);
	route(OTHER, net, "b", 0);
	other = rule(100, OTHER);
	other->src_len = addr("ff00::/8", other->src);
	ask.has_dst = true;
	addr("ff0e::1", ask.dst);
	ok(class_of(src, A, 0) == RPF_STRICT, "IPv6: a group is no source");
	addr("2001:db8:7::1", ask.dst);
	other->src_len = addr("2001:db8:7::/48", other->src);
	ok(class_of(src, B, 0) == RPF_STRICT, "IPv6: another address is");
}

static void test_default(int family)
{
	const unsigned int flag = RPF_F_NO_DEFAULT;

	begin(family);
	route(MAIN, "default", "a", 100);
	route(MAIN, "default", "b", 200);
	ok(classes_are(src, 0, RPF_STRICT, RPF_FEASIBLE, RPF_LOOSE),
	   name("default routes"));
	ok(classes_are(src, flag, RPF_DEFAULT, RPF_DEFAULT, RPF_DEFAULT),
	   name("default routes that do not count"));
	route(MAIN, net, "c", 0);
	ok(classes_are(src, flag, RPF_LOOSE, RPF_LOOSE, RPF_STRICT),
	   name("a more specific route elsewhere"));
}

static void test_types(int family)
{
	static const uint8_t drops[] = {
		RTN_BLACKHOLE, RTN_PROHIBIT, RTN_UNREACHABLE,
	};
	size_t i;

	for (i = 0; i < sizeof(drops); i++) {
		begin(family);
		typed(MAIN, net, drops[i]);
		route(MAIN, "default", "a", 0);
		ok(classes_are(src, 0, RPF_DROP_NEXTHOP, RPF_DROP_NEXTHOP,
			       RPF_DROP_NEXTHOP),
		   name("blackhole, prohibit, unreachable"));
	}
	begin(family);
	route(MAIN, net, "", 0)->blackhole = true;
	ok(class_of(src, A, 0) == RPF_DROP_NEXTHOP,
	   name("a blackhole object"));
	begin(family);
	typed(OTHER, net, RTN_THROW);
	route(MAIN, net, "a", 0);
	rule(100, OTHER);
	ok(class_of(src, A, 0) == RPF_STRICT, name("throw: the next table"));
	begin(family);
	typed(LOCAL, net, RTN_MULTICAST);
	ok(class_of(src, A, 0) == RPF_MARTIAN, name("a multicast route"));
	begin(family);
	typed(LOCAL, net, RTN_ANYCAST);
	ok(class_of(src, A, 0) == RPF_MARTIAN, name("anycast"));
}

static void test_local(int family)
{
	const unsigned int flag = RPF_F_ACCEPT_LOCAL;

	begin(family);
	route(LOCAL, src, "a", 0)->type = RTN_LOCAL;
	route(MAIN, net, "a", 0);
	ok(classes_are(src, 0, RPF_LOCAL, RPF_LOCAL, RPF_LOCAL),
	   name("an address of this host"));
	ok(classes_are(src, flag, RPF_STRICT, RPF_LOOSE, RPF_LOOSE),
	   name("one that is let in: by its own interface"));
	ok(class_of(src, LO, 0) == RPF_EXEMPT, name("the loopback"));
	begin(family);
	route(LOCAL, "default", "a", 0)->type = RTN_LOCAL;
	ok(class_of(src, A, flag | RPF_F_NO_DEFAULT) == RPF_DEFAULT,
	   name("a local default route"));
}

static void test_vrf(int family)
{
	begin(family);
	rule(1000, 0)->l3mdev = true;
	route(VRF, net, "p", 0);
	route(MAIN, net, "a", 0);
	ok(class_of(src, P, 0) == RPF_STRICT, name("a port of a VRF"));
	ok(class_of(src, Q, 0) == RPF_LOOSE, name("another port"));
	ok(class_of(src, V, 0) == RPF_STRICT, name("the VRF itself"));
	ok(class_of(src, A, 0) == RPF_STRICT && class_of(src, B, 0) ==
	   RPF_LOOSE, name("without a VRF its table is not looked at"));
	ask.vrf = V;
	ok(class_of(src, A, 0) == RPF_LOOSE, name("another VRF than its own"));
	ask.vrf = 0;
	rpf_free(&lab);
	begin(family);
	route(VRF, net, "p", 0);
	ok(class_of(src, P, 0) == RPF_NONE, name("a VRF without its rule"));
	ok(rpf_vrf(&lab, P) == V && rpf_vrf(&lab, V) == V &&
	   !rpf_vrf(&lab, A) && !rpf_vrf(&lab, 99), name("VRFs of devices"));
}

static void test_rules(int family)
{
	struct rpf_rule *r;

	begin(family);
	route(MAIN, net, "a", 0);
	route(OTHER, net, "b", 0);
	r = rule(100, OTHER);
	r->mark = 1;
	r->mark_mask = 3;
	ok(classes_are(src, 0, RPF_STRICT, RPF_LOOSE, RPF_LOOSE),
	   name("a rule for another mark"));
	ask.mark = 5;
	ok(classes_are(src, 0, RPF_LOOSE, RPF_STRICT, RPF_LOOSE),
	   name("for the mark of the packet"));
	begin(family);
	route(MAIN, net, "a", 0);
	route(OTHER, net, "b", 0);
	r = rule(100, OTHER);
	r->proto = IPPROTO_UDP;
	r->dport.start = 1111;
	r->dport.end = 1112;
	ask.proto = IPPROTO_UDP;
	ask.sport = 1112;
	ok(classes_are(src, 0, RPF_STRICT, RPF_LOOSE, RPF_LOOSE),
	   name("a rule for ports, which are not looked at"));
	ok(classes_are(src, RPF_F_L4, RPF_LOOSE, RPF_STRICT, RPF_LOOSE),
	   name("they are, the other way round"));
	r = &lab.rules[1];
	r->dport.start = 0;
	ok(classes_are(src, 0, RPF_LOOSE, RPF_STRICT, RPF_LOOSE),
	   name("a rule for the protocol alone"));
}

static void test_suppress(int family)
{
	begin(family);
	route(MAIN, "default", "a", 0);
	route(OTHER, "default", "b", 0);
	rule(100, MAIN)->suppress_prefixlen = 0;
	rule(200, OTHER);
	ok(classes_are(src, 0, RPF_LOOSE, RPF_STRICT, RPF_LOOSE),
	   name("suppress_prefixlength"));
	route(MAIN, net, "c", 0);
	ok(classes_are(src, 0, RPF_LOOSE, RPF_LOOSE, RPF_STRICT),
	   name("a longer prefix is not suppressed"));
	lab.rules[1].suppress_prefixlen = -1;
	lab.rules[1].suppress_ifgroup = 8;
	ok(class_of(src, C, 0) == RPF_STRICT,
	   name("suppress_ifgroup of another group"));
	lab.rules[1].suppress_ifgroup = 7;
	ok(classes_are(src, 0, RPF_LOOSE, RPF_STRICT, RPF_LOOSE),
	   name("suppress_ifgroup"));
	begin(family);
	typed(MAIN, "default", RTN_BLACKHOLE);
	route(OTHER, "default", "b", 0);
	rule(100, MAIN)->suppress_prefixlen = 0;
	rule(200, OTHER);
	ok(class_of(src, B, 0) == RPF_DROP_NEXTHOP,
	   name("an error is not suppressed"));
}

static void test_interfaces(int family)
{
	begin(family);
	route(MAIN, net, "a", 0);
	route(OTHER, net, "b", 0);
	rule(100, OTHER)->iifindex = C;
	ok(class_of(src, A, 0) == RPF_STRICT, name("iif of another device"));
	ask.out = C;
	ok(class_of(src, B, 0) == RPF_STRICT,
	   name("iif is the device it is forwarded to"));
	ask.out = 0;
	lab.rules[1].iifindex = LO;
	ok(class_of(src, B, 0) == RPF_STRICT, name("else the loopback"));
	lab.rules[1].iifindex = RPF_DETACHED;
	ok(class_of(src, A, 0) == RPF_STRICT, name("iif that is not there"));
	lab.rules[1].iifindex = 0;
	lab.rules[1].oifindex = A;
	ok(class_of(src, A, 0) == RPF_STRICT, name("oif: there is none"));
}

static void test_addresses4(void)
{
	begin(AF_INET);
	route(MAIN, "default", "a", 0);
	typed(LOCAL, "192.0.2.255", RTN_BROADCAST);
	ok(class_of("224.0.0.5", A, 0) == RPF_MARTIAN, "IPv4: multicast");
	ok(class_of("255.255.255.255", A, 0) == RPF_MARTIAN &&
	   class_of("192.0.2.255", A, 0) == RPF_MARTIAN, "IPv4: broadcast");
	ok(class_of("0.0.0.0", A, 0) == RPF_MARTIAN, "IPv4: no address");
	ask.has_dst = true;
	addr("255.255.255.255", ask.dst);
	ok(class_of("0.0.0.0", A, 0) == RPF_EXEMPT, "IPv4: DHCP");
	addr("224.0.0.22", ask.dst);
	ok(class_of("0.0.0.0", A, 0) == RPF_EXEMPT, "IPv4: IGMP");
	addr("224.1.0.1", ask.dst);
	ok(class_of("0.0.0.0", A, 0) == RPF_MARTIAN, "IPv4: other groups");
	ok(class_of("169.254.1.1", A, 0) == RPF_STRICT,
	   "IPv4: link-local addresses are routed as others");
}

static void test_addresses6(void)
{
	begin(AF_INET6);
	route(MAIN, "default", "c", 0);
	route(MAIN, "fe80::/64", "a", 256);
	route(MAIN, "fe80::/64", "b", 256);
	ok(classes_are("fe80::1", 0, RPF_STRICT, RPF_STRICT, RPF_STRICT),
	   "IPv6: link-local: the route of the interface only");
	lab.routes[2].nhs[0].ifindex = B;
	ok(class_of("fe80::1", C, 0) == RPF_NONE,
	   "IPv6: link-local without a route of the interface");
	ok(class_of("ff02::1", A, 0) == RPF_MARTIAN &&
	   class_of("::ffff:192.0.2.1", A, 0) == RPF_MARTIAN &&
	   class_of("::", A, 0) == RPF_MARTIAN, "IPv6: no unicast address");
	ask.has_dst = true;
	addr("ff02::1:ff00:7", ask.dst);
	ok(class_of("::", A, 0) == RPF_EXEMPT, "IPv6: DAD");
	addr("ff0e::1", ask.dst);
	ok(class_of("::", A, 0) == RPF_MARTIAN, "IPv6: other groups");
}

static void test_names(void)
{
	ok(!strcmp(rpf_class_name(RPF_DROP_NEXTHOP), "drop-nexthop") &&
	   rpf_mode_find("feasible") == RPF_MODE_FEASIBLE &&
	   rpf_mode_find("feas") == RPF_MODES, "names");
	ok(rpf_passes(RPF_MODE_STRICT, RPF_EXEMPT) &&
	   rpf_passes(RPF_MODE_STRICT, RPF_STRICT) &&
	   !rpf_passes(RPF_MODE_STRICT, RPF_FEASIBLE) &&
	   rpf_passes(RPF_MODE_FEASIBLE, RPF_FEASIBLE) &&
	   !rpf_passes(RPF_MODE_FEASIBLE, RPF_LOOSE) &&
	   rpf_passes(RPF_MODE_LOOSE, RPF_LOOSE) &&
	   !rpf_passes(RPF_MODE_LOOSE, RPF_LOCAL) &&
	   !rpf_passes(RPF_MODE_LOOSE, RPF_DEFAULT) &&
	   !rpf_passes(RPF_MODE_LOOSE, RPF_DROP_NEXTHOP) &&
	   !rpf_passes(RPF_MODE_LOOSE, RPF_MARTIAN), "modes are sets");
}

int main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;

	for (i = 0; i < 2; i++) {
		test_ways(families[i]);
		test_aliases(families[i]);
		test_default(families[i]);
		test_types(families[i]);
		test_local(families[i]);
		test_vrf(families[i]);
		test_rules(families[i]);
		test_suppress(families[i]);
		test_interfaces(families[i]);
	}
	test_tos();
	test_sources();
	test_addresses4();
	test_addresses6();
	test_names();
	rpf_free(&lab);
	return unit_finish();
}
