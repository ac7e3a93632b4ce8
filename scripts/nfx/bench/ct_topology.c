// SPDX-License-Identifier: GPL-2.0
/*
 * ct_topology flow	one sender of UDP in the namespace "client", and who it
 *			sends to in this one: packets that are right come to
 *			PORT, others to PORT + 1. Commands on standard input:
 *	hold MS		send for so long, all packets are right
 *	count LIMIT	send until one is right, print how many were not, at
 *			most LIMIT, and what became of the first ones
 *
 * ct_topology churn	what a packet of an established flow costs, in bursts of
 *			CHURN_BURST that enter through tun0 and leave through
 *			d0, masqueraded, while a route to another network
 *			changes before each burst
 * ct_topology steady	the same, no route changes; both print arguments of
 *			ROWINSN
 */

#define _GNU_SOURCE

#include <poll.h>
#include <stdbool.h>

#include <linux/rtnetlink.h>

#include "ct_table.h"
#include "insn.h"

/* Packets of the flow, ms: the time between them, and when one is lost */
#define INTERVAL_MS	50
#define LOST_MS		1000
#define SHOWN		5

#define MARK_CHURN	430
#define MARK_STEADY	431
/* With 10000 changes a second these are 100000 packets. */
#define CHURN_BURST	10
#define ROUNDS		1000
#define WARM_UP		100

#define CLIENT		0x0a090101u	/* 10.9.1.1 */
#define SERVER		0xc0000201u	/* 192.0.2.1 */
#define ROUTER		0x0a080001u	/* 10.8.0.1, of d0 */
#define NEXTHOP		0x0a080002u
#define ELSEWHERE	0xc6336400u	/* 198.51.100.0 */
#define CLIENT_PORT	4000
#define LISTENER	0x0a090909u	/* 10.9.9.9 */

enum outcome { RIGHT, WRONG, LOST };

struct oneway {
	int		sender;
	struct pollfd	arrivals[LOST];
};

static void oneway_open(struct oneway *way)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(LISTENER),
	};
	int i, ns;

	for (i = 0; i < LOST; i++) {
		way->arrivals[i].fd = udp_socket(PORT + i);
		way->arrivals[i].events = POLLIN;
	}
	ns = open("/var/run/netns/client", O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die("client");
	way->sender = udp_socket(CLIENT_PORT);
	if (connect(way->sender, (struct sockaddr *)&sin, sizeof(sin)))
		die("connect");
}

/* Send a packet, say what becomes of it. */
static enum outcome oneway_send(struct oneway *way)
{
	char byte;
	int i;

	usleep(INTERVAL_MS * 1000);
	if (send(way->sender, "x", 1, 0) != 1)
		die("send");
	if (poll(way->arrivals, LOST, LOST_MS) <= 0)
		return LOST;
	for (i = 0; !(way->arrivals[i].revents & POLLIN); i++)
		;
	if (recv(way->arrivals[i].fd, &byte, sizeof(byte), 0) != 1)
		die("recv");

	return i;
}

static void oneway_hold(struct oneway *way, unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ull;

	while (now_ns() < end) {
		if (oneway_send(way) != RIGHT) {
			fprintf(stderr, "not right before the change\n");
			exit(1);
		}
	}
	printf("held\n");
}

static void oneway_count(struct oneway *way, unsigned int limit)
{
	static const char * const names[] = { "right", "wrong", "lost" };
	enum outcome path[SHOWN], what = LOST;
	unsigned int sent = 0, bad = 0, i;

	while (bad < limit && what != RIGHT) {
		what = oneway_send(way);
		bad += what != RIGHT;
		if (sent < SHOWN)
			path[sent] = what;
		sent++;
	}
	printf("%u", bad);
	for (i = 0; i < sent && i < SHOWN; i++)
		printf(" %s", names[path[i]]);
	printf("\n");
}

static int oneway_flow(void)
{
	struct oneway way;
	unsigned int arg;
	char word[8];

	oneway_open(&way);
	while (scanf("%7s %u", word, &arg) == 2) {
		if (!strcmp(word, "hold"))
			oneway_hold(&way, arg);
		else
			oneway_count(&way, arg);
		fflush(stdout);
	}

	return 0;
}

static const struct flow forward = {
	.src = CLIENT, .dst = SERVER, .sport = CLIENT_PORT, .dport = PORT,
};

/* Masquerading keeps the port if it can. */
static const struct flow reply = {
	.src = SERVER, .dst = ROUTER, .sport = PORT, .dport = CLIENT_PORT,
};

static void write_burst(int tun)
{
	int i;

	set_policy(SCHED_FIFO, 1);
	for (i = 0; i < CHURN_BURST; i++)
		write_packet(tun, forward);
	settle();
}

/* An answer that got back to the client: the next packets are established. */
static void establish(int tun)
{
	struct packet pkt;

	write_packet(tun, forward);
	write_packet(tun, reply);
	if (read(tun, &pkt, sizeof(pkt)) != PACKET_LEN ||
	    pkt.ip.daddr != htonl(CLIENT)) {
		fprintf(stderr, "no reply\n");
		exit(1);
	}
}

static struct mnl_socket *route_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("rtnetlink");

	return nl;
}

/* Two next hops take turns. */
static void change_route(struct mnl_socket *nl, unsigned int turn)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;
	ssize_t len;

	nlh->nlmsg_type = RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE |
			   NLM_F_ACK;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 24;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_BGP;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_DST, htonl(ELSEWHERE));
	mnl_attr_put_u32(nlh, RTA_GATEWAY, htonl(NEXTHOP + turn % 2));

	send_buf(nl, nlh, nlh->nlmsg_len);
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0)
		die("route");
	/* what is left to do, else it would count as the packets' */
	settle();
}

/* A mark is part of the instruction, so there is a copy for each. */
static inline __attribute__((always_inline)) void
bursts(int tun, struct mnl_socket *nl, const int mark)
{
	int i;

	for (i = 0; i < WARM_UP + ROUNDS; i++) {
		if (nl)
			change_route(nl, i);
		if (i >= WARM_UP)
			insn_start(mark);
		write_burst(tun);
		if (i >= WARM_UP)
			insn_stop(mark);
	}
	printf("%d %d\n", mark, CHURN_BURST * ROUNDS);
}

int main(int argc, char **argv)
{
	int tun;

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "flow"))
		return oneway_flow();
	tun = tun_open();
	establish(tun);
	if (!strcmp(argv[1], "churn"))
		bursts(tun, route_socket(), MARK_CHURN);
	else
		bursts(tun, NULL, MARK_STEADY);

	return 0;
}
