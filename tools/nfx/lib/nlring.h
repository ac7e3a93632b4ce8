/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Receive ring of a netlink socket (NETLINK_RX_RECRING), for libmnl.
 *
 * Instead of one recvmsg() per datagram the kernel writes messages to memory
 * that is shared with the process. What is read from there is what recvmsg()
 * would have returned, and feeds mnl_cb_run(). On a kernel without rings the
 * same calls receive from the socket; a program need not know which it is:
 *
 *	nlring = nlring_open(sock, 4 << 20, 0);
 *	while (!stop) {
 *		while ((len = nlring_next(nlring, &msgs)) > 0) {
 *			mnl_cb_run(msgs, len, 0, 0, cb, data);
 *			nlring_release(nlring);
 *		}
 *		if (len < 0 || nlring_wait(nlring, -1) < 0)
 *			break;
 *	}
 *	nlring_close(nlring);
 *
 * What goes to the ring
 *	Without flags: what a subsystem was asked to put there, such as the
 *	packets of a queue with NFQA_CFG_F_RING. All else, acks and errors among
 *	it, goes to the socket, and nlring_next() returns it when the ring is
 *	empty.
 *	With NL_RING_F_ALL: everything the kernel sends to the socket. Unicast
 *	messages that find no room are queued to the socket as if there was no
 *	ring, multicast ones are lost and counted.
 *
 * Order
 *	Messages of the ring come in the order they were sent in, and so do
 *	those of the socket. There is no order between both.
 *
 * All values are in host byte order, but what is inside of the messages. Errors
 * are reported as libmnl does, by -1 or NULL, and errno. A handle is for one
 * thread at a time. A ring is for one process: after fork(), parent or child
 * may use the handle.
 *
 * Source: Documentation/networking/netlink_ring.rst and linux/netlink.h of the
 * kernel.
 */
#ifndef NLRING_H
#define NLRING_H

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes a ring can have, as of the kernel's net/netlink/ring.c. */
#define NLRING_SIZE_MIN (256UL << 10)
#define NLRING_SIZE_MAX (256UL << 20)

struct nlring;

/**
 * struct nlring_stats - what did not arrive
 * @lost:       records that found no room in the ring
 * @lost_bytes: bytes of these records
 * @dropped:    messages that found no room in the socket's receive buffer;
 *              with NL_RING_F_ALL the kernel may count here what it counts in
 *              @lost as well
 * @overruns:   times the socket reported ENOBUFS, each for any number of
 *              messages
 *
 * All count from the opening of the ring, @dropped from that of the socket; it
 * has 32 bits and wraps.
 */
struct nlring_stats {
	uint64_t lost;
	uint64_t lost_bytes;
	uint64_t overruns;
	uint32_t dropped;
};

/**
 * nlring_open() - read a netlink socket, by a ring if the kernel has them
 * @sock:  open socket; stays the caller's, and open until nlring_close()
 * @size:  bytes for messages, at most NLRING_SIZE_MAX; rounded up to a power
 *         of two and NLRING_SIZE_MIN; 0 for no ring
 * @flags: of struct nl_ring_req: 0 or NL_RING_F_ALL
 *
 * What was received before remains in the socket. For all of a stream to come
 * through the ring, open it before asking for the stream. A ring larger than
 * net.core.rmem_max needs CAP_NET_ADMIN.
 *
 * If the kernel refuses a ring, because it has none, lacks a flag or because of
 * a limit, messages are received from the socket, see nlring_error().
 *
 * Return: a handle to be given to nlring_close(), or NULL with errno set:
 * EINVAL for a @size that is too large, ENOMEM, EBUSY if the socket has a ring
 * already. After another error the socket may have a ring that nobody reads:
 * close it.
 */
struct nlring *nlring_open(struct mnl_socket *sock, size_t size,
			   unsigned int flags);

/**
 * nlring_close() - unmap the ring and free the handle
 * @nlring: handle, or NULL
 *
 * The socket keeps its ring until it is closed. Blocks handed out are gone.
 */
void nlring_close(struct nlring *nlring);

/**
 * nlring_error() - why is there no ring?
 *
 * Return: 0 if there is one; else what setsockopt() answered: ENOPROTOOPT for a
 * kernel without rings, EOPNOTSUPP or EINVAL for one without the flags, EPERM
 * for a size that is not allowed, ENOMEM; ENOENT if none was asked for.
 */
int nlring_error(const struct nlring *nlring);

/** nlring_size() - bytes of the ring, 0 without one */
size_t nlring_size(const struct nlring *nlring);

/**
 * nlring_next() - get the next block of messages, without waiting
 * @msgs: set to the first message of the block, which is aligned as netlink
 *        messages are
 *
 * A block is a record of the ring or a datagram of the socket, and has one
 * message or several. The messages are the kernel's; those of other processes are
 * skipped. A block is read only, and stays until nlring_release(),
 * nlring_wait(), or the next call of this function.
 *
 * A loss is no error here, it is counted, see nlring_stats().
 *
 * Return: length of the block in bytes; 0 if there is none; -1 with errno set:
 * EBADMSG if the ring holds what cannot be, all of it is skipped then; ENOSPC
 * if a datagram is larger than the buffer, or another error of recvmsg(). One
 * can go on after EBADMSG and ENOSPC.
 */
ssize_t nlring_next(struct nlring *nlring, const void **msgs);

/**
 * nlring_release() - give back all blocks that nlring_next() returned
 *
 * The kernel does not overwrite a block before. It is told now and then, not
 * each time, as it looks only when the ring seems to be full: at the latest
 * when an eighth of the ring is to be given back or the ring is empty. How many
 * blocks are taken before is up to the caller.
 */
void nlring_release(struct nlring *nlring);

/**
 * nlring_wait() - sleep until there is something for nlring_next()
 * @timeout_ms: in milliseconds, -1 for no limit
 *
 * Releases all blocks. Waking up for nothing is possible.
 *
 * Return: 1 if nlring_next() may have something; 0 after the timeout; -1 with
 * errno set, EINTR for a signal.
 */
int nlring_wait(struct nlring *nlring, int timeout_ms);

/**
 * nlring_arm() - announce a sleep, for those who poll more than one descriptor
 *
 * Releases all blocks and asks the kernel for a wake-up, which it does not give
 * by itself. Then, if the answer is true, poll() for POLLIN of the socket; in
 * any case call nlring_disarm() and nlring_next().
 *
 * Return: true if the ring is empty, so that one may sleep.
 */
bool nlring_arm(struct nlring *nlring);
void nlring_disarm(struct nlring *nlring);

/** nlring_stats() - fill @stats with what did not arrive so far */
void nlring_stats(const struct nlring *nlring, struct nlring_stats *stats);

#ifdef __cplusplus
}
#endif

#endif /* NLRING_H */
