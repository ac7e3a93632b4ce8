// SPDX-License-Identifier: GPL-2.0-only
/*
 * nfx queue bench: one multishot receive of io_uring that takes its buffers
 * from a ring of buffers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qbench.h"

#ifdef HAVE_LIBURING

#include <liburing.h>

#define BUFS	256	/* power of two */
#define GROUP	0

/**
 * struct qbench_uring - io_uring and its buffers
 * @ring: completions are made when this thread asks for them, which is the
 *        cheapest there is
 * @bufs: ring of BUFS buffers
 * @mem:  the buffers, @room bytes each
 */
struct qbench_uring {
	struct io_uring ring;
	struct io_uring_buf_ring *bufs;
	char *mem;
	size_t room;
};

static void give_back(struct qbench_uring *uring, unsigned int id)
{
	io_uring_buf_ring_add(uring->bufs, uring->mem + id * uring->room,
			      (unsigned int)uring->room, (uint16_t)id,
			      io_uring_buf_ring_mask(BUFS), 0);
	io_uring_buf_ring_advance(uring->bufs, 1);
}

static int make_bufs(struct qbench_uring *uring)
{
	struct io_uring_buf_reg reg = { .ring_entries = BUFS, .bgid = GROUP };
	size_t len = BUFS * sizeof(struct io_uring_buf);
	unsigned int i;
	void *bufs;
	int err;

	uring->mem = malloc(BUFS * uring->room);
	err = posix_memalign(&bufs, (size_t)sysconf(_SC_PAGESIZE), len);
	if (err || !uring->mem)
		return -ENOMEM;
	memset(bufs, 0, len);
	uring->bufs = bufs;
	reg.ring_addr = (uintptr_t)bufs;
	err = io_uring_register_buf_ring(&uring->ring, &reg, 0);
	if (err)
		return err;
	for (i = 0; i < BUFS; i++)
		give_back(uring, i);
	return 0;
}

static void free_uring(struct qbench_uring *uring)
{
	io_uring_queue_exit(&uring->ring);
	free(uring->bufs);
	free(uring->mem);
	free(uring);
}

static int make_uring(struct qbench_uring **to, size_t room)
{
	struct qbench_uring *uring = calloc(1, sizeof(*uring));
	int err;

	if (!uring)
		return -ENOMEM;
	uring->room = room;
	err = io_uring_queue_init(BUFS, &uring->ring,
				  IORING_SETUP_SINGLE_ISSUER |
				  IORING_SETUP_DEFER_TASKRUN);
	if (err) {
		free(uring);
		return err;
	}
	err = make_bufs(uring);
	if (err)
		free_uring(uring);
	else
		*to = uring;
	return err;
}

int qbench_uring_probe(void)
{
	struct qbench_uring *uring = NULL;
	int err = make_uring(&uring, 64);

	if (!err)
		free_uring(uring);
	return err;
}

/* A multishot receive ends when there is no buffer or no room to say so. */
static int arm(struct qbench_source *source)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&source->uring->ring);
	int n;

	if (!sqe)
		return -EBUSY;
	io_uring_prep_recv_multishot(sqe, mnl_socket_get_fd(source->nl->sock),
				     NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	n = io_uring_submit(&source->uring->ring);
	return n < 0 ? n : 0;
}

int qbench_uring_open(struct qbench_source *source)
{
	int err = make_uring(&source->uring, source->room);

	return err ? err : arm(source);
}

void qbench_uring_close(struct qbench_source *source)
{
	if (source->uring)
		free_uring(source->uring);
}

/* Returns 1 for a packet, 0 for none, or -errno. */
static int take_completion(struct qbench_source *source,
			   const struct io_uring_cqe *cqe)
{
	struct qbench_uring *uring = source->uring;
	unsigned int id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	int err;

	if (cqe->res <= 0)
		return cqe->res == -ENOBUFS ? 0 : cqe->res;
	err = qbench_take(source, uring->mem + id * uring->room,
			  (size_t)cqe->res);
	give_back(uring, id);
	return err ? err : 1;
}

int qbench_uring_read(struct qbench_source *source, uint32_t want)
{
	struct io_uring_cqe *cqe[BUFS];
	unsigned int i, n;
	int count = 0, took;
	bool over = false;

	io_uring_get_events(&source->uring->ring);
	if (want > BUFS)
		want = BUFS;
	n = io_uring_peek_batch_cqe(&source->uring->ring, cqe, want);
	for (i = 0; i < n; i++) {
		over |= !(cqe[i]->flags & IORING_CQE_F_MORE);
		took = take_completion(source, cqe[i]);
		if (took < 0)
			return took;
		count += took;
	}
	io_uring_cq_advance(&source->uring->ring, n);
	if (over) {
		took = arm(source);
		if (took)
			return took;
	}
	return count;
}

#else /* HAVE_LIBURING */

int qbench_uring_probe(void)
{
	return -ENOPKG;
}

int qbench_uring_open(struct qbench_source *source)
{
	(void)source;
	return -ENOPKG;
}

void qbench_uring_close(struct qbench_source *source)
{
	(void)source;
}

int qbench_uring_read(struct qbench_source *source, uint32_t want)
{
	(void)source;
	(void)want;
	return -ENOPKG;
}

#endif /* HAVE_LIBURING */
