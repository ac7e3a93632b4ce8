/* SPDX-License-Identifier: GPL-2.0-only */
/* nfx ct table: what its parts know of each other. */
#ifndef NFX_CT_TABLE_H
#define NFX_CT_TABLE_H

#include <jansson.h>
#include <stdbool.h>

#include "ctadvice.h"
#include "ctns.h"
#include "cttable.h"
#include "nl.h"

/* ct_table.c */

/**
 * ct_table_open() - open a socket, read the table, say what is missing
 * @nl: set to the socket, to be closed always
 *
 * Return: NFX_OK, or another enum nfx_exit after an error message.
 */
int ct_table_open(struct nl **nl, struct cttable *table);

/** ct_table_failed() - error message for -errno. Return: an enum nfx_exit. */
int ct_table_failed(int err);

/* ct_table_view.c */

/**
 * struct ct_state - all that "show" shows
 * @cpus_known: @cpus has been read
 * @all:        --all: not only the first namespaces
 */
struct ct_state {
	struct cttable table;
	struct cttable_cpus cpus;
	bool cpus_known;
	struct ctns_list list;
	bool all;
};

/** ct_table_shown() - number of namespaces that are shown */
unsigned int ct_table_shown(const struct ct_state *state);

void ct_table_print(const struct ct_state *state);

/** ct_table_json() - Return: a new reference, NULL without memory. */
json_t *ct_table_json(const struct ct_state *state);

/** ct_table_number() - a number, or null if it is not known */
json_t *ct_table_number(bool known, uint64_t number);

/** ct_table_load() - entries per bucket, or null if that is not known */
json_t *ct_table_load(const struct cttable *table);

/* ct_table_watch.c */

int ct_table_watch(int argc, char **argv);

#endif /* NFX_CT_TABLE_H */
