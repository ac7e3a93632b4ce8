// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and ports of a packet, for printing. */
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <string.h>

#include "ipview.h"
#include "main.h"

/* Bytes that are left of a packet. */
struct rest {
	const uint8_t *data;
	size_t len;
};

static bool take(struct rest *rest, void *to, size_t len)
{
	if (rest->len < len)
		return false;
	memcpy(to, rest->data, len);
	return true;
}

static bool skip(struct rest *rest, size_t len)
{
	if (rest->len < len)
		return false;
	rest->data += len;
	rest->len -= len;
	return true;
}

static void read_ports(struct rest *rest, struct ipview *view)
{
	uint16_t ports[2];

	switch (view->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
		break;
	default:
		return;
	}
	if (!take(rest, ports, sizeof(ports)))
		return;
	view->ports = true;
	view->sport = ntohs(ports[0]);
	view->dport = ntohs(ports[1]);
}

static bool read_ip4(struct rest *rest, struct ipview *view)
{
	struct iphdr ip;
	size_t len;

	if (!take(rest, &ip, sizeof(ip)))
		return false;
	len = (size_t)ip.ihl * 4;
	if (len < sizeof(ip))
		return false;
	view->family = AF_INET;
	view->proto = ip.protocol;
	inet_ntop(AF_INET, &ip.saddr, view->src, sizeof(view->src));
	inet_ntop(AF_INET, &ip.daddr, view->dst, sizeof(view->dst));
	if (!(ntohs(ip.frag_off) & IP_OFFMASK) && skip(rest, len))
		read_ports(rest, view);
	return true;
}

/* Steps over one extension header; false if there is none or no transport. */
static bool skip_ext(struct rest *rest, struct ipview *view)
{
	struct ip6_frag frag;
	struct ip6_ext ext;

	switch (view->proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		if (!take(rest, &ext, sizeof(ext)) ||
		    !skip(rest, ((size_t)ext.ip6e_len + 1) * 8))
			return false;
		view->proto = ext.ip6e_nxt;
		return true;
	case IPPROTO_FRAGMENT:
		if (!take(rest, &frag, sizeof(frag)) ||
		    !skip(rest, sizeof(frag)))
			return false;
		view->proto = frag.ip6f_nxt;
		if (frag.ip6f_offlg & IP6F_OFF_MASK)
			rest->len = 0;
		return rest->len != 0;
	default:
		return false;
	}
}

static bool read_ip6(struct rest *rest, struct ipview *view)
{
	struct ip6_hdr ip;

	if (!take(rest, &ip, sizeof(ip)))
		return false;
	view->family = AF_INET6;
	view->proto = ip.ip6_nxt;
	inet_ntop(AF_INET6, &ip.ip6_src, view->src, sizeof(view->src));
	inet_ntop(AF_INET6, &ip.ip6_dst, view->dst, sizeof(view->dst));
	skip(rest, sizeof(ip));
	while (skip_ext(rest, view))
		;
	read_ports(rest, view);
	return true;
}

bool ipview_read(const void *data, size_t len, struct ipview *view)
{
	struct rest rest = { .data = data, .len = len };

	memset(view, 0, sizeof(*view));
	if (!len)
		return false;
	switch (rest.data[0] >> 4) {
	case 4:
		return read_ip4(&rest, view);
	case 6:
		return read_ip6(&rest, view);
	default:
		return false;
	}
}

const char *ipview_proto(uint8_t proto, char *buf, size_t size)
{
	static const char * const names[] = {
		[IPPROTO_ICMP]		= "icmp",
		[IPPROTO_IGMP]		= "igmp",
		[IPPROTO_TCP]		= "tcp",
		[IPPROTO_UDP]		= "udp",
		[IPPROTO_DCCP]		= "dccp",
		[IPPROTO_GRE]		= "gre",
		[IPPROTO_ESP]		= "esp",
		[IPPROTO_AH]		= "ah",
		[IPPROTO_ICMPV6]	= "icmpv6",
		[IPPROTO_SCTP]		= "sctp",
		[IPPROTO_UDPLITE]	= "udplite",
	};

	if (proto < ARRAY_SIZE(names) && names[proto])
		return names[proto];
	snprintf(buf, size, "%u", proto);
	return buf;
}

const char *ipview_addr(const struct ipview *view, bool dst, char *buf,
			size_t size)
{
	const char *addr = dst ? view->dst : view->src;
	uint16_t port = dst ? view->dport : view->sport;

	if (!view->ports)
		snprintf(buf, size, "%s", addr);
	else if (view->family == AF_INET6)
		snprintf(buf, size, "[%s]:%u", addr, port);
	else
		snprintf(buf, size, "%s:%u", addr, port);
	return buf;
}
