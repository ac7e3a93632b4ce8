// SPDX-License-Identifier: GPL-2.0
/*
 * Events of new connections, one per packet.
 *
 * ct_events insn WAY	kernel instructions per event, from the packet to its
 *			reader, in bursts of BURST; prints the mark
 * ct_events read WAY	the same, but only what the reader calls: poll(), then
 *			recv() for each, or none
 * ct_events none	the same packets without a reader
 * ct_events lost WAY	events of a burst that do not reach a reader that comes
 *			after it, with MEMORY bytes for them
 *
 * WAY is recv or ring; a kernel without NL_RING_F_ALL ends in NO_SUCH_WAY.
 */

#define _GNU_SOURCE

#include <poll.h>
#include <stdbool.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "insn.h"
#include "net/netlink_ring.h"
#include "queue.h"

#define MARK_RECV	90
#define MARK_RING	91
#define MARK_NONE	92
#define MARK_READ_RECV	93
#define MARK_READ_RING	94
#define ROUNDS		100
#define WARM_UP		10
#define MEMORY		(1 << 20)
#define LOST_BURST	1000
#define NO_SUCH_WAY	4

static struct ring ring;

/* Opens a connection with each packet: no two have the same source. */
static void connect_burst(int tun, unsigned int count)
{
	static uint32_t source;

	for (; count; count--, source++)
		send_udp(tun, 0x0a090000 + 2 + source / 32768, 0x0a090001,
			 1024 + source % 32768, PORT, 1, PACKET_LEN);
}

static struct mnl_socket *events_open(bool with_ring)
{
	struct mnl_socket *nl = queue_socket();
	int fd = mnl_socket_get_fd(nl);
	int group = NFNLGRP_CONNTRACK_NEW, half = MEMORY / 2, on = 1;

	/* The kernel doubles what it is told. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &half, sizeof(half)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		       sizeof(group)))
		die("events");
	if (with_ring && ring_map(&ring, fd, MEMORY, NL_RING_F_ALL))
		exit(NO_SUCH_WAY);

	return nl;
}

static void wait_readable(struct mnl_socket *nl)
{
	struct pollfd pfd = { mnl_socket_get_fd(nl), POLLIN, 0 };

	if (poll(&pfd, 1, -1) != 1)
		die("poll");
}

static unsigned int read_recv(struct mnl_socket *nl)
{
	static char buf[16384];
	unsigned int count = 0;

	wait_readable(nl);
	while (recv(mnl_socket_get_fd(nl), buf, sizeof(buf), MSG_DONTWAIT) > 0)
		count++;

	return count;
}

static unsigned int read_ring(struct mnl_socket *nl)
{
	const struct nl_ring_rec *rec;
	unsigned int count = 0;

	wait_readable(nl);
	while ((rec = ring_next(&ring))) {
		ring_release(&ring, rec);
		count++;
	}

	return count;
}

static unsigned int read_none(struct mnl_socket *nl)
{
	(void)nl;

	return BURST;
}

typedef unsigned int (*read_fn)(struct mnl_socket *nl);

/* A mark is part of the instruction, so there is a copy for each. */
static inline __attribute__((always_inline)) void
count_bursts(read_fn read, struct mnl_socket *nl, bool only_read,
	     const int mark)
{
	int tun = tun_open(), sink = udp_socket(PORT), i;

	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP && !only_read)
			insn_start(mark);
		connect_burst(tun, BURST);
		if (i >= WARM_UP && only_read)
			insn_start(mark);
		if (read(nl) != BURST)
			die("burst");
		if (i >= WARM_UP)
			insn_stop(mark);
		drain(sink);
	}
	printf("%d %d\n", mark, BURST * ROUNDS);
}

static void count_lost(bool with_ring)
{
	struct mnl_socket *nl = events_open(with_ring);
	int tun = tun_open();
	unsigned int got;

	udp_socket(PORT);
	connect_burst(tun, LOST_BURST);
	got = with_ring ? read_ring(nl) : read_recv(nl);
	printf("%u\n", LOST_BURST - got);
}

int main(int argc, char **argv)
{
	bool with_ring = argc > 2 && !strcmp(argv[2], "ring");

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "lost"))
		count_lost(with_ring);
	else if (!strcmp(argv[1], "none"))
		count_bursts(read_none, NULL, false, MARK_NONE);
	else if (!strcmp(argv[1], "read") && with_ring)
		count_bursts(read_ring, events_open(true), true,
			     MARK_READ_RING);
	else if (!strcmp(argv[1], "read"))
		count_bursts(read_recv, events_open(false), true,
			     MARK_READ_RECV);
	else if (with_ring)
		count_bursts(read_ring, events_open(true), false, MARK_RING);
	else
		count_bursts(read_recv, events_open(false), false, MARK_RECV);

	return 0;
}
