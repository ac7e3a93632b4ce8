/* SPDX-License-Identifier: GPL-2.0-only */
/* What a dump tells of a conntrack entry. */
#ifndef NFX_CTENTRY_H
#define NFX_CTENTRY_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/* Directions of an entry, as of enum ip_conntrack_dir. */
enum { CTENTRY_ORIG, CTENTRY_REPLY, CTENTRY_DIRS };

/* Bytes of all labels, as the kernel has them. */
#define CTENTRY_LABELS 16

/**
 * struct ctentry_dir - the tuple of one direction
 * @src:   in network byte order, the first 4 or all 16 bytes
 * @dst:   as @src
 * @ports: @sport and @dport are set: the protocol has ports, or a key (GRE)
 * @sport: host byte order
 * @dport: host byte order
 */
struct ctentry_dir {
	uint8_t src[16];
	uint8_t dst[16];
	bool ports;
	uint16_t sport;
	uint16_t dport;
};

/**
 * struct ctentry - an entry; numbers in host byte order
 * @family:      AF_INET or AF_INET6
 * @proto:       IPPROTO_*
 * @dir:         by direction
 * @status:      mask of IPS_*
 * @mark:        0 on a kernel without marks
 * @zone:        whatever direction it is for
 * @has_timeout: @timeout is known; a flow that is offloaded has none
 * @timeout:     seconds that are left of its life
 * @has_state:   @tcp_state is known; for TCP that is not offloaded
 * @tcp_state:   TCP_CONNTRACK_*
 * @labels:      bit n of unsigned long n / BITS_PER_LONG, all 0 without labels
 * @tuple_attr:  CTA_TUPLE_ORIG, in the message that was parsed, as the others
 * @id_attr:     CTA_ID
 * @zone_attr:   CTA_ZONE, NULL without
 */
struct ctentry {
	uint8_t family;
	uint8_t proto;
	struct ctentry_dir dir[CTENTRY_DIRS];
	uint32_t status;
	uint32_t mark;
	uint16_t zone;
	bool has_timeout;
	uint32_t timeout;
	bool has_state;
	uint8_t tcp_state;
	unsigned long labels[CTENTRY_LABELS / sizeof(long)];
	const struct nlattr *tuple_attr;
	const struct nlattr *id_attr;
	const struct nlattr *zone_attr;
};

/**
 * ctentry_parse() - read a message of a dump
 *
 * Return: 0, or -EBADMSG if it is no entry, or one that cannot be told from
 * others: without tuples, status or number.
 */
int ctentry_parse(const struct nlmsghdr *nlh, struct ctentry *entry);

/** ctentry_addr_len() - bytes of an address of this family */
unsigned int ctentry_addr_len(int family);

#endif /* NFX_CTENTRY_H */
