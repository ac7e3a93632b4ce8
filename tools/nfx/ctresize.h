/* SPDX-License-Identifier: GPL-2.0-only */
/* Resizes of conntrack's hash tables, as the kernel traces them. */
#ifndef NFX_CTRESIZE_H
#define NFX_CTRESIZE_H

#include <stdint.h>

#define CTRESIZE_EVENT "nf_conntrack/nf_ct_resize"

/**
 * struct ctresize - a resize
 * @table: "conntrack", or another with the same kind of table
 * @from:  buckets before
 * @to:    buckets after
 * @nodes: in the table
 * @nsecs: time it took
 * @err:   0 or -errno: the table is as before
 */
struct ctresize {
	char table[32];
	uint32_t from;
	uint32_t to;
	uint64_t nodes;
	uint64_t nsecs;
	int err;
};

/** ctresize_parse() - read a line of the trace. Return: 0 or -EINVAL. */
int ctresize_parse(const char *line, struct ctresize *resize);

#endif /* NFX_CTRESIZE_H */
