/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three ways to flush the conntrack entries that fit filters.
 *
 * None of them ever deletes an entry that fits no filter, whatever the kernel:
 * one that does not know an attribute of a flush may pass over it, and then
 * empties the table.
 */
#ifndef NFX_CTFLUSH_H
#define NFX_CTFLUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "ctfilter.h"
#include "nl.h"

/**
 * struct ctflush - what to flush
 * @filters: an empty one stands for all entries
 * @count:   of @filters, not 0 unless @lazy
 * @dry_run: count, and delete nothing
 * @lazy:    nothing is deleted now, there are no @filters; see ctflush_lazy()
 */
struct ctflush {
	const struct ctfilter *filters;
	unsigned int count;
	bool dry_run;
	bool lazy;
};

/**
 * struct ctflush_counts - what came of it
 * @counted: @deleted and @scanned are known
 * @matched: entries that fit
 * @deleted: entries that were deleted
 * @scanned: entries that were looked at
 * @gone:    of @matched, ended by themselves meanwhile
 * @failed:  of @matched, the kernel would not delete them
 * @error:   first -errno of @failed, 0 without
 * @stopped: a signal ended it early
 */
struct ctflush_counts {
	bool counted;
	uint64_t matched;
	uint64_t deleted;
	uint64_t scanned;
	uint64_t gone;
	uint64_t failed;
	int error;
	bool stopped;
};

/**
 * enum ctflush_method - how to do it
 * @CTFLUSH_AUTO:    by the first of the others that can
 * @CTFLUSH_MESSAGE: ctflush_message() or ctflush_lazy()
 * @CTFLUSH_FILTER:  ctflush_filter()
 * @CTFLUSH_DUMP:    ctflush_dump()
 */
enum ctflush_method {
	CTFLUSH_AUTO,
	CTFLUSH_MESSAGE,
	CTFLUSH_FILTER,
	CTFLUSH_DUMP,
	CTFLUSH_METHODS,
};

/**
 * struct ctflush_done - how it was done
 * @counts:  what came of it
 * @used:    never CTFLUSH_AUTO
 * @why:     why it was not CTFLUSH_MESSAGE, "" if it was or was not tried
 * @seconds: time it took, with all that was tried
 */
struct ctflush_done {
	struct ctflush_counts counts;
	enum ctflush_method used;
	char why[160];
	double seconds;
};

/* ctflush_run.c: one of the methods, or the first that can do it */

/**
 * ctflush_run() - flush
 * @method: CTFLUSH_AUTO and CTFLUSH_MESSAGE are one for a lazy flush
 *
 * Return: 0 or -errno, see ctflush_explain() of ctflush_view.h.
 */
int ctflush_run(struct nl *nl, const struct ctflush *job,
		enum ctflush_method method, struct ctflush_done *done);

/** ctflush_method_name() - as of "nfx ct flush --method" */
const char *ctflush_method_name(enum ctflush_method method);

/** ctflush_lacks() - as of ctflush_filter_lacks(), of the first that does */
const char *ctflush_lacks(const struct ctflush *job);

/* ctflush_msg.c: the kernel's flush message */

/**
 * ctflush_message() - let the kernel flush, in one walk of the table
 *
 * A kernel without the message refuses its number, and flushes nothing.
 * Return: 0 or -errno: -ENOSYS if this kernel has no such message, what the
 * kernel said otherwise, with nl->ext.
 */
int ctflush_message(struct nl *nl, const struct ctflush *job,
		    struct ctflush_counts *counts);

/** ctflush_lazy() - let entries be judged anew at their next packet */
int ctflush_lazy(struct nl *nl, struct ctflush_counts *counts);

/** ctflush_msg_put() - add a filter to a message, as CTA_FLUSH_FILTER */
void ctflush_msg_put(struct nlmsghdr *nlh, const struct ctfilter *filter);

/* ctflush_filter.c: CT_DELETE with CTA_FILTER */

/**
 * ctflush_filter_lacks() - what of a filter is too much for CTA_FILTER
 *
 * Return: NULL if it can be said exactly, else what cannot, in plural.
 */
const char *ctflush_filter_lacks(const struct ctfilter *filter);

/**
 * ctflush_filter() - let the kernel flush, in one walk per filter
 *
 * Each filter can be said exactly. Before, a dump with the same filter has to
 * list entries that fit it and no others. Return: 0 or -errno: -ENOSYS if it
 * is not certain that this kernel filters, -EBADMSG if that dump had others;
 * nothing has been deleted then.
 */
int ctflush_filter(struct nl *nl, const struct ctflush *job,
		   struct ctflush_counts *counts);

/**
 * ctflush_filter_put() - add a filter to a CT_DELETE or to a CT_GET dump
 * @nlh: whose family is that of the filter, or the one it is done for
 */
void ctflush_filter_put(struct nlmsghdr *nlh, const struct ctfilter *filter);

/* ctflush_probe.c */

/**
 * ctflush_probe() - does this kernel filter what CT_DELETE deletes?
 *
 * It is tried in a throw-away network namespace, on entries that were made for
 * that. Return: 0 if it does, -ENOSYS if it does not, -errno if that could not
 * be tried.
 */
int ctflush_probe(void);

/* ctflush_dump.c: dump all, delete one by one */

/**
 * ctflush_dump() - delete what is found in a dump, by tuple and number
 *
 * Return: 0 or -errno of the dump; what was deleted until then is in @counts.
 */
int ctflush_dump(struct nl *nl, const struct ctflush *job,
		 struct ctflush_counts *counts);

/* ctflush.c */

/** ctflush_type() - nlmsg_type of an IPCTNL_MSG_* */
uint16_t ctflush_type(uint8_t msg);

/**
 * ctflush_status() - fold NAT into what the status has to be
 *
 * Return: false if NAT cannot be said by bits of the status.
 */
bool ctflush_status(const struct ctfilter *filter, uint32_t *status,
		    uint32_t *mask);

#endif /* NFX_CTFLUSH_H */
