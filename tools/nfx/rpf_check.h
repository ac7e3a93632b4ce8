/* SPDX-License-Identifier: GPL-2.0-only */
/* nfx rpf check: what it knows when it prints. */
#ifndef NFX_RPF_CHECK_H
#define NFX_RPF_CHECK_H

#include <assert.h>
#include <jansson.h>

#include "rpfask.h"
#include "rpfstock.h"

/* Of the modes: without options, with each of the two, with both. */
#define RPF_VARIANTS 4

/* A variant is a mask of RPF_F_NO_DEFAULT and RPF_F_ACCEPT_LOCAL. */
static_assert((RPF_F_NO_DEFAULT | RPF_F_ACCEPT_LOCAL) == RPF_VARIANTS - 1,
	      "variants are masks");

/**
 * struct rpf_checked - one source and one interface
 * @tables: not owned
 * @query:  what was asked
 * @flags:  RPF_F_L4 if it was given
 * @mark:   of the packet
 * @answer: of each variant
 * @l4:     class with RPF_F_L4 if ports were given without it, else RPF_UNSPEC
 * @stock:  RPF_STOCKS answers
 * @asked:  what the kernel says
 */
struct rpf_checked {
	const struct rpf_tables *tables;
	struct rpf_query query;
	unsigned int flags;
	uint32_t mark;
	struct rpf_answer answer[RPF_VARIANTS];
	enum rpf_class l4;
	struct rpf_sysctls sysctls;
	struct rpf_stock stock[RPF_STOCKS];
	struct rpf_asked asked;
};

/* rpf_view.c */

/** rpf_print() - the verdicts of one interface as text */
void rpf_print(const struct rpf_checked *checked);

/** rpf_print_head() and rpf_print_row() - one line for each interface */
void rpf_print_head(const struct rpf_checked *checked);
void rpf_print_row(const struct rpf_checked *checked);

/* rpf_json.c */

/** rpf_json() - all of it. Return: a new reference, NULL without memory. */
json_t *rpf_json(const struct rpf_checked *checked, bool explain);

/* rpf_explain.c */

/** rpf_explain() - the chain of reasons as text; rules for others with @all */
void rpf_explain(const struct rpf_checked *checked, bool all);
json_t *rpf_explain_json(const struct rpf_checked *checked);

/** rpf_reason() - why the class is what it is, half a sentence in @text */
const char *rpf_reason(const struct rpf_checked *checked,
		       const struct rpf_answer *answer, char *text,
		       size_t size);

#endif /* NFX_RPF_CHECK_H */
