/* SPDX-License-Identifier: GPL-2.0 */
/* Bursts of packets for a queue, and verdicts on them. */
#ifndef NFX_BENCH_QUEUE_H
#define NFX_BENCH_QUEUE_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define QUEUE_NUM	0
#define BALLAST_QUEUE	1
#define BALLAST		128
#define PORT		4001
#define BALLAST_PORT	4002
#define BURST		64

#define PACKET_MAX	60000

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	char data[PACKET_MAX - sizeof(struct iphdr) - sizeof(struct udphdr)];
};

/* Length of the packets, bytes */
#define PACKET_LEN	64

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

static inline uint16_t ip_checksum(const void *data, size_t len)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *word++;
	sum = (sum & 0xffff) + (sum >> 16);

	return ~(sum + (sum >> 16));
}

static inline int tun_open(void)
{
	struct ifreq ifr = { .ifr_name = "tun0" };
	int fd, ctl;

	fd = open("/dev/net/tun", O_RDWR);
	if (fd < 0)
		die("/dev/net/tun");
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &ifr))
		die("TUNSETIFF");

	ctl = socket(AF_INET, SOCK_DGRAM, 0);
	ifr.ifr_mtu = 0xffff;
	if (ctl < 0 || ioctl(ctl, SIOCSIFMTU, &ifr))
		die("tun0 mtu");
	ifr.ifr_flags = IFF_UP;
	if (ioctl(ctl, SIOCSIFFLAGS, &ifr))
		die("tun0 up");
	close(ctl);

	return fd;
}

/* Send packets of UDP that are the same; numbers in host byte order. */
static inline void send_udp(int tun, uint32_t src, uint32_t dst,
			    uint16_t sport, uint16_t dport, unsigned int count,
			    size_t len)
{
	static struct packet pkt;

	pkt.ip = (struct iphdr){
		.version = 4,
		.ihl = sizeof(pkt.ip) / 4,
		.tot_len = htons(len),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(src),
		.daddr = htonl(dst),
	};
	pkt.udp = (struct udphdr){
		.source = htons(sport),
		.dest = htons(dport),
		.len = htons(len - sizeof(pkt.ip)),
	};
	pkt.ip.check = ip_checksum(&pkt.ip, sizeof(pkt.ip));
	while (count--) {
		if (write(tun, &pkt, len) != (ssize_t)len)
			die("write");
	}
}

static inline void flood(int tun, uint16_t port, unsigned int count,
			 size_t len)
{
	send_udp(tun, 0x0a090002, 0x0a090001, 4000, port, count, len);
}

/* A socket of UDP that has a port. */
static inline int udp_socket(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("socket");

	return fd;
}

/* Read all packets, return their number. */
static inline int drain(int fd)
{
	int count = 0;
	char byte;

	while (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) >= 0)
		count++;

	return count;
}

static inline struct nlmsghdr *put_msg(void *buf, int queue, int type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (NFNL_SUBSYS_QUEUE << 8) | type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(queue);

	return nlh;
}

static inline struct mnl_socket *queue_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("nfnetlink");

	return nl;
}

/* @flags: NFQA_CFG_F_* */
static inline void queue_bind(struct mnl_socket *nl, int queue,
			      uint32_t maxlen, uint32_t flags)
{
	struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
		.pf = htons(AF_INET),
	};
	struct nfqnl_msg_config_params params = {
		.copy_mode = NFQNL_COPY_PACKET,
		.copy_range = htonl(0xffff),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	ssize_t len;

	nlh = put_msg(buf, queue, NFQNL_MSG_CONFIG);
	nlh->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(maxlen));
	if (flags) {
		mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
		mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flags));
	}
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("queue");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0)
		die("queue");
}

static inline struct mnl_socket *queue_open(int queue, uint32_t maxlen)
{
	struct mnl_socket *nl = queue_socket();

	queue_bind(nl, queue, maxlen, 0);

	return nl;
}

static inline uint32_t packet_id(const struct nlmsghdr *nlh)
{
	const struct nfqnl_msg_packet_hdr *ph;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFQA_PACKET_HDR)
			continue;
		ph = mnl_attr_get_payload(attr);
		return ntohl(ph->packet_id);
	}

	return 0;
}

static inline unsigned int queue_read(struct mnl_socket *nl, uint32_t *last_id)
{
	static char buf[PACKET_MAX + 4096];
	unsigned int count = 0;

	while (recv(mnl_socket_get_fd(nl), buf, sizeof(buf),
		    MSG_DONTWAIT) > 0) {
		*last_id = packet_id((void *)buf);
		count++;
	}

	return count;
}

/* NF_DROP, @type: for the packet @id or for every packet up to it. */
static inline void queue_drop(struct mnl_socket *nl, int queue, int type, uint32_t id)
{
	struct nfqnl_msg_verdict_hdr vh = {
		.verdict = htonl(NF_DROP),
		.id = htonl(id),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = put_msg(buf, queue, type);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("verdict");
}

/*
 * Keeps every other one of some packets in a queue of their own, and with them
 * slab pages in use but not full. Else it depends on what ran before whether
 * each packet of the baseline allocates a page and frees it again.
 */
static inline struct mnl_socket *ballast_open(int tun)
{
	struct mnl_socket *nl = queue_open(BALLAST_QUEUE, BALLAST);
	uint32_t id, last_id = 0;

	flood(tun, BALLAST_PORT, BALLAST, PACKET_LEN);
	if (queue_read(nl, &last_id) != BALLAST)
		die("ballast");
	for (id = 1; id < last_id; id += 2)
		queue_drop(nl, BALLAST_QUEUE, NFQNL_MSG_VERDICT, id);

	return nl;
}

static inline void set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param))
		die("sched_setscheduler");
}

/*
 * What a burst costs includes the work it leaves to a kernel thread, such as
 * resizing a table: it has to be done before the closing mark, as that of the
 * verdicts before the next opening one. As SCHED_IDLE this process gives way
 * to every thread that is runnable. The baseline makes the same calls.
 */
static inline void settle(void)
{
	int i;

	set_policy(SCHED_IDLE, 0);
	for (i = 0; i < 4; i++)
		sched_yield();
}

/* A burst is one softirq run: no thread runs between two of its packets. */
static inline void flood_burst(int tun, unsigned int count, size_t len)
{
	set_policy(SCHED_FIFO, 1);
	flood(tun, PORT, count, len);
	settle();
}

static inline void send_buf(struct mnl_socket *nl, const void *buf, size_t len)
{
	if (mnl_socket_sendto(nl, buf, len) < 0)
		die("verdicts");
}

/* The last of the @count packets, at most BURST, has @last_id. */
static inline void drop_many_per_send(struct mnl_socket *nl, uint32_t last_id,
				      int count)
{
	struct nfqnl_msg_verdict_hdr vh = { .verdict = htonl(NF_DROP) };
	static char buf[BURST * 64];
	size_t len = 0;
	uint32_t id;

	for (id = last_id - count + 1; id <= last_id; id++) {
		struct nlmsghdr *nlh = put_msg(buf + len, QUEUE_NUM,
					       NFQNL_MSG_VERDICT);

		vh.id = htonl(id);
		mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);
		len += nlh->nlmsg_len;
	}
	send_buf(nl, buf, len);
}

static inline void drop_vector(struct mnl_socket *nl, uint32_t last_id,
			       int count)
{
	static struct nfqnl_msg_verdict_vec vec[BURST];
	static char buf[sizeof(vec) + 64];
	struct nlmsghdr *nlh;
	int i;

	for (i = 0; i < count; i++) {
		vec[i].id = htonl(last_id - count + 1 + i);
		vec[i].verdict = htonl(NF_DROP);
	}
	nlh = put_msg(buf, QUEUE_NUM, NFQNL_MSG_VERDICT_BATCH);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, count * sizeof(*vec), vec);
	send_buf(nl, buf, nlh->nlmsg_len);
}

#endif /* NFX_BENCH_QUEUE_H */
