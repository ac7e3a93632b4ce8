// SPDX-License-Identifier: GPL-2.0
/*
 * ct_flood NEVER RTT SOURCES [synproxy]
 *				handshakes of TCP that complete while a flood of
 *				SYNs goes through a full conntrack table
 *
 * Packets enter through tun0 and are forwarded. First NEVER entries of
 * established flows are added. Time is counted in packets of the flood: a
 * handshake is a SYN, RTT packets of the flood later a SYN-ACK, and at once the
 * ACK. One begins every few packets of the flood, so that they overlap. The
 * flood has SOURCES addresses, one per packet if that is 0.
 *
 * With "synproxy" there is one: the client has its SYN-ACK at once and answers
 * it. Then the proxy sends a SYN, and the SYN-ACK of above is for that.
 */

#define _GNU_SOURCE

#include <netinet/tcp.h>
#include <poll.h>

#include "ct_table.h"

/* Packets of the flood to fill the table with, before the first handshake */
#define FILL		20000
#define HANDSHAKES	200

#define CLIENT		0x0a0a0000u	/* 10.10.0.0 */
#define FLOOD		0x0b000000u	/* 11.0.0.0 */
#define SERVER		0xc0000201u	/* 192.0.2.1 */
/* Sequence number of the server's SYN-ACK */
#define ISN		2000

struct tcp_packet {
	struct iphdr	ip;
	struct tcphdr	tcp;
};

static struct tcp_packet tcp_packet(struct flow flow)
{
	struct tcp_packet pkt = {
		.ip = {
			.version = 4,
			.ihl = sizeof(pkt.ip) / 4,
			.tot_len = htons(sizeof(pkt)),
			.ttl = 64,
			.protocol = IPPROTO_TCP,
			.saddr = htonl(flow.src),
			.daddr = htonl(flow.dst),
		},
		.tcp = {
			.source = htons(flow.sport),
			.dest = htons(flow.dport),
			.doff = sizeof(pkt.tcp) / 4,
			.window = htons(65535),
		},
	};

	return pkt;
}

static uint16_t tcp_checksum(const struct tcp_packet *pkt)
{
	struct {
		uint32_t	saddr;
		uint32_t	daddr;
		uint16_t	protocol;
		uint16_t	len;
		struct tcphdr	tcp;
	} pseudo = {
		.saddr = pkt->ip.saddr,
		.daddr = pkt->ip.daddr,
		.protocol = htons(IPPROTO_TCP),
		.len = htons(sizeof(pkt->tcp)),
		.tcp = pkt->tcp,
	};
	uint16_t words[sizeof(pseudo) / 2];

	/* read as another type, it must not be in registers */
	memcpy(words, &pseudo, sizeof(pseudo));

	return ip_checksum(words, sizeof(words));
}

static void send_packet(int tun, struct tcp_packet *pkt)
{
	pkt->ip.check = ip_checksum(&pkt->ip, sizeof(pkt->ip));
	pkt->tcp.check = tcp_checksum(pkt);
	if (write(tun, pkt, sizeof(*pkt)) != sizeof(*pkt))
		die("write");
}

static void send_syn(int tun, struct flow flow)
{
	struct tcp_packet pkt = tcp_packet(flow);

	pkt.tcp.syn = 1;
	pkt.tcp.seq = htonl(1000);
	send_packet(tun, &pkt);
}

static void send_ack(int tun, struct flow flow, uint32_t ack)
{
	struct tcp_packet pkt = tcp_packet(flow);

	pkt.tcp.ack = 1;
	pkt.tcp.seq = htonl(1001);
	pkt.tcp.ack_seq = htonl(ack);
	send_packet(tun, &pkt);
}

/* The server's SYN-ACK; the client's ACK of one with the number @isn. */
static void send_answer(int tun, struct flow flow, uint32_t isn)
{
	struct tcp_packet pkt = tcp_packet((struct flow){
		.src = flow.dst,
		.dst = flow.src,
		.sport = flow.dport,
		.dport = flow.sport,
	});

	pkt.tcp.syn = 1;
	pkt.tcp.ack = 1;
	pkt.tcp.seq = htonl(ISN);
	pkt.tcp.ack_seq = htonl(1001);
	send_packet(tun, &pkt);
	send_ack(tun, flow, isn + 1);
}

/* Answer the SYN-ACK of the proxy, return its sequence number. */
static uint32_t answer_proxy(int tun, struct flow flow)
{
	struct pollfd in = { .fd = tun, .events = POLLIN };
	struct {
		struct tcp_packet	pkt;
		char			options[40];
	} answer;
	uint32_t isn;

	/* there are also the ACKs that open the window */
	do {
		if (poll(&in, 1, 1000) != 1 ||
		    read(tun, &answer, sizeof(answer)) < 0)
			die("SYN-ACK");
	} while (!answer.pkt.tcp.syn || answer.pkt.ip.daddr != htonl(flow.src));
	isn = ntohl(answer.pkt.tcp.seq);
	send_ack(tun, flow, isn + 1);

	return isn;
}

static struct flow flood_flow(uint32_t nr, uint32_t sources)
{
	return (struct flow){
		.src = FLOOD + (sources ? nr % sources : nr),
		.dst = SERVER,
		.sport = 1024 + nr % 60000,
		.dport = sources ? 80 + nr / 60000 : 80,
	};
}

static struct flow handshake_flow(uint32_t nr)
{
	return (struct flow){
		.src = CLIENT + nr,
		.dst = SERVER,
		.sport = 1024 + nr,
		.dport = 80,
	};
}

int main(int argc, char **argv)
{
	uint32_t rtt, sources, every, nr, last, begun = 0, answered = 0;
	uint32_t isn[HANDSHAKES];
	struct mnl_socket *nl = ct_socket();
	int tun = tun_open();

	if (argc != 4 && argc != 5)
		return 2;
	insert_flows(nl, fill_flow, 0, atoi(argv[1]), 0);
	rtt = atoi(argv[2]);
	sources = atoi(argv[3]);

	every = rtt / 50;
	last = FILL + HANDSHAKES * every + rtt;
	for (nr = 0; nr <= last; nr++) {
		if (begun < HANDSHAKES && nr == FILL + begun * every) {
			struct flow flow = handshake_flow(begun);

			send_syn(tun, flow);
			isn[begun++] = argc == 5 ? answer_proxy(tun, flow) :
						   ISN;
		}
		if (answered < HANDSHAKES &&
		    nr == FILL + answered * every + rtt) {
			send_answer(tun, handshake_flow(answered),
				    isn[answered]);
			answered++;
		}
		send_syn(tun, flood_flow(nr, sources));
	}

	printf("%u handshakes\n", answered);
	return answered == HANDSHAKES ? 0 : 1;
}
