// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Drop long packets of a queue, mark the others: NFQUEUE by ring and vector.
 *
 * Usage: queue-vector QUEUE MAXLEN MARK
 *
 * Runs with and without rings; the kernel must have vectored verdicts.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/nlring.h"

#define RING_SIZE	(4UL << 20)
#define BURST		256

static struct nfqnl_msg_verdict_vec verdicts[BURST];
static uint16_t queue;
static uint32_t maxlen, mark, count;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct nlmsghdr *start_msg(void *buf, int type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->res_id = htons(queue);
	return nlh;
}

/* Lengths do not need the payload: copy as little of it as possible. */
static void bind_queue(const struct mnl_socket *sock, uint32_t flags)
{
	const struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
	};
	const struct nfqnl_msg_config_params params = {
		.copy_range = htonl(1), .copy_mode = NFQNL_COPY_PACKET,
	};
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = start_msg(buf, NFQNL_MSG_CONFIG);

	nlh->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flags));
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		die("sendto");
}

static void send_verdicts(const struct mnl_socket *sock)
{
	char buf[sizeof(verdicts) + 256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = start_msg(buf, NFQNL_MSG_VERDICT_BATCH);

	if (!count)
		return;
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, count * sizeof(*verdicts),
		     verdicts);
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		die("sendto");
	count = 0;
}

static int decide(const struct nlmsghdr *nlh, void *data)
{
	struct nfqnl_msg_verdict_vec *verdict = &verdicts[count];
	const struct nfqnl_msg_packet_hdr *packet = NULL;
	const struct nlattr *attr;
	uint32_t len = 0;

	(void)data;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == NFQA_PACKET_HDR)
			packet = mnl_attr_get_payload(attr);
		else if (mnl_attr_get_type(attr) == NFQA_CAP_LEN)
			len = ntohl(mnl_attr_get_u32(attr));
	}
	if (!packet || count == BURST)
		return MNL_CB_OK;
	*verdict = (struct nfqnl_msg_verdict_vec){
		.id = packet->packet_id,
		.verdict = htonl(len > maxlen ? NF_DROP : NF_ACCEPT),
		.mark = htonl(mark),
		.flags = htonl(NFQNL_VERDICT_VEC_F_MARK),
	};
	count++;
	return MNL_CB_OK;
}

static void serve(const struct mnl_socket *sock, struct nlring *nlring)
{
	const void *msgs;
	ssize_t len;

	while ((len = nlring_next(nlring, &msgs)) > 0) {
		if (mnl_cb_run(msgs, (size_t)len, 0, 0, decide, NULL) < 0)
			die("kernel");
		nlring_release(nlring);
		if (count == BURST)
			send_verdicts(sock);
	}
	if (len < 0)
		die("nlring_next");
	send_verdicts(sock);
	if (nlring_wait(nlring, -1) < 0)
		die("nlring_wait");
}

int main(int argc, char **argv)
{
	struct mnl_socket *sock;
	struct nlring *nlring;

	if (argc != 4) {
		fprintf(stderr, "Usage: %s QUEUE MAXLEN MARK\n", argv[0]);
		return 1;
	}
	queue = (uint16_t)strtoul(argv[1], NULL, 0);
	maxlen = (uint32_t)strtoul(argv[2], NULL, 0);
	mark = (uint32_t)strtoul(argv[3], NULL, 0);

	sock = mnl_socket_open(NETLINK_NETFILTER);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		die("socket");
	nlring = nlring_open(sock, RING_SIZE, 0);
	if (!nlring)
		die("nlring_open");
	bind_queue(sock, nlring_size(nlring) ? NFQA_CFG_F_RING : 0);
	for (;;)
		serve(sock, nlring);
}
