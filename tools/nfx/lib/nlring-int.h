/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of struct nlring, for nlring.c and its unit test. */
#ifndef NLRING_INT_H
#define NLRING_INT_H

#include "nlring.h"

/*
 * Room for a datagram. The 16 bits of nla_len keep the payload of a packet
 * below 64 KiB; the other attributes of a message are far from that together,
 * and a dump has up to 32 KiB (NLMSG_GOODSIZE and af_netlink.c).
 */
#define NLRING_BUF_SIZE (128UL << 10)

/**
 * struct nlring - reader of a netlink socket
 * @sock:   not owned
 * @cons:   shared with the kernel, written here; NULL without a ring
 * @prod:   written by the kernel, which nothing here relies on: positions and
 *          lengths are checked before use
 * @data:   the records, @size bytes
 * @size:   power of two
 * @ro_len: bytes mapped at @prod, the records included
 * @seen:   producer's position when it was last read
 * @head:   position of the next record to return
 * @done:   position up to which the caller has released
 * @told:   position up to which the kernel knows that
 * @error:  errno that says why there is no ring
 * @overruns: ENOBUFS seen
 * @buf:    NLRING_BUF_SIZE bytes for what comes through the socket
 *
 * told <= done <= head <= seen <= told + size, in arithmetic modulo 2^32.
 */
struct nlring {
	struct mnl_socket *sock;
	struct nl_ring_cons *cons;
	const struct nl_ring_prod *prod;
	const unsigned char *data;
	uint32_t size;
	size_t ro_len;
	uint32_t seen;
	uint32_t head;
	uint32_t done;
	uint32_t told;
	int error;
	uint64_t overruns;
	unsigned char *buf;
};

#endif /* NLRING_INT_H */
