/* SPDX-License-Identifier: GPL-2.0-only */
/* The sysctls of net.ipv4.conf that have to do with reverse paths. */
#ifndef NFX_RPFSYSCTL_H
#define NFX_RPFSYSCTL_H

#include "rpfstock.h"

/* Of all interfaces, and of those that come later. */
#define RPF_SYSCTL_ALL		"all"
#define RPF_SYSCTL_DEFAULT	"default"

/**
 * rpf_sysctl_read() - read those of an interface, as they take effect
 * @name: of the interface, RPF_SYSCTL_ALL or RPF_SYSCTL_DEFAULT
 *
 * "all" is part of the result: it takes part in each of them, see
 * IN_DEV_MAXCONF() and IN_DEV_ORCONF() of include/linux/inetdevice.h.
 * Return: 0 or -errno: -ENOENT without such an interface, or without IPv4.
 */
int rpf_sysctl_read(const char *name, struct rpf_sysctls *sysctls);

#endif /* NFX_RPFSYSCTL_H */
