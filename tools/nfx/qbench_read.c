// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: ways to read a queue. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lab.h"
#include "main.h"
#include "qbench.h"

/* So long others have their turn, such as a softirq thread, in microseconds. */
#define PATIENCE 2e6

struct qbench_mmsg {
	struct mmsghdr msgs[QBENCH_RECV];
	struct iovec iov[QBENCH_RECV];
};

static int message_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(e->error) || !e->error)
		return -EBADMSG;
	return e->error;
}

/* Not nfq_parse(): only the id is asked for, and it is the first attribute. */
int qbench_take(struct qbench_source *source, const void *msg, size_t len)
{
	const struct nfqnl_msg_packet_hdr *hdr;
	const struct nlmsghdr *nlh = msg;
	const struct nlattr *attr;

	if (!mnl_nlmsg_ok(nlh, (int)len))
		return -EBADMSG;
	if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return message_error(nlh);
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFQA_PACKET_HDR ||
		    mnl_attr_get_payload_len(attr) < sizeof(*hdr))
			continue;
		hdr = mnl_attr_get_payload(attr);
		qbench_window_put(source->window, ntohl(hdr->packet_id));
		return 0;
	}
	return -EBADMSG;
}

static int fd_of(const struct qbench_source *source)
{
	return mnl_socket_get_fd(source->nl->sock);
}

/* Reads at most @want. Returns how many, or -errno. */
static int read_recv(struct qbench_source *source, uint32_t want)
{
	uint32_t count;
	ssize_t len;
	int err;

	for (count = 0; count < want; count++) {
		len = recv(fd_of(source), source->buf, source->room,
			   MSG_DONTWAIT);
		if (len < 0)
			return errno == EAGAIN ? (int)count : -errno;
		err = qbench_take(source, source->buf, (size_t)len);
		if (err)
			return err;
	}
	return (int)count;
}

static int read_mmsg(struct qbench_source *source, uint32_t want)
{
	struct qbench_mmsg *mmsg = source->mmsg;
	int err, i, n;

	if (want > QBENCH_RECV)
		want = QBENCH_RECV;
	n = recvmmsg(fd_of(source), mmsg->msgs, want, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (i = 0; i < n; i++) {
		err = qbench_take(source, mmsg->iov[i].iov_base,
				  mmsg->msgs[i].msg_len);
		if (err)
			return err;
	}
	return n;
}

static int read_ring(struct qbench_source *source, uint32_t want)
{
	const void *msgs;
	uint32_t count;
	ssize_t len;
	int err;

	for (count = 0; count < want; count++) {
		len = nlring_next(source->ring, &msgs);
		if (len < 0)
			return -errno;
		if (!len)
			break;
		err = qbench_take(source, msgs, (size_t)len);
		if (err)
			return err;
	}
	nlring_release(source->ring);
	return (int)count;
}

static int read_some(struct qbench_source *source, uint32_t want)
{
	switch (source->reader) {
	case QBENCH_READ_RECV:
		return read_recv(source, want);
	case QBENCH_READ_MMSG:
		return read_mmsg(source, want);
	case QBENCH_READ_URING:
		return qbench_uring_read(source, want);
	default:
		return read_ring(source, want);
	}
}

/* Nothing is there yet: returns false when that has lasted too long. */
static bool wait_turn(double *until)
{
	double now = lab_now_us();

	if (*until <= 0)
		*until = now + PATIENCE;
	sched_yield();
	return now < *until;
}

int qbench_source_read(struct qbench_source *source, uint32_t want)
{
	double until = 0;
	int n;

	while (want) {
		n = read_some(source, want);
		if (n < 0)
			return n;
		want -= (uint32_t)n;
		if (!n && !wait_turn(&until))
			return -ENODATA;
	}
	return 0;
}

/* All messages of a burst fit in, with what the kernel counts for each. */
static int set_rcvbuf(struct qbench_source *source)
{
	uint64_t bytes = 2 * source->room * source->burst + (256 << 10);
	int half = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;

	return setsockopt(fd_of(source), SOL_SOCKET, SO_RCVBUFFORCE, &half,
			  sizeof(half)) ? -errno : 0;
}

static int open_recv(struct qbench_source *source, size_t count)
{
	source->buf = malloc(count * source->room);
	return source->buf ? set_rcvbuf(source) : -ENOMEM;
}

static int open_mmsg(struct qbench_source *source)
{
	struct qbench_mmsg *mmsg = calloc(1, sizeof(*mmsg));
	int err, i;

	source->mmsg = mmsg;
	if (!mmsg)
		return -ENOMEM;
	err = open_recv(source, QBENCH_RECV);
	if (err)
		return err;
	for (i = 0; i < QBENCH_RECV; i++) {
		mmsg->iov[i].iov_base = source->buf +
					(size_t)i * source->room;
		mmsg->iov[i].iov_len = source->room;
		mmsg->msgs[i].msg_hdr.msg_iov = &mmsg->iov[i];
		mmsg->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

static int open_ring(struct qbench_source *source)
{
	size_t size = 2 * source->room * source->burst;

	if (size > NLRING_SIZE_MAX)
		size = NLRING_SIZE_MAX;
	source->ring = nlring_open(source->nl->sock, size, 0);
	if (!source->ring)
		return -errno;
	return -nlring_error(source->ring);
}

int qbench_source_open(struct qbench_source *source)
{
	switch (source->reader) {
	case QBENCH_READ_RECV:
		return open_recv(source, 1);
	case QBENCH_READ_MMSG:
		return open_mmsg(source);
	case QBENCH_READ_URING:
		return set_rcvbuf(source);
	default:
		return open_ring(source);
	}
}

int qbench_source_start(struct qbench_source *source)
{
	return source->reader == QBENCH_READ_URING ?
	       qbench_uring_open(source) : 0;
}

void qbench_source_close(struct qbench_source *source)
{
	qbench_uring_close(source);
	nlring_close(source->ring);
	free(source->mmsg);
	free(source->buf);
}
