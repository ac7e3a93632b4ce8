/* SPDX-License-Identifier: GPL-2.0-only */
/* nfx ct top: what its parts know of each other. */
#ifndef NFX_CT_TOP_H
#define NFX_CT_TOP_H

#include <jansson.h>

#include "cttable.h"
#include "cttop.h"

/**
 * struct ct_top - all that is shown
 * @top:   counts, whose addresses are sorted
 * @table: of the same time, for the limit
 * @rows:  addresses that are shown, at most
 */
struct ct_top {
	struct cttop top;
	struct cttable table;
	unsigned int rows;
};

/* ct_top_view.c */

void ct_top_print(const struct ct_top *state);

/** ct_top_json() - Return: a new reference, NULL without memory. */
json_t *ct_top_json(const struct ct_top *state);

#endif /* NFX_CT_TOP_H */
