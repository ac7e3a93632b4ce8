/* SPDX-License-Identifier: GPL-2.0-only */
/* How full the conntrack table is: events of the kernel, or its counters. */
#ifndef NFX_CTPRESSURE_H
#define NFX_CTPRESSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "nl.h"

/**
 * enum ctpressure_level - as of CTA_PRESSURE_LEVEL
 * @CTPRESSURE_NORMAL: there is room
 * @CTPRESSURE_HIGH:   there will be none soon
 * @CTPRESSURE_FULL:   a new entry needs the place of another one
 */
enum ctpressure_level {
	CTPRESSURE_NORMAL,
	CTPRESSURE_HIGH,
	CTPRESSURE_FULL,
	CTPRESSURE_LEVELS,
};

/* Counters tell of a high level from this percentage of the limit on. */
#define CTPRESSURE_PERCENT 90

/**
 * struct ctpressure - how full the table of a network namespace is
 * @level:       enum ctpressure_level; what is above, with new kernels
 * @entries:     of the network namespace
 * @max_entries: limit of them, 0 for none
 * @evicted:     entries that were given up for others: since the last event, or
 *               in total if counters were asked
 * @dropped:     packets that found no room, the same
 */
struct ctpressure {
	unsigned int level;
	uint32_t entries;
	uint32_t max_entries;
	uint64_t evicted;
	uint64_t dropped;
};

/** ctpressure_parse() - read an event. Return: 0, -EBADMSG if it is none. */
int ctpressure_parse(const struct nlmsghdr *nlh, struct ctpressure *pressure);

/**
 * ctpressure_ask() - ask for counters and derive the level from them
 * @old:    what was before, NULL at first
 * @events: set: does this kernel have the events?
 *
 * Return: 0 or -errno, as of cttable_ask().
 */
int ctpressure_ask(struct nl *nl, const struct ctpressure *old,
		   struct ctpressure *pressure, bool *events);

/** ctpressure_judge() - the level that counters tell of */
unsigned int ctpressure_judge(const struct ctpressure *old,
			      const struct ctpressure *now);

/** ctpressure_level() - "normal", "high", "full" or "unknown" */
const char *ctpressure_level(unsigned int level);

#endif /* NFX_CTPRESSURE_H */
