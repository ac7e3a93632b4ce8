// SPDX-License-Identifier: GPL-2.0-only
/* The sysctls of net.ipv4.conf. */
#include <stdio.h>
#include <string.h>

#include "main.h"
#include "procfile.h"
#include "rpfsysctl.h"

#define CONF "/proc/sys/net/ipv4/conf"

static int read_one(const char *name, const char *sysctl, uint64_t *value)
{
	char path[128];

	/* Not by sysctl(8)'s names: those of interfaces may have dots. */
	snprintf(path, sizeof(path), CONF "/%s/%s", name, sysctl);
	return procfile_number(path, value);
}

/* The larger one; a flag is set if either is. */
static int read_both(const char *name, const char *sysctl, uint64_t *value)
{
	uint64_t all = 0;
	int err = read_one(RPF_SYSCTL_ALL, sysctl, &all);

	if (!err)
		err = read_one(name, sysctl, value);
	if (!err && all > *value)
		*value = all;
	return err;
}

int rpf_sysctl_read(const char *name, struct rpf_sysctls *sysctls)
{
	uint64_t value[4] = { 0 };
	static const char * const names[] = {
		"rp_filter", "src_valid_mark", "accept_local",
		"route_localnet",
	};
	size_t i;
	int err;

	memset(sysctls, 0, sizeof(*sysctls));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		err = read_both(name, names[i], &value[i]);
		if (err)
			return err;
	}
	sysctls->known = true;
	/* Larger values are possible, and loose (__fib_validate_source()). */
	sysctls->rp_filter = value[0] > 2 ? 2 : (uint8_t)value[0];
	sysctls->src_valid_mark = value[1];
	sysctls->accept_local = value[2];
	sysctls->route_localnet = value[3];
	return 0;
}
