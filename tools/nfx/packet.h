/* SPDX-License-Identifier: GPL-2.0-only */
/* Test packets for a throw-away network namespace. */
#ifndef NFX_PACKET_H
#define NFX_PACKET_H

#include <stddef.h>
#include <stdint.h>

/* Room for an Ethernet frame as built here. */
#define PACKET_SIZE 128

/**
 * packet_udp4() - build an Ethernet frame with an empty UDP datagram
 * @frame:  PACKET_SIZE bytes
 * @dmac:   6 bytes
 * @saddr:  network byte order
 * @daddr:  network byte order
 *
 * The UDP checksum is left out, which RFC 768 allows.
 * Return: length in bytes.
 */
size_t packet_udp4(uint8_t *frame, const uint8_t *dmac, uint32_t saddr,
		   uint32_t daddr);

/**
 * packet_udp6() - the same over IPv6
 * @saddr: 16 bytes
 * @daddr: 16 bytes
 *
 * Without UDP checksum: good enough up to the first hook (RFC 8200 8.1
 * makes the receiver discard it later).
 * Return: length in bytes.
 */
size_t packet_udp6(uint8_t *frame, const uint8_t *dmac, const uint8_t *saddr,
		   const uint8_t *daddr);

/** packet_send() - send on link @ifname, past its qdisc. Return: 0 or -errno. */
int packet_send(const char *ifname, const uint8_t *frame, size_t len);

/**
 * packet_udp4_many() - send one empty datagram each from an ordinary socket
 * @daddr: first destination, network byte order
 * @step:  added to the destination each time, host byte order
 * @count: number of datagrams
 *
 * Return: 0 or -errno of the first that failed.
 */
int packet_udp4_many(uint32_t daddr, uint32_t step, unsigned int count);

#endif /* NFX_PACKET_H */
