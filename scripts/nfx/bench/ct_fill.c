// SPDX-License-Identifier: GPL-2.0
/*
 * ct_fill COUNT	insert that many flows as fast as possible, print how
 *			many were refused because their chain was too long
 * ct_fill buckets	print the number of buckets, if the kernel tells it; what
 *			nf_conntrack_buckets says is what was last written
 * ct_fill flush	delete all entries
 */

#define _GNU_SOURCE

#include "ct_table.h"

static int show_buckets(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTA_STATS_GLOBAL_BUCKETS)
		printf("%u\n", ntohl(mnl_attr_get_u32(attr)));

	return MNL_CB_OK;
}

static int show_stats(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), show_buckets,
			      data);
}

static void ask_buckets(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_GET_STATS, 0);
	ssize_t len;

	send_buf(nl, nlh, nlh->nlmsg_len);
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, show_stats, NULL) < 0)
		die("IPCTNL_MSG_CT_GET_STATS");
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = ct_socket();

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "flush"))
		flush_flows(nl);
	else if (!strcmp(argv[1], "buckets"))
		ask_buckets(nl);
	else
		printf("%u\n", insert_flows(nl, fill_flow, 0, atoi(argv[1]),
					    ENOSPC));

	return 0;
}
