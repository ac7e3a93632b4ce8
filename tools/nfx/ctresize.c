// SPDX-License-Identifier: GPL-2.0-only
/* Resizes of conntrack's hash tables, as the kernel traces them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctresize.h"

int ctresize_parse(const char *line, struct ctresize *resize)
{
	/* Longer than the name of a process, which stands before it. */
	const char *event = strstr(line, ": nf_ct_resize: table=");
	int n;

	if (!event)
		return -EINVAL;
	n = sscanf(event, ": nf_ct_resize: table=%31[^ ] from=%" SCNu32
		   " to=%" SCNu32 " nodes=%" SCNu64 " nsecs=%" SCNu64 " err=%d",
		   resize->table, &resize->from, &resize->to, &resize->nodes,
		   &resize->nsecs, &resize->err);
	return n == 6 ? 0 : -EINVAL;
}
