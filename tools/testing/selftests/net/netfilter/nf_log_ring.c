// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that are logged to the receive ring of a netlink socket: one by one,
 * in batches, by the timer, and what happens to those that find no room.
 */

#define _GNU_SOURCE

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink_log.h>

#include "kselftest_harness.h"
#include "nf_queue_lib.h"
#include "../netlink_ring.h"

#define GROUP		5
#define UDP_PORT	12345
#define RING_SIZE	(256 * 1024)

static const char ruleset[] =
	"nft 'table ip t { chain c {"
	" type filter hook output priority 0;"
	" udp dport 12345 log group 5 drop; }; }'";

static struct nlmsghdr *put_config(void *buf)
{
	struct nlmsghdr *nlh = nfq_put_msg(buf, NFULNL_MSG_CONFIG, GROUP);

	nlh->nlmsg_type = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG;

	return nlh;
}

static int command(struct mnl_socket *nl, uint8_t command)
{
	struct nfulnl_msg_config_cmd cmd = { .command = command };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_config(buf);

	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);

	return nfq_request(nl, nlh);
}

static int bind_flags(struct mnl_socket *nl, uint16_t flags)
{
	struct nfulnl_msg_config_cmd cmd = {
		.command = NFULNL_CFG_CMD_BIND,
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_config(buf);

	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(flags));

	return nfq_request(nl, nlh);
}

static int set_flags(struct mnl_socket *nl, uint16_t flags)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_config(buf);

	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(flags));

	return nfq_request(nl, nlh);
}

static int set_u32(struct mnl_socket *nl, uint16_t attr, uint32_t value)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_config(buf);

	mnl_attr_put_u32(nlh, attr, htonl(value));

	return nfq_request(nl, nlh);
}

static bool packet_filled(const struct nlmsghdr *nlh, unsigned char byte,
			  size_t len)
{
	return nlh->nlmsg_type ==
		       ((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET) &&
	       udp_filled(nlh, NFULA_PAYLOAD, byte, len);
}

FIXTURE(ring)
{
	struct mnl_socket *nl;
	struct ring ring;
	int tx;
};

FIXTURE_SETUP(ring)
{
	self->tx = -1;
	if (system("nft --version > /dev/null"))
		SKIP(return, "needs nft");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system(ruleset));
	ASSERT_EQ(0, loopback_up());

	self->nl = nfq_open();
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, ring_map(&self->ring, mnl_socket_get_fd(self->nl),
			      RING_SIZE, 0));
	ASSERT_EQ(0, bind_flags(self->nl, NFULNL_CFG_F_RING));
	self->tx = udp_connect(UDP_PORT);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(ring)
{
	if (self->tx >= 0)
		close(self->tx);
	if (self->nl)
		mnl_socket_close(self->nl);
	if (self->ring.cons)
		ring_unmap(&self->ring);
}

/* Small and large packets, each its own record, and nothing for recv() */
TEST_F(ring, deliver)
{
	static const size_t len[] = { 0, 100, 1400, 60000, 10 };
	const struct nl_ring_rec *rec;
	char c;
	int i;

	for (i = 0; i < ARRAY_SIZE(len); i++) {
		send_fill(self->tx, i, len[i]);
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		EXPECT_EQ(rec->len, ring_msg(rec)->nlmsg_len);
		EXPECT_TRUE(packet_filled(ring_msg(rec), i, len[i]));
		ring_release(&self->ring, rec);
		EXPECT_EQ(NULL, ring_next(&self->ring));
	}
	EXPECT_EQ(-1, recv(mnl_socket_get_fd(self->nl), &c, sizeof(c),
			   MSG_DONTWAIT));
}

/* The threshold holds: a record has as many messages, and their end. */
TEST_F(ring, batch)
{
	const struct nl_ring_rec *rec;
	const struct nlmsghdr *nlh;
	int i, len;

	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_TIMEOUT, 100000));
	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_QTHRESH, 3));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(NULL, ring_next(&self->ring));
		send_fill(self->tx, i, 10 + i);
	}
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	nlh = ring_msg(rec);
	len = rec->len;
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(mnl_nlmsg_ok(nlh, len));
		EXPECT_TRUE(packet_filled(nlh, i, 10 + i));
		nlh = mnl_nlmsg_next(nlh, &len);
	}
	ASSERT_TRUE(mnl_nlmsg_ok(nlh, len));
	EXPECT_EQ(NLMSG_DONE, nlh->nlmsg_type);
	ring_release(&self->ring, rec);

	/* A batch that is not complete is not lost. */
	send_fill(self->tx, 7, 10);
	EXPECT_EQ(NULL, ring_next(&self->ring));
	ASSERT_EQ(0, command(self->nl, NFULNL_CFG_CMD_UNBIND));
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	EXPECT_TRUE(packet_filled(ring_msg(rec), 7, 10));
}

/* A group that gets the ring later: what is there goes to the socket. */
TEST_F(ring, attach)
{
	int fd = mnl_socket_get_fd(self->nl);
	const struct nl_ring_rec *rec;
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	ASSERT_EQ(0, command(self->nl, NFULNL_CFG_CMD_UNBIND));
	ASSERT_EQ(0, bind_flags(self->nl, 0));
	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_TIMEOUT, 100000));
	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_QTHRESH, 2));
	send_fill(self->tx, 1, 10);
	EXPECT_EQ(-1, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));

	/* Without an ack, which would come after it */
	nlh = put_config(buf);
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_RING));
	ASSERT_LT(0, mnl_socket_sendto(self->nl, nlh, nlh->nlmsg_len));
	ASSERT_LT(0, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_TRUE(packet_filled((void *)buf, 1, 10));
	EXPECT_EQ(NULL, ring_next(&self->ring));

	send_fill(self->tx, 2, 10);
	send_fill(self->tx, 3, 10);
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	EXPECT_TRUE(packet_filled(ring_msg(rec), 2, 10));
	EXPECT_EQ(-1, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
}

/* A larger buffer, set after the first message, holds larger batches. */
TEST_F(ring, nlbufsiz)
{
	const struct nl_ring_rec *rec;
	int i;

	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_TIMEOUT, 100000));
	send_fill(self->tx, 1, 10);
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	ring_release(&self->ring, rec);

	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_QTHRESH, 40));
	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_NLBUFSIZ, 60000));
	for (i = 0; i < 40; i++) {
		EXPECT_EQ(NULL, ring_next(&self->ring));
		send_fill(self->tx, 1, 1000);
	}
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	EXPECT_LT(40 * 1000, rec->len);
}

/* The timer flushes to the ring, and wakes up. */
TEST_F(ring, timer)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(self->nl), .events = POLLIN,
	};
	const struct nl_ring_rec *rec;

	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_TIMEOUT, 1));
	ASSERT_EQ(0, set_u32(self->nl, NFULA_CFG_QTHRESH, 100));
	send_fill(self->tx, 1, 10);
	__atomic_store_n(&self->ring.cons->need_wakeup, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	EXPECT_TRUE(packet_filled(ring_msg(rec), 1, 10));
}

/* A full ring loses what comes, keeps what it has, and goes on. */
TEST_F(ring, full)
{
	const struct nl_ring_rec *rec;
	unsigned char stored = 0, i;

	while (!self->ring.prod->lost)
		send_fill(self->tx, stored++, 4000);
	stored--;
	for (i = 0; i < stored; i++) {
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		EXPECT_TRUE(packet_filled(ring_msg(rec), i, 4000));
		ring_release(&self->ring, rec);
	}
	EXPECT_EQ(NULL, ring_next(&self->ring));
	EXPECT_EQ(1, self->ring.prod->lost);

	send_fill(self->tx, 1, 10);
	EXPECT_NE(NULL, ring_next(&self->ring));
}

/* What NFULNL_CFG_F_RING needs, and that it stays */
TEST_F(ring, config)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog prog = { .len = 1, .filter = &all };
	struct mnl_socket *other = nfq_open();
	struct ring ring;
	int fd;

	EXPECT_EQ(-EBUSY, set_flags(self->nl, NFULNL_CFG_F_SEQ));
	EXPECT_EQ(0, set_flags(self->nl, NFULNL_CFG_F_SEQ | NFULNL_CFG_F_RING));
	ASSERT_EQ(0, command(self->nl, NFULNL_CFG_CMD_UNBIND));

	ASSERT_NE(NULL, other);
	fd = mnl_socket_get_fd(other);
	EXPECT_EQ(-ENXIO, bind_flags(other, NFULNL_CFG_F_RING));
	EXPECT_EQ(-ENODEV, command(other, NFULNL_CFG_CMD_UNBIND));
	ASSERT_EQ(0, ring_map(&ring, fd, RING_SIZE, 0));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				sizeof(prog)));
	EXPECT_EQ(-EOPNOTSUPP, bind_flags(other, NFULNL_CFG_F_RING));
	EXPECT_EQ(0, bind_flags(other, 0));
	mnl_socket_close(other);
	ring_unmap(&ring);
}

/* Without a ring, a kernel that has the flag says what it misses. */
static bool kernel_has_ring(void)
{
	struct mnl_socket *nl = nfq_open();
	int ret;

	if (!nl)
		ksft_exit_fail_perror("netlink socket");
	ret = bind_flags(nl, NFULNL_CFG_F_RING);
	mnl_socket_close(nl);

	return ret == -ENXIO;
}

int main(int argc, char **argv)
{
	if (unshare(CLONE_NEWNET))
		ksft_exit_skip("needs CAP_SYS_ADMIN for a network namespace\n");
	if (!kernel_has_ring())
		ksft_exit_skip("kernel without NFULNL_CFG_F_RING\n");

	return test_harness_run(argc, argv);
}
