/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters of conntrack entries: what they are, and what they match. */
#ifndef NFX_CTFILTER_H
#define NFX_CTFILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "ctentry.h"

/* As many as the kernel's flush message takes. */
#define CTFILTER_MAX 64

/**
 * struct ctfilter_addr - addresses
 * @addr:      in network byte order, no bit set beyond the prefix
 * @prefixlen: bits, 0 for any address
 */
struct ctfilter_addr {
	uint8_t addr[16];
	uint8_t prefixlen;
};

/** struct ctfilter_range - from @min to @max, both included; any unless @set */
struct ctfilter_range {
	bool set;
	uint32_t min;
	uint32_t max;
};

struct ctfilter_dir {
	struct ctfilter_addr src;
	struct ctfilter_addr dst;
	struct ctfilter_range sport;
	struct ctfilter_range dport;
};

/**
 * struct ctfilter - an entry has to fit all of it; numbers in host byte order
 * @family:      AF_INET, AF_INET6, AF_UNSPEC for any
 * @has_proto:   @proto is set, as it always is if there are ports
 * @proto:       IPPROTO_*
 * @dir:         by direction of the entry
 * @nat:         mask of CTA_FILTER_NAT_*, one of which is enough; 0 for any
 * @tcp_states:  mask of 1 << TCP_CONNTRACK_*, 0 for any
 * @expires:     seconds that are left
 * @mark:        has no bit that is not in @mark_mask
 * @mark_mask:   0 for any mark
 * @status:      has no bit that is not in @status_mask
 * @status_mask: mask of IPS_*, 0 for any status
 * @has_zone:    @zone is set
 * @zone:        of either or both directions
 * @has_labels:  @labels is set
 * @labels:      all of these, as in struct ctentry
 * @given:       mask of the options it came from, see ctfilter_take()
 */
struct ctfilter {
	int family;
	bool has_proto;
	uint8_t proto;
	struct ctfilter_dir dir[CTENTRY_DIRS];
	uint32_t nat;
	uint32_t tcp_states;
	struct ctfilter_range expires;
	uint32_t mark;
	uint32_t mark_mask;
	uint32_t status;
	uint32_t status_mask;
	bool has_zone;
	uint16_t zone;
	bool has_labels;
	unsigned long labels[CTENTRY_LABELS / sizeof(long)];
	uint32_t given;
};

/** struct ctfilter_list - an entry has to fit one of them; none without any */
struct ctfilter_list {
	struct ctfilter filter[CTFILTER_MAX];
	unsigned int count;
};

/* ctfilter.c */

bool ctfilter_match(const struct ctfilter *filter, const struct ctentry *entry);

/**
 * ctfilter_first() - the first of @count filters that matches
 *
 * Return: its index, or @count if none does.
 */
unsigned int ctfilter_first(const struct ctfilter *filters, unsigned int count,
			    const struct ctentry *entry);

/** ctfilter_addr_match() - is an address in a prefix of its family? */
bool ctfilter_addr_match(const struct ctfilter_addr *want, const uint8_t *addr);

/** ctfilter_has_ports() - has this protocol ports in the kernel's dumps? */
bool ctfilter_has_ports(uint8_t proto);

/* ctfilter_parse.c */

/**
 * ctfilter_addr_parse() - read an address, or a prefix ADDRESS/LENGTH
 * @family: set to AF_INET or AF_INET6
 *
 * Return: NULL, or what it should have been.
 */
const char *ctfilter_addr_parse(const char *text, int *family,
				struct ctfilter_addr *to);

/**
 * ctfilter_take() - take an option of a filter, or "--or", off the words
 * @list: all zero before the first call
 *
 * Return: number of words that were taken, 0 if argv[0] is something else, -1
 * after an error message.
 */
int ctfilter_take(struct ctfilter_list *list, int argc, char **argv);

/**
 * ctfilter_finish() - check what was taken, after the last call
 * @family: of -4 or -6, for all of the filters; else AF_UNSPEC
 *
 * Return: 0, or -1 after an error message.
 */
int ctfilter_finish(struct ctfilter_list *list, int family);

/**
 * ctfilter_words() - take all options of filters off the words of a command
 * @list:   all zero
 * @argv:   what is left is moved to its front
 * @family: as of ctfilter_finish()
 *
 * Return: number of words that are left, or -1 after an error message.
 */
int ctfilter_words(struct ctfilter_list *list, int argc, char **argv,
		   int family);

#endif /* NFX_CTFILTER_H */
