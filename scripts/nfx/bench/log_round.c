// SPDX-License-Identifier: GPL-2.0
/*
 * What a logged packet costs from its arrival to its reader: bursts enter
 * through tun0, a rule logs and drops them.
 *
 * log_round recv|ring|none THRESHOLD
 *
 * Prints arguments of ROWINSN. Nothing is logged or read with "none", which is
 * the baseline. THRESHOLD is 1 or 16 messages. A kernel without NFULNL_CFG_F_RING ends in
 * NO_SUCH_WAY.
 */

#define _GNU_SOURCE

#include <stdbool.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "insn.h"
#include "net/netlink_ring.h"
#include "queue.h"

#define GROUP		0
#define MARK_NONE_1	79
#define MARK_NONE_16	80
#define MARK_RECV_1	81
#define MARK_RECV_16	82
#define MARK_RING_1	83
#define MARK_RING_16	84
#define ROUNDS		200
#define WARM_UP		20
#define RING_SIZE	(1 << 20)
#define NO_SUCH_WAY	4

static struct ring ring;

static struct mnl_socket *log_open(bool with_ring, uint32_t threshold)
{
	struct nfulnl_msg_config_cmd cmd = { .command = NFULNL_CFG_CMD_BIND };
	struct mnl_socket *nl = queue_socket();
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	ssize_t len;

	if (with_ring && ring_map(&ring, mnl_socket_get_fd(nl), RING_SIZE, 0))
		exit(NO_SUCH_WAY);
	nlh = put_msg(buf, GROUP, NFULNL_MSG_CONFIG);
	nlh->nlmsg_type = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG;
	nlh->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(threshold));
	if (with_ring)
		mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS,
				 htons(NFULNL_CFG_F_RING));
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("log");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0)
		die("log");

	return nl;
}

static unsigned int count_packets(const struct nlmsghdr *nlh, int len)
{
	unsigned int count = 0;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		count += nlh->nlmsg_type != NLMSG_DONE;

	return count;
}

static unsigned int read_recv(struct mnl_socket *nl)
{
	static char buf[1 << 16];
	unsigned int count = 0;
	ssize_t len;

	while ((len = recv(mnl_socket_get_fd(nl), buf, sizeof(buf),
			   MSG_DONTWAIT)) > 0)
		count += count_packets((void *)buf, len);

	return count;
}

static unsigned int read_ring(struct mnl_socket *nl)
{
	const struct nl_ring_rec *rec;
	unsigned int count = 0;

	(void)nl;
	while ((rec = ring_next(&ring))) {
		count += count_packets(ring_msg(rec), rec->len);
		ring_release(&ring, rec);
	}

	return count;
}

static unsigned int read_none(struct mnl_socket *nl)
{
	(void)nl;

	return BURST;
}

/* A mark is part of the instruction, so there is a copy for each. */
static inline __attribute__((always_inline)) int
log_bursts(struct mnl_socket *nl, unsigned int (*read)(struct mnl_socket *nl),
	   const int mark)
{
	int tun = tun_open(), i;

	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP)
			insn_start(mark);
		flood_burst(tun, BURST, PACKET_LEN);
		if (read(nl) != BURST)
			die("burst");
		if (i >= WARM_UP)
			insn_stop(mark);
	}
	printf("%d %d\n", mark, BURST * ROUNDS);

	return 0;
}

int main(int argc, char **argv)
{
	uint32_t threshold = argc > 2 ? atoi(argv[2]) : 0;
	bool with_ring = argc > 1 && !strcmp(argv[1], "ring");

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "none") && threshold == 1)
		return log_bursts(NULL, read_none, MARK_NONE_1);
	if (!strcmp(argv[1], "none"))
		return log_bursts(NULL, read_none, MARK_NONE_16);
	if (with_ring && threshold == 1)
		return log_bursts(log_open(true, 1), read_ring, MARK_RING_1);
	if (with_ring)
		return log_bursts(log_open(true, 16), read_ring, MARK_RING_16);
	if (threshold == 1)
		return log_bursts(log_open(false, 1), read_recv, MARK_RECV_1);

	return log_bursts(log_open(false, 16), read_recv, MARK_RECV_16);
}
