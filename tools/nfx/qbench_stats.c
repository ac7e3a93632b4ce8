// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: figures of many runs. */
#include <stdlib.h>

#include "qbench.h"

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

double qbench_rank(double *samples, unsigned int count, unsigned int percent)
{
	unsigned int rank = (count * percent + 99) / 100;

	qsort(samples, count, sizeof(*samples), compare);
	return samples[rank ? rank - 1 : 0];
}

double qbench_median(double *samples, unsigned int count)
{
	qsort(samples, count, sizeof(*samples), compare);
	return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
}
