/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP output for unit tests. */
#ifndef NFX_UNIT_H
#define NFX_UNIT_H

#include <stdbool.h>
#include <stdio.h>

static unsigned int unit_tests, unit_failed;

static inline void ok(bool good, const char *name)
{
	unit_failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++unit_tests, name);
}

static inline void skip(const char *name, const char *reason)
{
	printf("ok %u - %s # SKIP %s\n", ++unit_tests, name, reason);
}

static inline int unit_finish(void)
{
	printf("1..%u\n", unit_tests);
	return unit_failed != 0;
}

#endif /* NFX_UNIT_H */
