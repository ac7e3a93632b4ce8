/* SPDX-License-Identifier: GPL-2.0-only */
/* What came of a flush, as JSON and as text. */
#ifndef NFX_CTFLUSH_VIEW_H
#define NFX_CTFLUSH_VIEW_H

#include <jansson.h>

#include "ctflush.h"

/* Room for the texts. */
#define CTFLUSH_TEXT 256

/** ctflush_json() - an object as of nfx-ct(8); NULL without memory */
json_t *ctflush_json(const struct ctflush *job,
		     const struct ctflush_done *done);

/** ctflush_text() - the same in short; @text has CTFLUSH_TEXT bytes */
void ctflush_text(const struct ctflush *job, const struct ctflush_done *done,
		  char *text);

/**
 * ctflush_explain() - what an error of ctflush_run() means
 * @text: CTFLUSH_TEXT bytes
 *
 * Return: true if this kernel cannot do it at all.
 */
bool ctflush_explain(const struct nl *nl, const struct ctflush *job,
		     const struct ctflush_done *done, int err, char *text);

#endif /* NFX_CTFLUSH_VIEW_H */
