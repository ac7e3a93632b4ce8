// SPDX-License-Identifier: GPL-2.0
/*
 * What the first packet of a flow costs when the conntrack table is full, in
 * bursts of BURST that enter through tun0, each from another source.
 *
 * ct_evict room COUNT	there is room, beside COUNT flows without a reply
 * ct_evict evict COUNT	the table is full of them, some have to go
 * ct_evict refuse COUNT the table is full of COUNT established flows: no packet
 *			gets through
 * ct_evict drop 0	the same where a rule drops them before conntrack
 *
 * Prints arguments of ROWINSN.
 */

#define _GNU_SOURCE

#include "ct_table.h"
#include "insn.h"

#define MARK_ROOM	420
#define MARK_EVICT	421
#define MARK_REFUSE	422
#define MARK_DROP	423
#define ROUNDS		200
#define WARM_UP		20

static int tun, sink;
/* Of the next packet: no two have the same flow. */
static uint32_t next;

static struct flow new_flow(uint32_t nr)
{
	return (struct flow){
		.src = 0x0a090100 + nr,
		.dst = 0x0a090001,
		.sport = 4000,
		.dport = PORT,
	};
}

static void write_burst(void)
{
	int i;

	set_policy(SCHED_FIFO, 1);
	for (i = 0; i < BURST; i++)
		write_packet(tun, new_flow(next++));
	settle();
}

/* Packets of a burst get through, or none does. */
static void drain_burst(int expected)
{
	int count = drain(sink);

	if (count != expected) {
		fprintf(stderr, "%d packets, not %d\n", count, expected);
		exit(1);
	}
}

static void fill_unreplied(uint32_t count)
{
	while (next < count) {
		write_burst();
		drain_burst(BURST);
	}
}

/* A mark is part of the instruction, so there is a copy for each.  @nl: delete
 * the entries again.
 */
static inline __attribute__((always_inline)) void
bursts(int expected, struct mnl_socket *nl, const int mark)
{
	int i;

	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP)
			insn_start(mark);
		write_burst();
		if (i >= WARM_UP)
			insn_stop(mark);
		drain_burst(expected);
		if (nl)
			delete_flows(nl, new_flow, next - BURST, BURST);
	}
	printf("%d %d\n", mark, BURST * ROUNDS);
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = ct_socket();
	uint32_t count;

	if (argc != 3)
		return 2;
	count = atoi(argv[2]);
	tun = tun_open();
	sink = udp_socket(PORT);
	if (!strcmp(argv[1], "room")) {
		fill_unreplied(count);
		bursts(BURST, nl, MARK_ROOM);
	} else if (!strcmp(argv[1], "evict")) {
		fill_unreplied(count);
		bursts(BURST, NULL, MARK_EVICT);
	} else if (!strcmp(argv[1], "refuse")) {
		insert_flows(nl, fill_flow, 0, count, 0);
		bursts(0, NULL, MARK_REFUSE);
	} else {
		bursts(0, NULL, MARK_DROP);
	}
	flush_flows(nl);

	return 0;
}
