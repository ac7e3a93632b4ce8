// SPDX-License-Identifier: LGPL-2.1-or-later
/* Receive ring of a netlink socket, see nlring.h. */
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nlring-int.h"

/* Give space back at the latest when it is this part of the ring. */
#define TELL_SHARE 8

static uint32_t round_size(size_t size)
{
	uint32_t power = NLRING_SIZE_MIN;

	while (power < size)
		power *= 2;
	return power;
}

/* An answer to setsockopt() that leaves the socket without a ring. */
static bool is_refusal(int err)
{
	switch (err) {
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EINVAL:
	case EPERM:
	case ENOMEM:
	case ENOBUFS:
		return true;
	default:
		return false;
	}
}

static bool info_ok(const struct nl_ring_info *info, size_t len)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return len >= sizeof(*info) &&
	       info->size >= NLRING_SIZE_MIN && info->size <= NLRING_SIZE_MAX &&
	       !(info->size & (info->size - 1)) &&
	       !(info->cons_off % page) && !(info->prod_off % page) &&
	       info->data_off >= info->prod_off + sizeof(struct nl_ring_prod) &&
	       info->data_off - info->prod_off <= NLRING_SIZE_MAX &&
	       !(info->data_off % NL_RING_ALIGNTO);
}

static int map_pages(struct nlring *nlring, const struct nl_ring_info *info)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = mnl_socket_get_fd(nlring->sock);
	void *rw, *ro;

	rw = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  (off_t)info->cons_off);
	if (rw == MAP_FAILED)
		return -1;
	nlring->ro_len = info->data_off - info->prod_off + info->size;
	ro = mmap(NULL, nlring->ro_len, PROT_READ, MAP_SHARED, fd,
		  (off_t)info->prod_off);
	if (ro == MAP_FAILED) {
		munmap(rw, page);
		return -1;
	}
	nlring->cons = rw;
	nlring->prod = ro;
	nlring->data = (unsigned char *)ro + (info->data_off - info->prod_off);
	nlring->size = info->size;
	return 0;
}

static int map_ring(struct nlring *nlring)
{
	struct nl_ring_info info = { .size = 0 };
	socklen_t len = sizeof(info);

	if (mnl_socket_getsockopt(nlring->sock, NETLINK_RX_RECRING, &info,
				  &len) < 0)
		return -1;
	if (info_ok(&info, len))
		return map_pages(nlring, &info);
	errno = EPROTO;
	return -1;
}

/* Returns 0 with a ring or without one, -1 if it is not clear which. */
static int make_ring(struct nlring *nlring, size_t size, unsigned int flags)
{
	struct nl_ring_req req = { .flags = flags };

	nlring->error = ENOENT;
	if (!size)
		return 0;
	if (size > NLRING_SIZE_MAX) {
		errno = EINVAL;
		return -1;
	}
	req.size = round_size(size);
	if (mnl_socket_setsockopt(nlring->sock, NETLINK_RX_RECRING, &req,
				  sizeof(req)) < 0) {
		nlring->error = errno;
		return is_refusal(errno) ? 0 : -1;
	}
	nlring->error = 0;
	return map_ring(nlring);
}

struct nlring *nlring_open(struct mnl_socket *sock, size_t size,
			   unsigned int flags)
{
	struct nlring *nlring = calloc(1, sizeof(*nlring));
	int err;

	if (!nlring)
		return NULL;
	nlring->sock = sock;
	nlring->buf = malloc(NLRING_BUF_SIZE);
	if (nlring->buf && !make_ring(nlring, size, flags))
		return nlring;
	err = errno;
	nlring_close(nlring);
	errno = err;
	return NULL;
}

void nlring_close(struct nlring *nlring)
{
	if (!nlring)
		return;
	if (nlring->cons) {
		munmap(nlring->cons, (size_t)sysconf(_SC_PAGESIZE));
		munmap((void *)nlring->prod, nlring->ro_len);
	}
	free(nlring->buf);
	free(nlring);
}

int nlring_error(const struct nlring *nlring)
{
	return nlring->error;
}

size_t nlring_size(const struct nlring *nlring)
{
	return nlring->size;
}

/* Let the kernel have the space of what the caller has released. */
static void tell(struct nlring *nlring)
{
	if (nlring->told == nlring->done)
		return;
	nlring->told = nlring->done;
	/* Pairs with the load-acquire of the kernel before it overwrites. */
	__atomic_store_n(&nlring->cons->pos, nlring->done, __ATOMIC_RELEASE);
}

/* Bytes of records that are there and have not been returned. */
static uint32_t ready(struct nlring *nlring)
{
	/* Pairs with the kernel's store-release after it wrote a record. */
	if (nlring->seen == nlring->head)
		nlring->seen = __atomic_load_n(&nlring->prod->pos,
					       __ATOMIC_ACQUIRE);
	return nlring->seen - nlring->head;
}

/* Fills @rec and returns its size with header and padding, 0 if it is bad. */
static uint32_t get_rec(const struct nlring *nlring, uint32_t avail,
			struct nl_ring_rec *rec)
{
	uint32_t offset = nlring->head & (nlring->size - 1);
	uint32_t room = nlring->size - offset;
	uint32_t size;

	if (nlring->seen - nlring->told > nlring->size ||
	    avail < sizeof(*rec) || offset % NL_RING_ALIGNTO)
		return 0;
	memcpy(rec, nlring->data + offset, sizeof(*rec));
	if (room > avail)
		room = avail;
	if (rec->len > room - sizeof(*rec))
		return 0;
	size = (sizeof(*rec) + rec->len + NL_RING_ALIGNTO - 1) &
	       ~(NL_RING_ALIGNTO - 1);
	if (rec->flags & NL_RING_REC_PAD)
		return offset + size == nlring->size ? size : 0;
	return size <= room && rec->len >= sizeof(struct nlmsghdr) ? size : 0;
}

/* Nothing tells where the next good record begins: skip all there is. */
static ssize_t skip_all(struct nlring *nlring)
{
	nlring->head = nlring->seen;
	nlring->done = nlring->seen;
	tell(nlring);
	errno = EBADMSG;
	return -1;
}

static ssize_t ring_next(struct nlring *nlring, const void **msgs)
{
	struct nl_ring_rec rec = { .len = 0 };
	uint32_t avail, size, offset;

	while ((avail = ready(nlring)) != 0) {
		size = get_rec(nlring, avail, &rec);
		if (!size)
			return skip_all(nlring);
		offset = nlring->head & (nlring->size - 1);
		nlring->head += size;
		if (rec.flags & NL_RING_REC_PAD)
			continue;
		*msgs = nlring->data + offset + sizeof(rec);
		return rec.len;
	}
	tell(nlring);
	return 0;
}

/* Returns 0 if there is nothing, 1 to try again, -1 for an error. */
static ssize_t recv_error(struct nlring *nlring)
{
	switch (errno) {
	case EAGAIN:
		return 0;
	case ENOBUFS:
		nlring->overruns++;
		return 1;
	case EINTR:
		return 1;
	default:
		return -1;
	}
}

static ssize_t recv_once(struct nlring *nlring, bool *again)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct iovec iov = {
		.iov_base = nlring->buf, .iov_len = NLRING_BUF_SIZE,
	};
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	ssize_t len;

	len = recvmsg(mnl_socket_get_fd(nlring->sock), &msg, MSG_DONTWAIT);
	if (len < 0) {
		len = recv_error(nlring);
		*again = len > 0;
		return len;
	}
	*again = from.nl_pid || !len;
	if (!*again && msg.msg_flags & MSG_TRUNC) {
		errno = ENOSPC;
		return -1;
	}
	return len;
}

static ssize_t sock_next(struct nlring *nlring, const void **msgs)
{
	ssize_t len;
	bool again;

	do {
		len = recv_once(nlring, &again);
	} while (again);
	*msgs = nlring->buf;
	return len;
}

ssize_t nlring_next(struct nlring *nlring, const void **msgs)
{
	ssize_t len = nlring->cons ? ring_next(nlring, msgs) : 0;

	if (len)
		return len;
	len = sock_next(nlring, msgs);
	if (len || !nlring->cons)
		return len;
	return ring_next(nlring, msgs);
}

void nlring_release(struct nlring *nlring)
{
	nlring->done = nlring->head;
	if (nlring->done - nlring->told >= nlring->size / TELL_SHARE)
		tell(nlring);
}

bool nlring_arm(struct nlring *nlring)
{
	if (!nlring->cons)
		return true;
	nlring->done = nlring->head;
	tell(nlring);
	__atomic_store_n(&nlring->cons->need_wakeup, 1, __ATOMIC_RELAXED);
	/*
	 * Pairs with the full barrier of the kernel between its position and
	 * its look at need_wakeup: one of the two sees the other.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !ready(nlring);
}

void nlring_disarm(struct nlring *nlring)
{
	if (nlring->cons)
		__atomic_store_n(&nlring->cons->need_wakeup, 0,
				 __ATOMIC_RELAXED);
}

int nlring_wait(struct nlring *nlring, int timeout_ms)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(nlring->sock), .events = POLLIN,
	};
	int n = 1;

	if (nlring_arm(nlring))
		n = poll(&pfd, 1, timeout_ms);
	nlring_disarm(nlring);
	return n;
}

void nlring_stats(const struct nlring *nlring, struct nlring_stats *stats)
{
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(mem);

	memset(stats, 0, sizeof(*stats));
	stats->overruns = nlring->overruns;
	if (!getsockopt(mnl_socket_get_fd(nlring->sock), SOL_SOCKET, SO_MEMINFO,
			mem, &len))
		stats->dropped = mem[SK_MEMINFO_DROPS];
	if (!nlring->prod)
		return;
	stats->lost = __atomic_load_n(&nlring->prod->lost, __ATOMIC_RELAXED);
	stats->lost_bytes = __atomic_load_n(&nlring->prod->lost_bytes,
					    __ATOMIC_RELAXED);
}
