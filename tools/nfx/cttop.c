// SPDX-License-Identifier: GPL-2.0-only
/* Who fills the conntrack table: entries, counted by what they are. */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ctview.h"
#include "cttop.h"
#include "main.h"

#define FIRST_SIZE 256

/* Seconds, from which on a lifetime is in the class. */
static const uint32_t lives[CTTOP_LIVES] = {
	0, 10, 30, 120, 600, 3600, 86400,
};

uint32_t cttop_life_min(unsigned int life)
{
	return lives[life];
}

const char *cttop_state(unsigned int state)
{
	switch (state) {
	case CTTOP_UNREPLIED:
		return "unreplied";
	case CTTOP_REPLIED:
		return "replied";
	case CTTOP_ASSURED:
		return "assured";
	case CTTOP_OFFLOAD:
		return "offload";
	default:
		return ctview_tcp_state((uint8_t)state);
	}
}

void cttop_begin(struct cttop *top)
{
	memset(top, 0, sizeof(*top));
	if (getrandom(&top->seed, sizeof(top->seed), GRND_NONBLOCK) < 0)
		top->seed = (uintptr_t)top;
}

void cttop_free(struct cttop *top)
{
	free(top->srcs.place);
	free(top->dsts.place);
	memset(top, 0, sizeof(*top));
}

static uint64_t mix(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= 0xd6e8feb86659fd93ULL;
	return hash ^ hash >> 32;
}

static uint32_t hash_addr(const struct cttop_addr *addr, uint64_t seed)
{
	uint64_t half[2];

	memcpy(half, addr->addr, sizeof(half));
	return (uint32_t)mix(mix(mix(seed ^ half[0]) ^ half[1]) +
			     addr->family);
}

/* The place of an address, or the free one where it belongs. */
static struct cttop_addr *find(const struct cttop_addrs *addrs,
			       const struct cttop_addr *addr, uint64_t seed)
{
	uint32_t i = hash_addr(addr, seed);

	for (;; i++) {
		struct cttop_addr *place = &addrs->place[i & (addrs->size - 1)];

		if (!place->family ||
		    (place->family == addr->family &&
		     !memcmp(place->addr, addr->addr, sizeof(addr->addr))))
			return place;
	}
}

/* A quarter of the places stays free. */
static int make_room(struct cttop_addrs *addrs, uint64_t seed)
{
	struct cttop_addrs more = {
		.size  = addrs->size ? 2 * addrs->size : FIRST_SIZE,
		.count = addrs->count,
	};
	uint32_t i;

	if (addrs->count < addrs->size / 4 * 3)
		return 0;
	more.place = more.size ? calloc(more.size, sizeof(*more.place)) : NULL;
	if (!more.place)
		return -ENOMEM;
	for (i = 0; i < addrs->size; i++)
		if (addrs->place[i].family)
			*find(&more, &addrs->place[i], seed) = addrs->place[i];
	free(addrs->place);
	*addrs = more;
	return 0;
}

static int add_addr(struct cttop_addrs *addrs, int family, const uint8_t *addr,
		    uint64_t seed)
{
	struct cttop_addr new = { .family = (uint8_t)family }, *place;

	if (make_room(addrs, seed))
		return -ENOMEM;
	memcpy(new.addr, addr, ctentry_addr_len(family));
	place = find(addrs, &new, seed);
	if (!place->family) {
		*place = new;
		addrs->count++;
	}
	place->entries++;
	return 0;
}

/* A flow that is offloaded does not show its state. */
static unsigned int find_state(const struct ctentry *entry)
{
	if (entry->status & IPS_OFFLOAD)
		return CTTOP_OFFLOAD;
	if (entry->has_state && entry->tcp_state < CTTOP_TCP_STATES)
		return entry->tcp_state;
	if (entry->status & IPS_ASSURED)
		return CTTOP_ASSURED;
	return entry->status & IPS_SEEN_REPLY ? CTTOP_REPLIED :
						CTTOP_UNREPLIED;
}

static unsigned int find_life(uint32_t seconds)
{
	unsigned int life = CTTOP_LIVES - 1;

	while (seconds < lives[life])
		life--;
	return life;
}

int cttop_add(struct cttop *top, const struct ctentry *entry)
{
	const struct ctentry_dir *orig = &entry->dir[CTENTRY_ORIG];

	if (add_addr(&top->srcs, entry->family, orig->src, top->seed) ||
	    add_addr(&top->dsts, entry->family, orig->dst, top->seed))
		return -ENOMEM;
	top->entries++;
	top->protos[entry->proto]++;
	top->states[find_state(entry)]++;
	if (entry->has_timeout)
		top->lives[find_life(entry->timeout)]++;
	else
		top->nolife++;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct cttop_addr *a = left, *b = right;

	if (a->entries != b->entries)
		return a->entries < b->entries ? 1 : -1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

/* Free places have no entries and come last. */
void cttop_sort(struct cttop_addrs *addrs)
{
	if (addrs->size)
		qsort(addrs->place, addrs->size, sizeof(*addrs->place),
		      compare);
}
