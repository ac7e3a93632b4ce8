// SPDX-License-Identifier: GPL-2.0-only
/* Bars: how long, how many. */
#include <stdlib.h>

#include "bars.h"
#include "unit.h"

static void test_length(void)
{
	ok(!bars_length(0, 100, 50) && !bars_length(0, 0, 50), "nothing");
	ok(bars_length(100, 100, 50) == 50, "the longest");
	ok(bars_length(50, 100, 50) == 25, "half of it");
	ok(bars_length(3, 4, 2) == 2 && bars_length(1, 4, 3) == 1, "rounded");
	ok(bars_length(1, UINT32_MAX, 50) == 1, "little is not nothing");
	ok(bars_length(UINT32_MAX, UINT32_MAX, 1000) == 1000 &&
	   bars_length(UINT32_MAX - 1, UINT32_MAX, 1000) == 1000,
	   "large numbers");
	ok(bars_length(7, 7, 0) == 1, "no room");
}

static void test_values(void)
{
	const uint32_t values[] = { 0, 5, 0, 9, 1, 0, 0 };

	ok(bars_used(values, 7) == 5 && bars_used(values, 1) == 0 &&
	   bars_used(values, 0) == 0, "the empty tail is left out");
	ok(bars_max(values, 7) == 9 && bars_max(values, 3) == 5 &&
	   bars_max(values, 0) == 0, "the largest");
}

static void test_columns(void)
{
	setenv("COLUMNS", "132", 1);
	ok(bars_columns() == 132, "COLUMNS");
	setenv("COLUMNS", "many", 1);
	ok(bars_columns() > 0, "which makes no sense");
	unsetenv("COLUMNS");
	ok(bars_columns() > 0, "without it");
}

int main(void)
{
	test_length();
	test_values();
	test_columns();
	return unit_finish();
}
