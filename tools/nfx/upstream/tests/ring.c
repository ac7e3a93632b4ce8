// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of libmnl's mnl_ring_*(), with a model of the kernel's side:
 * setsockopt(), getsockopt(), mmap() and poll() are wrapped, the ring is in a
 * memfd. What comes through the socket does so for real.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <libmnl/libmnl.h>

#include "unit.h"

#define SIZE	(256 * 1024)

/* The model: one socket with one ring at most */
static struct {
	bool absent;		/* a kernel without rings */
	int memfd;
	uint32_t size;
	uint32_t flags;
	uint32_t pos;
	struct nl_ring_cons *cons;
	struct nl_ring_prod *prod;
	char *data;

	int polls;		/* calls of poll() */
	uint32_t poll_wakeup;	/* need_wakeup and position at the last one */
	uint32_t poll_cons;
	int recvs;		/* calls of recvmsg() */
	void (*on_recv)(void);	/* a dump that is continued */
} kern = { .memfd = -1 };

int __real_setsockopt(int fd, int level, int name, const void *val,
		      socklen_t len);
int __real_getsockopt(int fd, int level, int name, void *val, socklen_t *len);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
ssize_t __real_recvmsg(int fd, struct msghdr *msg, int flags);

static int fail(int err)
{
	errno = err;
	return -1;
}

static void model_reset(void)
{
	if (kern.memfd >= 0) {
		munmap(kern.cons, 2 * getpagesize() + kern.size);
		close(kern.memfd);
	}
	memset(&kern, 0, sizeof(kern));
	kern.memfd = -1;
}

static int model_create(const struct nl_ring_req *req)
{
	size_t page = getpagesize();
	char *area;

	if (req->flags & ~NL_RING_F_ALL)
		return fail(EOPNOTSUPP);
	if (kern.memfd >= 0)
		return fail(EBUSY);
	if (req->size < SIZE || req->size & (req->size - 1))
		return fail(EINVAL);

	kern.memfd = memfd_create("ring", 0);
	if (kern.memfd < 0 || ftruncate(kern.memfd, 2 * page + req->size))
		abort();
	area = __real_mmap(NULL, 2 * page + req->size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, kern.memfd, 0);
	if (area == MAP_FAILED)
		abort();
	kern.size = req->size;
	kern.flags = req->flags;
	kern.cons = (void *)area;
	kern.prod = (void *)(area + page);
	kern.data = area + 2 * page;

	return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *val,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *val,
		      socklen_t len)
{
	if (level != SOL_NETLINK || name != NETLINK_RX_RECRING)
		return __real_setsockopt(fd, level, name, val, len);
	if (kern.absent)
		return fail(ENOPROTOOPT);

	return model_create(val);
}

int __wrap_getsockopt(int fd, int level, int name, void *val, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	struct nl_ring_info info = {
		.size = kern.size,
		.flags = kern.flags,
		.cons_off = 0,
		.prod_off = getpagesize(),
		.data_off = 2 * getpagesize(),
	};

	if (level != SOL_NETLINK || name != NETLINK_RX_RECRING)
		return __real_getsockopt(fd, level, name, val, len);
	if (kern.memfd < 0 || *len != sizeof(info))
		return fail(EINVAL);
	memcpy(val, &info, sizeof(info));

	return 0;
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off)
{
	if (fd < 0)
		return __real_mmap(addr, len, prot, flags, fd, off);
	/* Only the page of the consumer, alone, can be written. */
	if (!(flags & MAP_SHARED) || (prot & PROT_WRITE &&
	    (off || len > (size_t)getpagesize()))) {
		errno = EPERM;
		return MAP_FAILED;
	}
	return __real_mmap(addr, len, prot, flags, kern.memfd, off);
}

/* What mmap() is with _FILE_OFFSET_BITS=64 */
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off_t off);
void *__wrap_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off_t off)
{
	return __wrap_mmap(addr, len, prot, flags, fd, off);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	kern.polls++;
	if (kern.memfd >= 0) {
		kern.poll_wakeup = kern.cons->need_wakeup;
		kern.poll_cons = kern.cons->pos;
		if (kern.pos != kern.cons->pos)
			return 1;
	}
	return __real_poll(fds, n, timeout);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	kern.recvs++;
	if (kern.on_recv)
		kern.on_recv();
	return __real_recvmsg(fd, msg, flags);
}

/* The kernel writes a message; false if it is lost. */
static bool model_write(const void *msg, uint32_t len)
{
	uint32_t off = kern.pos & (kern.size - 1);
	struct nl_ring_rec *rec = (void *)(kern.data + off);
	uint32_t tail = kern.size - off;
	uint32_t need = (sizeof(*rec) + len + 7) & ~7U;
	uint32_t pad = need > tail ? tail : 0;
	uint32_t cons = __atomic_load_n(&kern.cons->pos, __ATOMIC_ACQUIRE);

	if (pad + need > kern.size - (kern.pos - cons)) {
		kern.prod->lost++;
		kern.prod->lost_bytes += len;
		return false;
	}
	if (pad) {
		*rec = (struct nl_ring_rec){
			.len = pad - sizeof(*rec),
			.flags = NL_RING_REC_PAD,
		};
		rec = (void *)kern.data;
	}
	*rec = (struct nl_ring_rec){ .len = len };
	memcpy(rec + 1, msg, len);
	kern.pos += pad + need;
	__atomic_store_n(&kern.prod->pos, kern.pos, __ATOMIC_RELEASE);

	return true;
}

/* A message with a sequence number and a payload that goes with it */
static uint32_t build(void *buf, uint32_t seq, size_t payload)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = NLMSG_MIN_TYPE;
	nlh->nlmsg_seq = seq;
	memset(mnl_nlmsg_put_extra_header(nlh, payload), seq, payload);
	nlh->nlmsg_len = NLMSG_HDRLEN + payload;

	return nlh->nlmsg_len;
}

static char msgbuf[128 * 1024];

static bool ring_put(uint32_t seq, size_t payload)
{
	return model_write(msgbuf, build(msgbuf, seq, payload));
}

static int sender = -1;

/* Sends a message through the socket. */
static bool socket_put(const struct mnl_socket *nl, uint32_t seq,
		       size_t payload)
{
	struct sockaddr_nl to = {
		.nl_family = AF_NETLINK,
		.nl_pid = mnl_socket_get_portid(nl),
	};
	ssize_t len = build(msgbuf, seq, payload);

	return sendto(sender, msgbuf, len, 0, (struct sockaddr *)&to,
		      sizeof(to)) == len;
}

static bool is_msg(const void *msg, ssize_t len, uint32_t seq, size_t payload)
{
	const struct nlmsghdr *nlh = msg;
	const unsigned char *data;
	size_t i;

	if (len != (ssize_t)(NLMSG_HDRLEN + payload) ||
	    nlh->nlmsg_len != len || nlh->nlmsg_seq != seq)
		return false;
	data = mnl_nlmsg_get_payload(nlh);
	for (i = 0; i < payload; i++)
		if (data[i] != (unsigned char)seq)
			return false;

	return true;
}

/* Is the next record this one? */
static bool next_is(struct mnl_ring *ring, uint32_t seq, size_t payload)
{
	const void *msg;
	ssize_t len = mnl_ring_next(ring, &msg);

	return len > 0 && is_msg(msg, len, seq, payload);
}

static bool no_next(struct mnl_ring *ring)
{
	const void *msg;

	return mnl_ring_next(ring, &msg) == 0;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_USERSOCK);
	int size = 4 << 20;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		abort();
	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUF, &size,
		       sizeof(size)))
		abort();

	return nl;
}

static void test_map(struct mnl_socket *nl)
{
	struct mnl_ring *ring;

	errno = 0;
	ok(!mnl_ring_map(nl, (size_t)1 << 33, 0) && errno == EINVAL,
	   "a size that does not fit is EINVAL");
	errno = 0;
	ok(!mnl_ring_map(nl, SIZE - 1, 0) && errno == EINVAL,
	   "a size that the kernel refuses is its error");
	errno = 0;
	ok(!mnl_ring_map(nl, SIZE, 0x80) && errno == EOPNOTSUPP,
	   "flags are passed to the kernel");

	ring = mnl_ring_map(nl, SIZE, 0);
	ok(ring && mnl_ring_is_mapped(ring), "map");
	errno = 0;
	ok(!mnl_ring_map(nl, 2 * SIZE, 0) && errno == EBUSY,
	   "another size on the same socket is EBUSY");
	ring_put(1, 10);
	ring_put(2, 10);
	ok(next_is(ring, 1, 10), "read one of two");
	mnl_ring_release(ring);
	ok(next_is(ring, 2, 10), "read the other");
	mnl_ring_unmap(ring);

	ring = mnl_ring_map(nl, SIZE, 0);
	ok(ring && next_is(ring, 2, 10), "what was not released is there again");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_release(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	const void *first, *second;
	ssize_t len;

	ring_put(1, 1);
	ring_put(2, 100);
	ring_put(3, 0);
	len = mnl_ring_next(ring, &first);
	ok(is_msg(first, len, 1, 1), "a record has the length of its message");
	len = mnl_ring_next(ring, &second);
	ok(is_msg(second, len, 2, 100) && !((uintptr_t)second & 7),
	   "the next one is aligned");
	ok(kern.cons->pos == 0, "nothing is released");
	mnl_ring_release(ring);
	ok(kern.cons->pos == 32 + 8 + 16 + 104,
	   "release gives back what was returned");
	ok(next_is(ring, 3, 0) && no_next(ring) && no_next(ring),
	   "the rest, then nothing");
	mnl_ring_unmap(ring);
	model_reset();
}

static int count_cb(const struct nlmsghdr *nlh, void *data)
{
	*(uint32_t *)data += nlh->nlmsg_seq;
	return MNL_CB_OK;
}

static void test_cb_run(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	uint32_t sum = 0;
	const void *msg;
	ssize_t len;

	ring_put(5, 40);
	len = mnl_ring_next(ring, &msg);
	ok(mnl_cb_run(msg, len, 0, 0, count_cb, &sum) == MNL_CB_OK && sum == 5,
	   "mnl_cb_run() takes a record as it is");
	mnl_ring_unmap(ring);
	model_reset();
}

/* Records of all sizes around the ring many times, released in batches */
static void test_laps(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	uint32_t put = 0, got = 0;
	bool good = true;

	while (kern.pos < 40U * SIZE && good) {
		while (put - got < 7)
			good = ring_put(put, put * 61 % 30000) && ++put;
		while (got != put && good) {
			good = next_is(ring, got, got * 61 % 30000);
			got++;
		}
		good = good && no_next(ring);
		mnl_ring_release(ring);
		good = good && kern.cons->pos == kern.pos;
	}
	ok(good, "40 laps");
	ok(mnl_ring_get_lost(ring) == 0, "nothing is lost");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_position_wraps(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	bool good = true;
	uint32_t i;

	mnl_ring_unmap(ring);
	kern.pos = kern.prod->pos = kern.cons->pos = -SIZE / 2;
	ring = mnl_ring_map(nl, SIZE, 0);
	for (i = 0; i < 100 && good; i++) {
		good = ring_put(i, 5000) && next_is(ring, i, 5000);
		mnl_ring_release(ring);
	}
	ok(good && kern.pos < 0x80000000, "positions wrap at 2^32");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_full(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	uint32_t i, stored = 0;
	bool good = true;

	while (ring_put(stored, 1000))
		stored++;
	ring_put(0, 2000);
	ok(mnl_ring_get_lost(ring) == 2 &&
	   mnl_ring_get_lost_bytes(ring) == 3000 + 2 * NLMSG_HDRLEN,
	   "lost messages are counted");
	for (i = 0; i < stored && good; i++)
		good = next_is(ring, i, 1000);
	ok(good && no_next(ring), "a full ring is read to its end");
	ok(!ring_put(i, 1000), "it is full until records are released");
	mnl_ring_release(ring);
	ok(ring_put(i, 1000) && next_is(ring, i, 1000), "then it goes on");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_wait(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);

	ok(mnl_ring_wait(ring, 0) == 0 && kern.polls == 1,
	   "wait for nothing is a timeout");
	ok(kern.poll_wakeup, "need_wakeup is set during poll()");
	ok(no_next(ring) && !kern.cons->need_wakeup, "and cleared afterwards");

	ring_put(1, 10);
	kern.polls = 0;
	ok(mnl_ring_wait(ring, -1) == 1 && kern.polls == 0,
	   "wait with a record there does not poll");
	ok(next_is(ring, 1, 10) && no_next(ring), "it is the one");
	ok(kern.cons->pos == 0 && mnl_ring_wait(ring, 0) == 0 &&
	   kern.poll_cons == kern.pos, "wait releases before poll()");

	ok(mnl_ring_arm(ring) && kern.cons->need_wakeup, "arm: nothing there");
	ring_put(2, 10);
	ok(!mnl_ring_arm(ring), "arm: something is");
	ok(next_is(ring, 2, 10) && !kern.cons->need_wakeup, "disarmed");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_both(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	uint32_t i, laps;
	const void *msg;
	bool seen;

	ok(no_next(ring), "nothing in ring and socket");
	socket_put(nl, 100, 50);
	ok(mnl_ring_wait(ring, 1000) == 1 && next_is(ring, 100, 50),
	   "the socket's message comes after a wait");
	ring_put(1, 10);
	socket_put(nl, 101, 50);
	ok(mnl_ring_wait(ring, 1000) == 1 && next_is(ring, 1, 10) &&
	   next_is(ring, 101, 50) && no_next(ring), "ring and socket");

	/* A ring that is never empty */
	ok(mnl_ring_wait(ring, 0) == 0 && no_next(ring), "wait for both");
	socket_put(nl, 102, 50);
	kern.recvs = 0;
	ring_put(0, 5000);
	for (i = 0, seen = false; !seen && i < 200; i++) {
		ring_put(i, 5000);
		if (mnl_ring_next(ring, &msg) <= 0)
			break;
		seen = ((const struct nlmsghdr *)msg)->nlmsg_seq == 102;
		mnl_ring_release(ring);
	}
	laps = kern.pos / SIZE;
	ok(seen && laps == 1, "a busy ring does not starve the socket");
	ok(kern.recvs == 1, "nor is there a recv() per record");
	mnl_ring_unmap(ring);
	model_reset();
}

/* With NL_RING_F_ALL, the socket has what is younger than the ring. */
static void test_order(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, NL_RING_F_ALL);
	bool good = true;
	uint32_t i;

	ok(ring != NULL, "map for all messages");
	errno = 0;
	ok(!mnl_ring_map(nl, SIZE, 0) && errno == EBUSY,
	   "other flags on the same socket are EBUSY");
	socket_put(nl, 500, 50);
	ring_put(0, 5000);
	for (i = 0; i < 100 && good; i++) {
		ring_put(i + 1, 5000);
		good = next_is(ring, i, 5000);
		mnl_ring_release(ring);
	}
	ok(good && kern.pos > SIZE && next_is(ring, 100, 5000) &&
	   next_is(ring, 500, 50) && no_next(ring),
	   "the socket comes after the ring");
	mnl_ring_unmap(ring);
	model_reset();
}

static void continue_dump(void)
{
	kern.on_recv = NULL;
	ring_put(7, 70);
}

static void test_dump(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, NL_RING_F_ALL);

	kern.on_recv = continue_dump;
	ok(next_is(ring, 7, 70), "what recv() lets into the ring is seen");
	ok(no_next(ring), "and that was it");
	mnl_ring_wait(ring, 0);
	kern.on_recv = continue_dump;
	ok(next_is(ring, 7, 70), "again after a wait");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_corrupt(struct mnl_socket *nl)
{
	struct mnl_ring *ring = mnl_ring_map(nl, SIZE, 0);
	const void *msg;

	ring_put(1, 10);
	((struct nl_ring_rec *)kern.data)->len = SIZE - 7;
	errno = 0;
	ok(mnl_ring_next(ring, &msg) == -1 && errno == EBADMSG,
	   "a length beyond the ring is EBADMSG");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_fallback(struct mnl_socket *nl)
{
	const void *msg[8];
	struct mnl_ring *ring;
	bool good = true;
	ssize_t len[8];
	uint32_t i, n;

	kern.absent = true;
	ring = mnl_ring_map(nl, SIZE, 0x80);
	ok(ring && !mnl_ring_is_mapped(ring), "map without rings");
	ok(no_next(ring) && mnl_ring_wait(ring, 0) == 0, "nothing there");
	ok(mnl_ring_arm(ring), "arm");

	for (i = 0; i < 8; i++)
		good = good && socket_put(nl, i, 501 + i);
	ok(good && mnl_ring_wait(ring, 1000) == 1, "wait");
	for (i = 0; i < 8; i++)
		len[i] = mnl_ring_next(ring, &msg[i]);
	for (i = 0; i < 8; i++)
		good = good && is_msg(msg[i], len[i], i, 501 + i);
	ok(good && no_next(ring), "messages stay until they are released");
	mnl_ring_release(ring);

	for (i = 0; i < 8; i++)
		good = good && socket_put(nl, i, 60000);
	for (i = 0, n = 0; i < 8 && good; i++) {
		if (next_is(ring, i, 60000))
			continue;
		/* no room */
		n++;
		mnl_ring_wait(ring, 1000);
		good = next_is(ring, i, 60000);
	}
	ok(good && n > 0 && n < 4, "large ones, released when there is no room");
	ok(mnl_ring_get_lost(ring) == 0 && mnl_ring_get_lost_bytes(ring) == 0,
	   "nothing is known about lost messages");
	mnl_ring_unmap(ring);
	model_reset();
}

static void test_error(struct mnl_socket *nl)
{
	struct mnl_ring *ring;
	const void *msg;

	kern.absent = true;
	ring = mnl_ring_map(nl, SIZE, 0);
	close(mnl_socket_get_fd(nl));
	errno = 0;
	ok(mnl_ring_next(ring, &msg) == -1 && errno == EBADF,
	   "errors of the socket are errors");
	mnl_ring_unmap(ring);
	model_reset();
}

int main(void)
{
	struct mnl_socket *nl = open_socket();

	setvbuf(stdout, NULL, _IOLBF, 0);
	sender = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	test_map(nl);
	test_release(nl);
	test_cb_run(nl);
	test_laps(nl);
	test_position_wraps(nl);
	test_full(nl);
	test_wait(nl);
	test_both(nl);
	test_order(nl);
	test_dump(nl);
	test_corrupt(nl);
	test_fallback(nl);
	test_error(nl);
	mnl_socket_close(nl);

	return unit_finish();
}
