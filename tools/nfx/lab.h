/* SPDX-License-Identifier: GPL-2.0-only */
/* What several probes need inside their throw-away network namespace. */
#ifndef NFX_LAB_H
#define NFX_LAB_H

#include <stdbool.h>

#include "feature.h"
#include "nl.h"

/**
 * lab_open() - open a netlink socket, or answer "unknown"
 *
 * Return: the socket, NULL when @f has been set.
 */
struct nl *lab_open(struct finding *f, int bus);

/**
 * lab_veth() - loopback and the veth pair "a" <-> "b" up, or "unknown"
 *
 * Return: a NETLINK_ROUTE socket, NULL when @f has been set.
 */
struct nl *lab_veth(struct finding *f);

/** lab_available_kib() - memory to spare, -1 if that is not known. */
long lab_available_kib(void);

/** lab_now_us() - monotonic time in microseconds. */
double lab_now_us(void);

#endif /* NFX_LAB_H */
