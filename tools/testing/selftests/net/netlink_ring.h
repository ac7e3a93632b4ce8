/* SPDX-License-Identifier: GPL-2.0 */
/* The consumer's side of NETLINK_RX_RECRING. */
#ifndef _NETLINK_RING_H
#define _NETLINK_RING_H

#include <errno.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

struct ring {
	struct nl_ring_cons *cons;
	const struct nl_ring_prod *prod;
	const char *data;
	struct nl_ring_info info;
};

static inline size_t ring_pages_len(const struct ring *ring)
{
	return ring->info.data_off - ring->info.prod_off + ring->info.size;
}

/* Gives the socket a ring and maps it. */
static inline int ring_map(struct ring *ring, int fd, uint32_t size,
			   uint32_t flags)
{
	struct nl_ring_req req = { .size = size, .flags = flags };
	socklen_t len = sizeof(ring->info);
	void *ro;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_RX_RECRING, &req, sizeof(req)))
		return -errno;
	if (getsockopt(fd, SOL_NETLINK, NETLINK_RX_RECRING, &ring->info, &len))
		return -errno;

	ring->cons = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, ring->info.cons_off);
	if (ring->cons == MAP_FAILED)
		return -errno;
	ro = mmap(NULL, ring_pages_len(ring), PROT_READ, MAP_SHARED, fd,
		  ring->info.prod_off);
	if (ro == MAP_FAILED)
		return -errno;
	ring->prod = ro;
	ring->data = (char *)ro + ring->info.data_off - ring->info.prod_off;

	return 0;
}

static inline void ring_unmap(struct ring *ring)
{
	munmap((void *)ring->cons, getpagesize());
	munmap((void *)ring->prod, ring_pages_len(ring));
}

/* The next record, which has a message; NULL when there is none. */
static inline const struct nl_ring_rec *ring_next(struct ring *ring)
{
	const struct nl_ring_rec *rec;
	uint32_t pos = ring->cons->pos;

	for (;;) {
		if (pos == __atomic_load_n(&ring->prod->pos, __ATOMIC_ACQUIRE))
			return NULL;
		rec = (void *)(ring->data + (pos & (ring->info.size - 1)));
		if (!(rec->flags & NL_RING_REC_PAD))
			return rec;
		pos += sizeof(*rec) + rec->len;
		__atomic_store_n(&ring->cons->pos, pos, __ATOMIC_RELEASE);
	}
}

static inline const struct nlmsghdr *ring_msg(const struct nl_ring_rec *rec)
{
	return (const void *)(rec + 1);
}

/* Gives the space of the record, which ring_next() returned, back. */
static inline void ring_release(struct ring *ring,
				const struct nl_ring_rec *rec)
{
	uint32_t len = NL_RING_ALIGN(sizeof(*rec) + rec->len);

	__atomic_store_n(&ring->cons->pos, ring->cons->pos + len,
			 __ATOMIC_RELEASE);
}

#endif /* _NETLINK_RING_H */
