// SPDX-License-Identifier: GPL-2.0-only
/* Headers of packets: whole, cut, with extensions, in fragments. */
#include <arpa/inet.h>
#include <string.h>

#include "ipview.h"
#include "main.h"
#include "packet.h"
#include "unit.h"

#define ETH_LEN	14
#define IP4_LEN	20
#define IP6_LEN	40

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
static uint8_t frame[PACKET_SIZE + 64];
static uint8_t * const ip = frame + ETH_LEN;

static size_t udp4(void)
{
	return packet_udp4(frame, mac, htonl(0xc6336407), htonl(0xcb007101)) -
	       ETH_LEN;
}

static size_t udp6(void)
{
	static const uint8_t saddr[16] = { [15] = 1 }, daddr[16] = { [15] = 2 };

	return packet_udp6(frame, mac, saddr, daddr) - ETH_LEN;
}

static void test_ip4(void)
{
	char buf[IPVIEW_LEN], want[IPVIEW_LEN];
	size_t len = udp4(), cut;
	struct ipview view;
	bool good = true;

	ok(ipview_read(ip, len, &view) && view.family == AF_INET &&
	   view.proto == 17 && view.ports && !strcmp(view.src, "198.51.100.7"),
	   "UDP over IPv4");
	snprintf(want, sizeof(want), "203.0.113.1:%u", view.dport);
	ok(!strcmp(ipview_addr(&view, true, buf, sizeof(buf)), want),
	   "an address with its port");
	for (cut = 0; cut < len; cut++) {
		bool known = ipview_read(ip, cut, &view);

		good &= known == (cut >= IP4_LEN) &&
			view.ports == (cut >= IP4_LEN + 4);
	}
	ok(good, "cut anywhere");
	ip[6] = 0x00;
	ip[7] = 0x01;
	ok(ipview_read(ip, len, &view) && !view.ports, "a later fragment");
	ok(!strcmp(ipview_addr(&view, true, buf, sizeof(buf)), "203.0.113.1"),
	   "an address without port");
	ip[6] = 0;
	ip[7] = 0;
	ip[0] = 0x44;
	ok(!ipview_read(ip, len, &view), "a header that is too short");
	ip[0] = 0x4f;
	ok(ipview_read(ip, len, &view) && !view.ports,
	   "options beyond the end");
	ip[0] = 0x55;
	ok(!ipview_read(ip, len, &view), "another version");
}

/* Puts an extension header of type @type between IPv6 and UDP. */
static size_t extend(uint8_t type)
{
	size_t len = udp6();

	memmove(ip + IP6_LEN + 8, ip + IP6_LEN, len - IP6_LEN);
	memset(ip + IP6_LEN, 0, 8);
	ip[IP6_LEN] = ip[6];
	ip[6] = type;
	return len + 8;
}

static void test_ip6(void)
{
	char buf[IPVIEW_LEN], want[IPVIEW_LEN];
	size_t len = udp6();
	struct ipview view;

	ok(ipview_read(ip, len, &view) && view.family == AF_INET6 &&
	   view.proto == 17 && view.ports, "UDP over IPv6");
	snprintf(want, sizeof(want), "[::1]:%u", view.sport);
	ok(!strcmp(ipview_addr(&view, false, buf, sizeof(buf)), want),
	   "an IPv6 address with its port");
	ok(!ipview_read(ip, IP6_LEN - 1, &view), "a cut header");
	len = extend(0);
	ok(ipview_read(ip, len, &view) && view.proto == 17 && view.ports,
	   "a hop-by-hop header is skipped");
	ip[IP6_LEN + 1] = 255;
	ok(ipview_read(ip, len, &view) && view.proto == 0 && !view.ports,
	   "one beyond the end is not");
	len = extend(44);
	ok(ipview_read(ip, len, &view) && view.ports, "a first fragment");
	ip[IP6_LEN + 3] = 8;
	ok(ipview_read(ip, len, &view) && view.proto == 17 && !view.ports,
	   "a later fragment");
}

static void test_names(void)
{
	char buf[8];

	ok(!strcmp(ipview_proto(6, buf, sizeof(buf)), "tcp"), "a name");
	ok(!strcmp(ipview_proto(5, buf, sizeof(buf)), "5"), "a number");
	ok(!strcmp(ipview_proto(255, buf, sizeof(buf)), "255"), "the last");
}

int main(void)
{
	test_ip4();
	test_ip6();
	test_names();
	return unit_finish();
}
