// SPDX-License-Identifier: GPL-2.0-only
/* What stock kernels say, and why that differs. */
#include "rpflab.h"

static struct rpf_sysctls sysctls;
static struct rpf_fixes fixes;
static struct rpf_stock stock[RPF_STOCKS];

static void begin(int family)
{
	start(family);
	sysctls = (struct rpf_sysctls){ .known = true, .rp_filter = 1 };
	fixes = (struct rpf_fixes){ true, true, true };
}

static void say(const char *src, uint32_t in)
{
	finish_tables();
	addr(src, ask.src);
	ask.in = in;
	rpf_stock(&lab, &ask, 0, ask.mark, &sysctls, &fixes, stock);
}

static bool gap(enum rpf_stock_id id, unsigned int gaps)
{
	return stock[id].gaps == gaps;
}

static void test_plain(int family)
{
	const char *src = family == AF_INET ? "192.0.2.7" : "2001:db8::7";
	unsigned int id, same = 0;

	begin(family);
	route(MAIN, "default", "a", 0);
	say(src, A);
	for (id = 0; id < RPF_STOCKS; id++)
		same += !stock[id].known || (stock[id].pass && gap(id, 0));
	ok(same == RPF_STOCKS, "all of them let it in");
	ok(stock[RPF_STOCK_SYSCTL].known == (family == AF_INET),
	   "there is a sysctl for IPv4 only");
	say(src, B);
	for (id = same = 0; id < RPF_STOCKS; id++)
		same += !stock[id].known ||
			(stock[id].pass == (stock[id].mode == RPF_MODE_LOOSE) &&
			 gap(id, 0));
	ok(same == RPF_STOCKS, "the loose ones do");
}

static void test_metric(void)
{
	begin(AF_INET);
	route(MAIN, "default", "a", 100);
	route(MAIN, "default", "b", 200);
	say("192.0.2.7", B);
	ok(!stock[RPF_STOCK_XT].pass && !stock[RPF_STOCK_NFT].pass,
	   "the worse metric is not strict");
	begin(AF_INET6);
	route(MAIN, "default", "a", 100);
	route(MAIN, "default", "b", 200);
	say("2001:db8::7", B);
	ok(stock[RPF_STOCK_XT].pass &&
	   gap(RPF_STOCK_XT, 1 << RPF_GAP_METRIC), "but for rpfilter of IPv6");
	ok(!stock[RPF_STOCK_NFT].pass, "and for that only");
}

static void test_rules(void)
{
	struct rpf_rule *r;

	begin(AF_INET);
	route(MAIN, "default", "a", 0);
	route(OTHER, "default", "b", 0);
	r = rule(100, OTHER);
	r->proto = IPPROTO_UDP;
	r->dport.start = r->dport.end = 1111;
	ask.proto = IPPROTO_UDP;
	ask.sport = 1111;
	say("192.0.2.7", B);
	ok(stock[RPF_STOCK_RP1].pass &&
	   gap(RPF_STOCK_RP1, 1 << RPF_GAP_L4), "the sysctl sees ports");
	ok(!stock[RPF_STOCK_NFT].pass && !stock[RPF_STOCK_XT].pass,
	   "the others do not");
	r->dport.start = 0;
	say("192.0.2.7", B);
	ok(stock[RPF_STOCK_NFT].pass && gap(RPF_STOCK_NFT, 0) &&
	   gap(RPF_STOCK_XT, 1 << RPF_GAP_L4), "rpfilter sees no protocol");
	r->proto = 0;
	r->mark = r->mark_mask = 1;
	ask.mark = 1;
	say("192.0.2.7", B);
	ok(stock[RPF_STOCK_NFT].pass && !stock[RPF_STOCK_RP1].pass &&
	   gap(RPF_STOCK_RP1, 1 << RPF_GAP_MARK),
	   "the sysctl sees no mark");
	sysctls.src_valid_mark = true;
	say("192.0.2.7", B);
	ok(stock[RPF_STOCK_RP1].pass && gap(RPF_STOCK_RP1, 0),
	   "unless src_valid_mark says so");
}

static void test_output(void)
{
	begin(AF_INET);
	route(MAIN, "default", "a", 0);
	route(OTHER, "default", "b", 0);
	rule(100, OTHER)->iifindex = C;
	ask.out = C;
	say("192.0.2.7", B);
	ok(stock[RPF_STOCK_RP1].pass && stock[RPF_STOCK_NFT].pass &&
	   gap(RPF_STOCK_XT, 1 << RPF_GAP_OUT),
	   "rpfilter does not know where it goes");
}

static void test_types(void)
{
	begin(AF_INET);
	route(LOCAL, "192.0.2.255", "a", 0)->type = RTN_BROADCAST;
	route(MAIN, "192.0.2.0/24", "a", 0);
	say("192.0.2.255", A);
	ok(!stock[RPF_STOCK_NFT].pass && !stock[RPF_STOCK_RP1].pass,
	   "a broadcast source");
	fixes.fib4_bcast = false;
	say("192.0.2.255", A);
	ok(stock[RPF_STOCK_NFT].pass && stock[RPF_STOCK_NFT_LOOSE].pass &&
	   gap(RPF_STOCK_NFT, 1 << RPF_GAP_TYPE), "nft takes it");
	route(MAIN, "default", "a", 0);
	say("224.0.0.5", A);
	ok(stock[RPF_STOCK_XT].pass &&
	   gap(RPF_STOCK_XT, 1 << RPF_GAP_TYPE), "a multicast source");
	ok(!stock[RPF_STOCK_SYSCTL].pass, "is no source for the kernel");
}

static void test_suppress(void)
{
	begin(AF_INET6);
	route(MAIN, "default", "a", 0);
	route(OTHER, "default", "b", 0);
	rule(100, MAIN)->suppress_prefixlen = 0;
	rule(200, OTHER);
	say("2001:db8::7", B);
	ok(stock[RPF_STOCK_NFT].pass && gap(RPF_STOCK_NFT, 0),
	   "suppressed routes");
	fixes.fib6_suppress = false;
	say("2001:db8::7", B);
	ok(!stock[RPF_STOCK_NFT].pass &&
	   gap(RPF_STOCK_NFT, 1 << RPF_GAP_SUPPRESS) &&
	   stock[RPF_STOCK_XT].pass, "nft of some kernels has them");
}

static void test_local(void)
{
	begin(AF_INET);
	route(LOCAL, "192.0.2.1", "a", 0)->type = RTN_LOCAL;
	lab.src_local = true;
	sysctls.rp_filter = 0;
	say("192.0.2.1", A);
	ok(!stock[RPF_STOCK_SYSCTL].pass, "an own address with rp_filter=0");
	sysctls.accept_local = true;
	say("192.0.2.1", A);
	ok(stock[RPF_STOCK_SYSCTL].pass && stock[RPF_STOCK_RP1].pass,
	   "accept_local");
	say("192.0.2.1", B);
	ok(!stock[RPF_STOCK_RP1].pass && stock[RPF_STOCK_RP2].pass,
	   "by another interface");
	begin(AF_INET);
	sysctls.rp_filter = 0;
	say("203.0.113.1", A);
	ok(stock[RPF_STOCK_SYSCTL].pass, "without a filter all may come");
	say("127.0.0.1", A);
	ok(!stock[RPF_STOCK_SYSCTL].pass, "but no loopback address");
	sysctls.route_localnet = true;
	say("127.0.0.1", A);
	ok(stock[RPF_STOCK_SYSCTL].pass, "route_localnet");
}

static void test_closer(void)
{
	begin(AF_INET);
	sysctls.rp_filter = 0;
	route(MAIN, "default", "b", 0)->realm = true;
	say("203.0.113.1", A);
	ok(stock[RPF_STOCK_SYSCTL].pass, "realms make it look closer");
	route(LOCAL, "203.0.113.255", "a", 0)->type = RTN_BROADCAST;
	say("203.0.113.255", A);
	ok(!stock[RPF_STOCK_SYSCTL].pass, "so that it sees a broadcast");
	lab.routes[1].realm = false;
	say("203.0.113.255", A);
	ok(stock[RPF_STOCK_SYSCTL].pass, "which it does not without");
	route(LOCAL, "default", "a", 0)->type = RTN_LOCAL;
	lab.routes[2].custom = true;
	say("203.0.113.255", A);
	ok(!stock[RPF_STOCK_SYSCTL].pass, "own local routes do that, too");
}

static void test_types6(void)
{
	begin(AF_INET6);
	route(LOCAL, "2001:db8::1", "a", 0)->type = RTN_LOCAL;
	say("2001:db8::1", A);
	ok(!stock[RPF_STOCK_XT].pass && !stock[RPF_STOCK_NFT].pass,
	   "an own address of IPv6");
	lab.routes[0].type = RTN_ANYCAST;
	say("2001:db8::1", A);
	ok(!stock[RPF_STOCK_XT].pass && !stock[RPF_STOCK_NFT].pass &&
	   !stock[RPF_STOCK_XT_LOOSE].pass, "anycast");
	lab.routes[0].type = RTN_BLACKHOLE;
	say("2001:db8::1", A);
	ok(!stock[RPF_STOCK_XT].pass && !stock[RPF_STOCK_XT_LOOSE].pass,
	   "blackhole");
}

static void test_links(void)
{
	begin(AF_INET);
	route(MAIN, "default", "a", 0);
	say("192.0.2.7", C);
	ok(!stock[RPF_STOCK_RP2].pass && stock[RPF_STOCK_RP2].why,
	   "loose is strict without an address");
	begin(AF_INET);
	route(MAIN, "default", "a", 0)->nhs[0].flags =
		RTNH_F_DEAD | RTNH_F_LINKDOWN;
	say("192.0.2.7", A);
	ok(!stock[RPF_STOCK_RP1].pass && stock[RPF_STOCK_NFT].pass &&
	   gap(RPF_STOCK_RP1, 1 << RPF_GAP_LINK), "links without carrier");
	begin(AF_INET);
	rule(1000, 0)->l3mdev = true;
	route(VRF, "default", "p", 0);
	say("192.0.2.7", Q);
	ok(!stock[RPF_STOCK_NFT].pass && !stock[RPF_STOCK_RP1].pass,
	   "the sysctl tells ports of a VRF apart");
}

static void test_exempt(void)
{
	begin(AF_INET6);
	ask.has_dst = true;
	addr("ff02::1", ask.dst);
	say("::", A);
	ok(stock[RPF_STOCK_NFT].pass && stock[RPF_STOCK_XT].pass &&
	   gap(RPF_STOCK_XT, 0), "duplicate address detection");
	addr("2001:db8::1", ask.dst);
	say("::", A);
	ok(!stock[RPF_STOCK_NFT].pass && stock[RPF_STOCK_XT].pass &&
	   gap(RPF_STOCK_XT, 1 << RPF_GAP_TYPE),
	   "rpfilter takes any packet without a source");
	ok(rpf_gap_text(RPF_GAP_METRIC) && !rpf_gap_text(9) &&
	   !rpf_gap_text(99), "texts");
}

int main(void)
{
	test_plain(AF_INET);
	test_plain(AF_INET6);
	test_metric();
	test_rules();
	test_output();
	test_types();
	test_suppress();
	test_local();
	test_closer();
	test_types6();
	test_links();
	test_exempt();
	rpf_free(&lab);
	return unit_finish();
}
