// SPDX-License-Identifier: GPL-2.0
/*
 * NETLINK_RX_RECRING: which rings there can be, and which mappings of them.
 */

#define _GNU_SOURCE

#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "netlink_ring.h"

#define RING_SIZE	(256 * 1024)

static int set_ring(int fd, uint32_t size, uint32_t flags)
{
	struct nl_ring_req req = { .size = size, .flags = flags };

	return setsockopt(fd, SOL_NETLINK, NETLINK_RX_RECRING, &req,
			  sizeof(req)) ? -errno : 0;
}

static int get_ring(int fd, void *info, socklen_t *len)
{
	return getsockopt(fd, SOL_NETLINK, NETLINK_RX_RECRING, info, len) ?
		-errno : 0;
}

FIXTURE(ring)
{
	int fd;
	long page;
};

FIXTURE_SETUP(ring)
{
	self->page = getpagesize();
	self->fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(ring)
{
	close(self->fd);
}

/* Sizes and flags that cannot be, then one that can, once */
TEST_F(ring, setsockopt)
{
	static const uint32_t bad[] = {
		0, 1, RING_SIZE / 2, RING_SIZE + 1, 3 * RING_SIZE,
		512U << 20, 1U << 31, UINT32_MAX,
	};
	struct nl_ring_req req[2] = { { .size = RING_SIZE } };
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, set_ring(self->fd, bad[i], 0)) {
			TH_LOG("size %u", bad[i]);
		}
	for (i = 1; i < 32; i++)
		EXPECT_EQ(-EOPNOTSUPP, set_ring(self->fd, RING_SIZE, 1U << i)) {
			TH_LOG("flag %d", i);
		}
	EXPECT_EQ(-1, setsockopt(self->fd, SOL_NETLINK, NETLINK_RX_RECRING,
				 req, sizeof(*req) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, setsockopt(self->fd, SOL_NETLINK, NETLINK_RX_RECRING,
				 NULL, sizeof(*req)));
	EXPECT_EQ(EFAULT, errno);

	/* A later, larger struct: what is not known has to be 0. */
	req[1].flags = 1;
	EXPECT_EQ(-1, setsockopt(self->fd, SOL_NETLINK, NETLINK_RX_RECRING,
				 req, sizeof(req)));
	EXPECT_EQ(E2BIG, errno);
	req[1].flags = 0;
	EXPECT_EQ(0, setsockopt(self->fd, SOL_NETLINK, NETLINK_RX_RECRING,
				req, sizeof(req)));
	EXPECT_EQ(-EBUSY, set_ring(self->fd, RING_SIZE, 0));
}

TEST_F(ring, getsockopt)
{
	char buf[sizeof(struct nl_ring_info) + 8];
	struct nl_ring_info info;
	socklen_t len = sizeof(info);

	EXPECT_EQ(-ENOENT, get_ring(self->fd, &info, &len));
	ASSERT_EQ(0, set_ring(self->fd, RING_SIZE, 0));

	len = sizeof(info);
	EXPECT_EQ(0, get_ring(self->fd, &info, &len));
	EXPECT_EQ(sizeof(info), len);
	EXPECT_EQ(RING_SIZE, info.size);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0, info.cons_off % self->page);
	EXPECT_EQ(0, info.prod_off % self->page);
	EXPECT_EQ(0, info.data_off % self->page);

	len = sizeof(buf);
	EXPECT_EQ(0, get_ring(self->fd, buf, &len));
	EXPECT_EQ(sizeof(info), len);
	len = sizeof(info) - 1;
	EXPECT_EQ(-EINVAL, get_ring(self->fd, buf, &len));
	len = 0;
	EXPECT_EQ(-EINVAL, get_ring(self->fd, buf, &len));
}

/* Only the consumer page can be written, alone, and nothing behind the end. */
TEST_F(ring, mmap)
{
	const int rw = PROT_READ | PROT_WRITE;
	size_t len = 2 * self->page + RING_SIZE;
	long page = self->page;
	char *addr;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, rw, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENXIO, errno);
	ASSERT_EQ(0, set_ring(self->fd, RING_SIZE, 0));

	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, page, PROT_READ, MAP_PRIVATE, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * page, rw, MAP_SHARED, self->fd,
				   0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, rw, MAP_SHARED, self->fd,
				   page));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, len + page, PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ, MAP_SHARED, self->fd,
				   len));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ, MAP_SHARED, self->fd,
				   -page));

	addr = mmap(NULL, len, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, addr);
	EXPECT_EQ(-1, mprotect(addr, page, rw));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(addr + page, page, rw));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mremap(addr, len, len + page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, munmap(addr, page));
	EXPECT_EQ(0, munmap(addr + page, len - page));
}

/* All of a new ring is 0, and it is there after close(). */
TEST_F(ring, zeroed)
{
	struct ring ring;
	size_t i, sum = 0;

	ASSERT_EQ(0, ring_map(&ring, self->fd, RING_SIZE, 0));
	close(self->fd);
	for (i = 0; i < ring_pages_len(&ring); i++)
		sum += !!((char *)ring.prod)[i];
	EXPECT_EQ(0, sum);
	EXPECT_EQ(0, ring.cons->pos);
	EXPECT_EQ(NULL, ring_next(&ring));
	ring_unmap(&ring);
	self->fd = -1;
}

/* A child has the same ring. */
TEST_F(ring, fork)
{
	struct ring ring;
	int status;
	pid_t pid;

	ASSERT_EQ(0, ring_map(&ring, self->fd, RING_SIZE, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ring.cons->need_wakeup = 1;
		_exit(ring.prod->pos);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, ring.cons->need_wakeup);
	ring_unmap(&ring);
}

/* The rest of the socket is as before: a dump comes through recv(). */
TEST_F(ring, recv)
{
	struct {
		struct nlmsghdr nlh;
		char family;
	} req = {
		.nlh.nlmsg_len = sizeof(req),
		.nlh.nlmsg_type = RTM_GETLINK,
		.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	};
	struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
	struct ring ring;
	char buf[16384];

	ASSERT_EQ(0, ring_map(&ring, self->fd, RING_SIZE, 0));
	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(sizeof(req), send(self->fd, &req, sizeof(req), 0));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
	EXPECT_LT(0, recv(self->fd, buf, sizeof(buf), 0));
	EXPECT_EQ(NULL, ring_next(&ring));
	ring_unmap(&ring);
}

/* Long enough for call_rcu() and a work item after it; membarrier() does
 * nothing on a single CPU.
 */
static void wait_for_rcu(void)
{
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	usleep(100 * 1000);
}

/* A page can be pinned, and be there for longer than the ring: the kernel keeps
 * nothing of its own in it.
 */
TEST_F(ring, pinned)
{
	struct nl_ring_cons mine, found;
	struct iovec iov = { .iov_len = sizeof(mine) };
	struct ring ring;
	int pipefd[2];

	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(0, ring_map(&ring, self->fd, RING_SIZE, 0));
	memset(&mine, 0x5a, sizeof(mine));
	*ring.cons = mine;
	iov.iov_base = ring.cons;
	ASSERT_EQ(sizeof(mine), vmsplice(pipefd[1], &iov, 1, 0));

	ring_unmap(&ring);
	close(self->fd);
	wait_for_rcu();
	ASSERT_EQ(sizeof(found), read(pipefd[0], &found, sizeof(found)));
	EXPECT_EQ(0, memcmp(&mine, &found, sizeof(mine)));
	close(pipefd[0]);
	close(pipefd[1]);
	self->fd = -1;
}

static uint32_t receive_buffer_max(void)
{
	FILE *f = fopen("/proc/sys/net/core/rmem_max", "r");
	uint32_t max = UINT32_MAX;

	if (!f)
		return max;
	if (fscanf(f, "%u", &max) != 1)
		max = UINT32_MAX;
	fclose(f);

	return max;
}

/* A ring is a privilege in the network namespace, and above net.core.rmem_max
 * in the initial one.
 */
TEST_F(ring, unprivileged)
{
	uint32_t large = 64 << 20;
	int fd;

	if (receive_buffer_max() >= large)
		SKIP(return, "net.core.rmem_max allows all");
	EXPECT_EQ(0, set_ring(self->fd, large, 0));

	ASSERT_EQ(0, seteuid(65534));
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, set_ring(fd, RING_SIZE, 0));
	close(fd);

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		ASSERT_EQ(0, seteuid(0));
		SKIP(return, "no user namespaces");
	}
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, set_ring(fd, large, 0));
	EXPECT_EQ(0, set_ring(fd, RING_SIZE, 0));
	close(fd);
}

/* mq_notify() drops the last reference to the socket, under a spinlock. That
 * freeing the ring does not sleep is seen with CONFIG_DEBUG_ATOMIC_SLEEP.
 */
TEST_F(ring, mq_notify)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	char cookie[32] = {};
	struct sigevent sev = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_value.sival_ptr = cookie,
	};
	char name[32];
	mqd_t mq;

	snprintf(name, sizeof(name), "/netlink_ring-%d", getpid());
	mq = mq_open(name, O_CREAT | O_EXCL | O_WRONLY, 0600, &attr);
	if (mq == (mqd_t)-1)
		SKIP(return, "no message queues");
	EXPECT_EQ(0, mq_unlink(name));

	ASSERT_EQ(0, set_ring(self->fd, RING_SIZE, 0));
	sev.sigev_signo = self->fd;
	ASSERT_EQ(0, syscall(__NR_mq_notify, mq, &sev));
	ASSERT_EQ(0, close(self->fd));
	/* RCU drops the reference of the file. */
	wait_for_rcu();
	EXPECT_EQ(0, mq_send(mq, "", 1, 0));
	EXPECT_EQ(0, mq_close(mq));

	self->fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ASSERT_LE(0, self->fd);
}

int main(int argc, char **argv)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct nl_ring_info info;
	socklen_t len = sizeof(info);

	if (fd < 0)
		ksft_exit_fail_perror("netlink socket");
	if (get_ring(fd, &info, &len) == -ENOPROTOOPT)
		ksft_exit_skip("kernel without NETLINK_RX_RECRING\n");
	if (set_ring(fd, RING_SIZE, 0) == -EPERM)
		ksft_exit_skip("needs root\n");
	close(fd);

	return test_harness_run(argc, argv);
}
