/* SPDX-License-Identifier: GPL-2.0-only */
/* nfx ct table watch: its lines, text or JSON. */
#ifndef NFX_CT_LINE_H
#define NFX_CT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctresize.h"
#include "cttable.h"

/** ct_line_header() - names of the columns, none with JSON */
void ct_line_header(void);

/** ct_line_table() - the state of the table now */
void ct_line_table(const struct cttable *table);

/** ct_line_resize() - a resize, as it was traced */
void ct_line_resize(const struct ctresize *resize);

/** ct_line_change() - what two states tell of resizes between, if anything */
void ct_line_change(const struct cttable *old, const struct cttable *new);

#endif /* NFX_CT_LINE_H */
