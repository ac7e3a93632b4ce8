/* SPDX-License-Identifier: GPL-2.0-only */
/* One trace event of the kernel, read from a trace instance of our own. */
#ifndef NFX_TRACEFS_H
#define NFX_TRACEFS_H

#include <stddef.h>
#include <sys/types.h>

#define TRACEFS_ROOT "/sys/kernel/tracing"

#define TRACEFS_PATH	256
#define TRACEFS_BUFFER	4096

/**
 * struct tracefs - an instance
 * @fd:   readable when there is an event, -1 if not open
 * @dir:  of the instance
 * @buf:  what was read
 * @len:  bytes in @buf
 * @used: of them, those that have been handed out
 */
struct tracefs {
	int fd;
	char dir[TRACEFS_PATH];
	char buf[TRACEFS_BUFFER];
	size_t len;
	size_t used;
};

/**
 * tracefs_open() - make an instance and enable an event in it
 * @root:  TRACEFS_ROOT, but for tests
 * @event: "SYSTEM/EVENT"
 *
 * Instances that processes left behind which have ended are removed.
 * Return: 0 or -errno: -ENODEV if there is no tracefs, -ENOENT if the kernel
 * has no such event.
 */
int tracefs_open(struct tracefs *trace, const char *root, const char *event);

/**
 * tracefs_line() - the next event, if there is one
 *
 * Return: a line without its end, good until the next call, or NULL.
 */
const char *tracefs_line(struct tracefs *trace);

/** tracefs_close() - remove the instance. Return: 0 or -errno. */
int tracefs_close(struct tracefs *trace);

#endif /* NFX_TRACEFS_H */
