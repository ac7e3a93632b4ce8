// SPDX-License-Identifier: GPL-2.0-only
/* Links and their addresses, from rtnetlink. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rpftables.h"

static bool is_text(const struct nlattr *attr, const char *text)
{
	return attr && !strcmp(mnl_attr_get_str(attr), text);
}

static void parse_vrf(const struct nlattr *data, struct rpf_link *link)
{
	const struct nlattr *tb[IFLA_VRF_TABLE + 1];

	link->vrf = true;
	nl_nested(data, tb, IFLA_VRF_TABLE);
	if (nl_payload(tb[IFLA_VRF_TABLE], sizeof(uint32_t)))
		link->vrf_table = mnl_attr_get_u32(tb[IFLA_VRF_TABLE]);
}

static void parse_info(const struct nlattr *info, struct rpf_link *link)
{
	const struct nlattr *tb[IFLA_INFO_SLAVE_KIND + 1];

	nl_nested(info, tb, IFLA_INFO_SLAVE_KIND);
	if (is_text(tb[IFLA_INFO_KIND], "vrf") && tb[IFLA_INFO_DATA])
		parse_vrf(tb[IFLA_INFO_DATA], link);
	link->vrf_port = is_text(tb[IFLA_INFO_SLAVE_KIND], "vrf");
	link->bridge_port = is_text(tb[IFLA_INFO_SLAVE_KIND], "bridge");
}

int rpf_parse_link(const struct nlmsghdr *nlh, struct rpf_link *link)
{
	const struct nlattr *tb[IFLA_GROUP + 1];
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return -EBADMSG;
	nl_attrs(nlh, sizeof(*ifi), tb, IFLA_GROUP);
	if (!tb[IFLA_IFNAME])
		return -EBADMSG;
	link->ifindex = (uint32_t)ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	snprintf(link->name, sizeof(link->name), "%s",
		 mnl_attr_get_str(tb[IFLA_IFNAME]));
	if (nl_payload(tb[IFLA_MASTER], sizeof(uint32_t)))
		link->master = mnl_attr_get_u32(tb[IFLA_MASTER]);
	if (nl_payload(tb[IFLA_GROUP], sizeof(uint32_t)))
		link->group = mnl_attr_get_u32(tb[IFLA_GROUP]);
	if (tb[IFLA_LINKINFO])
		parse_info(tb[IFLA_LINKINFO], link);
	return 0;
}

static int take_link(const struct nlmsghdr *nlh, void *data)
{
	struct rpf_link link = { .ifindex = 0 }, *to;
	struct rpf_loader *loader = data;

	if (rpf_parse_link(nlh, &link))
		return MNL_CB_OK;
	to = rpf_add_link(loader->tables);
	if (to)
		*to = link;
	else
		loader->err = -ENOMEM;
	return MNL_CB_OK;
}

static struct rpf_link *find_link(struct rpf_tables *tables, uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < tables->link_count; i++)
		if (tables->links[i].ifindex == ifindex)
			return &tables->links[i];
	return NULL;
}

static bool same(const uint8_t *a, const uint8_t *b)
{
	return a && !memcmp(a, b, 4);
}

static int take_addr(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFA_LOCAL + 1];
	struct rpf_loader *loader = data;
	struct rpf_link *link;
	const uint8_t *local;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return MNL_CB_OK;
	nl_attrs(nlh, sizeof(*ifa), tb, IFA_LOCAL);
	local = nl_payload(tb[IFA_LOCAL], 4);
	link = find_link(loader->tables, ifa->ifa_index);
	if (!link || !local)
		return MNL_CB_OK;
	link->has_ipv4 = true;
	loader->tables->src_local |= same(loader->src, local);
	loader->tables->dst_local |= same(loader->dst, local);
	return MNL_CB_OK;
}

int rpf_load_links(struct rpf_loader *loader)
{
	/* IPv6 would tell only what it knows itself. */
	int err = rpf_dump(loader, AF_UNSPEC, RTM_GETLINK, take_link);

	if (err || loader->tables->family != AF_INET)
		return err;
	return rpf_dump(loader, AF_INET, RTM_GETADDR, take_addr);
}
