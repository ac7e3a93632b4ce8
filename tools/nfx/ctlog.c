// SPDX-License-Identifier: GPL-2.0-only
/* The table-full message of conntrack in the kernel log. */
#include <stdlib.h>
#include <string.h>

#include "ctlog.h"

#define MAX_KERNEL_PRIO 7	/* facility 0, which only the kernel can use */

enum ctlog ctlog_judge(const char *record)
{
	const char *text = strchr(record, ';');
	const char *full;

	if (!text || strtoul(record, NULL, 10) > MAX_KERNEL_PRIO)
		return CTLOG_NONE;
	full = strstr(text, "nf_conntrack: table full");
	if (!full)
		return CTLOG_NONE;
	/* Behind a single prefix any digit belongs to the figures. */
	if (strstr(text, "nf_conntrack: nf_conntrack: ") ||
	    !strpbrk(full, "0123456789"))
		return CTLOG_OLD;
	return CTLOG_NEW;
}
