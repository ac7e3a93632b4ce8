// SPDX-License-Identifier: GPL-2.0
/*
 * What conntrack costs per packet, in bursts of BURST that enter through tun0.
 *
 * ct_packets lookup COUNT ct	packets of COUNT flows that have entries, which
 *				a rule drops after the lookup
 * ct_packets insert COUNT ct	packets that get a new entry each, beside COUNT
 *				others, delivered to a socket
 * ct_packets WHAT COUNT base	the same packets where nothing is tracked
 *
 * Prints arguments of ROWINSN.
 */

#define _GNU_SOURCE

#include <stdbool.h>

#include "ct_table.h"
#include "insn.h"

#define MANY		100000
#define MARK(insert, many, base) \
	(400 + 4 * (insert) + 2 * (many) + (base))
#define ROUNDS		200
#define WARM_UP		20
/* No divisor of the number of flows: there are packets of all of them. */
#define STRIDE		7

static uint32_t known;

static void write_burst(int tun, flow_fn flow, uint32_t first)
{
	uint32_t nr;

	set_policy(SCHED_FIFO, 1);
	for (nr = first; nr < first + BURST; nr++)
		write_packet(tun, flow(nr));
	settle();
}

static struct flow known_flow(uint32_t nr)
{
	return fill_flow(nr * STRIDE % known);
}

/* A mark is part of the instruction, so there is a copy for each. */
static inline __attribute__((always_inline)) int
lookup_bursts(const int mark)
{
	int tun = tun_open(), i;

	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP)
			insn_start(mark);
		write_burst(tun, known_flow, i * BURST);
		if (i >= WARM_UP)
			insn_stop(mark);
	}

	return mark;
}

static inline __attribute__((always_inline)) int
insert_bursts(struct mnl_socket *nl, const int mark)
{
	int tun = tun_open(), sink = udp_socket(PORT), i;

	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP)
			insn_start(mark);
		write_burst(tun, packet_flow, i * BURST);
		if (i >= WARM_UP)
			insn_stop(mark);
		if (drain(sink) != BURST)
			die("receiver");
		if (nl)
			delete_flows(nl, packet_flow, i * BURST, BURST);
	}

	return mark;
}

#define RUN(insert, many, base)						\
	((insert) ? insert_bursts(nl, MARK(insert, many, base)) :	\
		    lookup_bursts(MARK(insert, many, base)))

#define RUN_COUNT(insert, base)						\
	(known == MANY ? RUN(insert, 1, base) : RUN(insert, 0, base))

int main(int argc, char **argv)
{
	struct mnl_socket *nl = NULL;
	bool insert, base;
	int mark;

	if (argc != 4)
		return 2;
	insert = !strcmp(argv[1], "insert");
	known = atoi(argv[2]);
	base = !strcmp(argv[3], "base");
	if (!base) {
		nl = ct_socket();
		insert_flows(nl, fill_flow, 0, known, 0);
	}
	if (insert)
		mark = base ? RUN_COUNT(1, 1) : RUN_COUNT(1, 0);
	else
		mark = base ? RUN_COUNT(0, 1) : RUN_COUNT(0, 0);
	printf("%d %d\n", mark, BURST * ROUNDS);
	if (nl)
		flush_flows(nl);

	return 0;
}
