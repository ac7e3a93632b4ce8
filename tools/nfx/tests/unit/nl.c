// SPDX-License-Identifier: GPL-2.0-only
/* Netlink helpers: attributes, error texts, a request to the kernel. */
#include <errno.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "main.h"
#include "nl.h"
#include "unit.h"

static void test_attrs(void)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	const struct nlattr *tb[4], *in[2];
	struct nlattr *nest;

	mnl_attr_put_u32(nlh, 1, 7);
	mnl_attr_put_u32(nlh, 9, 9);
	nest = mnl_attr_nest_start(nlh, 3);
	mnl_attr_put_u8(nlh, 1, 5);
	mnl_attr_nest_end(nlh, nest);

	nl_attrs(nlh, 0, tb, 3);
	ok(tb[1] && mnl_attr_get_u32(tb[1]) == 7, "an attribute is found");
	ok(!tb[0] && !tb[2], "absent attributes are NULL");
	ok(tb[3] != NULL, "a nest is found in spite of its flag");
	nl_nested(tb[3], in, 1);
	ok(in[1] && mnl_attr_get_u8(in[1]) == 5, "a nested one is found");
}

static void test_strerror(void)
{
	ok(!strcmp(nl_strerror(ENOENT), strerror(ENOENT)), "an errno");
	ok(!strcmp(nl_strerror(IPSET_ERR_FIND_TYPE),
		   "set type not supported"), "an ipset number");
	ok(!strcmp(nl_strerror(IPSET_ERR_PRIVATE + 99), "ipset error"),
	   "an ipset number without a text");
}

static int count(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	++*(unsigned int *)data;
	return MNL_CB_OK;
}

static int get_link(struct nl *nl, uint16_t flags, int index,
		    unsigned int *found)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nl_msg(nl, buf, RTM_GETLINK, flags);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = index;
	return nl_talk(nl, nlh, count, found);
}

/* Reading links needs no privilege. */
static void test_talk(void)
{
	struct nl *nl = nl_open(NETLINK_ROUTE);
	unsigned int found = 0;

	ok(nl != NULL, "a socket opens");
	if (!nl)
		return;
	ok(!get_link(nl, NLM_F_DUMP, 0, &found) && found, "a dump ends");
	found = 0;
	ok(!get_link(nl, 0, 1, &found) && found == 1,
	   "one reply, then the ack");
	ok(get_link(nl, 0, 0x7ffffff0, &found) == -ENODEV,
	   "an error comes back");
	ok(!get_link(nl, NLM_F_DUMP, 0, &found), "the socket goes on");
	ok(!nl->overruns && !nl->intr, "nothing was lost");
	nl_close(nl);
	nl_close(NULL);
}

int main(void)
{
	test_attrs();
	test_strerror();
	test_talk();
	return unit_finish();
}
