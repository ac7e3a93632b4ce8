/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies: what to do about the conntrack table when something happens.
 *
 *   kernel: changes, pressure          file
 *                |                       | ctpolicy_read.c
 *                v                       v
 *         struct ctpolicy_event --> struct ctpolicy_rule
 *                  ctpolicy_match.c      |  when: ctpolicy_due.c
 *                                        v
 *                            flush, sysctl: ctpolicy_run.c
 */
#ifndef NFX_CTPOLICY_H
#define NFX_CTPOLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "ctfilter.h"
#include "netmon.h"

/**
 * enum ctpolicy_source - where an event comes from
 * @CTPOLICY_LINK:     and the next three are NETMON_* of the same name
 * @CTPOLICY_PRESSURE: of the conntrack table
 * @CTPOLICY_START:    nfx starts
 * @CTPOLICY_STOP:     nfx ends
 */
enum ctpolicy_source {
	CTPOLICY_LINK	 = NETMON_LINK,
	CTPOLICY_ADDRESS = NETMON_ADDRESS,
	CTPOLICY_ROUTE	 = NETMON_ROUTE,
	CTPOLICY_XFRM	 = NETMON_XFRM,
	CTPOLICY_PRESSURE,
	CTPOLICY_START,
	CTPOLICY_STOP,
	CTPOLICY_SOURCES,
};

/**
 * struct ctpolicy_event - something happened
 * @lost:  it is not known what: it stands for all of its source
 * @level: enum ctpressure_level, of CTPOLICY_PRESSURE
 * @net:   of the first four sources
 */
struct ctpolicy_event {
	enum ctpolicy_source source;
	bool lost;
	unsigned int level;
	struct netmon_event net;
};

/* Room for an event as text. */
#define CTPOLICY_TEXT 96

/** enum ctpolicy_change - which of the changes of a source */
enum ctpolicy_change {
	CTPOLICY_ANY,
	CTPOLICY_ADD,		/* "up" of a link */
	CTPOLICY_DEL,		/* "down" */
};

/**
 * struct ctpolicy_match - events that a rule is for
 * @level:      of CTPOLICY_PRESSURE
 * @ifname:     shell pattern, "" for any link or none
 * @has_dst:    of CTPOLICY_ROUTE: only routes to @dst or to a part of it; only
 *              default routes if its length is 0
 * @family:     of @dst, AF_UNSPEC for default routes of both families
 */
struct ctpolicy_match {
	enum ctpolicy_source source;
	enum ctpolicy_change change;
	unsigned int level;
	char ifname[IF_NAMESIZE];
	bool has_dst;
	int family;
	struct ctfilter_addr dst;
};

/**
 * struct ctpolicy_due - when a rule runs next
 * @waits:  it waits for @due_ms
 * @ran:    it ran at @ran_ms
 * @events: since it ran
 * @why:    the first of them
 */
struct ctpolicy_due {
	bool waits;
	bool ran;
	int64_t due_ms;
	int64_t ran_ms;
	unsigned int events;
	char why[CTPOLICY_TEXT];
};

/* Room for the file of a sysctl. */
#define CTPOLICY_PATH 128

/**
 * struct ctpolicy_sysctl - a sysctl to set
 * @name:     with dots or slashes
 * @path:     its file
 * @value:    after @name in the same piece of memory
 * @optional: that it cannot be set is no error
 */
struct ctpolicy_sysctl {
	char *name;
	char path[CTPOLICY_PATH];
	const char *value;
	bool optional;
};

/**
 * struct ctpolicy_rule - one rule
 * @name:        owned, as is what follows
 * @on:          events
 * @flush:       filters, none without a flush
 * @lazy:        a lazy flush
 * @sysctls:     to be set before, in this order
 * @delay_ms:    from an event to the run
 * @interval_ms: from one run to the next, at least
 */
struct ctpolicy_rule {
	char *name;
	struct ctpolicy_match *on;
	unsigned int ons;
	struct ctfilter_list flush;
	bool lazy;
	struct ctpolicy_sysctl *sysctls;
	unsigned int sysctls_count;
	int64_t delay_ms;
	int64_t interval_ms;
	struct ctpolicy_due due;
};

/** struct ctpolicy - a file: its rules, in its order */
struct ctpolicy {
	struct ctpolicy_rule *rules;
	unsigned int count;
};

/* ctpolicy_match.c */

/**
 * ctpolicy_match_parse() - read an event of a rule, as in a file
 * @text: changed
 *
 * Return: NULL, or what is wrong.
 */
const char *ctpolicy_match_parse(char *text, struct ctpolicy_match *match);

bool ctpolicy_match(const struct ctpolicy_match *match,
		    const struct ctpolicy_event *event);

/** ctpolicy_event_text() - @text has CTPOLICY_TEXT bytes */
void ctpolicy_event_text(const struct ctpolicy_event *event, char *text);

/* ctpolicy_due.c; times are of clocks_ms() */

/** ctpolicy_happens() - tell all rules of an event */
void ctpolicy_happens(struct ctpolicy *policy,
		      const struct ctpolicy_event *event, int64_t now_ms);

/**
 * ctpolicy_next() - the rule that is due, the first in time
 *
 * Its wait is over with that, and its @events and @why stay until the next
 * event. Return: NULL if none is due.
 */
struct ctpolicy_rule *ctpolicy_next(struct ctpolicy *policy, int64_t now_ms);

/** ctpolicy_wait() - ms until a rule is due, -1 if none waits */
int ctpolicy_wait(const struct ctpolicy *policy, int64_t now_ms);

/* ctpolicy_read.c */

/**
 * ctpolicy_read() - read a file
 *
 * Return: to be given to ctpolicy_free(), or NULL after an error message with
 * the line.
 */
struct ctpolicy *ctpolicy_read(const char *path);
void ctpolicy_free(struct ctpolicy *policy);

/** ctpolicy_sources() - mask of 1 << CTPOLICY_* that rules are for */
unsigned int ctpolicy_sources(const struct ctpolicy *policy);

/* ctpolicy_run.c */

/**
 * ctpolicy_run() - do what a rule says, and print it
 * @nl:      nfnetlink
 * @dry_run: say what would be done
 *
 * Return: how much of it failed.
 */
unsigned int ctpolicy_run(struct nl *nl, const struct ctpolicy_rule *rule,
			  bool dry_run);

#endif /* NFX_CTPOLICY_H */
