/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of /proc, /sys and tracefs. */
#ifndef NFX_PROCFILE_H
#define NFX_PROCFILE_H

#include <stdint.h>

/** procfile_write() - write text, at once. Return: 0 or -errno. */
int procfile_write(const char *path, const char *text);

/**
 * procfile_number() - read the decimal number a file begins with
 *
 * Return: 0 or -errno, -EBADMSG without a number.
 */
int procfile_number(const char *path, uint64_t *value);

#endif /* NFX_PROCFILE_H */
