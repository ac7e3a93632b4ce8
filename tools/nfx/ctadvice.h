/* SPDX-License-Identifier: GPL-2.0-only */
/* What could be done about the state of the conntrack table. */
#ifndef NFX_CTADVICE_H
#define NFX_CTADVICE_H

#include <stdbool.h>

#include "ctns.h"
#include "cttable.h"

#define CTADVICE_MAX	5
#define CTADVICE_SIZE	512

/**
 * struct ctadvice - one piece of advice
 * @id:   a word that is stable
 * @text: a line
 */
struct ctadvice {
	const char *id;
	char text[CTADVICE_SIZE];
};

/**
 * ctadvice_give() - look for what is wrong
 * @advice: array of CTADVICE_MAX
 *
 * Return: number of pieces.
 */
unsigned int ctadvice_give(const struct cttable *table,
			   const struct ctns_list *list,
			   struct ctadvice *advice);

/**
 * ctadvice_entries() - entries in the table
 *
 * Return: their number if the kernel reports it, else that of the namespaces
 * found, which is a lower limit.
 */
uint64_t ctadvice_entries(const struct cttable *table,
			  const struct ctns_list *list);

#endif /* NFX_CTADVICE_H */
