/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands of "nfx queue" that have a file of their own. */
#ifndef NFX_QUEUE_H
#define NFX_QUEUE_H

int queue_bench(int argc, char **argv);
int queue_watch(int argc, char **argv);

#endif /* NFX_QUEUE_H */
