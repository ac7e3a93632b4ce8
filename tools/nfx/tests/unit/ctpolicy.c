// SPDX-License-Identifier: GPL-2.0-only
/* Policies: events and which rules they are for, and when those run. */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <string.h>

#include "ctpolicy.h"
#include "ctpressure.h"
#include "main.h"
#include "unit.h"

static struct ctpolicy_event make_net(enum netmon_kind kind, bool gone,
				      const char *ifname)
{
	struct ctpolicy_event event = {
		.source = (enum ctpolicy_source)kind,
		.net = { .kind = kind, .gone = gone },
	};

	strcpy(event.net.ifname, ifname);
	return event;
}

static struct ctpolicy_event make_route(bool gone, const char *ifname,
					const char *dst, uint8_t prefixlen)
{
	struct ctpolicy_event event = make_net(NETMON_ROUTE, gone, ifname);

	event.net.family = strchr(dst, ':') ? AF_INET6 : AF_INET;
	event.net.prefixlen = prefixlen;
	inet_pton(event.net.family, dst, event.net.addr);
	return event;
}

/* Is a rule for @text for the event? */
static bool is_for(const char *text, struct ctpolicy_event event)
{
	struct ctpolicy_match match;
	char copy[CTPOLICY_TEXT];

	strcpy(copy, text);
	return !ctpolicy_match_parse(copy, &match) &&
	       ctpolicy_match(&match, &event);
}

static bool refused(const char *text)
{
	struct ctpolicy_match match;
	char copy[CTPOLICY_TEXT];

	strcpy(copy, text);
	return ctpolicy_match_parse(copy, &match);
}

static void test_parse(void)
{
	ok(refused("") && refused("links") && refused("up"), "no event");
	ok(refused("pressure") && refused("pressure low") &&
	   refused("pressure high full"), "pressure has one level");
	ok(refused("start now") && refused("xfrm policy"), "too much");
	ok(refused("link up eth0 eth1") && refused("link up0123456789abcdef"),
	   "a link has one name, which is not too long");
	ok(refused("route add dev") && refused("route 10.0.0.1/8") &&
	   refused("route default via 10.0.0.1") && refused("route ::/0") &&
	   refused("route dev a b"), "routes");
}

static void test_links(void)
{
	const struct ctpolicy_event up = make_net(NETMON_LINK, false, "ppp0");
	const struct ctpolicy_event down = make_net(NETMON_LINK, true, "ppp0");

	ok(is_for("link", up) && is_for("link", down), "any link");
	ok(is_for("link up", up) && !is_for("link up", down) &&
	   is_for("link down", down) && !is_for("link down", up),
	   "up and down");
	ok(is_for("link up ppp*", up) && is_for("link ppp0", up) &&
	   is_for("link [op]pp?", up) && !is_for("link up ppp1", up) &&
	   !is_for("link pp", up), "names of links are patterns");
	ok(!is_for("address", up) && !is_for("start", up), "other sources");
	ok(is_for("address del ppp0",
		  make_net(NETMON_ADDRESS, true, "ppp0")) &&
	   is_for("xfrm add", make_net(NETMON_XFRM, false, "")) &&
	   !is_for("xfrm del", make_net(NETMON_XFRM, false, "")),
	   "addresses and IPsec policies");
}

static void test_routes(void)
{
	const struct ctpolicy_event part =
		make_route(false, "wg0", "10.1.0.0", 16);
	const struct ctpolicy_event whole = make_route(true, "", "0.0.0.0", 0);
	const struct ctpolicy_event six =
		make_route(false, "wg0", "fd00::", 16);

	ok(is_for("route", part) && is_for("route add", part) &&
	   !is_for("route del", part), "any route");
	ok(is_for("route 10.0.0.0/8", part) &&
	   is_for("route 10.1.0.0/16", part) &&
	   !is_for("route 10.1.0.0/17", part) &&
	   !is_for("route 10.2.0.0/16", part), "a prefix and what is in it");
	ok(!is_for("route 10.0.0.0/8", six) && is_for("route fd00::/8", six),
	   "prefixes have a family");
	ok(is_for("route default", whole) && !is_for("route default", part) &&
	   !is_for("route 0.0.0.0/1", whole) &&
	   is_for("route default", make_route(false, "", "::", 0)),
	   "default routes");
	ok(is_for("route add default dev wg*",
		  make_route(false, "wg0", "::", 0)) &&
	   !is_for("route dev wg*", whole) && is_for("route dev wg0", part),
	   "links of routes");
}

static void test_others(void)
{
	const struct ctpolicy_event full = {
		.source = CTPOLICY_PRESSURE, .level = CTPRESSURE_FULL,
	};
	const struct ctpolicy_event stop = { .source = CTPOLICY_STOP };
	struct ctpolicy_event lost = make_net(NETMON_ROUTE, false, "");
	char text[CTPOLICY_TEXT];

	ok(is_for("pressure full", full) && !is_for("pressure high", full) &&
	   is_for("stop", stop) && !is_for("start", stop), "levels, the end");
	lost.lost = true;
	ok(is_for("route del 10.0.0.0/8 dev x", lost) && !is_for("link", lost),
	   "what is lost may have been anything of its source");
	ctpolicy_event_text(&lost, text);
	ok(!strcmp(text, "route lost"), "a loss as text");
	ctpolicy_event_text(&full, text);
	ok(!strcmp(text, "pressure full"), "pressure as text");
	lost = make_route(false, "ppp0", "10.0.0.0", 8);
	ctpolicy_event_text(&lost, text);
	ok(!strcmp(text, "route add 10.0.0.0/8 dev ppp0"), "a route as text");
	lost = make_net(NETMON_LINK, true, "ppp0");
	ctpolicy_event_text(&lost, text);
	ok(!strcmp(text, "link down ppp0"), "a link as text");
}

static struct ctpolicy_match on_stop = { .source = CTPOLICY_STOP };
static struct ctpolicy_match on_link = { .source = CTPOLICY_LINK };

static void test_due(void)
{
	const struct ctpolicy_event link = make_net(NETMON_LINK, false, "a");
	const struct ctpolicy_event stop = { .source = CTPOLICY_STOP };
	struct ctpolicy_rule rules[] = {
		{ .on = &on_link, .ons = 1, .delay_ms = 100,
		  .interval_ms = 1000 },
		{ .on = &on_stop, .ons = 1, .delay_ms = 5000 },
	};
	struct ctpolicy policy = { rules, ARRAY_SIZE(rules) };

	ok(ctpolicy_wait(&policy, 0) == -1 && !ctpolicy_next(&policy, 0),
	   "nothing has happened");
	ctpolicy_happens(&policy, &link, 1000);
	ctpolicy_happens(&policy, &link, 1099);
	ok(ctpolicy_wait(&policy, 1090) == 10 &&
	   !ctpolicy_next(&policy, 1099), "a delay, which events do not extend");
	ok(ctpolicy_next(&policy, 1100) == &rules[0] &&
	   rules[0].due.events == 2 && !strcmp(rules[0].due.why, "link up a"),
	   "one run for both");
	ok(!ctpolicy_next(&policy, 1100) && ctpolicy_wait(&policy, 1100) == -1,
	   "that is all");
	ctpolicy_happens(&policy, &link, 1200);
	ok(ctpolicy_wait(&policy, 1300) == 800 &&
	   !ctpolicy_next(&policy, 2099) &&
	   ctpolicy_next(&policy, 2100) && rules[0].due.events == 1,
	   "no sooner than the interval allows");
	ctpolicy_happens(&policy, &link, 9000);
	ok(ctpolicy_wait(&policy, 9000) == 100, "a quiet time is over");
	ctpolicy_happens(&policy, &stop, 9001);
	ok(ctpolicy_next(&policy, 9001) == &rules[1], "the end does not wait");
}

/* What the monitor makes of messages. */

static char buf[1024] __attribute__((aligned(8)));
static struct netmon_event seen[4];
static unsigned int count;

static void take(const struct netmon_event *event, void *data)
{
	(void)data;
	if (count < ARRAY_SIZE(seen))
		seen[count] = *event;
	count++;
}

static struct nlmsghdr *start_msg(uint16_t type)
{
	struct nlmsghdr *nlh;

	memset(buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	count = 0;
	return nlh;
}

static void test_link_msg(void)
{
	struct nlmsghdr *nlh = start_msg(RTM_NEWLINK);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = 77;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "ppp0");
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 1 && seen[0].kind == NETMON_LINK && seen[0].gone &&
	   seen[0].ifindex == 77 && !strcmp(seen[0].ifname, "ppp0"),
	   "a link without carrier is down");
	ifi->ifi_flags |= IFF_RUNNING;
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 2 && !seen[1].gone, "with carrier it is up");
	ifi->ifi_family = AF_BRIDGE;
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 2, "what a bridge says of its port is no news");
}

static void test_route_msg(void)
{
	struct nlmsghdr *nlh = start_msg(RTM_DELROUTE);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	const uint32_t dst = htonl(0x0a000000);
	struct rtnexthop hops[2] = {
		{ .rtnh_len = sizeof(*hops), .rtnh_ifindex = 77001 },
		{ .rtnh_len = sizeof(*hops), .rtnh_ifindex = 77002 },
	};

	rtm->rtm_family = AF_INET;
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_dst_len = 8;
	mnl_attr_put(nlh, RTA_DST, sizeof(dst), &dst);
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 1 && seen[0].gone && seen[0].prefixlen == 8 &&
	   !memcmp(seen[0].addr, &dst, sizeof(dst)), "a route");
	mnl_attr_put(nlh, RTA_MULTIPATH, sizeof(hops), hops);
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 3 && seen[1].ifindex == 77001 && seen[2].ifindex == 77002,
	   "a multipath route is one per link");
	rtm->rtm_type = RTN_LOCAL;
	netmon_parse_rt(nlh, take, NULL);
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_flags = RTM_F_CLONED;
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 3, "local and cached routes are of no interest");
}

static void test_other_msgs(void)
{
	struct nlmsghdr *nlh = start_msg(RTM_NEWADDR);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	struct xfrm_user_polexpire *expire;

	ifa->ifa_family = AF_INET6;
	ifa->ifa_flags = IFA_F_TENTATIVE;
	netmon_parse_rt(nlh, take, NULL);
	ok(!count, "a tentative address cannot be used");
	ifa->ifa_flags = 0;
	netmon_parse_rt(nlh, take, NULL);
	ok(count == 1 && !seen[0].gone && seen[0].family == AF_INET6,
	   "an address");
	nlh = start_msg(RTM_NEWROUTE);
	netmon_parse_rt(nlh, take, NULL);
	ok(!count, "a message that is cut off");
	nlh = start_msg(XFRM_MSG_FLUSHPOLICY);
	netmon_parse_xfrm(nlh, take, NULL);
	nlh->nlmsg_type = XFRM_MSG_NEWSA;
	netmon_parse_xfrm(nlh, take, NULL);
	ok(count == 1 && seen[0].kind == NETMON_XFRM && seen[0].gone,
	   "IPsec policies, and no states");
	nlh = start_msg(XFRM_MSG_POLEXPIRE);
	expire = mnl_nlmsg_put_extra_header(nlh, sizeof(*expire));
	netmon_parse_xfrm(nlh, take, NULL);
	ok(!count, "a policy that is about to expire");
	expire->hard = 1;
	netmon_parse_xfrm(nlh, take, NULL);
	ok(count == 1 && seen[0].gone, "one that has expired");
}

int main(void)
{
	test_parse();
	test_links();
	test_routes();
	test_others();
	test_due();
	test_link_msg();
	test_route_msg();
	test_other_msgs();
	return unit_finish();
}
