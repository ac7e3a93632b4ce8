// SPDX-License-Identifier: GPL-2.0-only
/* Bars of text. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bars.h"

#define COLUMNS		80
#define COLUMNS_MAX	1000

unsigned int bars_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long number;

	number = columns ? strtoul(columns, NULL, 10) : 0;
	if (number && number <= COLUMNS_MAX)
		return (unsigned int)number;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return COLUMNS;
}

unsigned int bars_used(const uint32_t *values, unsigned int count)
{
	while (count && !values[count - 1])
		count--;
	return count;
}

uint32_t bars_max(const uint32_t *values, unsigned int count)
{
	uint32_t max = 0;

	while (count--)
		max = values[count] > max ? values[count] : max;
	return max;
}

unsigned int bars_length(uint32_t value, uint32_t max, unsigned int width)
{
	uint64_t length;

	if (!value)
		return 0;
	if (value >= max)
		return width ? width : 1;
	length = ((uint64_t)value * width + max / 2) / max;
	return length ? (unsigned int)length : 1;
}

void bars_print(unsigned int length)
{
	if (length)
		putchar(' ');
	while (length--)
		putchar('#');
	putchar('\n');
}
