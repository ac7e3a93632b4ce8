// SPDX-License-Identifier: GPL-2.0-only
/* ipset over netlink (linux/netfilter/ipset/ip_set.h, protocol 7). */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "ipset.h"
#include "main.h"

static struct nlmsghdr *put(struct nl *nl, void *buf, uint8_t cmd,
			    uint16_t flags)
{
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, (uint16_t)(NFNL_SUBSYS_IPSET << 8 | cmd),
		       flags, AF_INET, 0);
	mnl_attr_put_u8(nlh, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL);
	return nlh;
}

static void put_net32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type | NLA_F_NET_BYTEORDER, htonl(value));
}

static int take_revision(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[IPSET_ATTR_CMD_MAX + 1];
	uint8_t *revision = data;

	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, IPSET_ATTR_CMD_MAX);
	if (tb[IPSET_ATTR_REVISION])
		*revision = mnl_attr_get_u8(tb[IPSET_ATTR_REVISION]);
	return MNL_CB_OK;
}

int ipset_type(struct nl *nl, const char *type, uint8_t family,
	       uint8_t *revision)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = put(nl, buf, IPSET_CMD_TYPE, 0);

	mnl_attr_put_strz(nlh, IPSET_ATTR_TYPENAME, type);
	mnl_attr_put_u8(nlh, IPSET_ATTR_FAMILY, family);
	return nl_talk(nl, nlh, take_revision, revision);
}

int ipset_create(struct nl *nl, const char *name,
		 const struct ipset_params *params)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	uint8_t revision = 0;
	int err;

	err = ipset_type(nl, params->type, NFPROTO_IPV4, &revision);
	if (err)
		return err;
	nlh = put(nl, buf, IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(nlh, IPSET_ATTR_SETNAME, name);
	mnl_attr_put_strz(nlh, IPSET_ATTR_TYPENAME, params->type);
	mnl_attr_put_u8(nlh, IPSET_ATTR_REVISION, revision);
	mnl_attr_put_u8(nlh, IPSET_ATTR_FAMILY, NFPROTO_IPV4);
	nest = mnl_attr_nest_start(nlh, IPSET_ATTR_DATA);
	put_net32(nlh, IPSET_ATTR_HASHSIZE, params->hashsize);
	put_net32(nlh, IPSET_ATTR_MAXELEM, params->maxelem);
	if (params->markmask)
		put_net32(nlh, IPSET_ATTR_MARKMASK, params->markmask);
	mnl_attr_nest_end(nlh, nest);
	return nl_talk(nl, nlh, NULL, NULL);
}

static int take_index(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[IPSET_ATTR_CMD_MAX + 1];
	uint16_t *index = data;

	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, IPSET_ATTR_CMD_MAX);
	if (tb[IPSET_ATTR_INDEX])
		*index = ntohs(mnl_attr_get_u16(tb[IPSET_ATTR_INDEX]));
	return MNL_CB_OK;
}

int ipset_index(struct nl *nl, const char *name, uint16_t *index)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = put(nl, buf, IPSET_CMD_GET_BYNAME, 0);

	*index = IPSET_INVALID_ID;
	mnl_attr_put_strz(nlh, IPSET_ATTR_SETNAME, name);
	return nl_talk(nl, nlh, take_index, index);
}

int ipset_list(struct nl *nl, const char *name, uint32_t flags, mnl_cb_t cb,
	       void *data)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	/* ipset reports an error of a dump only when asked for an ack. */
	nlh = put(nl, buf, IPSET_CMD_LIST, NLM_F_DUMP | NLM_F_ACK);
	mnl_attr_put_strz(nlh, IPSET_ATTR_SETNAME, name);
	if (flags)
		put_net32(nlh, IPSET_ATTR_FLAGS, flags);
	return nl_talk(nl, nlh, cb, data);
}
