// SPDX-License-Identifier: GPL-2.0-only
/* Test packets for a throw-away network namespace. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "main.h"
#include "packet.h"

#define PACKET_PORT 9	/* discard, RFC 863 */

/* RFC 1071; an IPv4 header is always an even number of bytes. */
static uint16_t ip_checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static uint8_t *put_ether(uint8_t *frame, const uint8_t *dmac, uint16_t proto)
{
	struct ether_header eth = { .ether_type = htons(proto) };

	memset(frame, 0, PACKET_SIZE);
	memcpy(eth.ether_dhost, dmac, sizeof(eth.ether_dhost));
	memcpy(frame, &eth, sizeof(eth));
	return frame + sizeof(eth);
}

static size_t put_udp(const uint8_t *frame, uint8_t *pos)
{
	struct udphdr udp = {
		.source	= htons(PACKET_PORT),
		.dest	= htons(PACKET_PORT),
		.len	= htons(sizeof(udp)),
	};

	memcpy(pos, &udp, sizeof(udp));
	return (size_t)(pos + sizeof(udp) - frame);
}

size_t packet_udp4(uint8_t *frame, const uint8_t *dmac, uint32_t saddr,
		   uint32_t daddr)
{
	uint8_t *pos = put_ether(frame, dmac, ETHERTYPE_IP);
	struct iphdr ip = {
		.version	= 4,
		.ihl		= sizeof(ip) / 4,
		.tot_len	= htons(sizeof(ip) + sizeof(struct udphdr)),
		.ttl		= IPDEFTTL,
		.protocol	= IPPROTO_UDP,
		.saddr		= saddr,
		.daddr		= daddr,
	};

	memcpy(pos, &ip, sizeof(ip));
	ip.check = ip_checksum(pos, sizeof(ip));
	memcpy(pos, &ip, sizeof(ip));
	return put_udp(frame, pos + sizeof(ip));
}

size_t packet_udp6(uint8_t *frame, const uint8_t *dmac, const uint8_t *saddr,
		   const uint8_t *daddr)
{
	uint8_t *pos = put_ether(frame, dmac, ETHERTYPE_IPV6);
	struct ip6_hdr ip = {
		.ip6_flow	= htonl(6U << 28),
		.ip6_plen	= htons(sizeof(struct udphdr)),
		.ip6_nxt	= IPPROTO_UDP,
		.ip6_hops	= IPDEFTTL,
	};

	memcpy(&ip.ip6_src, saddr, sizeof(ip.ip6_src));
	memcpy(&ip.ip6_dst, daddr, sizeof(ip.ip6_dst));
	memcpy(pos, &ip, sizeof(ip));
	return put_udp(frame, pos + sizeof(ip));
}

int packet_send(const char *ifname, const uint8_t *frame, size_t len)
{
	struct sockaddr_ll to = {
		.sll_family	= AF_PACKET,
		.sll_ifindex	= (int)if_nametoindex(ifname),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int err = 0, on = 1;

	if (fd < 0)
		return -errno;
	/* A link that has just come up drops in its qdisc for a while. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	if (sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int packet_udp4_many(uint32_t daddr, uint32_t step, unsigned int count)
{
	struct sockaddr_in to = {
		.sin_family	 = AF_INET,
		.sin_port	 = htons(PACKET_PORT),
		.sin_addr.s_addr = daddr,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	while (count-- && !err) {
		if (sendto(fd, "", 0, 0, (struct sockaddr *)&to, sizeof(to)))
			err = -errno;
		to.sin_addr.s_addr = htonl(ntohl(to.sin_addr.s_addr) + step);
	}
	close(fd);
	return err;
}
