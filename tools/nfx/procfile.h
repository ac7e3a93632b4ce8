/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of /proc, /sys and tracefs. */
#ifndef NFX_PROCFILE_H
#define NFX_PROCFILE_H

/** procfile_write() - write text, at once. Return: 0 or -errno. */
int procfile_write(const char *path, const char *text);

#endif /* NFX_PROCFILE_H */
