// SPDX-License-Identifier: GPL-2.0-only
/* Routes that lead to an address, from rtnetlink. */
#include <errno.h>
#include <string.h>

#include "rpf_uapi.h"
#include "rpftables.h"

static int get_addr(const struct nlattr *attr, unsigned int len, uint8_t *addr)
{
	unsigned int bytes = (len + 7) / 8;

	if (!len)
		return 0;
	if (bytes > RPF_ADDR || !nl_payload(attr, bytes))
		return -EBADMSG;
	memcpy(addr, mnl_attr_get_payload(attr), bytes);
	return 0;
}

static int add_nh(struct rpf_route *route, uint32_t ifindex, uint32_t flags,
		  bool gateway)
{
	struct rpf_nh *nh = rpf_add_nh(route);

	if (!nh)
		return -ENOMEM;
	nh->ifindex = ifindex;
	nh->flags = flags;
	nh->gateway = gateway;
	return 0;
}

/* Is there a gateway in the attributes of a hop of a multipath route? */
static bool has_gateway(const struct rtnexthop *hop)
{
	const char *at = (const char *)hop + sizeof(*hop);
	int left = (int)hop->rtnh_len - (int)sizeof(*hop);
	const struct nlattr *attr = (const struct nlattr *)at;

	while (mnl_attr_ok(attr, left)) {
		if (mnl_attr_get_type(attr) == RTA_GATEWAY ||
		    mnl_attr_get_type(attr) == RTA_VIA)
			return true;
		left -= (int)MNL_ALIGN(attr->nla_len);
		attr = mnl_attr_next(attr);
	}
	return false;
}

static int parse_hops(const struct nlattr *attr, struct rpf_route *route)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr), err;

	while (left >= (int)sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) &&
	       hop->rtnh_len <= left) {
		err = add_nh(route, (uint32_t)hop->rtnh_ifindex,
			     hop->rtnh_flags, has_gateway(hop));
		if (err)
			return err;
		left -= (int)MNL_ALIGN(hop->rtnh_len);
		hop = (const void *)((const char *)hop +
				     MNL_ALIGN(hop->rtnh_len));
	}
	return 0;
}

/* What is of an object has to be asked for. */
static int parse_ways(const struct rtmsg *rtm, const struct nlattr **tb,
		      struct rpf_route *route)
{
	bool gateway = tb[RTA_GATEWAY] || tb[RTA_VIA];
	uint32_t oif = 0;

	if (nl_payload(tb[RTA_NH_ID], 4)) {
		route->nhid = mnl_attr_get_u32(tb[RTA_NH_ID]);
		return 0;
	}
	if (tb[RTA_MULTIPATH])
		return parse_hops(tb[RTA_MULTIPATH], route);
	if (nl_payload(tb[RTA_OIF], 4))
		oif = mnl_attr_get_u32(tb[RTA_OIF]);
	return add_nh(route, oif, rtm->rtm_flags, gateway);
}

static void parse_rest(const struct rtmsg *rtm, const struct nlattr **tb,
		       struct rpf_route *route)
{
	const struct rta_cacheinfo *info = nl_payload(tb[RTA_CACHEINFO],
						      sizeof(*info));

	route->type = rtm->rtm_type;
	route->table = rtm->rtm_table;
	if (nl_payload(tb[RTA_TABLE], 4))
		route->table = mnl_attr_get_u32(tb[RTA_TABLE]);
	route->tos = rtm->rtm_tos;
	if (nl_payload(tb[RTA_PRIORITY], 4))
		route->metric = mnl_attr_get_u32(tb[RTA_PRIORITY]);
	if (nl_payload(tb[RTA_PREF], 1))
		route->pref = mnl_attr_get_u8(tb[RTA_PREF]);
	route->custom = rtm->rtm_protocol != RTPROT_KERNEL;
	route->realm = tb[RTA_FLOW];
	route->expired = info && info->rta_expires < 0;
}

int rpf_parse_route(const struct nlmsghdr *nlh, struct rpf_route *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_NH_ID + 1];

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    rtm->rtm_flags & RTM_F_CLONED)
		return -EBADMSG;
	nl_attrs(nlh, sizeof(*rtm), tb, RTA_NH_ID);
	route->dst_len = rtm->rtm_dst_len;
	route->src_len = rtm->rtm_src_len;
	if (get_addr(tb[RTA_DST], route->dst_len, route->dst) ||
	    get_addr(tb[RTA_SRC], route->src_len, route->src))
		return -EBADMSG;
	parse_rest(rtm, tb, route);
	return parse_ways(rtm, tb, route);
}

/* Most of a large table leads elsewhere: those routes end here. */
static bool leads_to(const struct nlmsghdr *nlh, int family,
		     const uint8_t *addr)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_DST + 1];
	uint8_t dst[RPF_ADDR] = { 0 };

	/* A kernel without the family would dump all that it has. */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    rtm->rtm_family != family)
		return false;
	nl_attrs(nlh, sizeof(*rtm), tb, RTA_DST);
	return !get_addr(tb[RTA_DST], rtm->rtm_dst_len, dst) &&
	       rpf_prefix_has(dst, rtm->rtm_dst_len, addr);
}

static int take_route(const struct nlmsghdr *nlh, void *data)
{
	struct rpf_loader *loader = data;
	struct rpf_tables *tables = loader->tables;
	struct rpf_route *route;
	int err;

	if (loader->err || !leads_to(nlh, tables->family, loader->src))
		return MNL_CB_OK;
	route = rpf_add_route(tables);
	if (!route) {
		loader->err = -ENOMEM;
		return MNL_CB_OK;
	}
	err = rpf_parse_route(nlh, route);
	if (err == -ENOMEM)
		loader->err = err;
	else if (err)
		tables->route_count--;
	return MNL_CB_OK;
}

int rpf_load_routes(struct rpf_loader *loader)
{
	struct rpf_tables *tables = loader->tables;
	int err = rpf_dump(loader, tables->family, RTM_GETROUTE, take_route);
	unsigned int i;

	for (i = 0; i < tables->route_count && !err; i++)
		if (tables->routes[i].nhid)
			err = rpf_load_nexthop(loader->rt, &tables->routes[i]);
	return err;
}
