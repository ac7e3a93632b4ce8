// SPDX-License-Identifier: GPL-2.0-only
/* What time it is. */
#include <time.h>

#include "clocks.h"

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t clocks_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clocks_ms(void)
{
	return clocks_ns() / NSEC_PER_MSEC;
}

int64_t clocks_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

void clocks_text(char *buf)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(buf, CLOCKS_TEXT, "%H:%M:%S", localtime_r(&now, &tm));
}
