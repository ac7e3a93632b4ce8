// SPDX-License-Identifier: GPL-2.0
/*
 * What a packet costs from its arrival to its verdict, NF_DROP: bursts enter
 * through tun0, userspace takes them off the queue and tells the verdicts.
 *
 *	queue_round WAY BURST base	bursts that a rule drops, between marks
 *	queue_round WAY BURST queue	bursts that are queued, between marks
 *
 * WAY is a name in WAYS below, BURST is 64 or 1.  "queue" prints arguments of
 * ROWINSN.  Exits with 4 when the kernel does not know the way.
 */

#define _GNU_SOURCE

#include "insn.h"
#include "net/netlink_ring.h"
#include "queue.h"
#include "queue_uring.h"

/* Four marks per way and size: a burst or a single packet, its baseline or
 * itself
 */
#define MARK(size, nr, burst, base) \
	(120 + 64 * (size) + 4 * (nr) + 2 * ((burst) == 1) + (base))

#define ROUNDS		200
#define WARM_UP		20
#define RING_SIZE	(1 << 20)
#define NO_SUCH_WAY	4

static size_t packet_len;
static struct ring ring;

static unsigned int read_many(struct mnl_socket *nl, uint32_t *last_id)
{
	static char buf[BURST][PACKET_MAX + 4096];
	struct mmsghdr msgs[BURST] = {};
	struct iovec iov[BURST];
	int i, count;

	for (i = 0; i < BURST; i++) {
		iov[i].iov_base = buf[i];
		iov[i].iov_len = sizeof(buf[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(mnl_socket_get_fd(nl), msgs, BURST, MSG_DONTWAIT,
			 NULL);
	if (count > 0)
		*last_id = packet_id((void *)buf[count - 1]);

	return count < 0 ? 0 : count;
}

static void drop_one_per_send(struct mnl_socket *nl, uint32_t last_id,
			      int count)
{
	uint32_t id;

	for (id = last_id - count + 1; id <= last_id; id++)
		queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT, id);
}

static void drop_batch(struct mnl_socket *nl, uint32_t last_id, int count)
{
	queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT_BATCH, last_id);
}

static unsigned int read_ring(struct mnl_socket *nl, uint32_t *last_id)
{
	const struct nl_ring_rec *rec;
	unsigned int count = 0;

	while ((rec = ring_next(&ring))) {
		*last_id = packet_id(ring_msg(rec));
		ring_release(&ring, rec);
		count++;
	}

	return count;
}

typedef unsigned int (*read_fn)(struct mnl_socket *nl, uint32_t *last_id);
typedef void (*drop_fn)(struct mnl_socket *nl, uint32_t last_id, int count);

#define WAYS(WAY)						\
	WAY(0, "recv-send", queue_read, drop_one_per_send)	\
	WAY(1, "recvmmsg-many", read_many, drop_many_per_send)	\
	WAY(2, "recvmmsg-batch", read_many, drop_batch)		\
	WAY(3, "recvmmsg-vector", read_many, drop_vector)	\
	WAY(4, "ring-send", read_ring, drop_one_per_send)	\
	WAY(5, "ring-vector", read_ring, drop_vector)		\
	WAY(6, "best-without", read_many, drop_batch)		\
	WAY(7, "ring-batch", read_ring, drop_batch)		\
	WAY(8, "batch-without", read_many, drop_batch)		\
	WAY(9, "uring-vector", read_uring, drop_vector)		\
	WAY(10, "uring-batch", read_uring, drop_batch)		\
	WAY(11, "ring-or-uring", read_ring, drop_vector)	\
	WAY(12, "uring-without", read_uring, drop_batch)	\
	WAY(13, "plain-without", queue_read, drop_one_per_send)	\
	WAY(14, "ring-or-best", read_ring, drop_vector)

/* A mark is part of the instruction, so there is a copy for each. */
static inline __attribute__((always_inline)) int
base_bursts(int tun, int burst, const int mark)
{
	struct mnl_socket *ballast = ballast_open(tun);
	int i;

	for (i = 0; i < WARM_UP; i++)
		flood_burst(tun, burst, packet_len);
	for (i = 0; i < ROUNDS; i++) {
		insn_start(mark);
		flood_burst(tun, burst, packet_len);
		settle();
		insn_stop(mark);
	}
	mnl_socket_close(ballast);

	return 0;
}

static inline __attribute__((always_inline)) int
round_bursts(int tun, read_fn read, drop_fn drop, int burst, const int mark,
	     const int base)
{
	struct mnl_socket *ballast = ballast_open(tun);
	struct mnl_socket *nl = queue_socket();
	uint32_t last_id = 0, flags = 0;
	int i;

	if (read == read_ring) {
		if (ring_map(&ring, mnl_socket_get_fd(nl), RING_SIZE, 0))
			exit(NO_SUCH_WAY);
		flags = NFQA_CFG_F_RING;
	}
	queue_bind(nl, QUEUE_NUM, 1024, flags);
	if (read == read_uring)
		uring_open(nl);
	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP)
			insn_start(mark);
		flood_burst(tun, burst, packet_len);
		if (read(nl, &last_id) != burst)
			die("burst");
		drop(nl, last_id, burst);
		settle();
		if (i >= WARM_UP)
			insn_stop(mark);
	}
	mnl_socket_close(ballast);
	printf("%d %d %d %d\n", mark, burst * ROUNDS, base, burst * ROUNDS);

	return 0;
}

#define RUN_BURST(size, nr, read, drop, burst)				\
	return base ?							\
		base_bursts(tun_open(), burst, MARK(size, nr, burst, 1)) :\
		round_bursts(tun_open(), read, drop, burst,		\
			     MARK(size, nr, burst, 0),			\
			     MARK(size, nr, burst, 1))

#define RUN_SIZE(size, len, nr, read, drop, burst)			\
	if (packet_len == (len)) {					\
		if (!strcmp(argv[2], "1"))				\
			RUN_BURST(size, nr, read, drop, 1);		\
		RUN_BURST(size, nr, read, drop, burst);			\
	}

/* Two of the largest packets are what a default receive buffer takes. */
#define RUN_WAY(nr, name, read, drop)					\
	if (!strcmp(argv[1], name)) {					\
		RUN_SIZE(0, 64, nr, read, drop, BURST)			\
		RUN_SIZE(1, 1400, nr, read, drop, 16)			\
		RUN_SIZE(2, 9000, nr, read, drop, 8)			\
		RUN_SIZE(3, PACKET_MAX, nr, read, drop, 2)		\
	}

/* queue_round WAY BURST SIZE base|queue */
int main(int argc, char **argv)
{
	int base;

	if (argc != 5)
		return 2;
	packet_len = atoi(argv[3]);
	base = !strcmp(argv[4], "base");
	WAYS(RUN_WAY)

	return 2;
}
