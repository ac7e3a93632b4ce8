/* SPDX-License-Identifier: GPL-2.0 */
/* The messages of a queue through io_uring: one multishot receive that takes
 * its buffers from a ring of buffers.
 */
#ifndef NFX_BENCH_QUEUE_URING_H
#define NFX_BENCH_QUEUE_URING_H

#include <liburing.h>

#include "queue.h"

#define URING_BUFS	256
#define URING_BUF_LEN	16384
#define URING_GROUP	0

static struct io_uring uring;
static struct io_uring_buf_ring *uring_bufs;
static char uring_buf[URING_BUFS][URING_BUF_LEN];

static void uring_arm(int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = URING_GROUP;
	if (io_uring_submit(&uring) != 1)
		die("io_uring_submit");
}

static void uring_give_back(int id)
{
	io_uring_buf_ring_add(uring_bufs, uring_buf[id], URING_BUF_LEN, id,
			      io_uring_buf_ring_mask(URING_BUFS), 0);
	io_uring_buf_ring_advance(uring_bufs, 1);
}

/* Completions are made when this thread asks for them, which is the cheapest
 * there is.
 */
static void uring_open(struct mnl_socket *nl)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = URING_BUFS,
		.bgid = URING_GROUP,
	};
	size_t len = URING_BUFS * sizeof(struct io_uring_buf);
	void *mem;
	int i;

	if (io_uring_queue_init(URING_BUFS, &uring,
				IORING_SETUP_SINGLE_ISSUER |
				IORING_SETUP_DEFER_TASKRUN))
		die("io_uring_queue_init");
	if (posix_memalign(&mem, getpagesize(), len))
		die("buffers");
	memset(mem, 0, len);
	uring_bufs = mem;
	reg.ring_addr = (uintptr_t)mem;
	if (io_uring_register_buf_ring(&uring, &reg, 0))
		die("io_uring_register_buf_ring");
	for (i = 0; i < URING_BUFS; i++)
		uring_give_back(i);
	uring_arm(mnl_socket_get_fd(nl));
}

static unsigned int read_uring(struct mnl_socket *nl, uint32_t *last_id)
{
	struct io_uring_cqe *cqe[URING_BUFS];
	unsigned int count = 0, i, n;

	for (;;) {
		io_uring_get_events(&uring);
		n = io_uring_peek_batch_cqe(&uring, cqe, URING_BUFS);
		if (!n)
			return count;
		for (i = 0; i < n; i++) {
			int id = cqe[i]->flags >> IORING_CQE_BUFFER_SHIFT;
			bool more = cqe[i]->flags & IORING_CQE_F_MORE;

			if (cqe[i]->res > 0) {
				*last_id = packet_id((void *)uring_buf[id]);
				uring_give_back(id);
				count++;
			}
			if (!more)
				uring_arm(mnl_socket_get_fd(nl));
		}
		io_uring_cq_advance(&uring, n);
	}
}

#endif /* NFX_BENCH_QUEUE_URING_H */
