// SPDX-License-Identifier: GPL-2.0-only
/* Messages of rtnetlink and XFRM that tell of changes. */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <string.h>

#include "netmon.h"

/* A link that was removed has no name any more. */
static void set_link(struct netmon_event *event, unsigned int ifindex)
{
	event->ifindex = ifindex;
	if (!ifindex || !if_indextoname(ifindex, event->ifname))
		event->ifname[0] = '\0';
}

static void set_addr(struct netmon_event *event, const struct nlattr *attr)
{
	size_t size = event->family == AF_INET ? 4 : 16;
	const void *addr = nl_payload(attr, size);

	if (addr)
		memcpy(event->addr, addr, size);
}

static void parse_link(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct netmon_event event = { .kind = NETMON_LINK };
	const unsigned int up = IFF_UP | IFF_RUNNING;
	const struct nlattr *tb[IFLA_IFNAME + 1];

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) ||
	    ifi->ifi_family == AF_BRIDGE)
		return;
	nl_attrs(nlh, sizeof(*ifi), tb, IFLA_IFNAME);
	if (!tb[IFLA_IFNAME] ||
	    mnl_attr_validate(tb[IFLA_IFNAME], MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_get_payload_len(tb[IFLA_IFNAME]) > sizeof(event.ifname))
		return;
	event.ifindex = (unsigned int)ifi->ifi_index;
	memcpy(event.ifname, mnl_attr_get_str(tb[IFLA_IFNAME]),
	       mnl_attr_get_payload_len(tb[IFLA_IFNAME]));
	event.gone = nlh->nlmsg_type == RTM_DELLINK ||
		     (ifi->ifi_flags & up) != up;
	cb(&event, data);
}

/* An address that is tentative cannot be used yet, and comes again. */
static void parse_addr(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct netmon_event event = { .kind = NETMON_ADDRESS };
	const struct nlattr *tb[IFA_LOCAL + 1];

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return;
	event.gone = nlh->nlmsg_type == RTM_DELADDR;
	if (!event.gone && ifa->ifa_flags & IFA_F_TENTATIVE)
		return;
	nl_attrs(nlh, sizeof(*ifa), tb, IFA_LOCAL);
	event.family = ifa->ifa_family;
	event.prefixlen = ifa->ifa_prefixlen;
	set_addr(&event, tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS]);
	set_link(&event, ifa->ifa_index);
	cb(&event, data);
}

static bool is_route(const struct rtmsg *rtm)
{
	switch (rtm->rtm_type) {
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return false;
	default:
		return (rtm->rtm_family == AF_INET ||
			rtm->rtm_family == AF_INET6) &&
		       !(rtm->rtm_flags & RTM_F_CLONED);
	}
}

static void each_hop(const struct nlattr *multi, struct netmon_event *event,
		     netmon_cb_t cb, void *data)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multi);
	int len = mnl_attr_get_payload_len(multi);

	while (RTNH_OK(hop, len)) {
		set_link(event, (unsigned int)hop->rtnh_ifindex);
		cb(event, data);
		len -= NLMSG_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
}

static void parse_route(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct netmon_event event = { .kind = NETMON_ROUTE };
	const struct nlattr *tb[RTA_MULTIPATH + 1];
	const uint32_t *oif;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) || !is_route(rtm))
		return;
	nl_attrs(nlh, sizeof(*rtm), tb, RTA_MULTIPATH);
	event.gone = nlh->nlmsg_type == RTM_DELROUTE;
	event.family = rtm->rtm_family;
	event.prefixlen = rtm->rtm_dst_len;
	set_addr(&event, tb[RTA_DST]);
	if (tb[RTA_MULTIPATH]) {
		each_hop(tb[RTA_MULTIPATH], &event, cb, data);
		return;
	}
	oif = nl_payload(tb[RTA_OIF], sizeof(*oif));
	set_link(&event, oif ? *oif : 0);
	cb(&event, data);
}

void netmon_parse_rt(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		parse_link(nlh, cb, data);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		parse_addr(nlh, cb, data);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		parse_route(nlh, cb, data);
		break;
	}
}

/* A soft limit is a warning: the policy stays. */
static bool has_expired(const struct nlmsghdr *nlh)
{
	const struct xfrm_user_polexpire *expire = mnl_nlmsg_get_payload(nlh);

	return mnl_nlmsg_get_payload_len(nlh) >= sizeof(*expire) &&
	       expire->hard;
}

void netmon_parse_xfrm(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data)
{
	struct netmon_event event = { .kind = NETMON_XFRM };

	switch (nlh->nlmsg_type) {
	case XFRM_MSG_DELPOLICY:
	case XFRM_MSG_FLUSHPOLICY:
		event.gone = true;
		break;
	case XFRM_MSG_POLEXPIRE:
		if (!has_expired(nlh))
			return;
		event.gone = true;
		break;
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
		break;
	default:
		return;
	}
	cb(&event, data);
}
