/* SPDX-License-Identifier: GPL-2.0-only */
/* Who fills the conntrack table: entries, counted by what they are. */
#ifndef NFX_CTTOP_H
#define NFX_CTTOP_H

#include <stdbool.h>
#include <stdint.h>

#include "ctentry.h"

/**
 * struct cttop_addr - an address, and the entries it has
 * @family:  AF_INET or AF_INET6, 0 for a free place
 * @addr:    in network byte order, 0 after the first 4 bytes of IPv4
 * @entries: not 0
 */
struct cttop_addr {
	uint8_t family;
	uint8_t addr[16];
	uint32_t entries;
};

/**
 * struct cttop_addrs - addresses, each once
 * @place: @size places, by hash; NULL if there is none
 * @size:  0 or a power of two
 * @count: places that are not free
 */
struct cttop_addrs {
	struct cttop_addr *place;
	uint32_t size;
	uint32_t count;
};

/* States of TCP by number, then what the other protocols have. */
enum {
	CTTOP_TCP_STATES	= 10,
	CTTOP_UNREPLIED		= CTTOP_TCP_STATES,
	CTTOP_REPLIED,
	CTTOP_ASSURED,
	CTTOP_OFFLOAD,
	CTTOP_STATES,
};

#define CTTOP_LIVES 7

/**
 * struct cttop - counts
 * @entries: that were counted
 * @bad:     that could not be read
 * @srcs:    of the original direction, as @dsts
 * @protos:  by IPPROTO_*
 * @states:  by state
 * @lives:   by seconds that are left, see cttop_life_min()
 * @nolife:  entries without a lifetime, as they are offloaded
 * @seed:    of the hash: who makes entries shall not know which collide
 */
struct cttop {
	uint64_t entries;
	uint64_t bad;
	struct cttop_addrs srcs;
	struct cttop_addrs dsts;
	uint32_t protos[256];
	uint32_t states[CTTOP_STATES];
	uint32_t lives[CTTOP_LIVES];
	uint32_t nolife;
	uint64_t seed;
};

/** cttop_begin() - all counts are 0; for cttop_free() */
void cttop_begin(struct cttop *top);
void cttop_free(struct cttop *top);

/** cttop_add() - count an entry. Return: 0 or -ENOMEM. */
int cttop_add(struct cttop *top, const struct ctentry *entry);

/**
 * cttop_sort() - bring the addresses with most entries to the front
 *
 * Nothing can be added afterwards.
 */
void cttop_sort(struct cttop_addrs *addrs);

/** cttop_state() - name of an index of cttop.states */
const char *cttop_state(unsigned int state);

/** cttop_life_min() - least seconds of an index of cttop.lives */
uint32_t cttop_life_min(unsigned int life);

#endif /* NFX_CTTOP_H */
