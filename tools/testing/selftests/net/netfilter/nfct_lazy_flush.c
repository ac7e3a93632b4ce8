// SPDX-License-Identifier: GPL-2.0
/*
 * Request a lazy flush of the conntrack table of the current namespace.
 *
 * Exit status: 0 done, 1 error, 2 no such message, 3 refused: not enabled
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

static int transact(struct mnl_socket *nl, const struct nlmsghdr *nlh)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t len;
	int ret;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;

	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -1;
		ret = mnl_cb_run(buf, len, nlh->nlmsg_seq,
				 mnl_socket_get_portid(nl), NULL, NULL);
	} while (ret == MNL_CB_OK);

	return ret;
}

static int lazy_flush(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nfgenmsg *nfg;
	struct nlmsghdr *nlh;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_FLUSH;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;

	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;

	mnl_attr_put_u32(nlh, CTA_FLUSH_FLAGS, htonl(CTA_FLUSH_F_LAZY));
	return transact(nl, nlh);
}

int main(void)
{
	struct mnl_socket *nl;
	int ret = 0;

	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("netlink socket");
		return 1;
	}

	if (lazy_flush(nl) < 0) {
		ret = errno == EINVAL ? 2 : errno == EOPNOTSUPP ? 3 : 1;
		if (ret == 1)
			perror("lazy flush");
	}

	mnl_socket_close(nl);
	return ret;
}
