// SPDX-License-Identifier: GPL-2.0
/*
 * rpf_packets 4|6 ROUTES MARK
 *
 * Bursts of packets that enter through tun0, from 256 sources, each of which
 * has another of ROUTES routes. Prints arguments of ROWINSN.
 *
 * Source number n is 20.0.0.0 + 64n + 1, or 2001:db8:n::1.
 */

#define _GNU_SOURCE

#include <netinet/ip6.h>

#include "insn_run.h"
#include "queue.h"

#define ROUNDS	100
#define WARM_UP	20
#define SOURCES	256

static void send_udp6(int tun, uint32_t source)
{
	struct {
		struct ip6_hdr ip;
		struct udphdr udp;
		char data[PACKET_LEN - sizeof(struct ip6_hdr) -
			  sizeof(struct udphdr)];
	} pkt = {
		.ip.ip6_plen = htons(PACKET_LEN - sizeof(pkt.ip)),
		.ip.ip6_nxt = IPPROTO_UDP,
		.ip.ip6_hlim = 64,
		.udp.source = htons(4000),
		.udp.dest = htons(PORT),
		.udp.len = htons(PACKET_LEN - sizeof(pkt.ip)),
	};

	pkt.ip.ip6_vfc = 6 << 4;
	inet_pton(AF_INET6, "2001:db8::1", &pkt.ip.ip6_src);
	inet_pton(AF_INET6, "2001:db9::1", &pkt.ip.ip6_dst);
	pkt.ip.ip6_src.s6_addr32[1] = htonl(source);
	if (write(tun, &pkt, PACKET_LEN) != PACKET_LEN)
		die("write");
}

static void write_burst(int tun, int family, uint32_t routes, uint32_t first)
{
	uint32_t nr;

	for (nr = first; nr < first + BURST; nr++) {
		/* spread over all routes */
		uint32_t source = (uint64_t)(nr % SOURCES) * routes / SOURCES;

		if (family == 6)
			send_udp6(tun, source);
		else
			send_udp(tun, 0x14000001 + source * 64, 0x0a090001,
				 4000, PORT, 1, PACKET_LEN);
	}
}

int main(int argc, char **argv)
{
	int family, mark, tun, i;
	struct insn_run run;
	uint32_t routes;

	if (argc != 4)
		return 2;
	family = atoi(argv[1]);
	routes = atoi(argv[2]);
	mark = atoi(argv[3]);
	if (insn_run_init(&run, mark))
		die("mark");

	tun = tun_open();
	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i >= WARM_UP)
			run.start();
		write_burst(tun, family, routes, i * BURST);
		if (i >= WARM_UP)
			run.stop();
	}
	printf("%d %d\n", mark, BURST * ROUNDS);

	return 0;
}
