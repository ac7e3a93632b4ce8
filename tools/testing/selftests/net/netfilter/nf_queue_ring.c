// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that are queued to the receive ring of a netlink socket: what is in
 * the ring is what was sent, in the order of the ids, whatever the consumer
 * does.
 */

#define _GNU_SOURCE

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <linux/filter.h>
#include <linux/udp.h>

#include "kselftest_harness.h"
#include "nf_queue_lib.h"
#include "../netlink_ring.h"

#define QUEUE_NUM	7
#define OTHER_QUEUE	8
#define UDP_PORT	12345
#define RING_SIZE	(256 * 1024)

static const char ruleset[] =
	"nft 'table ip t { chain c {"
	" type filter hook input priority 0;"
	" udp dport 12345 queue num 7;"
	" udp dport 12346 queue num 8; }; }'";

FIXTURE(ring)
{
	struct mnl_socket *nl;
	struct ring ring;
	int rx;
	int tx;
};

/* Sets up a queue, which has all of the packets, with these flags. */
static int bind_flags(struct mnl_socket *nl, uint16_t num, uint32_t flags)
{
	struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
		.pf = htons(AF_INET),
	};
	struct nfqnl_msg_config_params params = {
		.copy_mode = NFQNL_COPY_PACKET,
		.copy_range = htonl(0xffff),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, NFQNL_MSG_CONFIG, num);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(100000));
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flags));

	return nfq_request(nl, nlh);
}

static int config_flags(struct mnl_socket *nl, uint32_t flags, uint32_t mask)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, NFQNL_MSG_CONFIG, QUEUE_NUM);
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(mask));

	return nfq_request(nl, nlh);
}

static int set_maxlen(struct mnl_socket *nl, uint32_t maxlen)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, NFQNL_MSG_CONFIG, QUEUE_NUM);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(maxlen));

	return nfq_request(nl, nlh);
}

static int unbind(struct mnl_socket *nl)
{
	struct nfqnl_msg_config_cmd cmd = { .command = NFQNL_CFG_CMD_UNBIND };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, NFQNL_MSG_CONFIG, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);

	return nfq_request(nl, nlh);
}

static int verdict(struct mnl_socket *nl, uint32_t id, uint32_t value)
{
	struct nfqnl_msg_verdict_hdr vh = {
		.verdict = htonl(value),
		.id = htonl(id),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);

	return nfq_request(nl, nlh);
}

static int udp_server(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(UDP_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		close(fd);
		return -1;
	}

	return fd;
}

static bool packet_filled(const struct nlmsghdr *nlh, unsigned char byte,
			  size_t len)
{
	return udp_filled(nlh, NFQA_PAYLOAD, byte, len);
}

FIXTURE_SETUP(ring)
{
	self->rx = -1;
	self->tx = -1;
	if (system("nft --version > /dev/null && ip -V > /dev/null"))
		SKIP(return, "needs nft and ip");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system(ruleset));
	ASSERT_EQ(0, loopback_up());

	self->nl = nfq_open();
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, ring_map(&self->ring, mnl_socket_get_fd(self->nl),
			      RING_SIZE, 0));
	ASSERT_EQ(0, bind_flags(self->nl, QUEUE_NUM, NFQA_CFG_F_RING));

	self->rx = udp_server();
	ASSERT_LE(0, self->rx);
	self->tx = udp_connect(UDP_PORT);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(ring)
{
	if (self->rx >= 0)
		close(self->rx);
	if (self->tx >= 0)
		close(self->tx);
	if (self->nl)
		mnl_socket_close(self->nl);
	if (self->ring.cons)
		ring_unmap(&self->ring);
}

/* Packets, and nothing else, are in the ring; verdicts are as ever. */
TEST_F(ring, deliver)
{
	const struct nl_ring_rec *rec;
	char buf[8];
	int i;

	for (i = 1; i <= 4; i++)
		ASSERT_TRUE(send_fill(self->tx, i, 100 + i));

	for (i = 1; i <= 4; i++) {
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		EXPECT_EQ(rec->len, ring_msg(rec)->nlmsg_len);
		EXPECT_EQ(0, rec->group);
		EXPECT_EQ(0, rec->flags);
		EXPECT_EQ(i, nfq_packet_id(ring_msg(rec)));
		EXPECT_TRUE(packet_filled(ring_msg(rec), i, 100 + i));
		ring_release(&self->ring, rec);
	}
	EXPECT_EQ(NULL, ring_next(&self->ring));
	EXPECT_EQ(-1, recv(mnl_socket_get_fd(self->nl), buf, sizeof(buf),
			   MSG_DONTWAIT));

	EXPECT_EQ(0, verdict(self->nl, 2, NF_ACCEPT));
	EXPECT_EQ(0, verdict(self->nl, 1, NF_DROP));
	EXPECT_EQ(-ENOENT, verdict(self->nl, 5, NF_DROP));
	EXPECT_EQ(sizeof(buf), recv(self->rx, buf, sizeof(buf), 0));
	EXPECT_EQ(2, buf[0]);
	EXPECT_EQ(-1, recv(self->rx, buf, sizeof(buf), 0));
}

static bool all_zero(const void *from, const void *to)
{
	const char *byte;

	for (byte = from; byte < (const char *)to; byte++)
		if (*byte)
			return false;

	return true;
}

/* What is between attributes and records is not what was there before. */
static bool padding_clear(const struct nl_ring_rec *rec)
{
	const struct nlmsghdr *nlh = ring_msg(rec);
	const struct nlattr *attr;
	const char *end = (const char *)nlh + rec->len;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		const char *next = (const char *)mnl_attr_next(attr);

		if (!all_zero((const char *)attr + attr->nla_len,
			      next < end ? next : end))
			return false;
	}

	return all_zero(end, (const char *)rec +
			     NL_RING_ALIGN(sizeof(*rec) + rec->len));
}

/* Packets are found by their ids when the limit has changed, down and up. */
TEST_F(ring, maxlen)
{
	static const uint32_t maxlen[] = { 200, 1, 70000 };
	uint32_t id, last = 0;
	int i;

	for (i = 0; i < 200; i++)
		ASSERT_TRUE(send_fill(self->tx, i, 10));
	for (i = 0; i < ARRAY_SIZE(maxlen); i++) {
		ASSERT_EQ(0, set_maxlen(self->nl, maxlen[i]));
		for (id = last + 1; id <= last + 50; id++)
			ASSERT_EQ(0, verdict(self->nl, id, NF_DROP));
		last += 50;
		EXPECT_EQ(-ENOENT, verdict(self->nl, last, NF_DROP));
	}
}

/* Records of all sizes, many times around the ring, over what was there */
TEST_F(ring, wrap)
{
	const struct nl_ring_rec *rec;
	size_t len, total = 0;
	uint32_t i;

	for (i = 1; total < 20 * RING_SIZE; i++) {
		len = i * 61 % 9000;
		ASSERT_TRUE(send_fill(self->tx, i, len));
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		ASSERT_EQ(i, nfq_packet_id(ring_msg(rec)));
		ASSERT_TRUE(packet_filled(ring_msg(rec), i, len));
		ASSERT_TRUE(padding_clear(rec));
		total += rec->len;
		ring_release(&self->ring, rec);
		ASSERT_EQ(0, verdict(self->nl, i, NF_DROP));
	}
	EXPECT_EQ(0, self->ring.prod->lost);
}

static uint32_t attr_u32(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return ntohl(mnl_attr_get_u32(attr));

	return 0;
}

/* GSO packets are one record each if the queue takes them, else segmented. */
TEST_F(ring, gso)
{
	const struct nl_ring_rec *rec;
	const size_t len = 60000;
	const int gso_size = 1400;
	size_t left, seg;

	ASSERT_EQ(0, setsockopt(self->tx, IPPROTO_UDP, UDP_SEGMENT,
				&gso_size, sizeof(gso_size)));
	ASSERT_TRUE(send_fill(self->tx, 1, len));
	for (left = len; left; left -= seg) {
		seg = left < gso_size ? left : gso_size;
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		EXPECT_TRUE(packet_filled(ring_msg(rec), 1, seg));
		ring_release(&self->ring, rec);
	}
	EXPECT_EQ(NULL, ring_next(&self->ring));

	ASSERT_EQ(0, config_flags(self->nl, NFQA_CFG_F_GSO, NFQA_CFG_F_GSO));
	ASSERT_TRUE(send_fill(self->tx, 2, len));
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	EXPECT_TRUE(packet_filled(ring_msg(rec), 2, len));
	EXPECT_EQ(NFQA_SKB_GSO, attr_u32(ring_msg(rec), NFQA_SKB_INFO) &
				NFQA_SKB_GSO);
	ring_release(&self->ring, rec);
	EXPECT_EQ(NULL, ring_next(&self->ring));
	EXPECT_EQ(0, self->ring.prod->lost);
}

/* A datagram of 60000 bytes, not segmented */
TEST_F(ring, large)
{
	const size_t len = 60000;
	const struct nl_ring_rec *rec;
	int i;

	for (i = 1; i <= 8; i++) {
		ASSERT_TRUE(send_fill(self->tx, i, len));
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		EXPECT_TRUE(packet_filled(ring_msg(rec), i, len));
		ring_release(&self->ring, rec);
	}
	EXPECT_EQ(0, self->ring.prod->lost);
}

/* A full ring loses what comes, keeps what it has, and goes on. */
TEST_F(ring, full)
{
	const struct nl_ring_rec *rec;
	uint32_t i, stored;

	for (i = 1; !self->ring.prod->lost; i++) {
		ASSERT_GT(1000, i);
		/* Nobody accepts the packets that did not fit. */
		ASSERT_TRUE(send_fill(self->tx, i, 1400));
	}
	stored = i - 2;
	EXPECT_LT(RING_SIZE - 2 * 1600, stored * 1600);
	EXPECT_LT(1400, self->ring.prod->lost_bytes);

	for (i = 1; i <= stored; i++) {
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		ASSERT_EQ(i, nfq_packet_id(ring_msg(rec)));
		ASSERT_TRUE(packet_filled(ring_msg(rec), i, 1400));
		ring_release(&self->ring, rec);
	}
	EXPECT_EQ(NULL, ring_next(&self->ring));
	/* The lost packet is not queued. */
	EXPECT_EQ(-ENOENT, verdict(self->nl, stored + 1, NF_DROP));

	ASSERT_TRUE(send_fill(self->tx, 1, 1400));
	EXPECT_NE(NULL, ring_next(&self->ring));
}

/* With NFQA_CFG_F_FAIL_OPEN, what does not fit passes. */
TEST_F(ring, fail_open)
{
	char byte = 0;
	int i;

	ASSERT_EQ(0, config_flags(self->nl, NFQA_CFG_F_FAIL_OPEN,
				  NFQA_CFG_F_FAIL_OPEN));
	for (i = 1; !self->ring.prod->lost; i++) {
		ASSERT_GT(1000, i);
		ASSERT_TRUE(send_fill(self->tx, i, 1400));
	}
	EXPECT_EQ(1, recv(self->rx, &byte, sizeof(byte), 0));
	EXPECT_EQ((char)(i - 1), byte);
}

/* Positions that cannot be: the ring looks full until they can. */
TEST_F(ring, bad_position)
{
	static const uint32_t bad[] = {
		8, 1, 0x80000000, -RING_SIZE - 8, -RING_SIZE * 2,
	};
	uint64_t lost;
	uint32_t pos;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		/* The kernel looks when the ring seems to have no room. */
		lost = self->ring.prod->lost;
		while (self->ring.prod->lost == lost)
			ASSERT_TRUE(send_fill(self->tx, 1, 8000));

		pos = self->ring.prod->pos;
		self->ring.cons->pos = pos + bad[i];
		ASSERT_TRUE(send_fill(self->tx, 2, 8000));
		EXPECT_EQ(lost + 2, self->ring.prod->lost) {
			TH_LOG("offset %x", bad[i]);
		}
		EXPECT_EQ(pos, self->ring.prod->pos);

		self->ring.cons->pos = pos;
		ASSERT_TRUE(send_fill(self->tx, 3, 8000));
		EXPECT_EQ(lost + 2, self->ring.prod->lost);
		EXPECT_NE(NULL, ring_next(&self->ring));
	}
}

/* poll() sees records. */
TEST_F(ring, poll)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(self->nl), .events = POLLIN,
	};
	const struct nl_ring_rec *rec;

	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_TRUE(send_fill(self->tx, 1, 1));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	ring_release(&self->ring, rec);
	EXPECT_EQ(0, poll(&pfd, 1, 0));
}

/* Edge triggered, an event is a wake-up: there is one if it was asked for. */
TEST_F(ring, need_wakeup)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int epfd = epoll_create1(0);

	ASSERT_LE(0, epfd);
	ASSERT_EQ(0, epoll_ctl(epfd, EPOLL_CTL_ADD,
			       mnl_socket_get_fd(self->nl), &ev));
	EXPECT_EQ(0, epoll_wait(epfd, &ev, 1, 0));
	ASSERT_TRUE(send_fill(self->tx, 1, 1));
	EXPECT_EQ(0, epoll_wait(epfd, &ev, 1, 0));

	__atomic_store_n(&self->ring.cons->need_wakeup, 1, __ATOMIC_SEQ_CST);
	ASSERT_TRUE(send_fill(self->tx, 2, 1));
	EXPECT_EQ(1, epoll_wait(epfd, &ev, 1, 0));
	EXPECT_EQ(0, epoll_wait(epfd, &ev, 1, 0));
	close(epfd);
}

/* A message is what recv() would have returned, payload apart. */
TEST_F(ring, same)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	const struct nlattr *from, *ours;
	const struct nl_ring_rec *rec;
	const struct nlmsghdr *nlh;

	ASSERT_TRUE(send_fill(self->tx, 1, 10));
	ASSERT_EQ(0, unbind(self->nl));
	ASSERT_EQ(0, bind_flags(self->nl, QUEUE_NUM, 0));
	ASSERT_TRUE(send_fill(self->tx, 1, 10));

	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	nlh = ring_msg(rec);
	ASSERT_EQ(rec->len, recv(mnl_socket_get_fd(self->nl), buf, sizeof(buf),
				 MSG_DONTWAIT));
	EXPECT_EQ(0, memcmp(nlh, buf, NLMSG_LENGTH(sizeof(struct nfgenmsg))));
	ours = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	mnl_attr_for_each(from, (struct nlmsghdr *)buf,
			  sizeof(struct nfgenmsg)) {
		ASSERT_EQ(mnl_attr_get_type(from), mnl_attr_get_type(ours));
		ASSERT_EQ(mnl_attr_get_len(from), mnl_attr_get_len(ours));
		if (mnl_attr_get_type(from) != NFQA_PAYLOAD)
			EXPECT_EQ(0, memcmp(from, ours,
					    mnl_attr_get_len(from))) {
				TH_LOG("attribute %d", mnl_attr_get_type(from));
			}
		ours = mnl_attr_next(ours);
	}
}

/* Two queues, each with its own ids, in one ring */
TEST_F(ring, two_queues)
{
	const struct nl_ring_rec *rec;
	const struct nfgenmsg *nfg;
	int i, tx;

	ASSERT_EQ(0, bind_flags(self->nl, OTHER_QUEUE, NFQA_CFG_F_RING));
	tx = udp_connect(UDP_PORT + 1);
	ASSERT_LE(0, tx);

	for (i = 1; i <= 3; i++) {
		ASSERT_TRUE(send_fill(self->tx, i, 10));
		ASSERT_TRUE(send_fill(tx, i, 10));
	}
	for (i = 0; i < 6; i++) {
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		nfg = mnl_nlmsg_get_payload(ring_msg(rec));
		EXPECT_EQ(QUEUE_NUM + i % 2, ntohs(nfg->res_id));
		EXPECT_EQ(1 + i / 2, nfq_packet_id(ring_msg(rec)));
		ring_release(&self->ring, rec);
	}
	close(tx);
}

/* The ring outlives queues; mappings keep the socket, with ring and queues. */
TEST_F(ring, lifetime)
{
	const struct nl_ring_rec *rec;
	int i;

	ASSERT_TRUE(send_fill(self->tx, 1, 10));
	ASSERT_EQ(0, unbind(self->nl));
	EXPECT_EQ(-ENODEV, verdict(self->nl, 1, NF_ACCEPT));
	ASSERT_EQ(0, bind_flags(self->nl, QUEUE_NUM, NFQA_CFG_F_RING));
	ASSERT_TRUE(send_fill(self->tx, 2, 10));

	mnl_socket_close(self->nl);
	self->nl = NULL;
	ASSERT_TRUE(send_fill(self->tx, 3, 10));

	for (i = 1; i <= 3; i++) {
		rec = ring_next(&self->ring);
		ASSERT_NE(NULL, rec);
		EXPECT_TRUE(packet_filled(ring_msg(rec), i, 10));
		ring_release(&self->ring, rec);
	}
	EXPECT_EQ(NULL, ring_next(&self->ring));

	self->nl = nfq_open();
	ASSERT_NE(NULL, self->nl);
	EXPECT_EQ(-EPERM, bind_flags(self->nl, QUEUE_NUM, 0));
	ring_unmap(&self->ring);
	self->ring.cons = NULL;
	EXPECT_EQ(0, bind_flags(self->nl, QUEUE_NUM, 0));
}

/* A device that goes takes its packets with it; their records stay. */
TEST_F(ring, device_down)
{
	const struct nl_ring_rec *rec;

	ASSERT_TRUE(send_fill(self->tx, 1, 10));
	ASSERT_EQ(0, system("ip link set lo down"));
	rec = ring_next(&self->ring);
	ASSERT_NE(NULL, rec);
	EXPECT_TRUE(packet_filled(ring_msg(rec), 1, 10));
	EXPECT_EQ(-ENOENT, verdict(self->nl, 1, NF_ACCEPT));
}

/* What NFQA_CFG_F_RING needs, and that it stays */
TEST_F(ring, config)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog prog = { .len = 1, .filter = &all };
	struct mnl_socket *other = nfq_open();
	struct ring ring;
	int fd, on = 1;

	EXPECT_EQ(0, config_flags(self->nl, NFQA_CFG_F_RING, NFQA_CFG_F_RING));
	EXPECT_EQ(-EBUSY, config_flags(self->nl, 0, NFQA_CFG_F_RING));
	EXPECT_EQ(0, config_flags(self->nl, 0, NFQA_CFG_F_FAIL_OPEN));

	ASSERT_NE(NULL, other);
	fd = mnl_socket_get_fd(other);
	EXPECT_EQ(-ENXIO, bind_flags(other, OTHER_QUEUE, NFQA_CFG_F_RING));
	ASSERT_EQ(0, ring_map(&ring, fd, RING_SIZE, 0));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				sizeof(prog)));
	EXPECT_EQ(-EOPNOTSUPP, bind_flags(other, OTHER_QUEUE, NFQA_CFG_F_RING));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on,
				sizeof(on)));
	EXPECT_EQ(0, bind_flags(other, OTHER_QUEUE, NFQA_CFG_F_RING));
	mnl_socket_close(other);
	ring_unmap(&ring);
}

/* A queue that delivers packets through recv() goes on like that. */
TEST_F(ring, live)
{
	ASSERT_EQ(0, unbind(self->nl));
	ASSERT_EQ(0, bind_flags(self->nl, QUEUE_NUM, 0));
	EXPECT_EQ(-EBUSY, config_flags(self->nl, NFQA_CFG_F_RING,
				       NFQA_CFG_F_RING));
	ASSERT_TRUE(send_fill(self->tx, 1, 10));
	EXPECT_EQ(NULL, ring_next(&self->ring));
}

int main(int argc, char **argv)
{
	struct nl_ring_info info;
	socklen_t len = sizeof(info);
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	if (fd < 0)
		ksft_exit_fail_perror("netlink socket");
	if (getsockopt(fd, SOL_NETLINK, NETLINK_RX_RECRING, &info, &len) &&
	    errno == ENOPROTOOPT)
		ksft_exit_skip("kernel without NETLINK_RX_RECRING\n");
	if (geteuid())
		ksft_exit_skip("needs root\n");
	close(fd);

	return test_harness_run(argc, argv);
}
