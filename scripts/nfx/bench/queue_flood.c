// SPDX-License-Identifier: GPL-2.0
/*
 * Feeds 64-byte UDP packets to a prerouting rule that drops or queues them;
 * a second rule puts those to port 4002 into queue 1.
 *
 *	queue_flood drop	bursts that a rule drops, between marks
 *	queue_flood queue	bursts that a rule queues, between marks
 *	queue_flood verdict	drops queued bursts in four ways, between marks
 *	queue_flood limit	more packets than 65536 at once: how many are
 *				refused below queue_maxlen?
 *
 * The packets enter through tun0, created here: one write() runs the receive
 * path in the context of this process and is back when the packet is queued.
 */

#define _GNU_SOURCE

#include "insn.h"
#include "queue.h"

#define MARK_QUEUE	100
#define MARK_DROP	101
#define MARK_VERDICT	110	/* + enum verdict_way */

#define ROUNDS		200
#define WARM_UP		20
#define DEPTH		70000

static void drop_bursts(int tun)
{
	struct mnl_socket *ballast = ballast_open(tun);
	int i;

	for (i = 0; i < WARM_UP; i++)
		flood_burst(tun, BURST, PACKET_LEN);
	for (i = 0; i < ROUNDS; i++) {
		insn_start(MARK_DROP);
		flood_burst(tun, BURST, PACKET_LEN);
		insn_stop(MARK_DROP);
	}
	mnl_socket_close(ballast);
}

static void queue_burst(int tun, struct mnl_socket *nl, int marked)
{
	uint32_t last_id = 0;
	unsigned int count;

	if (marked)
		insn_start(MARK_QUEUE);
	flood_burst(tun, BURST, PACKET_LEN);
	if (marked)
		insn_stop(MARK_QUEUE);

	count = queue_read(nl, &last_id);
	if (count != BURST) {
		fprintf(stderr, "%u of %u packets queued\n", count, BURST);
		exit(1);
	}
	queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT_BATCH, last_id);
	settle();
}

static void queue_bursts(int tun)
{
	struct mnl_socket *ballast = ballast_open(tun);
	struct mnl_socket *nl = queue_open(QUEUE_NUM, 1024);
	int i;

	for (i = 0; i < WARM_UP + ROUNDS; i++)
		queue_burst(tun, nl, i >= WARM_UP);
	mnl_socket_close(nl);
	mnl_socket_close(ballast);

	printf("ROWINSN queue-enqueue-insn %d %d %d %d\n",
	       MARK_QUEUE, BURST * ROUNDS, MARK_DROP, BURST * ROUNDS);
}

/* How userspace can tell its verdicts on a burst. */
enum verdict_way {
	ONE_PER_SEND,		/* each may differ */
	MANY_PER_SEND,		/* each may differ */
	ONE_FOR_ALL,		/* NFQNL_MSG_VERDICT_BATCH */
	VECTOR,			/* each may differ: NFQA_VERDICT_VEC */
	VERDICT_WAYS
};

static void drop_burst(struct mnl_socket *nl, enum verdict_way way,
		       uint32_t last_id)
{
	uint32_t id;

	switch (way) {
	case ONE_PER_SEND:
		for (id = last_id - BURST + 1; id <= last_id; id++)
			queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT, id);
		break;
	case MANY_PER_SEND:
		drop_many_per_send(nl, last_id, BURST);
		break;
	case ONE_FOR_ALL:
		queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT_BATCH, last_id);
		break;
	default:
		drop_vector(nl, last_id, BURST);
	}
}

/* A mark is part of the instruction. */
#define MARK_WAY(op, way)						\
	do {								\
		switch (way) {						\
		case ONE_PER_SEND:					\
			op(MARK_VERDICT + ONE_PER_SEND);		\
			break;						\
		case MANY_PER_SEND:					\
			op(MARK_VERDICT + MANY_PER_SEND);		\
			break;						\
		case ONE_FOR_ALL:					\
			op(MARK_VERDICT + ONE_FOR_ALL);			\
			break;						\
		default:						\
			op(MARK_VERDICT + VECTOR);			\
		}							\
	} while (0)

/* Returns whether the queue is empty after the verdicts. */
static int verdict_burst(int tun, struct mnl_socket *nl, enum verdict_way way,
			 int marked)
{
	uint32_t last_id = 0;

	flood_burst(tun, BURST, PACKET_LEN);
	if (queue_read(nl, &last_id) != BURST)
		die("burst");

	if (marked)
		MARK_WAY(insn_start, way);
	drop_burst(nl, way, last_id);
	settle();
	if (marked)
		MARK_WAY(insn_stop, way);

	/* A kernel that does not know vectors answers with an error. */
	if (!queue_read(nl, &last_id))
		return 1;
	queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT_BATCH, last_id);
	return 0;
}

/* The row is the cheapest way in which each verdict can be another one. */
static void verdict_bursts(int tun)
{
	struct mnl_socket *ballast = ballast_open(tun);
	struct mnl_socket *nl = queue_open(QUEUE_NUM, 1024);
	enum verdict_way way, best = ONE_PER_SEND;
	int i;

	for (way = 0; way < VERDICT_WAYS; way++) {
		for (i = 0; i < WARM_UP + ROUNDS; i++)
			if (!verdict_burst(tun, nl, way, i >= WARM_UP))
				break;
		if (i == WARM_UP + ROUNDS && way != ONE_FOR_ALL)
			best = way;
	}
	mnl_socket_close(nl);
	mnl_socket_close(ballast);

	printf("ROWINSN queue-verdict-insn %d %d\n",
	       MARK_VERDICT + best, BURST * ROUNDS);
}

static void fill_queue(int tun)
{
	struct mnl_socket *nl = queue_open(QUEUE_NUM, DEPTH);
	unsigned int sent, count = 0;
	uint32_t last_id = 0;

	/* In steps that fit into the receive buffer of the socket. */
	for (sent = 0; sent < DEPTH; sent += 100) {
		flood(tun, PORT, 100, PACKET_LEN);
		count += queue_read(nl, &last_id);
	}
	queue_drop(nl, QUEUE_NUM, NFQNL_MSG_VERDICT_BATCH, last_id);
	mnl_socket_close(nl);

	printf("ROW queue-over-64k %u\n", sent - count);
}

int main(int argc, char **argv)
{
	const char *mode = argc == 2 ? argv[1] : "";

	if (!strcmp(mode, "drop"))
		drop_bursts(tun_open());
	else if (!strcmp(mode, "queue"))
		queue_bursts(tun_open());
	else if (!strcmp(mode, "verdict"))
		verdict_bursts(tun_open());
	else if (!strcmp(mode, "limit"))
		fill_queue(tun_open());
	else
		return 2;

	return 0;
}
