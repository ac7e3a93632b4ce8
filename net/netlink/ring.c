// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive ring of netlink sockets.
 *
 * Documentation/networking/netlink_ring.rst describes the use by userspace.
 */

/**
 * DOC: Theory of Operation
 *
 * A ring is memory that the kernel writes messages to and userspace reads them
 * from, without a system call per message. It belongs to one socket, is made
 * once and lives as long as the socket.
 *
 * ::
 *
 *     offset       page(s)        kernel    userspace
 *     cons_off     consumer       reads     reads and writes
 *     prod_off     producer       writes    reads
 *     data_off     data           writes    reads
 *
 *            data_off + (cons & mask)     data_off + (prod & mask)
 *                    v                            v
 *     +--------------+------+---------+-----+-----+-----------------+
 *     |     free     | rec  | rec     | rec | rec |      free       |
 *     +--------------+------+---------+-----+-----+-----------------+
 *
 * Both positions count bytes and wrap at 2^32; the size is a power of two. A
 * record is a struct nl_ring_rec and one netlink message, aligned to 8 bytes.
 * It never wraps: one that does not fit before the end of the data starts at
 * the beginning, and a record with NL_RING_REC_PAD fills the rest.
 *
 * Trust. The kernel reads two words of userspace: the consumer's position, once
 * per check for space, and need_wakeup. A position that makes no sense lets the
 * ring look full. The kernel never reads back what it wrote to the shared
 * pages: its own positions and counters are private. A consumer that lies loses
 * its own messages and nothing else.
 *
 * Barriers. The kernel publishes records with a store-release of the producer's
 * position (A), which pairs with a load-acquire in userspace. Userspace gives
 * space back with a store-release of the consumer's position, which pairs with
 * a load-acquire of the kernel (B). Sleep and wake-up: userspace sets
 * need_wakeup, then looks at the producer's position, then sleeps; the kernel
 * writes the producer's position, then looks at need_wakeup. Both need a full
 * barrier (C) in between, so that one of them sees the other.
 *
 * Producers. A subsystem writes to the ring of a socket that asked for it, see
 * netlink_ring_get(). It takes the lock of the ring, calls
 * netlink_ring_reserve(), writes the message, calls netlink_ring_publish(),
 * drops the lock, and calls netlink_ring_wake(). What is reserved and not
 * published never happened.
 */

#include <linux/mm.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/vmalloc.h>
#include <net/netlink_ring.h>
#include <net/sock.h>

#include "af_netlink.h"

/* Any message of 64 KiB and its padding fit four times. */
#define NETLINK_RING_SIZE_MIN	SZ_256K
#define NETLINK_RING_SIZE_MAX	SZ_256M

#define NETLINK_RING_CONS_OFF	0
#define NETLINK_RING_PROD_OFF	PAGE_SIZE
#define NETLINK_RING_DATA_OFF	(2 * PAGE_SIZE)

static struct netlink_ring *netlink_ring_alloc(u32 size)
{
	struct netlink_ring *ring;
	void *area;

	ring = kzalloc_obj(*ring, GFP_KERNEL_ACCOUNT);
	if (!ring)
		return NULL;

	/* As vmalloc_user(), but charged to the memory cgroup. */
	area = __vmalloc_node_range(NETLINK_RING_DATA_OFF + size, SHMLBA,
				    VMALLOC_START, VMALLOC_END,
				    GFP_KERNEL_ACCOUNT | __GFP_ZERO |
				    __GFP_RETRY_MAYFAIL | __GFP_NOWARN,
				    PAGE_KERNEL, VM_USERMAP, NUMA_NO_NODE,
				    __builtin_return_address(0));
	if (!area) {
		kfree(ring);
		return NULL;
	}

	spin_lock_init(&ring->lock);
	ring->area = area;
	ring->cons = area + NETLINK_RING_CONS_OFF;
	ring->prod = area + NETLINK_RING_PROD_OFF;
	ring->data = area + NETLINK_RING_DATA_OFF;
	ring->size = size;

	return ring;
}

/**
 * netlink_ring_free - free the ring of a socket
 * @ring: the ring, or NULL
 *
 * The socket has no users any more. Mappings may exist, they hold the pages.
 */
void netlink_ring_free(struct netlink_ring *ring)
{
	if (!ring)
		return;

	vfree(ring->area);
	kfree(ring);
}

/* Like the receive buffer, the ring of a user without privileges is limited by
 * net.core.rmem_max.
 */
static int netlink_ring_check_size(const struct sock *sk, u32 size)
{
	u32 limit = max_t(u32, READ_ONCE(sysctl_rmem_max),
			  NETLINK_RING_SIZE_MIN);

	if (!is_power_of_2(size) || size < NETLINK_RING_SIZE_MIN ||
	    size > NETLINK_RING_SIZE_MAX)
		return -EINVAL;

	if (size > limit && !ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN))
		return -EPERM;

	return 0;
}

/**
 * netlink_ring_setsockopt - give a socket its ring
 * @sk: netlink socket
 * @optval: struct nl_ring_req
 * @optlen: size of @optval; a larger struct is fine if the rest is 0
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for a bad size, -EOPNOTSUPP for unknown flags, -EPERM for
 * a size above net.core.rmem_max without CAP_NET_ADMIN, -EBUSY if the socket
 * has a ring, -ENOMEM.
 */
int netlink_ring_setsockopt(struct sock *sk, sockptr_t optval,
			    unsigned int optlen)
{
	struct netlink_sock *nlk = nlk_sk(sk);
	struct nl_ring_req req;
	struct netlink_ring *ring;
	int err;

	if (optlen < sizeof(req))
		return -EINVAL;
	err = copy_struct_from_sockptr(&req, sizeof(req), optval, optlen);
	if (err)
		return err;
	if (req.flags)
		return -EOPNOTSUPP;
	err = netlink_ring_check_size(sk, req.size);
	if (err)
		return err;
	if (READ_ONCE(nlk->ring))
		return -EBUSY;

	ring = netlink_ring_alloc(req.size);
	if (!ring)
		return -ENOMEM;

	/* Full barrier: readers that see the ring see it initialised, by the
	 * address dependency of their READ_ONCE().
	 */
	if (cmpxchg(&nlk->ring, NULL, ring)) {
		netlink_ring_free(ring);
		return -EBUSY;
	}

	return 0;
}

/**
 * netlink_ring_getsockopt - describe the ring of a socket
 * @sk: netlink socket
 * @opt: receives struct nl_ring_info, or as much of it as there is room for
 *
 * Return: 0; -ENOENT without a ring, -EINVAL, -EFAULT.
 */
int netlink_ring_getsockopt(struct sock *sk, sockopt_t *opt)
{
	const struct netlink_ring *ring = READ_ONCE(nlk_sk(sk)->ring);
	struct nl_ring_info info = {
		.cons_off = NETLINK_RING_CONS_OFF,
		.prod_off = NETLINK_RING_PROD_OFF,
		.data_off = NETLINK_RING_DATA_OFF,
	};
	int len = min_t(int, opt->optlen, sizeof(info));

	if (!ring)
		return -ENOENT;
	if (len < (int)sizeof(u32))
		return -EINVAL;

	info.size = ring->size;
	opt->optlen = len;
	if (copy_to_iter(&info, len, &opt->iter_out) != len)
		return -EFAULT;

	return 0;
}

/**
 * netlink_ring_mmap - map pages of a ring
 * @file: of the socket
 * @sock: the socket
 * @vma: where to
 *
 * The consumer page can be mapped for writing, alone. All other pages, and it
 * together with others, are for reading, and stay so.
 *
 * Return: 0; -ENXIO without a ring, -EPERM for writing, -EINVAL.
 */
int netlink_ring_mmap(struct file *file, struct socket *sock,
		      struct vm_area_struct *vma)
{
	const struct netlink_ring *ring = READ_ONCE(nlk_sk(sock->sk)->ring);
	bool cons_only = !vma->vm_pgoff && vma_pages(vma) == 1;

	if (!ring)
		return -ENXIO;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (!cons_only) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vm_flags_clear(vma, VM_MAYWRITE);
	}

	return remap_vmalloc_range(vma, ring->area, vma->vm_pgoff);
}

/**
 * netlink_ring_poll - does the ring hold messages?
 * @ring: the ring
 *
 * The caller is on the wait queue of the socket; sock_poll_wait() has the full
 * barrier for a consumer that polls (C).
 *
 * Return: the events to add, EPOLLIN | EPOLLRDNORM or 0.
 */
__poll_t netlink_ring_poll(const struct netlink_ring *ring)
{
	if (READ_ONCE(ring->pos) == READ_ONCE(ring->cons->pos))
		return 0;

	return EPOLLIN | EPOLLRDNORM;
}

/**
 * netlink_has_ring - does a socket have a ring?
 * @sk: netlink socket
 *
 * Return: true if netlink_ring_get() returns one.
 */
bool netlink_has_ring(const struct sock *sk)
{
	return READ_ONCE(container_of_const(sk, struct netlink_sock, sk)->ring);
}
EXPORT_SYMBOL_GPL(netlink_has_ring);

/**
 * netlink_ring_get - get the ring of a socket, to write to it
 * @sk: netlink socket
 *
 * The reference is one of the socket: a ring is not freed before it.
 *
 * Return: the ring, or NULL if the socket has none.
 */
struct netlink_ring *netlink_ring_get(struct sock *sk)
{
	struct netlink_ring *ring = READ_ONCE(nlk_sk(sk)->ring);

	if (ring)
		sock_hold(sk);

	return ring;
}
EXPORT_SYMBOL_GPL(netlink_ring_get);

/* Space that userspace has left, in bytes */
static u32 netlink_ring_space(struct netlink_ring *ring, u32 need)
{
	u32 used = ring->pos - ring->cached_cons;

	lockdep_assert_held(&ring->lock);

	if (need > ring->size - used) {
		/* B: pairs with the consumer's store-release, so that it is
		 * done with what is about to be overwritten.
		 */
		u32 cons = smp_load_acquire(&ring->cons->pos);

		/* Nonsense: nothing changes until it becomes sensible. */
		if (ring->pos - cons > ring->size)
			return 0;

		ring->cached_cons = cons;
		used = ring->pos - cons;
	}

	return ring->size - used;
}

static void netlink_ring_count_lost(struct netlink_ring *ring, u32 len)
{
	ring->lost++;
	ring->lost_bytes += len;
	WRITE_ONCE(ring->prod->lost, ring->lost);
	WRITE_ONCE(ring->prod->lost_bytes, ring->lost_bytes);
}

/**
 * netlink_ring_reserve - make room for a message
 * @ring: the ring
 * @len: exact length of the message in bytes, NLMSG_HDRLEN or more
 * @group: multicast group the message was sent to, 0 for unicast
 *
 * What is returned is not cleared: the caller writes every byte. Only the last
 * reservation counts, and nothing is visible before netlink_ring_publish().
 * A message that does not fit is counted as lost.
 *
 * Context: under the lock of the ring.
 * Return: where to write the message, aligned to 8 bytes, or NULL.
 */
void *netlink_ring_reserve(struct netlink_ring *ring, u32 len, u16 group)
{
	u32 offset = ring->pos & (ring->size - 1);
	struct nl_ring_rec *rec = ring->data + offset;
	u32 tail = ring->size - offset;
	u32 need, pad;

	lockdep_assert_held(&ring->lock);

	if (len > ring->size / 2 - sizeof(*rec))
		goto lost;

	need = ALIGN(sizeof(*rec) + len, NL_RING_ALIGNTO);
	pad = need > tail ? tail : 0;
	if (pad + need > netlink_ring_space(ring, pad + need))
		goto lost;

	if (pad) {
		*rec = (struct nl_ring_rec){
			.len = pad - sizeof(*rec),
			.flags = NL_RING_REC_PAD,
		};
		rec = ring->data;
	}
	*rec = (struct nl_ring_rec){ .len = len, .group = group };
	/* The bytes that align the next record are ours to clear. */
	memset((void *)(rec + 1) + len, 0, need - sizeof(*rec) - len);
	ring->reserved = pad + need;

	return rec + 1;

lost:
	netlink_ring_count_lost(ring, len);
	return NULL;
}
EXPORT_SYMBOL_GPL(netlink_ring_reserve);

/**
 * netlink_ring_publish - show a message to the consumer
 * @ring: the ring
 *
 * Context: under the lock of the ring, after netlink_ring_reserve().
 */
void netlink_ring_publish(struct netlink_ring *ring)
{
	lockdep_assert_held(&ring->lock);

	WRITE_ONCE(ring->pos, ring->pos + ring->reserved);
	/* A: pairs with the consumer's load-acquire. */
	smp_store_release(&ring->prod->pos, ring->pos);
}
EXPORT_SYMBOL_GPL(netlink_ring_publish);

/**
 * netlink_ring_wake - wake up the consumer, if it asked for that
 * @sk: socket of the ring
 * @ring: the ring
 *
 * Context: after netlink_ring_publish(), locks may be held or not.
 */
void netlink_ring_wake(struct sock *sk, struct netlink_ring *ring)
{
	/* C: pairs with the consumer's full barrier between need_wakeup and
	 * its look at the position.
	 */
	smp_mb();
	if (READ_ONCE(ring->cons->need_wakeup))
		sk->sk_data_ready(sk);
}
EXPORT_SYMBOL_GPL(netlink_ring_wake);
