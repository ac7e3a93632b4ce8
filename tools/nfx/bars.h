/* SPDX-License-Identifier: GPL-2.0-only */
/* Bars of text. */
#ifndef NFX_BARS_H
#define NFX_BARS_H

#include <stdint.h>

/** bars_columns() - $COLUMNS, or the width of the terminal, or 80 */
unsigned int bars_columns(void);

/** bars_used() - number of @values without the empty ones at the end */
unsigned int bars_used(const uint32_t *values, unsigned int count);

/** bars_max() - the largest of @values */
uint32_t bars_max(const uint32_t *values, unsigned int count);

/**
 * bars_length() - length of the bar for @value
 * @max:   value of the longest one
 * @width: its length
 *
 * Return: 0 for 0, at least 1 for anything else.
 */
unsigned int bars_length(uint32_t value, uint32_t max, unsigned int width);

/** bars_print() - print a bar of that length, and the end of the line */
void bars_print(unsigned int length);

#endif /* NFX_BARS_H */
