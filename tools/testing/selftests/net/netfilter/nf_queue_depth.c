// SPDX-License-Identifier: GPL-2.0
/*
 * How many packets a queue holds is up to NFQA_CFG_QUEUE_MAXLEN, and the
 * table that finds a packet by its id must not be resized for every burst.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "nf_queue_lib.h"

#define QUEUE_NUM	7
#define UDP_PORT	12345
#define BURST		64
#define DEPTH		70000
#define ROUNDS		200

#define TRACEFS		"/sys/kernel/tracing"
#define TRACE_INSTANCE	TRACEFS "/instances/nf_queue_depth"
#define TRACE_EVENT	TRACE_INSTANCE \
			"/events/workqueue/workqueue_execute_start"

static const char ruleset[] =
	"nft 'table ip t { chain c {"
	" type filter hook input priority 0;"
	" udp dport 12345 queue num 7; }; }'";

struct queue_stats {
	unsigned int total;
	unsigned int dropped;
	unsigned int user_dropped;
};

static int queue_verdict(struct mnl_socket *nl, int type, uint32_t id)
{
	struct nfqnl_msg_verdict_hdr vh = {
		.verdict = htonl(NF_DROP),
		.id = htonl(id),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, type, QUEUE_NUM);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);

	return nfq_request(nl, nlh);
}

static int queue_stats(struct queue_stats *stats)
{
	unsigned int num;
	int found = 0;
	FILE *f;

	f = fopen("/proc/self/net/netfilter/nfnetlink_queue", "r");
	if (!f)
		return -errno;
	while (!found && fscanf(f, "%u %*u %u %*u %*u %u %u %*u %*u", &num,
				&stats->total, &stats->dropped,
				&stats->user_dropped) == 4)
		found = num == QUEUE_NUM;
	fclose(f);

	return found ? 0 : -ENOENT;
}

/* Loopback delivers in send(): the packets are queued when this returns. */
static int send_packets(int fd, unsigned int count)
{
	while (count--) {
		if (send(fd, "x", 1, 0) != 1)
			return -errno;
	}

	return 0;
}

FIXTURE(queue)
{
	struct mnl_socket *nl;
	int udp;
};

FIXTURE_SETUP(queue)
{
	self->udp = -1;
	if (unshare(CLONE_NEWNET))
		SKIP(return, "needs CAP_SYS_ADMIN for a network namespace");
	if (system(ruleset))
		SKIP(return, "needs nft and nft_queue");
	ASSERT_EQ(0, loopback_up());

	self->nl = nfq_open();
	ASSERT_NE(NULL, self->nl);

	self->udp = udp_connect(UDP_PORT);
	ASSERT_LE(0, self->udp);
}

FIXTURE_TEARDOWN(queue)
{
	if (self->udp >= 0)
		close(self->udp);
	if (self->nl)
		mnl_socket_close(self->nl);
	rmdir(TRACE_INSTANCE);
}

/* A queue takes queue_maxlen packets, no more and no less. */
TEST_F_TIMEOUT(queue, maxlen, 900)
{
	unsigned int sent, received = 0;
	struct queue_stats stats;
	uint32_t last_id = 0;
	int ret;

	ASSERT_EQ(0, nfq_bind(self->nl, QUEUE_NUM, DEPTH));

	/* In steps, so that the messages fit into the receive buffer. */
	for (sent = 0; sent < DEPTH; sent += 100) {
		ASSERT_EQ(0, send_packets(self->udp, 100));
		ret = nfq_read(self->nl, &last_id);
		ASSERT_LE(0, ret);
		received += ret;
	}

	ASSERT_EQ(0, queue_stats(&stats));
	EXPECT_EQ(DEPTH, received);
	EXPECT_EQ(DEPTH, stats.total);
	EXPECT_EQ(0, stats.dropped);
	EXPECT_EQ(0, stats.user_dropped);

	/* The limit itself still holds. */
	ASSERT_EQ(0, send_packets(self->udp, 1));
	ASSERT_EQ(0, queue_stats(&stats));
	EXPECT_EQ(DEPTH, stats.total);
	EXPECT_EQ(1, stats.dropped);

	/* All of them can be found, the oldest, one amid them, the newest. */
	EXPECT_EQ(0, queue_verdict(self->nl, NFQNL_MSG_VERDICT, 1));
	EXPECT_EQ(-ENOENT, queue_verdict(self->nl, NFQNL_MSG_VERDICT, 1));
	EXPECT_EQ(0, queue_verdict(self->nl, NFQNL_MSG_VERDICT, DEPTH / 2));
	EXPECT_EQ(0, queue_verdict(self->nl, NFQNL_MSG_VERDICT, last_id));

	EXPECT_EQ(0, queue_verdict(self->nl, NFQNL_MSG_VERDICT_BATCH, last_id));
	ASSERT_EQ(0, queue_stats(&stats));
	EXPECT_EQ(0, stats.total);
}

static int write_file(const char *path, const char *value)
{
	int fd, ret;

	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -errno;
	ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);

	return ret;
}

static int count_resizes(void)
{
	char line[512];
	int count = 0;
	FILE *f;

	f = fopen(TRACE_INSTANCE "/trace", "r");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (line[0] != '#' && strstr(line, "rht_deferred_worker"))
			count++;
	}
	fclose(f);

	return count;
}

/* A table that follows each burst up and down is resized in each round. */
TEST_F_TIMEOUT(queue, resize, 300)
{
	uint32_t last_id = 0;
	int i;

	if (mkdir(TRACE_INSTANCE, 0700) && errno != EEXIST)
		SKIP(return, "needs tracefs: %s", strerror(errno));
	if (write_file(TRACE_EVENT "/enable", "1"))
		SKIP(return, "needs the workqueue tracepoints");

	ASSERT_EQ(0, nfq_bind(self->nl, QUEUE_NUM, DEPTH));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, send_packets(self->udp, BURST));
		ASSERT_EQ(BURST, nfq_read(self->nl, &last_id));
		ASSERT_EQ(0, queue_verdict(self->nl, NFQNL_MSG_VERDICT_BATCH,
					   last_id));
	}

	/* Other tables of the system may be resized meanwhile. */
	EXPECT_GT(ROUNDS / 10, count_resizes());
}

TEST_HARNESS_MAIN
