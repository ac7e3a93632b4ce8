// SPDX-License-Identifier: GPL-2.0-only
/* Test packets: sizes, checksum, and that swapped halves keep it. */
#include <arpa/inet.h>
#include <string.h>

#include "main.h"
#include "packet.h"
#include "unit.h"

#define IP_OFFSET	14
#define IP4_LEN		20

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

/* The sum over a right header, its checksum included, is 0xffff. */
static bool checksum_right(const uint8_t *ip)
{
	uint32_t sum = 0;
	int i;

	for (i = 0; i < IP4_LEN; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

int main(void)
{
	uint32_t swapped = htonl(0x6407c633), addr[4] = { 0 };
	uint8_t frame[PACKET_SIZE];

	ok(packet_udp4(frame, mac, htonl(0xc6336407), htonl(0xcb007101)) ==
	   IP_OFFSET + IP4_LEN + 8, "IPv4 length");
	ok(checksum_right(frame + IP_OFFSET), "IPv4 checksum");
	memcpy(frame + IP_OFFSET + 12, &swapped, sizeof(swapped));
	ok(checksum_right(frame + IP_OFFSET), "swapped halves keep it");
	ok(frame[12] == 0x08 && frame[13] == 0x00, "IPv4 ethertype");
	ok(!memcmp(frame, mac, sizeof(mac)), "destination MAC");

	ok(packet_udp6(frame, mac, (uint8_t *)addr, (uint8_t *)addr) ==
	   IP_OFFSET + 40 + 8, "IPv6 length");
	ok(frame[IP_OFFSET] == 0x60 && frame[IP_OFFSET + 6] == 17,
	   "IPv6 version and next header");
	ok(frame[12] == 0x86 && frame[13] == 0xdd, "IPv6 ethertype");
	return unit_finish();
}
