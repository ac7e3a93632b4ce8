/* SPDX-License-Identifier: GPL-2.0-only */
/* What time it is. */
#ifndef NFX_CLOCKS_H
#define NFX_CLOCKS_H

#include <stdint.h>

/* Bytes of a time of day, with the end. */
#define CLOCKS_TEXT	sizeof("HH:MM:SS")

/** clocks_ns() - nanoseconds of a clock that is never set */
int64_t clocks_ns(void);

/** clocks_ms() - the same in milliseconds */
int64_t clocks_ms(void);

/** clocks_real_ns() - nanoseconds since 1970 */
int64_t clocks_real_ns(void);

/** clocks_text() - the local time of day, @buf has CLOCKS_TEXT bytes */
void clocks_text(char *buf);

#endif /* NFX_CLOCKS_H */
