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
 * record is a struct nl_ring_rec and what one recvmsg() would have returned, a
 * netlink message or several, aligned to 8 bytes. It never wraps: one that does
 * not fit before the end of the data starts at the beginning, and a record with
 * NL_RING_REC_PAD fills the rest.
 *
 * Trust. The kernel reads two words of userspace: the consumer's position, once
 * per check for space, and need_wakeup. A position that makes no sense lets the
 * ring look full. The kernel never reads back what it wrote to the shared
 * pages: its own positions and counters are private. A consumer that lies loses
 * its own messages and nothing else. This holds for the whole life of a page:
 * userspace may have pinned it, and may still read and write it after the ring
 * is gone.
 *
 * Barriers. The kernel publishes records with a store-release of the producer's
 * position (A), which pairs with a load-acquire in userspace. Userspace gives
 * space back with a store-release of the consumer's position, which pairs with
 * a load-acquire of the kernel (B). Sleep and wake-up: userspace sets
 * need_wakeup, then looks at the producer's position, then sleeps; the kernel
 * writes the producer's position, then looks at need_wakeup. Both need a full
 * barrier (C) in between, so that one of them sees the other. A reader that
 * sleeps in poll() is on the wait queue, passes the barrier of
 * sock_poll_wait(), and looks at the position once more in netlink_ring_poll().
 *
 * Producers. A subsystem writes to the ring of a socket that asked for it, see
 * netlink_ring_get(). It takes the lock of the ring, calls
 * netlink_ring_reserve(), writes the message, calls netlink_ring_publish(),
 * drops the lock, and calls netlink_ring_wake(). What is reserved and not
 * published never happened. netlink_ring_copy() does all of that for a message
 * that is in an skb.
 *
 * Copies. With NL_RING_F_ALL af_netlink is a producer too: it copies each skb
 * of the kernel to the ring in place of queueing it, see netlink_ring_copy().
 */

#include <linux/mm.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/netlink_ring.h>
#include <net/sock.h>

#include "af_netlink.h"

/* Any message of 64 KiB and its padding fit four times. */
#define NETLINK_RING_SIZE_MIN	SZ_256K
#define NETLINK_RING_SIZE_MAX	SZ_256M

#define NETLINK_RING_CONS_OFF	0
#define NETLINK_RING_PROD_OFF	PAGE_SIZE
#define NETLINK_RING_DATA_OFF	(2 * PAGE_SIZE)

#define NETLINK_RING_FLAGS	NL_RING_F_ALL

static struct netlink_ring *netlink_ring_alloc(struct sock *sk, u32 size,
					       u32 flags)
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
	ring->sk = sk;
	ring->area = area;
	ring->cons = area + NETLINK_RING_CONS_OFF;
	ring->prod = area + NETLINK_RING_PROD_OFF;
	ring->data = area + NETLINK_RING_DATA_OFF;
	ring->size = size;
	ring->flags = flags;

	return ring;
}

static void netlink_ring_free_work(struct work_struct *work)
{
	struct netlink_ring *ring = container_of(work, struct netlink_ring,
						 free_work);

	vfree(ring->area);
	kfree(ring);
}

/**
 * netlink_ring_free - free the ring of a socket
 * @ring: the ring, or NULL
 *
 * Nobody uses the ring any more. The last reference to its socket can be
 * dropped under a spinlock, as mq_notify() does, where vfree() cannot be
 * called. vfree_atomic() would keep its list in the consumer page, which
 * userspace may have pinned, and may still read and write.
 */
void netlink_ring_free(struct netlink_ring *ring)
{
	if (!ring)
		return;

	INIT_WORK(&ring->free_work, netlink_ring_free_work);
	/* Not on one CPU: a large ring has many pages. */
	queue_work(system_dfl_wq, &ring->free_work);
}

/* All of a ring is allocated at once: it takes a privilege in the network
 * namespace, and one like that of SO_RCVBUFFORCE to exceed rmem_max.
 */
static int netlink_ring_check_size(const struct sock *sk, u32 size)
{
	u32 limit = max_t(u32, READ_ONCE(sysctl_rmem_max),
			  NETLINK_RING_SIZE_MIN);

	if (!is_power_of_2(size) || size < NETLINK_RING_SIZE_MIN ||
	    size > NETLINK_RING_SIZE_MAX)
		return -EINVAL;

	if (!sk_net_capable(sk, CAP_NET_ADMIN))
		return -EPERM;
	if (size > limit && !sockopt_capable(CAP_NET_ADMIN))
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
 * Return: 0; -EINVAL for a bad size, -E2BIG for a struct of later kernels,
 * -EOPNOTSUPP for unknown flags, -EPERM, -EBUSY if the socket has a ring,
 * -EFAULT, -ENOMEM.
 */
int netlink_ring_setsockopt(struct sock *sk, sockptr_t optval,
			    unsigned int optlen)
{
	struct netlink_sock *nlk = nlk_sk(sk);
	struct netlink_ring *ring;
	struct nl_ring_req req;
	int err;

	if (optlen < sizeof(req))
		return -EINVAL;
	if (optlen > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_sockptr(&req, sizeof(req), optval, optlen);
	if (err)
		return err;
	if (req.flags & ~NETLINK_RING_FLAGS)
		return -EOPNOTSUPP;
	err = netlink_ring_check_size(sk, req.size);
	if (err)
		return err;
	if (READ_ONCE(nlk->ring))
		return -EBUSY;

	ring = netlink_ring_alloc(sk, req.size, req.flags);
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
 * @opt: receives struct nl_ring_info
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

	if (!ring)
		return -ENOENT;
	if (opt->optlen < (int)sizeof(info))
		return -EINVAL;

	info.size = ring->size;
	info.flags = ring->flags;
	opt->optlen = sizeof(info);
	if (copy_to_iter(&info, sizeof(info), &opt->iter_out) != sizeof(info))
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
 * __netlink_ring_continues_dump - can a dump go on in this ring?
 * @ring: of the socket that dumps
 *
 * recvmsg() continues a dump. As there is nothing to receive when its parts are
 * in the ring, poll() has to ask for it.
 *
 * Return: true if a dump is under way, half of the ring is free, and nothing is
 * queued, which would have to be read first.
 */
bool __netlink_ring_continues_dump(const struct netlink_ring *ring)
{
	return ring->flags & NL_RING_F_ALL &&
	       READ_ONCE(nlk_sk(ring->sk)->cb_running) &&
	       skb_queue_empty_lockless(&ring->sk->sk_receive_queue) &&
	       READ_ONCE(ring->pos) - READ_ONCE(ring->cons->pos) <=
	       ring->size / 2;
}

/**
 * netlink_ring_poll - does the ring of a socket hold messages?
 * @sk: netlink socket
 *
 * Or could it, if recvmsg() went on with a dump.
 *
 * The caller is on the wait queue of the socket; sock_poll_wait() has the full
 * barrier for a consumer that polls (C).
 *
 * Return: the events to add, EPOLLIN | EPOLLRDNORM or 0.
 */
__poll_t netlink_ring_poll(struct sock *sk)
{
	const struct netlink_ring *ring = READ_ONCE(nlk_sk(sk)->ring);

	if (!ring)
		return 0;
	if (READ_ONCE(ring->pos) == READ_ONCE(ring->cons->pos) &&
	    !__netlink_ring_continues_dump(ring))
		return 0;

	return EPOLLIN | EPOLLRDNORM;
}

/**
 * netlink_ring_check - can a subsystem write to the ring of a socket?
 * @sk: netlink socket
 * @extack: says why not
 *
 * Nothing that is written to a ring passes the filter of the socket.
 *
 * Return: 0 if netlink_ring_get() returns a ring, -ENXIO without one,
 * -EOPNOTSUPP if the socket has a filter.
 */
int netlink_ring_check(struct sock *sk, struct netlink_ext_ack *extack)
{
	if (!READ_ONCE(nlk_sk(sk)->ring)) {
		NL_SET_ERR_MSG(extack, "socket has no receive ring");
		return -ENXIO;
	}
	if (rcu_access_pointer(sk->sk_filter)) {
		NL_SET_ERR_MSG(extack, "socket has a filter");
		return -EOPNOTSUPP;
	}

	return 0;
}
EXPORT_SYMBOL_GPL(netlink_ring_check);

/**
 * netlink_ring_get - get the ring of a socket, to write to it
 * @sk: netlink socket
 *
 * The reference is one of the socket: a ring is not freed before it. Drop it
 * with netlink_ring_put().
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

/**
 * netlink_ring_put - done with a ring
 * @ring: what netlink_ring_get() returned, or NULL
 */
void netlink_ring_put(struct netlink_ring *ring)
{
	if (ring)
		sock_put(ring->sk);
}
EXPORT_SYMBOL_GPL(netlink_ring_put);

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

/* As netlink_ring_reserve(), but a message that does not fit does not count */
static void *netlink_ring_try_reserve(struct netlink_ring *ring, u32 len,
				      u16 group)
{
	u32 offset = ring->pos & (ring->size - 1);
	struct nl_ring_rec *rec = ring->data + offset;
	u32 tail = ring->size - offset;
	u32 need, pad;

	lockdep_assert_held(&ring->lock);

	if (len > ring->size / 2 - sizeof(*rec))
		return NULL;

	need = NL_RING_ALIGN(sizeof(*rec) + len);
	pad = need > tail ? tail : 0;
	if (pad + need > netlink_ring_space(ring, pad + need))
		return NULL;

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
}

/**
 * netlink_ring_reserve - make room for a message
 * @ring: the ring
 * @len: exact length of the message in bytes, NLMSG_HDRLEN or more
 * @group: multicast group the message was sent to, 0 for unicast
 *
 * What is returned is not cleared: the caller writes every byte. Only the last
 * reservation counts, and nothing is visible before netlink_ring_publish().
 * A message that does not fit is counted as lost, for the reader and as a drop
 * of the socket.
 *
 * Context: under the lock of the ring.
 * Return: where to write the message, aligned to 8 bytes, or NULL.
 */
void *netlink_ring_reserve(struct netlink_ring *ring, u32 len, u16 group)
{
	void *msg = netlink_ring_try_reserve(ring, len, group);

	if (unlikely(!msg)) {
		netlink_ring_count_lost(ring, len);
		sk_drops_inc(ring->sk);
	}

	return msg;
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
	u32 pos = ring->pos + ring->reserved;

	lockdep_assert_held(&ring->lock);

	/* A: pairs with the consumer's load-acquire. */
	smp_store_release(&ring->prod->pos, pos);
	WRITE_ONCE(ring->pos, pos);
}
EXPORT_SYMBOL_GPL(netlink_ring_publish);

/**
 * netlink_ring_wake - wake up the consumer, if it asked for that
 * @ring: the ring
 *
 * Context: after netlink_ring_publish(), locks may be held or not.
 */
void netlink_ring_wake(struct netlink_ring *ring)
{
	/* C: pairs with the consumer's full barrier between need_wakeup and
	 * its look at the position.
	 */
	smp_mb();
	if (READ_ONCE(ring->cons->need_wakeup))
		ring->sk->sk_data_ready(ring->sk);
}
EXPORT_SYMBOL_GPL(netlink_ring_wake);

/**
 * __netlink_ring_takes - is a message to be copied to this ring?
 * @ring: of the socket that receives it
 * @skb: the message
 *
 * Only what a record can say goes to the ring. A record has no sender: what a
 * process sent, or had the kernel relay, is queued. So is what came from
 * another network namespace, has a second layout for compat tasks, or was sent
 * with interrupts disabled, where the lock of the ring cannot be taken.
 *
 * Return: true if it is for netlink_ring_copy().
 */
bool __netlink_ring_takes(const struct netlink_ring *ring,
			  const struct sk_buff *skb)
{
	return ring->flags & NL_RING_F_ALL &&
	       !NETLINK_CB(skb).portid && !NETLINK_CREDS(skb)->pid &&
	       !NETLINK_CB(skb).nsid_is_set &&
	       NETLINK_CB(skb).dst_group <= U16_MAX &&
	       !skb_has_frag_list(skb) && !irqs_disabled();
}

/**
 * netlink_ring_copy - copy a message to a ring
 * @ring: the ring
 * @skb: the message; still the caller's
 * @queued: the caller queues what does not fit, so that it is not lost
 *
 * The group of the record is that in the control block of @skb. A message that
 * is lost is counted for the reader; the caller counts a drop of the socket.
 *
 * Context: any, interrupts enabled.
 * Return: true if the message is in the ring.
 */
bool netlink_ring_copy(struct netlink_ring *ring, const struct sk_buff *skb,
		       bool queued)
{
	bool copied;
	void *msg;

	spin_lock_bh(&ring->lock);
	msg = netlink_ring_try_reserve(ring, skb->len,
				       NETLINK_CB(skb).dst_group);
	copied = msg && !skb_copy_bits(skb, 0, msg, skb->len);
	if (copied)
		netlink_ring_publish(ring);
	else if (!queued)
		netlink_ring_count_lost(ring, skb->len);
	spin_unlock_bh(&ring->lock);

	if (copied)
		netlink_ring_wake(ring);

	return copied;
}
EXPORT_SYMBOL_GPL(netlink_ring_copy);
