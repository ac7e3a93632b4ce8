// SPDX-License-Identifier: GPL-2.0-only
/* The walk, checked against the kernel's. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "rpfask.h"
#include "rpftext.h"

#define DSCP_BITS 0xfc

/* What the selectors of all rules look at. */
struct looks {
	bool iif;
	bool vrf;	/* an iif or oif that is one */
	bool from;
	bool proto;
};

static bool is_vrf(const struct rpf_tables *tables, uint32_t ifindex)
{
	const struct rpf_link *link = rpf_link(tables, ifindex);

	return link && link->vrf;
}

static struct looks look(const struct rpf_tables *tables)
{
	struct looks looks = { .iif = false };
	unsigned int i;

	for (i = 0; i < tables->rule_count; i++) {
		const struct rpf_rule *rule = &tables->rules[i];

		looks.iif |= rule->iifindex != 0;
		looks.vrf |= is_vrf(tables, rule->iifindex) ||
			     is_vrf(tables, rule->oifindex);
		looks.from |= rule->src_len != 0;
		looks.proto |= rule->proto != 0;
	}
	return looks;
}

/* Without a protocol IPv4 takes UDP for it. */
static bool knows_proto(const struct rpf_tables *tables,
			const struct rpf_flow *flow)
{
	switch (flow->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		return true;
	case IPPROTO_ICMP:
		return tables->family == AF_INET;
	case IPPROTO_ICMPV6:
	case 0:
		return tables->family == AF_INET6;
	default:
		return false;
	}
}

const char *rpf_cannot_ask(const struct rpf_tables *tables,
			   const struct rpf_flow *flow)
{
	struct looks looks = look(tables);

	if (flow->oif && flow->l3mdev)
		return "the source is a link-local address in a VRF";
	if (flow->iif != RPF_LOOPBACK &&
	    (looks.iif || (!flow->l3mdev && rpf_vrf(tables, flow->iif))))
		return "a rule looks at the interface it is forwarded to";
	if (flow->l3mdev && looks.vrf)
		return "a rule looks at the interface of the VRF";
	if (looks.from && tables->family == AF_INET && flow->has_saddr &&
	    !tables->dst_local)
		return "a rule looks at the destination, which is elsewhere";
	if (looks.proto && !knows_proto(tables, flow))
		return "a rule looks at the protocol";
	return NULL;
}

/* IPv4 refuses a source that is not its own, even if no rule looks at it. */
static bool puts_saddr(const struct rpf_tables *tables,
		       const struct rpf_flow *flow)
{
	return flow->has_saddr &&
	       (tables->family == AF_INET6 || look(tables).from);
}

static void put_flow(struct nlmsghdr *nlh, const struct rpf_tables *tables,
		     const struct rpf_flow *flow)
{
	unsigned int size = rpf_addr_size(tables->family);
	uint32_t oif = flow->l3mdev ? flow->l3mdev : flow->oif;

	mnl_attr_put(nlh, RTA_DST, size, flow->daddr);
	if (puts_saddr(tables, flow))
		mnl_attr_put(nlh, RTA_SRC, size, flow->saddr);
	if (oif)
		mnl_attr_put_u32(nlh, RTA_OIF, oif);
	if (flow->mark)
		mnl_attr_put_u32(nlh, RTA_MARK, flow->mark);
	mnl_attr_put_u32(nlh, RTA_UID, flow->uid);
	if (flow->proto && knows_proto(tables, flow))
		mnl_attr_put_u8(nlh, RTA_IP_PROTO, flow->proto);
	if (flow->sport)
		mnl_attr_put_u16(nlh, RTA_SPORT, htons(flow->sport));
	if (flow->dport)
		mnl_attr_put_u16(nlh, RTA_DPORT, htons(flow->dport));
}

struct reply {
	struct rpf_route route;
	int err;
};

static int take_reply(const struct nlmsghdr *nlh, void *data)
{
	struct reply *reply = data;

	reply->err = rpf_parse_route(nlh, &reply->route);
	return MNL_CB_OK;
}

/* Returns what the kernel says of the flow: 0 or -errno. */
static int ask(struct nl *rt, const struct rpf_tables *tables,
	       const struct rpf_flow *flow, struct reply *reply)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	unsigned int bits = 8 * rpf_addr_size(tables->family);
	struct nlmsghdr *nlh = nl_msg(rt, buf, RTM_GETROUTE, 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = (uint8_t)tables->family;
	rtm->rtm_dst_len = (uint8_t)bits;
	rtm->rtm_tos = flow->tos & DSCP_BITS;
	rtm->rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH;
	if (puts_saddr(tables, flow))
		rtm->rtm_src_len = (uint8_t)bits;
	put_flow(nlh, tables, flow);
	return nl_talk(rt, nlh, take_reply, reply);
}

/*
 * Of several default routes IPv4 takes one whose gateway answers, and so does
 * IPv6 of all routes on a host: that says nothing about the prefix.
 */
static bool has_choice(const struct rpf_tables *tables,
		       const struct rpf_flow *flow,
		       const struct rpf_route *best)
{
	unsigned int i, count = 0;

	if (tables->family == AF_INET && best->dst_len)
		return false;
	for (i = 0; i < tables->route_count; i++)
		count += rpf_alias(tables, flow, best, &tables->routes[i]);
	return count > 1;
}

bool rpf_agree(const struct rpf_tables *tables, const struct rpf_flow *flow,
	       const struct rpf_result *mine, int err,
	       const struct rpf_route *route, uint32_t in)
{
	const struct rpf_route *best = mine->route;

	if (mine->err || err)
		return err == (mine->err == -ESRCH ? -ENETUNREACH : mine->err);
	/* Routes of one object share what the kernel keeps of them for packets,
	 * and the one it reports may be any of them: rt6_get_pcpu_route().
	 */
	if (tables->family == AF_INET6 && route->nhid)
		return route->nhid == best->nhid;
	if (route->type != best->type || route->dst_len != best->dst_len)
		return false;
	if (!tables->merged && route->table != best->table)
		return false;
	return has_choice(tables, flow, best) ||
	       (route->metric == best->metric &&
		rpf_uses(tables, route, in) == rpf_uses(tables, best, in));
}

static void say(const struct rpf_tables *tables, int err,
		const struct rpf_route *route, char *text, size_t size)
{
	if (err)
		snprintf(text, size, "%s", strerror(-err));
	else
		rpf_route_text(tables, route, text, size);
}

static void differ(const struct rpf_tables *tables,
		   const struct rpf_result *mine, int err,
		   const struct rpf_route *route, struct rpf_asked *asked)
{
	char kernel[RPF_ASKED_TEXT / 3], walk[RPF_ASKED_TEXT / 3];

	say(tables, err, route, kernel, sizeof(kernel));
	say(tables, mine->err, mine->route, walk, sizeof(walk));
	snprintf(asked->text, sizeof(asked->text),
		 "the kernel says \"%s\", the tables \"%s\"", kernel, walk);
}

/* Those of a reply are not owned by the tables. */
static int compare(struct nl *rt, const struct rpf_tables *tables,
		   const struct rpf_flow *flow, uint32_t in,
		   struct reply *reply, struct rpf_asked *asked)
{
	int err = ask(rt, tables, flow, reply), err2 = 0;
	struct rpf_result mine;

	if (!err && reply->err == -EBADMSG) {
		asked->why_not = "this kernel does not tell the route it took";
		return 0;
	}
	if (err == -ETIMEDOUT || err == -ENOBUFS || reply->err)
		return err ? err : reply->err;
	if (!err && reply->route.nhid)
		err2 = rpf_load_nexthop(rt, &reply->route);
	rpf_walk(tables, flow, &mine, NULL, NULL);
	asked->agrees = rpf_agree(tables, flow, &mine, err, &reply->route, in);
	if (!asked->agrees)
		differ(tables, &mine, err, &reply->route, asked);
	return err2;
}

int rpf_ask(struct nl *rt, const struct rpf_tables *tables,
	    const struct rpf_query *query, unsigned int flags,
	    struct rpf_asked *asked)
{
	struct reply reply = { .err = 0 };
	struct rpf_flow flow;
	const char *reason;
	int err;

	memset(asked, 0, sizeof(*asked));
	if (rpf_early(tables, query, &reason) != RPF_UNSPEC) {
		asked->why_not = "no lookup was needed";
		return 0;
	}
	rpf_flow_of(tables, query, flags, &flow);
	asked->why_not = rpf_cannot_ask(tables, &flow);
	if (asked->why_not)
		return 0;
	flow.lookup = RPF_LOOKUP_ROUTE;
	flow.linkstate = true;
	err = compare(rt, tables, &flow, query->in, &reply, asked);
	free(reply.route.nhs);
	return err;
}
