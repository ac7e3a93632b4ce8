// SPDX-License-Identifier: GPL-2.0-only
/* Links, addresses, routes and rules for a throw-away network namespace. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdlib.h>

#include "main.h"
#include "rtnl.h"

const uint8_t rtnl_mac_a[6] = { 2, 0, 0, 0, 0, 0x0a };
const uint8_t rtnl_mac_b[6] = { 2, 0, 0, 0, 0, 0x0b };

static unsigned int addr_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void put_end(struct nlmsghdr *nlh, const char *name, const uint8_t *mac,
		    unsigned int flags)
{
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_flags = flags;
	ifi->ifi_change = flags;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
}

static int make_pair(struct nl *rt)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlattr *info, *data, *peer;
	struct nlmsghdr *nlh;

	nlh = nl_msg(rt, buf, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	put_end(nlh, "a", rtnl_mac_a, IFF_NOARP);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	put_end(nlh, "b", rtnl_mac_b, 0);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return nl_talk(rt, nlh, NULL, NULL);
}

int rtnl_up(struct nl *rt, const char *ifname)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nl_msg(rt, buf, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, ifname);
	return nl_talk(rt, nlh, NULL, NULL);
}

/* A veth end cannot be brought up before it has a peer. */
int rtnl_veth(struct nl *rt)
{
	int err = make_pair(rt);

	if (!err)
		err = rtnl_up(rt, "a");
	return err ? err : rtnl_up(rt, "b");
}

static void put_addr(struct nlmsghdr *nlh, int family, const char *ifname,
		     const void *addr, uint8_t len)
{
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	unsigned int size = addr_size(family);

	ifa->ifa_family = (uint8_t)family;
	ifa->ifa_prefixlen = len;
	ifa->ifa_index = if_nametoindex(ifname);
	mnl_attr_put(nlh, IFA_LOCAL, size, addr);
	mnl_attr_put(nlh, IFA_ADDRESS, size, addr);
}

int rtnl_addr_add(struct nl *rt, int family, const char *ifname,
		  const void *addr, uint8_t len)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_msg(rt, buf, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	put_addr(nlh, family, ifname, addr, len);
	return nl_talk(rt, nlh, NULL, NULL);
}

int rtnl_addr_del_many(struct nl *rt, const char *ifname,
		       const uint32_t *addrs, unsigned int count, uint8_t len)
{
	struct mnl_nlmsg_batch *batch;
	struct nlmsghdr *nlh = NULL;
	char *buf = malloc(2 * NL_RECV_SIZE);
	unsigned int i;
	int err;

	if (!buf)
		return -ENOMEM;
	batch = mnl_nlmsg_batch_start(buf, NL_RECV_SIZE);
	for (i = 0; i < count; i++) {
		nlh = nl_msg(rt, mnl_nlmsg_batch_current(batch), RTM_DELADDR,
			     i + 1 == count ? NLM_F_ACK : 0);
		put_addr(nlh, AF_INET, ifname, &addrs[i], len);
		mnl_nlmsg_batch_next(batch);
	}
	err = nl_send(rt, mnl_nlmsg_batch_head(batch),
		      mnl_nlmsg_batch_size(batch));
	mnl_nlmsg_batch_stop(batch);
	free(buf);
	return err ? err : nl_collect(rt, rt->seq, NULL, NULL);
}

int rtnl_route_add(struct nl *rt, int family, uint8_t table, const void *dst,
		   uint8_t len, const char *ifname)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;

	nlh = nl_msg(rt, buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (uint8_t)family;
	rtm->rtm_dst_len = len;
	rtm->rtm_table = table;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (len)
		mnl_attr_put(nlh, RTA_DST, addr_size(family), dst);
	mnl_attr_put_u32(nlh, RTA_OIF, if_nametoindex(ifname));
	return nl_talk(rt, nlh, NULL, NULL);
}

int rtnl_rule_add(struct nl *rt, int family, uint32_t pref, uint8_t table,
		  int suppress)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct fib_rule_hdr *frh;
	struct nlmsghdr *nlh;

	nlh = nl_msg(rt, buf, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));
	frh->family = (uint8_t)family;
	frh->table = table;
	frh->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(nlh, FRA_PRIORITY, pref);
	if (suppress >= 0)
		mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN,
				 (uint32_t)suppress);
	return nl_talk(rt, nlh, NULL, NULL);
}
