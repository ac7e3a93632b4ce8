// SPDX-License-Identifier: GPL-2.0-only
/* nfnetlink, as commands open it. */
#include <errno.h>
#include <string.h>

#include "nlcmd.h"
#include "out.h"

struct nl *nlcmd_open(void)
{
	struct nl *nl = nl_open(NETLINK_NETFILTER);

	if (!nl)
		out_error(errno, "nfnetlink: %s", strerror(errno));
	return nl;
}
