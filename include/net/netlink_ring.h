/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NET_NETLINK_RING_H
#define _NET_NETLINK_RING_H

#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sockptr.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <uapi/linux/netlink.h>

struct netlink_ext_ack;
struct sk_buff;
struct sock;
struct vm_area_struct;

/**
 * struct netlink_ring - receive ring of a netlink socket
 * @sk: the socket
 * @area: all pages, allocated as one
 * @cons: consumer page, written by userspace
 * @prod: producer page, read by userspace
 * @data: the records
 * @size: size of @data in bytes, a power of two
 * @flags: NL_RING_F_* that userspace asked for
 * @free_work: frees the ring in process context
 * @lock: makes reserving, filling and publishing a record one step; taken in
 *	any context, with BH disabled, inside of locks of the producer
 * @pos: position of the producer; under @lock, read without it
 * @cached_cons: position of the consumer, as last seen; under @lock
 * @reserved: length of the record being filled with its padding; under @lock
 * @lost: messages that did not fit; under @lock
 * @lost_bytes: length of these; under @lock
 */
struct netlink_ring {
	struct sock			*sk;
	void				*area;
	const struct nl_ring_cons	*cons;
	struct nl_ring_prod		*prod;
	void				*data;
	u32				size;
	u32				flags;
	struct work_struct		free_work;

	spinlock_t			lock ____cacheline_aligned_in_smp;
	u32				pos;
	u32				cached_cons;
	u32				reserved;
	u64				lost;
	u64				lost_bytes;
};

/* For af_netlink.c */
int netlink_ring_setsockopt(struct sock *sk, sockptr_t optval,
			    unsigned int optlen);
int netlink_ring_getsockopt(struct sock *sk, sockopt_t *opt);
int netlink_ring_mmap(struct file *file, struct socket *sock,
		      struct vm_area_struct *vma);
__poll_t netlink_ring_poll(struct sock *sk);
void netlink_ring_free(struct netlink_ring *ring);
bool __netlink_ring_takes(const struct netlink_ring *ring,
			  const struct sk_buff *skb);
bool __netlink_ring_continues_dump(const struct netlink_ring *ring);

/* For producers */
int netlink_ring_check(struct sock *sk, struct netlink_ext_ack *extack);
struct netlink_ring *netlink_ring_get(struct sock *sk);
void netlink_ring_put(struct netlink_ring *ring);
void *netlink_ring_reserve(struct netlink_ring *ring, u32 len, u16 group);
void netlink_ring_publish(struct netlink_ring *ring);
void netlink_ring_wake(struct netlink_ring *ring);
bool netlink_ring_copy(struct netlink_ring *ring, const struct sk_buff *skb,
		       bool queued);

#endif /* _NET_NETLINK_RING_H */
