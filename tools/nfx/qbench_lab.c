// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: namespace, devices, rules and packets. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lab.h"
#include "main.h"
#include "netns.h"
#include "nft.h"
#include "procfile.h"
#include "qbench.h"
#include "rtnl.h"

/* Sources of packets that are queued and of those that are dropped. */
#define QUEUE_ADDR	0x0a090001
#define DROP_ADDR	0x0a090101
#define DEST_ADDR	0x0a090201

/* Newer than the headers of some. */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define NO_IPV6 "/proc/sys/net/ipv6/conf/default/disable_ipv6"

static int fail(struct qbench_lab *lab, int err, const char *what)
{
	if (err)
		lab->what = what;
	return err;
}

static int open_tun(struct nl *rt, unsigned int nr)
{
	struct ifreq ifr = {
		.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR,
	};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "tun%u", nr);
	err = ioctl(fd, TUNSETIFF, &ifr) ? -errno : rtnl_up(rt, ifr.ifr_name);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int make_devices(struct qbench_lab *lab)
{
	NL_AUTO rt = nl_open(NETLINK_ROUTE);
	unsigned int i;
	int fd;

	if (!rt)
		return -errno;
	/* Else each device has packets of its own; may be absent. */
	procfile_write(NO_IPV6, "1");
	for (i = 0; i < QBENCH_QUEUES; i++) {
		fd = open_tun(rt, i);
		if (fd < 0)
			return fd;
		lab->tun[i] = fd;
	}
	return 0;
}

static void put_rules(struct nft *nft, bool xt)
{
	uint32_t addr;
	uint16_t i;

	nft_table(nft);
	nft_chain(nft, "in", "filter", NF_INET_PRE_ROUTING, 0);
	for (i = 0; i < QBENCH_QUEUES; i++) {
		addr = htonl(QUEUE_ADDR + i);
		nft_rule(nft, "in");
		nft_match(nft, offsetof(struct iphdr, saddr), &addr,
			  sizeof(addr));
		nft_queue(nft, i, xt);
		nft_end(nft);
	}
	nft_rule(nft, "in");
	nft_drop(nft);
	nft_end(nft);
}

static int try_rules(struct nl *nf, bool xt)
{
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);

	if (nft)
		put_rules(nft, xt);
	return nft_commit(nft);
}

static int make_rules(void)
{
	NL_AUTO nf = nl_open(NETLINK_NETFILTER);
	int err;

	if (!nf)
		return -errno;
	err = try_rules(nf, false);
	return err == -ENOENT ? try_rules(nf, true) : err;
}

int qbench_lab_open(struct qbench_lab *lab)
{
	unsigned int i;
	int err;

	for (i = 0; i < QBENCH_QUEUES; i++)
		lab->tun[i] = -1;
	lab->old_ns = netns_push();
	if (lab->old_ns < 0)
		return fail(lab, lab->old_ns, "a network namespace");
	err = fail(lab, make_devices(lab), "tun devices");
	return err ? err : fail(lab, make_rules(), "rules with queues");
}

void qbench_lab_close(struct qbench_lab *lab)
{
	unsigned int i;

	for (i = 0; i < QBENCH_QUEUES; i++)
		if (lab->tun[i] >= 0)
			close(lab->tun[i]);
	if (lab->old_ns >= 0)
		netns_pop(lab->old_ns);
}

struct packet {
	struct virtio_net_hdr vnet;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

static uint16_t ip_checksum(const struct iphdr *ip)
{
	uint16_t word[sizeof(*ip) / 2];
	uint32_t sum = 0;
	size_t i;

	memcpy(word, ip, sizeof(word));
	for (i = 0; i < ARRAY_SIZE(word); i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~(sum + (sum >> 16));
}

/* The kernel is to cut it, and to fill in the checksum of each part. */
static const struct virtio_net_hdr gso_header = {
	.flags	     = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	.gso_type    = VIRTIO_NET_HDR_GSO_UDP_L4,
	.hdr_len     = sizeof(struct iphdr) + sizeof(struct udphdr),
	.gso_size    = QBENCH_GSO_SEG,
	.csum_start  = sizeof(struct iphdr),
	.csum_offset = offsetof(struct udphdr, check),
};

void *qbench_packet(const struct qbench_row *row, unsigned int queue,
		    bool drop, size_t *len)
{
	uint32_t bytes = qbench_row_len(row);
	struct iphdr ip = {
		.version  = 4,
		.ihl	  = sizeof(ip) / 4,
		.tot_len  = htons((uint16_t)bytes),
		.ttl	  = 64,
		.protocol = IPPROTO_UDP,
		.saddr	  = htonl((drop ? DROP_ADDR : QUEUE_ADDR) + queue),
		.daddr	  = htonl(DEST_ADDR),
	};
	struct packet *packet;

	*len = sizeof(packet->vnet) + bytes;
	packet = calloc(1, *len);
	if (!packet)
		return NULL;
	ip.check = ip_checksum(&ip);
	packet->ip = ip;
	packet->udp.source = htons(4000);
	packet->udp.dest = htons(4001);
	packet->udp.len = htons((uint16_t)(bytes - sizeof(ip)));
	if (row->size == QBENCH_GSO)
		packet->vnet = gso_header;
	return packet;
}
