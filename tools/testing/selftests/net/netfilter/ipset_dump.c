// SPDX-License-Identifier: GPL-2.0
/*
 * Client of the ipset dump.
 *
 * ipset_dump replay FROM TO
 *	Create a copy of a set from what the kernel dumps, without knowing the
 *	set type: the payload of the attributes goes back just as it was
 *	received, marked as network byte order, as the kernel demands it.
 *
 * ipset_dump terse SET
 *	Print how many microseconds the fastest of some terse listings took.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <arpa/inet.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/ipset/ip_set.h>

#define BUFLEN		(64 * 1024)
#define TERSE_RUNS	20

struct replay {
	struct mnl_socket *nl;		/* not the one of the dump */
	const char *to;			/* name of the copy */
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s (%d)\n", what, strerror(errno), errno);
	exit(1);
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink socket");
	return nl;
}

static struct nlmsghdr *start_msg(char *buf, int cmd, uint16_t flags,
				  const char *set)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (NFNL_SUBSYS_IPSET << 8) | cmd;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;

	mnl_attr_put_u8(nlh, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL);
	mnl_attr_put_strz(nlh, IPSET_ATTR_SETNAME, set);
	return nlh;
}

static bool is_statistic(const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case IPSET_ATTR_ELEMENTS:
	case IPSET_ATTR_REFERENCES:
	case IPSET_ATTR_MEMSIZE:
		return true;
	}
	return false;
}

static void put_copy(struct nlmsghdr *nlh, const struct nlattr *from,
		     bool header)
{
	const struct nlattr *attr;
	struct nlattr *nest;

	if (!(from->nla_type & NLA_F_NESTED)) {
		mnl_attr_put(nlh, mnl_attr_get_type(from) |
				  NLA_F_NET_BYTEORDER,
			     mnl_attr_get_payload_len(from),
			     mnl_attr_get_payload(from));
		return;
	}

	nest = mnl_attr_nest_start(nlh, mnl_attr_get_type(from));
	mnl_attr_for_each_nested(attr, from)
		if (!header || !is_statistic(attr))
			put_copy(nlh, attr, false);
	mnl_attr_nest_end(nlh, nest);
}

static void talk(const struct replay *r, struct nlmsghdr *nlh, const char *what)
{
	char buf[BUFLEN];
	ssize_t len;

	if (mnl_socket_sendto(r->nl, nlh, nlh->nlmsg_len) < 0)
		die("send");
	len = mnl_socket_recvfrom(r->nl, buf, sizeof(buf));
	if (len < 0 ||
	    mnl_cb_run(buf, len, 0, mnl_socket_get_portid(r->nl),
		       NULL, NULL) < 0)
		die(what);
}

static int replay_cb(const struct nlmsghdr *dump, void *data)
{
	static uint32_t lineno;
	const struct nlattr *attr, *header = NULL, *adt = NULL;
	struct replay *r = data;
	struct nlmsghdr *nlh;
	char buf[BUFLEN];

	nlh = start_msg(buf, IPSET_CMD_CREATE, NLM_F_ACK | NLM_F_EXCL, r->to);
	mnl_attr_for_each(attr, dump, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case IPSET_ATTR_TYPENAME:
		case IPSET_ATTR_REVISION:
		case IPSET_ATTR_FAMILY:
			put_copy(nlh, attr, false);
			break;
		case IPSET_ATTR_DATA:
			header = attr;
			put_copy(nlh, attr, true);
			break;
		case IPSET_ATTR_ADT:
			adt = attr;
			break;
		}
	}
	if (header)
		talk(r, nlh, "create");
	if (!adt || mnl_attr_get_payload_len(adt) == 0)
		return MNL_CB_OK;

	nlh = start_msg(buf, IPSET_CMD_ADD, NLM_F_ACK | NLM_F_EXCL, r->to);
	mnl_attr_put_u32(nlh, IPSET_ATTR_LINENO, ++lineno);
	put_copy(nlh, adt, false);
	talk(r, nlh, "add");
	return MNL_CB_OK;
}

static void dump(struct mnl_socket *nl, const char *set, uint32_t flags,
		 mnl_cb_t cb, void *data)
{
	char buf[BUFLEN];
	struct nlmsghdr *nlh;
	ssize_t len;
	int ret = 1;

	nlh = start_msg(buf, IPSET_CMD_LIST, NLM_F_DUMP, set);
	if (flags)
		mnl_attr_put_u32(nlh, IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER,
				 htonl(flags));
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("send");
	while (ret > 0) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			die("recv");
		ret = mnl_cb_run(buf, len, 0, mnl_socket_get_portid(nl),
				 cb, data);
	}
	if (ret < 0)
		die("dump");
}

static long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000L + ts.tv_nsec / 1000;
}

static long terse(struct mnl_socket *nl, const char *set)
{
	long us, min = 0;
	int i;

	for (i = 0; i < TERSE_RUNS; i++) {
		us = now_us();
		dump(nl, set, IPSET_FLAG_LIST_HEADER, NULL, NULL);
		us = now_us() - us;
		if (i == 0 || us < min)
			min = us;
	}
	return min;
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = open_socket();
	struct replay r = {};

	if (argc == 3 && !strcmp(argv[1], "terse")) {
		printf("%ld\n", terse(nl, argv[2]));
	} else if (argc == 4 && !strcmp(argv[1], "replay")) {
		r.nl = open_socket();
		r.to = argv[3];
		dump(nl, argv[2], 0, replay_cb, &r);
		mnl_socket_close(r.nl);
	} else {
		fprintf(stderr, "usage: %s terse SET | replay FROM TO\n",
			argv[0]);
		return 2;
	}

	mnl_socket_close(nl);
	return 0;
}
