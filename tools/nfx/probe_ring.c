// SPDX-License-Identifier: GPL-2.0-only
/* Receive rings, and who writes to them. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lab.h"
#include "main.h"
#include "probes.h"

#define RING_SIZE	(256 * 1024)

static int make_ring(struct nl *nl, uint32_t flags)
{
	const struct nl_ring_req req = { .size = RING_SIZE, .flags = flags };

	return setsockopt(mnl_socket_get_fd(nl->sock), SOL_NETLINK,
			  NETLINK_RX_RECRING, &req, sizeof(req)) ? -errno : 0;
}

static int bind_queue(struct nl *nl)
{
	const struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG, 0,
		       AF_UNSPEC, 0);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_RING));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_RING));
	return nl_talk(nl, nlh, NULL, NULL);
}

static int bind_log(struct nl *nl)
{
	const struct nfulnl_msg_config_cmd cmd = {
		.command = NFULNL_CFG_CMD_BIND,
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, 0,
		       AF_UNSPEC, 0);
	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_RING));
	return nl_talk(nl, nlh, NULL, NULL);
}

/* The socket gets a ring first: without one, the flag alone is refused. */
static void probe_producer(struct finding *f, int (*bind_ring)(struct nl *nl))
{
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	int err;

	if (!nl)
		return;
	err = make_ring(nl, 0);
	if (err == -ENOPROTOOPT) {
		finding_no(f, err, "sockets have no rings");
		return;
	}
	if (setup_failed(f, err, "a ring"))
		return;
	err = bind_ring(nl);
	/* EOPNOTSUPP is the code's own check, the text the policy's (7.x). */
	if (err == -EOPNOTSUPP || !strcmp(nl->ext, "reserved bit set"))
		finding_no(f, err, "the flag was rejected");
	else if (err)
		finding_unknown(f, err, "no answer to the flag");
	else
		finding_yes(f, "it has the ring of its socket");
}

void probe_queue_ring(struct finding *f)
{
	probe_producer(f, bind_queue);
}

void probe_log_ring(struct finding *f)
{
	probe_producer(f, bind_log);
}

void probe_ring_all(struct finding *f)
{
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	int err;

	if (!nl)
		return;
	err = make_ring(nl, NL_RING_F_ALL);
	if (!err)
		finding_yes(f, "the ring was made");
	else if (err == -ENOPROTOOPT)
		finding_no(f, err, "sockets have no rings");
	else if (err == -EOPNOTSUPP)
		finding_no(f, err, "the flag was rejected");
	else
		finding_unknown(f, err, "no answer to the flag");
}
