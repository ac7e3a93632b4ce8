/* SPDX-License-Identifier: GPL-2.0-only */
/* The table-full message of conntrack in the kernel log. */
#ifndef NFX_CTLOG_H
#define NFX_CTLOG_H

/**
 * enum ctlog - what a log record is
 * @CTLOG_NONE: not a table-full message of the kernel
 * @CTLOG_OLD:  doubled prefix or no figures (nf_conntrack_core.c)
 * @CTLOG_NEW:  one prefix and figures
 */
enum ctlog { CTLOG_NONE, CTLOG_OLD, CTLOG_NEW };

/**
 * ctlog_judge() - classify one record
 * @record: "<prio>,<seq>,<time>,<flags>;<text>" as read from /dev/kmsg
 *          (Documentation/ABI/testing/dev-kmsg), ended by a NUL
 */
enum ctlog ctlog_judge(const char *record);

#endif /* NFX_CTLOG_H */
