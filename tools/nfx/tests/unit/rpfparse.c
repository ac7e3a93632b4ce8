// SPDX-License-Identifier: GPL-2.0-only
/* Messages of rtnetlink: links, rules, routes. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rpf_uapi.h"
#include "rpftables.h"
#include "unit.h"

static struct nl nl;
static char msg[NL_MSG_SIZE] __attribute__((aligned(8)));

static struct nlmsghdr *link_msg(void)
{
	struct nlmsghdr *nlh = nl_msg(&nl, msg, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = 7;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "red");
	return nlh;
}

static void test_link(void)
{
	struct nlmsghdr *nlh = link_msg();
	struct rpf_link link = { .ifindex = 0 }, other = { .ifindex = 0 };
	struct nlattr *info, *data;

	mnl_attr_put_u32(nlh, IFLA_GROUP, 9);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "vrf");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u32(nlh, IFLA_VRF_TABLE, 10);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	ok(!rpf_parse_link(nlh, &link) && link.ifindex == 7 && link.vrf &&
	   link.vrf_table == 10 && link.group == 9 && link.flags == IFF_UP &&
	   !strcmp(link.name, "red") && !link.vrf_port, "a VRF");
	nlh = link_msg();
	mnl_attr_put_u32(nlh, IFLA_MASTER, 5);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "vrf");
	mnl_attr_nest_end(nlh, info);
	ok(!rpf_parse_link(nlh, &other) && other.vrf_port && !other.vrf &&
	   other.master == 5, "a port of one");
	nlh = nl_msg(&nl, msg, RTM_NEWLINK, 0);
	ok(rpf_parse_link(nlh, &link) == -EBADMSG, "a short message");
	nlh = link_msg();
	nlh->nlmsg_type = RTM_DELLINK;
	ok(rpf_parse_link(nlh, &link) == -EBADMSG, "another message");
}

static struct nlmsghdr *rule_msg(int family)
{
	struct nlmsghdr *nlh = nl_msg(&nl, msg, RTM_NEWRULE, 0);
	struct fib_rule_hdr *frh = mnl_nlmsg_put_extra_header(nlh,
							      sizeof(*frh));

	frh->family = (uint8_t)family;
	frh->action = FR_ACT_TO_TBL;
	frh->table = RT_TABLE_MAIN;
	return nlh;
}

static void test_rule(void)
{
	const struct fib_rule_port_range ports = { 80, 90 };
	const struct fib_rule_uid_range uids = { 1, 2 };
	struct nlmsghdr *nlh = rule_msg(AF_INET);
	struct rpf_rule rule = { .pref = 0 };

	ok(!rpf_parse_rule(nlh, &rule) && rule.table == RT_TABLE_MAIN &&
	   rule.suppress_prefixlen == -1 && rule.suppress_ifgroup == -1 &&
	   !rpf_rule_selects(&rule), "a rule for all");
	mnl_attr_put_u32(nlh, FRA_PRIORITY, 100);
	mnl_attr_put_u32(nlh, FRA_TABLE, 1000);
	mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, 0);
	mnl_attr_put_strz(nlh, FRA_IIFNAME, "eth0");
	mnl_attr_put_u32(nlh, FRA_FWMARK, 1);
	mnl_attr_put_u32(nlh, FRA_FWMASK, 0xff);
	mnl_attr_put(nlh, FRA_SPORT_RANGE, sizeof(ports), &ports);
	mnl_attr_put_u16(nlh, RPF_FRA_SPORT_MASK, 0xfff0);
	mnl_attr_put(nlh, FRA_UID_RANGE, sizeof(uids), &uids);
	mnl_attr_put_u8(nlh, FRA_IP_PROTO, 17);
	mnl_attr_put_u8(nlh, FRA_L3MDEV, 1);
	mnl_attr_put_u8(nlh, RPF_FRA_DSCP, 46);
	ok(!rpf_parse_rule(nlh, &rule) && rule.pref == 100 &&
	   rule.table == 1000 && !rule.suppress_prefixlen && rule.l3mdev,
	   "what it does");
	ok(!strcmp(rule.iif, "eth0") && rule.mark == 1 &&
	   rule.mark_mask == 0xff && rule.proto == 17 && rule.uids &&
	   rule.uid_max == 2 && rule.sport.start == 80 &&
	   rule.sport.end == 90 && rule.sport.mask == 0xfff0 &&
	   rule.has_dscp && rule.dscp == 0xb8 && rule.dscp_mask == 0xfc &&
	   rpf_rule_selects(&rule), "what it is for");
}

static void test_rule6(void)
{
	static const uint8_t net[16] = { 0x20, 0x01, 0x0d, 0xb8 }, large[64];
	struct nlmsghdr *nlh = rule_msg(AF_INET6);
	struct rpf_rule rule = { .pref = 0 };
	struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);

	frh->src_len = 32;
	mnl_attr_put(nlh, FRA_SRC, sizeof(net), net);
	mnl_attr_put_u32(nlh, RPF_FRA_FLOWLABEL, htonl(5));
	mnl_attr_put_u32(nlh, RPF_FRA_FLOWLABEL_MASK, htonl(7));
	mnl_attr_put_u8(nlh, RPF_FRA_DSCP, 1);
	mnl_attr_put_u8(nlh, RPF_FRA_DSCP_MASK, 3);
	ok(!rpf_parse_rule(nlh, &rule) && rule.src_len == 32 &&
	   !memcmp(rule.src, net, 16) && rule.flowlabel == 5 &&
	   rule.flowlabel_mask == 7 && rule.dscp == 4 && rule.dscp_mask == 12,
	   "what IPv6 has");
	mnl_attr_put(nlh, FRA_DST, sizeof(large), large);
	ok(!rpf_parse_rule(nlh, &rule) && !rule.dst_len,
	   "an address that is too long");
}

static struct nlmsghdr *route_msg(uint8_t dst_len, uint8_t type)
{
	struct nlmsghdr *nlh = nl_msg(&nl, msg, RTM_NEWROUTE, 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	uint32_t dst = htonl(0xc0000200);

	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = dst_len;
	rtm->rtm_type = type;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_KERNEL;
	if (dst_len)
		mnl_attr_put_u32(nlh, RTA_DST, dst);
	return nlh;
}

static void test_route(void)
{
	static const uint8_t dst[4] = { 192, 0, 2, 0 };
	const struct rta_cacheinfo info = { .rta_expires = -1 };
	struct rpf_route route = { .table = 0 };
	struct nlmsghdr *nlh = route_msg(24, RTN_UNICAST);

	mnl_attr_put_u32(nlh, RTA_OIF, 3);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, 100);
	mnl_attr_put_u32(nlh, RTA_TABLE, 1000);
	mnl_attr_put_u32(nlh, RTA_GATEWAY, 1);
	mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(info), &info);
	ok(!rpf_parse_route(nlh, &route) && route.table == 1000 &&
	   route.dst_len == 24 && !memcmp(route.dst, dst, 4) &&
	   route.metric == 100 && route.nh_count == 1 &&
	   route.nhs[0].ifindex == 3 && route.nhs[0].gateway &&
	   route.expired && !route.custom && !route.realm, "a route");
	free(route.nhs);
}

static void put_hop(struct nlmsghdr *nlh, int ifindex, uint16_t len)
{
	struct rtnexthop hop = {
		.rtnh_len = len, .rtnh_ifindex = ifindex,
		.rtnh_flags = RTNH_F_LINKDOWN,
	};

	memcpy(mnl_nlmsg_get_payload_tail(nlh), &hop, sizeof(hop));
	nlh->nlmsg_len += sizeof(hop);
}

static void test_hops(void)
{
	struct rpf_route route = { .table = 0 }, bad = { .table = 0 };
	struct nlmsghdr *nlh = route_msg(0, RTN_UNICAST);
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);

	put_hop(nlh, 3, sizeof(struct rtnexthop));
	put_hop(nlh, 4, sizeof(struct rtnexthop));
	mnl_attr_nest_end(nlh, nest);
	ok(!rpf_parse_route(nlh, &route) && !route.dst_len &&
	   route.nh_count == 2 && route.nhs[1].ifindex == 4 &&
	   route.nhs[1].flags == RTNH_F_LINKDOWN && !route.nhs[0].gateway,
	   "a multipath route");
	free(route.nhs);
	nlh = route_msg(0, RTN_UNICAST);
	nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
	put_hop(nlh, 3, 0);
	put_hop(nlh, 4, 999);
	mnl_attr_nest_end(nlh, nest);
	ok(!rpf_parse_route(nlh, &bad) && !bad.nh_count,
	   "one with bad lengths");
	free(bad.nhs);
}

static void test_other_routes(void)
{
	struct rpf_route route = { .table = 0 };
	struct nlmsghdr *nlh = route_msg(24, RTN_BLACKHOLE);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	mnl_attr_put_u32(nlh, RTA_NH_ID, 9);
	ok(!rpf_parse_route(nlh, &route) && route.nhid == 9 &&
	   !route.nh_count && route.type == RTN_BLACKHOLE, "of an object");
	rtm->rtm_flags = RTM_F_CLONED;
	ok(rpf_parse_route(nlh, &route) == -EBADMSG, "a cached route");
	rtm->rtm_flags = 0;
	rtm->rtm_dst_len = 40;
	ok(rpf_parse_route(nlh, &route) == -EBADMSG, "a prefix too long");
	rtm->rtm_dst_len = 255;
	ok(rpf_parse_route(nlh, &route) == -EBADMSG, "for any family");
	nlh = nl_msg(&nl, msg, RTM_NEWROUTE, 0);
	ok(rpf_parse_route(nlh, &route) == -EBADMSG, "a short message");
}

/* Is a rule with this one thing set for some flows only? */
static void test_selects(void)
{
	struct rpf_rule rules[] = {
		{ .src_len = 1 }, { .dst_len = 1 }, { .iifindex = 1 },
		{ .oifindex = 1 }, { .mark = 1 }, { .mark_mask = 1 },
		{ .tun_id = 1 }, { .uids = true }, { .proto = 1 },
		{ .sport.start = 1 }, { .dport.mask = 1 }, { .tos = 4 },
		{ .has_dscp = true }, { .flowlabel_mask = 1 },
		{ .flags = FIB_RULE_INVERT },
	};
	size_t i, count = 0;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		count += rpf_rule_selects(&rules[i]);
	ok(count == i, "each selector");
	rules[0] = (struct rpf_rule){ .l3mdev = true, .pref = 1, .table = 1 };
	ok(!rpf_rule_selects(&rules[0]), "what is none");
}

static void test_tables(void)
{
	static const uint8_t net[4] = { 192, 0, 2, 128 };
	static const uint8_t in[4] = { 192, 0, 2, 200 };
	static const uint8_t not_in[4] = { 192, 0, 2, 7 };
	struct rpf_tables tables = { .family = AF_INET };

	ok(rpf_prefix_has(net, 25, in) && !rpf_prefix_has(net, 25, not_in) &&
	   rpf_prefix_has(net, 0, not_in) && rpf_prefix_has(net, 24, not_in) &&
	   !rpf_prefix_has(net, 32, in), "prefixes");
	ok(!rpf_default_rules(&tables) && rpf_rules_default(&tables),
	   "the rules of a new namespace");
	tables.rules[1].mark_mask = 1;
	ok(!rpf_rules_default(&tables), "others");
	rpf_free(&tables);
	tables.family = AF_INET6;
	rpf_default_rules(&tables);
	ok(tables.rule_count == 2 && rpf_rules_default(&tables), "of IPv6");
	rpf_free(&tables);
}

int main(void)
{
	test_link();
	test_rule();
	test_rule6();
	test_route();
	test_hops();
	test_other_routes();
	test_selects();
	test_tables();
	return unit_finish();
}
