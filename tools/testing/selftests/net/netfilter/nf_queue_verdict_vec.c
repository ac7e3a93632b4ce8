// SPDX-License-Identifier: GPL-2.0
/*
 * NFQA_VERDICT_VEC: many packets, each with its own verdict and mark, in one
 * message.  A message that is not right in all parts changes nothing.
 */

#define _GNU_SOURCE

#include <sched.h>
#include <stdbool.h>

#include "kselftest_harness.h"
#include "nf_queue_lib.h"

#define QUEUE_NUM	7
#define UDP_PORT	12345
#define MANY		100
#define MARK_NO_ROUTE	0x22

static const char ruleset[] =
	"nft 'table ip t { chain c {"
	" type filter hook input priority 0;"
	" udp dport 12345 queue num 7; }; }'";

/* Packets are queued where they leave; with MARK_NO_ROUTE they cannot. */
static const char ruleset_output[] =
	"set -e;"
	" nft 'flush ruleset; table ip t { chain c {"
	" type filter hook output priority 0;"
	" udp dport 12345 queue num 7; }; }';"
	" ip rule add pref 5 fwmark 0x22 blackhole;"
	" ip rule add pref 10 lookup local;"
	" ip rule del pref 0;";

static struct nfqnl_msg_verdict_vec vec(uint32_t id, uint32_t verdict)
{
	return (struct nfqnl_msg_verdict_vec){
		.id = htonl(id),
		.verdict = htonl(verdict),
	};
}

static struct nfqnl_msg_verdict_vec
vec_mark(uint32_t id, uint32_t verdict, uint32_t mark)
{
	return (struct nfqnl_msg_verdict_vec){
		.id = htonl(id),
		.verdict = htonl(verdict),
		.mark = htonl(mark),
		.flags = htonl(NFQNL_VERDICT_VEC_F_MARK),
	};
}

/* @len is in bytes, so that a vector may end within an element. */
static int send_vec(struct mnl_socket *nl, int type,
		    const struct nfqnl_msg_verdict_vec *elems, size_t len)
{
	static char buf[2 * UINT16_MAX];
	struct nlmsghdr *nlh = nfq_put_msg(buf, type, QUEUE_NUM);

	mnl_attr_put(nlh, NFQA_VERDICT_VEC, len, elems);

	return nfq_request(nl, nlh);
}

#define batch(nl, elems) \
	send_vec(nl, NFQNL_MSG_VERDICT_BATCH, elems, sizeof(elems))

static int queued(void)
{
	unsigned int num, total;
	int found = -ENOENT;
	FILE *f;

	f = fopen("/proc/self/net/netfilter/nfnetlink_queue", "r");
	if (!f)
		return -errno;
	while (found < 0 && fscanf(f, "%u %*u %u %*u %*u %*u %*u %*u %*u",
				   &num, &total) == 2)
		if (num == QUEUE_NUM)
			found = total;
	fclose(f);

	return found;
}

FIXTURE(vec)
{
	struct mnl_socket *nl;
	int rx;
	int tx;
};

static int udp_server(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(UDP_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd, on = 1;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVMARK, &on, sizeof(on))) {
		close(fd);
		return -1;
	}

	return fd;
}

/* Returns the first byte of the next packet, -1 when there is none. */
static int receive(int fd, uint32_t *mark)
{
	union {
		char buf[CMSG_SPACE(sizeof(*mark))];
		struct cmsghdr align;
	} ctl;
	unsigned char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = sizeof(byte) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl.buf,
		.msg_controllen = sizeof(ctl.buf),
	};
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &msg, MSG_DONTWAIT) != 1)
		return -1;
	*mark = 0;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SO_MARK)
			memcpy(mark, CMSG_DATA(cmsg), sizeof(*mark));

	return byte;
}

/* Queues @count packets that hold their id; the first one has id 1. */
static int queue_packets(struct mnl_socket *nl, int fd, unsigned int count)
{
	unsigned char byte;
	uint32_t last_id;

	/* Loopback delivers in send(). */
	for (byte = 1; byte <= count; byte++)
		if (send(fd, &byte, sizeof(byte), 0) != sizeof(byte))
			return -errno;

	return nfq_read(nl, &last_id);
}

FIXTURE_SETUP(vec)
{
	self->rx = -1;
	self->tx = -1;
	if (unshare(CLONE_NEWNET))
		SKIP(return, "needs CAP_SYS_ADMIN for a network namespace");
	if (system(ruleset))
		SKIP(return, "needs nft and nft_queue");
	ASSERT_EQ(0, loopback_up());

	self->nl = nfq_open();
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, nfq_bind(self->nl, QUEUE_NUM, 2 * MANY));

	self->rx = udp_server();
	ASSERT_LE(0, self->rx);
	self->tx = udp_connect(UDP_PORT);
	ASSERT_LE(0, self->tx);
}

FIXTURE_TEARDOWN(vec)
{
	if (self->rx >= 0)
		close(self->rx);
	if (self->tx >= 0)
		close(self->tx);
	if (self->nl)
		mnl_socket_close(self->nl);
}

/* Verdicts and marks differ, and take effect in the order of the vector. */
TEST_F(vec, individual)
{
	struct nfqnl_msg_verdict_vec elems[] = {
		vec_mark(4, NF_ACCEPT, 0x44),
		vec(3, NF_DROP),
		vec(2, NF_ACCEPT),
		vec_mark(1, NF_ACCEPT, 0x11),
	};
	uint32_t mark;

	ASSERT_EQ(4, queue_packets(self->nl, self->tx, 4));
	EXPECT_EQ(0, batch(self->nl, elems));
	EXPECT_EQ(0, queued());

	EXPECT_EQ(4, receive(self->rx, &mark));
	EXPECT_EQ(0x44, mark);
	EXPECT_EQ(2, receive(self->rx, &mark));
	EXPECT_EQ(0, mark);
	EXPECT_EQ(1, receive(self->rx, &mark));
	EXPECT_EQ(0x11, mark);
	EXPECT_EQ(-1, receive(self->rx, &mark));
}

/* More elements than the kernel takes off the queue at once. */
TEST_F(vec, many)
{
	struct nfqnl_msg_verdict_vec elems[MANY];
	uint32_t mark, i;

	ASSERT_EQ(MANY, queue_packets(self->nl, self->tx, MANY));
	for (i = 0; i < MANY; i++)
		elems[i] = vec_mark(i + 1, i % 3 ? NF_ACCEPT : NF_DROP, i);
	EXPECT_EQ(0, batch(self->nl, elems));
	EXPECT_EQ(0, queued());

	for (i = 0; i < MANY; i++) {
		if (i % 3 == 0)
			continue;
		ASSERT_EQ(i + 1, receive(self->rx, &mark));
		EXPECT_EQ(i, mark);
	}
	EXPECT_EQ(-1, receive(self->rx, &mark));
}

/* The longest vector an attribute has room for, half of it unknown ids. */
TEST_F(vec, longest)
{
	static struct nfqnl_msg_verdict_vec elems[NFQNL_VERDICT_VEC_MAX];
	uint32_t i;

	ASSERT_EQ(MANY, queue_packets(self->nl, self->tx, MANY));
	for (i = 0; i < NFQNL_VERDICT_VEC_MAX; i++)
		elems[i] = vec(NFQNL_VERDICT_VEC_MAX - i, NF_DROP);
	EXPECT_EQ(-ENOENT, batch(self->nl, elems));
	EXPECT_EQ(0, queued());
}

/* Verdicts other than NF_ACCEPT and NF_DROP; nobody listens to queue 8. */
TEST_F(vec, other_verdicts)
{
	struct nfqnl_msg_verdict_vec elems[] = {
		vec(1, NF_REPEAT),
		vec(2, NF_STOP),
		vec(3, NF_QUEUE_NR(8) | NF_VERDICT_FLAG_QUEUE_BYPASS),
		vec(4, NF_QUEUE_NR(8)),
		vec(5, NF_QUEUE_NR(QUEUE_NUM)),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	uint32_t mark, last_id;
	struct nlmsghdr *nlh;

	ASSERT_EQ(5, queue_packets(self->nl, self->tx, 5));

	/* No ack: packets would come before it. */
	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT_BATCH, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(elems), elems);
	ASSERT_EQ(nlh->nlmsg_len,
		  mnl_socket_sendto(self->nl, nlh, nlh->nlmsg_len));

	EXPECT_EQ(2, receive(self->rx, &mark));
	EXPECT_EQ(3, receive(self->rx, &mark));
	EXPECT_EQ(-1, receive(self->rx, &mark));

	/* The first and the last one are back, with new ids. */
	EXPECT_EQ(2, queued());
	EXPECT_EQ(2, nfq_read(self->nl, &last_id));
	EXPECT_EQ(7, last_id);
}

/* A new mark is looked up again where packets leave. */
TEST_F(vec, mark_reroutes)
{
	struct nfqnl_msg_verdict_vec elems[] = {
		vec_mark(1, NF_ACCEPT, MARK_NO_ROUTE),
		vec_mark(2, NF_ACCEPT, 1),
	};
	uint32_t mark;

	if (system(ruleset_output))
		SKIP(return, "needs ip and policy routing");

	ASSERT_EQ(2, queue_packets(self->nl, self->tx, 2));
	EXPECT_EQ(0, batch(self->nl, elems));
	EXPECT_EQ(2, receive(self->rx, &mark));
	EXPECT_EQ(-1, receive(self->rx, &mark));
}

/* Ids that are not queued are skipped; who wants an ack is told. */
TEST_F(vec, unknown_id)
{
	struct nfqnl_msg_verdict_vec elems[] = {
		vec(77, NF_ACCEPT),
		vec(1, NF_ACCEPT),
		vec(1, NF_ACCEPT),
		vec(0, NF_DROP),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	uint32_t mark;

	ASSERT_EQ(2, queue_packets(self->nl, self->tx, 2));
	EXPECT_EQ(-ENOENT, batch(self->nl, elems));
	EXPECT_EQ(1, queued());
	EXPECT_EQ(1, receive(self->rx, &mark));

	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT_BATCH, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(elems), elems);
	ASSERT_EQ(nlh->nlmsg_len,
		  mnl_socket_sendto(self->nl, nlh, nlh->nlmsg_len));
	EXPECT_EQ(-1, recv(mnl_socket_get_fd(self->nl), buf, sizeof(buf),
			   MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(1, queued());
}

/* One bad element, and the good one before it has no effect either. */
TEST_F(vec, bad_element)
{
	static const struct {
		uint32_t verdict;
		uint32_t mark;
		uint32_t flags;
		int err;
	} bad[] = {
		{ NF_STOLEN, 0, 0, -EINVAL },
		{ NF_MAX_VERDICT + 1, 0, 0, -EINVAL },
		{ NF_DROP | 1 << 16, 0, 0, -EINVAL },
		{ NF_ACCEPT | NF_VERDICT_FLAG_QUEUE_BYPASS, 0, 0, -EINVAL },
		{ NF_QUEUE | 1 << 14, 0, 0, -EINVAL },
		{ NF_ACCEPT, 1, 0, -EINVAL },
		{ NF_ACCEPT, 1, 1 << 1, -EOPNOTSUPP },
		{ NF_ACCEPT, 1, 1U << 31 | NFQNL_VERDICT_VEC_F_MARK,
		  -EOPNOTSUPP },
	};
	struct nfqnl_msg_verdict_vec elems[2] = { vec(1, NF_DROP) };
	int i;

	ASSERT_EQ(2, queue_packets(self->nl, self->tx, 2));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		elems[1] = (struct nfqnl_msg_verdict_vec){
			.id = htonl(2),
			.verdict = htonl(bad[i].verdict),
			.mark = htonl(bad[i].mark),
			.flags = htonl(bad[i].flags),
		};
		EXPECT_EQ(bad[i].err, batch(self->nl, elems)) {
			TH_LOG("element %d", i);
		}
	}
	EXPECT_EQ(2, queued());
}

/* Lengths that are no whole number of elements, none among them. */
TEST_F(vec, bad_length)
{
	struct nfqnl_msg_verdict_vec elems[] = {
		vec(1, NF_DROP),
		vec(2, NF_DROP),
	};
	size_t len;

	ASSERT_EQ(2, queue_packets(self->nl, self->tx, 2));
	for (len = 0; len < sizeof(elems); len++) {
		if (len == sizeof(*elems))
			continue;
		/* The policy refuses what is too short for one element. */
		EXPECT_EQ(len < sizeof(*elems) ? -ERANGE : -EINVAL,
			  send_vec(self->nl, NFQNL_MSG_VERDICT_BATCH, elems,
				   len)) {
			TH_LOG("length %zu", len);
		}
	}
	EXPECT_EQ(2, queued());
}

/* A vector is alone in its message, whatever the other attribute is. */
TEST_F(vec, only_attribute)
{
	struct nfqnl_msg_verdict_hdr vh = {
		.verdict = htonl(NF_DROP),
		.id = htonl(2),
	};
	static const int attrs[] = {
		NFQA_VERDICT_HDR, NFQA_MARK, NFQA_PRIORITY, NFQA_PAYLOAD,
		NFQA_VERDICT_VEC, NFQA_VERDICT_VEC + 1000,
	};
	struct nfqnl_msg_verdict_vec elems[] = { vec(1, NF_DROP) };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	int i;

	ASSERT_EQ(2, queue_packets(self->nl, self->tx, 2));
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT_BATCH, QUEUE_NUM);
		if (attrs[i] == NFQA_VERDICT_HDR)
			mnl_attr_put(nlh, attrs[i], sizeof(vh), &vh);
		else if (attrs[i] == NFQA_VERDICT_VEC)
			mnl_attr_put(nlh, attrs[i], sizeof(elems), elems);
		else
			mnl_attr_put_u32(nlh, attrs[i], 0);
		mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(elems), elems);
		EXPECT_EQ(-EINVAL, nfq_request(self->nl, nlh)) {
			TH_LOG("attribute %d", attrs[i]);
		}
	}

	/* A message for one packet takes no vector. */
	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(elems), elems);
	EXPECT_EQ(-EINVAL, nfq_request(self->nl, nlh));

	EXPECT_EQ(2, queued());
}

/* Verdicts come from the socket that has the queue. */
TEST_F(vec, other_socket)
{
	struct nfqnl_msg_verdict_vec elems[] = { vec(1, NF_DROP) };
	struct mnl_socket *other;

	ASSERT_EQ(1, queue_packets(self->nl, self->tx, 1));
	other = nfq_open();
	ASSERT_NE(NULL, other);
	EXPECT_EQ(-EPERM, batch(other, elems));
	mnl_socket_close(other);
	EXPECT_EQ(1, queued());
}

/* Two ways to find out, so that one that is broken does not skip its test: the
 * probe of the uAPI, flags that are unknown, and the policy of a message for
 * one packet.
 */
static bool kernel_has_vectors(void)
{
	struct nfqnl_msg_verdict_hdr vh = { .verdict = htonl(NF_DROP) };
	struct nfqnl_msg_verdict_vec elem = vec(1, NF_DROP);
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct mnl_socket *nl;
	struct nlmsghdr *nlh;
	int ret, probe;

	nl = nfq_open();
	if (!nl)
		ksft_exit_fail_perror("netlink socket");
	ret = nfq_bind(nl, QUEUE_NUM, 1);
	if (ret)
		ksft_exit_fail_msg("binding a queue: %s\n", strerror(-ret));

	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(elem), &elem);
	ret = nfq_request(nl, nlh);

	elem.flags = UINT32_MAX;
	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT_BATCH, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(elem), &elem);
	probe = nfq_request(nl, nlh);
	mnl_socket_close(nl);

	return ret != -ENOENT || probe == -EOPNOTSUPP;
}

int main(int argc, char **argv)
{
	if (unshare(CLONE_NEWNET))
		ksft_exit_skip("needs CAP_SYS_ADMIN for a network namespace\n");
	if (!kernel_has_vectors())
		ksft_exit_skip("kernel without NFQA_VERDICT_VEC\n");

	return test_harness_run(argc, argv);
}
