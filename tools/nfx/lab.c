// SPDX-License-Identifier: GPL-2.0-only
/* What several probes need inside their throw-away network namespace. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clocks.h"
#include "lab.h"
#include "rtnl.h"

struct nl *lab_open(struct finding *f, int bus)
{
	struct nl *nl = nl_open(bus);

	setup_failed(f, nl ? 0 : -errno, "a netlink socket");
	return nl;
}

struct nl *lab_veth(struct finding *f)
{
	struct nl *rt = lab_open(f, NETLINK_ROUTE);

	if (!rt)
		return NULL;
	if (!setup_failed(f, rtnl_up(rt, "lo"), "the loopback link") &&
	    !setup_failed(f, rtnl_veth(rt), "a veth pair"))
		return rt;
	nl_close(rt);
	return NULL;
}

double lab_now_us(void)
{
	return (double)clocks_ns() / 1e3;
}

long lab_available_kib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	long kib = -1;
	char line[128];

	if (!f)
		return -1;
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %ld", &kib) != 1)
			kib = -1;
	fclose(f);
	return kib;
}
