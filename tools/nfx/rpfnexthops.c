// SPDX-License-Identifier: GPL-2.0-only
/* Nexthop objects (ip-nexthop(8)) and groups of them. */
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "rpftables.h"

/* Of a group; the kernel allows no group in a group. */
#define GROUP_MAX 1024

struct reply {
	struct rpf_route *route;
	uint32_t ids[GROUP_MAX];
	unsigned int count;
	int err;
};

static void take_group(const struct nlattr *attr, struct reply *reply)
{
	const struct nexthop_grp *grp = mnl_attr_get_payload(attr);
	unsigned int n = mnl_attr_get_payload_len(attr) / sizeof(*grp), i;

	for (i = 0; i < n && reply->count < GROUP_MAX; i++)
		reply->ids[reply->count++] = grp[i].id;
}

static void take_single(const struct nhmsg *nhm, const struct nlattr **tb,
			struct reply *reply)
{
	struct rpf_nh *nh;

	if (tb[NHA_BLACKHOLE])
		reply->route->blackhole = true;
	if (!nl_payload(tb[NHA_OIF], 4))
		return;
	nh = rpf_add_nh(reply->route);
	if (!nh) {
		reply->err = -ENOMEM;
		return;
	}
	nh->ifindex = mnl_attr_get_u32(tb[NHA_OIF]);
	nh->flags = nhm->nh_flags;
	nh->gateway = tb[NHA_GATEWAY];
}

static int take_nexthop(const struct nlmsghdr *nlh, void *data)
{
	const struct nhmsg *nhm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[NHA_GATEWAY + 1];

	if (nlh->nlmsg_type != RTM_NEWNEXTHOP ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nhm))
		return MNL_CB_OK;
	nl_attrs(nlh, sizeof(*nhm), tb, NHA_GATEWAY);
	if (tb[NHA_GROUP])
		take_group(tb[NHA_GROUP], data);
	else
		take_single(nhm, tb, data);
	return MNL_CB_OK;
}

static int ask(struct nl *rt, uint32_t id, struct reply *reply)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nl_msg(rt, buf, RTM_GETNEXTHOP, 0);
	int err;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nhmsg));
	mnl_attr_put_u32(nlh, NHA_ID, id);
	err = nl_talk(rt, nlh, take_nexthop, reply);
	return err ? err : reply->err;
}

int rpf_load_nexthop(struct nl *rt, struct rpf_route *route)
{
	struct reply reply = { .route = route };
	int err = ask(rt, route->nhid, &reply);
	unsigned int i;

	for (i = 0; i < reply.count && !err; i++)
		err = ask(rt, reply.ids[i], &reply);
	/* It has gone meanwhile, and its routes with it. */
	return err == -ENOENT ? 0 : err;
}
