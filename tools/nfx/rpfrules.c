// SPDX-License-Identifier: GPL-2.0-only
/* Rules of ip-rule(8), from rtnetlink. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rpf_uapi.h"
#include "rpftables.h"

static uint32_t get_u32(const struct nlattr *attr, uint32_t none)
{
	return nl_payload(attr, 4) ? mnl_attr_get_u32(attr) : none;
}

static uint16_t get_u16(const struct nlattr *attr)
{
	return nl_payload(attr, 2) ? mnl_attr_get_u16(attr) : 0;
}

static uint8_t get_u8(const struct nlattr *attr)
{
	return nl_payload(attr, 1) ? mnl_attr_get_u8(attr) : 0;
}

static void get_name(const struct nlattr *attr, char *name)
{
	if (attr)
		snprintf(name, IF_NAMESIZE, "%s", mnl_attr_get_str(attr));
}

static void get_addr(const struct nlattr *attr, uint8_t *addr)
{
	if (attr && mnl_attr_get_payload_len(attr) <= RPF_ADDR)
		memcpy(addr, mnl_attr_get_payload(attr),
		       mnl_attr_get_payload_len(attr));
}

static void get_ports(const struct nlattr *range, const struct nlattr *mask,
		      struct rpf_ports *ports)
{
	const struct fib_rule_port_range *from = nl_payload(range,
							    sizeof(*from));

	if (from) {
		ports->start = from->start;
		ports->end = from->end;
	}
	ports->mask = get_u16(mask);
}

static void parse_action(const struct nlattr **tb, struct rpf_rule *rule)
{
	rule->pref = get_u32(tb[FRA_PRIORITY], 0);
	rule->table = get_u32(tb[FRA_TABLE], rule->table);
	rule->target = get_u32(tb[FRA_GOTO], 0);
	rule->suppress_prefixlen =
		(int32_t)get_u32(tb[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX);
	rule->suppress_ifgroup =
		(int32_t)get_u32(tb[FRA_SUPPRESS_IFGROUP], UINT32_MAX);
	rule->l3mdev = get_u8(tb[FRA_L3MDEV]);
}

static void parse_uids(const struct nlattr *attr, struct rpf_rule *rule)
{
	const struct fib_rule_uid_range *uids = nl_payload(attr,
							   sizeof(*uids));

	if (!uids)
		return;
	rule->uids = true;
	rule->uid_min = uids->start;
	rule->uid_max = uids->end;
}

static void parse_selectors(const struct nlattr **tb, struct rpf_rule *rule)
{
	const uint64_t *tun_id = nl_payload(tb[FRA_TUN_ID], sizeof(*tun_id));

	get_addr(tb[FRA_SRC], rule->src);
	get_addr(tb[FRA_DST], rule->dst);
	get_name(tb[FRA_IIFNAME], rule->iif);
	get_name(tb[FRA_OIFNAME], rule->oif);
	rule->mark = get_u32(tb[FRA_FWMARK], 0);
	rule->mark_mask = get_u32(tb[FRA_FWMASK], 0);
	if (tun_id)
		memcpy(&rule->tun_id, tun_id, sizeof(*tun_id));
	parse_uids(tb[FRA_UID_RANGE], rule);
	rule->proto = get_u8(tb[FRA_IP_PROTO]);
	get_ports(tb[FRA_SPORT_RANGE], tb[RPF_FRA_SPORT_MASK], &rule->sport);
	get_ports(tb[FRA_DPORT_RANGE], tb[RPF_FRA_DPORT_MASK], &rule->dport);
	rule->flowlabel = nl_be32(tb[RPF_FRA_FLOWLABEL]);
	rule->flowlabel_mask = nl_be32(tb[RPF_FRA_FLOWLABEL_MASK]);
}

/* The netlink numbers count from the lowest bit of the DSCP. */
static void parse_dscp(const struct nlattr **tb, struct rpf_rule *rule)
{
	rule->has_dscp = tb[RPF_FRA_DSCP];
	rule->dscp = (uint8_t)(get_u8(tb[RPF_FRA_DSCP]) << 2);
	rule->dscp_mask = tb[RPF_FRA_DSCP_MASK] ?
			  (uint8_t)(get_u8(tb[RPF_FRA_DSCP_MASK]) << 2) : 0xfc;
}

int rpf_parse_rule(const struct nlmsghdr *nlh, struct rpf_rule *rule)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RPF_FRA_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWRULE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*frh))
		return -EBADMSG;
	nl_attrs(nlh, sizeof(*frh), tb, RPF_FRA_MAX);
	rule->action = frh->action;
	rule->flags = frh->flags;
	rule->table = frh->table;
	rule->src_len = frh->src_len;
	rule->dst_len = frh->dst_len;
	rule->tos = frh->tos;
	parse_action(tb, rule);
	parse_selectors(tb, rule);
	parse_dscp(tb, rule);
	return 0;
}

/* The kernel resolves names as devices come and go, so now there is one. */
static uint32_t resolve(const struct rpf_tables *tables, const char *name,
			bool detached)
{
	const struct rpf_link *link;

	if (!*name)
		return 0;
	link = rpf_link_name(tables, name);
	return link && !detached ? link->ifindex : RPF_DETACHED;
}

static int take_rule(const struct nlmsghdr *nlh, void *data)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	struct rpf_rule rule = { .pref = 0 }, *to;
	struct rpf_loader *loader = data;

	if (rpf_parse_rule(nlh, &rule) ||
	    frh->family != loader->tables->family)
		return MNL_CB_OK;
	rule.iifindex = resolve(loader->tables, rule.iif,
				rule.flags & FIB_RULE_IIF_DETACHED);
	rule.oifindex = resolve(loader->tables, rule.oif,
				rule.flags & FIB_RULE_OIF_DETACHED);
	to = rpf_add_rule(loader->tables);
	if (to)
		*to = rule;
	else
		loader->err = -ENOMEM;
	return MNL_CB_OK;
}

int rpf_load_rules(struct rpf_loader *loader)
{
	int err = rpf_dump(loader, loader->tables->family, RTM_GETRULE,
			   take_rule);

	/* A kernel without policy routing. */
	if (err == -EOPNOTSUPP || err == -EAFNOSUPPORT)
		return rpf_default_rules(loader->tables);
	return err;
}

static bool selects_ports(const struct rpf_ports *ports)
{
	return ports->start || ports->end || ports->mask;
}

bool rpf_rule_selects(const struct rpf_rule *rule)
{
	return rule->src_len || rule->dst_len || rule->iifindex ||
	       rule->oifindex || rule->mark || rule->mark_mask ||
	       rule->tun_id || rule->uids || rule->proto ||
	       selects_ports(&rule->sport) || selects_ports(&rule->dport) ||
	       rule->tos || rule->has_dscp || rule->flowlabel_mask ||
	       rule->flags & FIB_RULE_INVERT;
}
