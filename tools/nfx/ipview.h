/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses and ports of a packet, for printing. */
#ifndef NFX_IPVIEW_H
#define NFX_IPVIEW_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "[ADDRESS]:PORT" */
#define IPVIEW_LEN (INET6_ADDRSTRLEN + sizeof("[]:65535"))

/**
 * struct ipview - what a packet is
 * @family:   AF_INET or AF_INET6
 * @proto:    protocol of the transport, host byte order as the following
 * @ports:    @sport and @dport were there
 * @src:      source address as text
 * @dst:      destination address as text
 */
struct ipview {
	int family;
	uint8_t proto;
	bool ports;
	uint16_t sport;
	uint16_t dport;
	char src[INET6_ADDRSTRLEN];
	char dst[INET6_ADDRSTRLEN];
};

/**
 * ipview_read() - read the headers of an IPv4 or IPv6 packet
 * @data: from the IP header on
 * @len:  bytes of it, which may be less than the packet has
 *
 * Return: true if the addresses are known.
 */
bool ipview_read(const void *data, size_t len, struct ipview *view);

/** ipview_proto() - name of a protocol, its number in @buf without a name */
const char *ipview_proto(uint8_t proto, char *buf, size_t size);

/** ipview_addr() - "ADDRESS" or with its port "ADDRESS:PORT" to @buf */
const char *ipview_addr(const struct ipview *view, bool dst, char *buf,
			size_t size);

#endif /* NFX_IPVIEW_H */
