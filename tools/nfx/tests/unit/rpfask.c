// SPDX-License-Identifier: GPL-2.0-only
/* When the kernel can be asked, and when it agrees. */
#include <errno.h>

#include "rpfask.h"
#include "rpflab.h"

static struct rpf_flow flow;

static bool can_ask(void)
{
	rpf_flow_of(&lab, &ask, RPF_F_L4, &flow);
	return !rpf_cannot_ask(&lab, &flow);
}

static void test_ask(int family)
{
	bool v4 = family == AF_INET;

	start(family);
	ask.in = A;
	ok(can_ask(), "with the rules of a new namespace");
	ask.has_dst = true;
	ask.dst[0] = 10;
	rule(100, OTHER)->src_len = 8;
	ok(can_ask() == !v4, "IPv4 takes its own addresses only");
	lab.dst_local = true;
	ok(can_ask(), "as here");
	rule(200, OTHER)->proto = IPPROTO_SCTP;
	ok(can_ask() == !v4, "a rule for a protocol, which is not known");
	ask.proto = IPPROTO_SCTP;
	ok(!can_ask(), "or cannot be told");
	ask.proto = IPPROTO_TCP;
	ok(can_ask(), "or can");
	ask.out = B;
	ok(can_ask(), "the output, which makes no difference");
	rule(300, OTHER)->iifindex = B;
	ok(!can_ask(), "a rule for that");
	ask.out = 0;
	ok(can_ask(), "which does not matter for what stays here");
	ask.in = P;
	ok(can_ask(), "a VRF");
	lab.rules[3].iifindex = V;
	ok(!can_ask(), "a rule for that");
}

static void test_linklocal(void)
{
	start(AF_INET6);
	addr("fe80::1", ask.src);
	ask.in = A;
	ok(can_ask(), "a link-local address");
	ask.in = P;
	ok(!can_ask(), "one in a VRF");
}

static bool agrees(int err, const struct rpf_route *reply, uint32_t in)
{
	struct rpf_result mine;

	finish_tables();
	rpf_walk(&lab, &flow, &mine, NULL, NULL);
	return rpf_agree(&lab, &flow, &mine, err, reply, in);
}

static void test_agree(void)
{
	struct rpf_nh nh = { .ifindex = A };
	struct rpf_route reply = {
		.table = MAIN, .type = RTN_UNICAST, .dst_len = 24,
		.metric = 100, .nhs = &nh, .nh_count = 1,
	};

	start(AF_INET);
	addr("192.0.2.1", flow.daddr);
	flow = (struct rpf_flow){ .daddr = { 192, 0, 2, 1 }, .iif = LO };
	ok(agrees(-ENETUNREACH, NULL, A) && !agrees(0, &reply, A) &&
	   !agrees(-EACCES, NULL, A), "no route");
	route(MAIN, "192.0.2.0/24", "a", 100);
	ok(agrees(0, &reply, A) && !agrees(-EINVAL, NULL, A), "the route");
	reply.metric = 99;
	ok(!agrees(0, &reply, A), "another metric");
	reply.metric = 100;
	nh.ifindex = B;
	ok(!agrees(0, &reply, A) && agrees(0, &reply, C), "another device");
	reply.dst_len = 25;
	ok(!agrees(0, &reply, C), "another prefix");
	start(AF_INET);
	typed(MAIN, "default", RTN_PROHIBIT);
	ok(agrees(-EACCES, NULL, A) && !agrees(-EINVAL, NULL, A), "prohibit");
	start(AF_INET);
	route(MAIN, "default", "a", 0);
	route(MAIN, "default", "b", 0);
	reply.dst_len = 0;
	reply.metric = 0;
	ok(agrees(0, &reply, A), "one of several default routes");
	free(lab.routes[--lab.route_count].nhs);
	ok(!agrees(0, &reply, A), "but not of one");
}

static void test_agree_more(void)
{
	struct rpf_route reply = {
		.table = OTHER, .type = RTN_UNICAST, .dst_len = 24,
	};

	start(AF_INET);
	flow = (struct rpf_flow){ .daddr = { 192, 0, 2, 1 }, .iif = LO };
	route(MAIN, "192.0.2.0/24", "a", 0);
	route(MAIN, "192.0.2.0/24", "b", 10);
	ok(agrees(0, &reply, C), "tables are not told while they are one");
	ok(!agrees(0, &reply, A), "the way is, without a choice");
	rule(40000, OTHER);
	ok(!agrees(0, &reply, C), "later they are");
	start(AF_INET6);
	addr("2001:db8::1", flow.daddr);
	route(MAIN, "2001:db8::/32", "a", 0)->nhid = 5;
	reply.nhid = 5;
	ok(agrees(0, &reply, A), "IPv6 tells any route of an object");
	reply.nhid = 6;
	ok(!agrees(0, &reply, A), "but not of another one");
}

int main(void)
{
	test_ask(AF_INET);
	test_ask(AF_INET6);
	test_linklocal();
	test_agree();
	test_agree_more();
	rpf_free(&lab);
	return unit_finish();
}
