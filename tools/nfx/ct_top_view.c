// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct top: text and JSON. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "bars.h"
#include "clocks.h"
#include "ct_top.h"
#include "ipview.h"
#include "main.h"

/* Columns of a name, and before a bar. */
#define NAME_WIDTH	39
#define BAR_START	(NAME_WIDTH + 16)

/* A row of a table that is not of addresses. */
struct row {
	const char *name;
	uint32_t entries;
};

static const char *addr_text(const struct cttop_addr *addr, char *buf,
			     size_t size)
{
	return inet_ntop(addr->family, addr->addr, buf, (socklen_t)size);
}

static double percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

static void print_row(const char *name, uint32_t entries, uint64_t all)
{
	unsigned int columns = bars_columns();
	unsigned int width = columns > BAR_START ? columns - BAR_START : 1;

	printf("%-*s %8u %5.1f", NAME_WIDTH, name, entries,
	       percent(entries, all));
	bars_print(bars_length(entries, (uint32_t)all, width));
}

static void print_title(const char *title)
{
	printf("\n%-*s %8s %5s\n", NAME_WIDTH, title, "ENTRIES", "%");
}

static unsigned int shown(const struct ct_top *state,
			  const struct cttop_addrs *addrs)
{
	return addrs->count < state->rows ? addrs->count : state->rows;
}

static void print_addrs(const struct ct_top *state, const char *what,
			const struct cttop_addrs *addrs)
{
	char title[48], text[INET6_ADDRSTRLEN];
	unsigned int i;

	snprintf(title, sizeof(title), "%s (%u)", what, addrs->count);
	print_title(title);
	for (i = 0; i < shown(state, addrs); i++)
		print_row(addr_text(&addrs->place[i], text, sizeof(text)),
			  addrs->place[i].entries, state->top.entries);
}

/* Rows of protocols; @names is for those that have none. */
static unsigned int get_protos(const struct cttop *top, struct row *rows,
			       char (*names)[8])
{
	unsigned int proto, n = 0;

	for (proto = 0; proto < ARRAY_SIZE(top->protos); proto++) {
		if (!top->protos[proto])
			continue;
		rows[n].name = ipview_proto((uint8_t)proto, names[proto],
					    sizeof(names[proto]));
		rows[n++].entries = top->protos[proto];
	}
	return n;
}

/* States of TCP and of the others may have the same name. */
static unsigned int get_states(const struct cttop *top, struct row *rows)
{
	unsigned int state, n = 0;

	for (state = 0; state < CTTOP_STATES; state++) {
		if (!top->states[state])
			continue;
		rows[n].name = cttop_state(state);
		rows[n++].entries = top->states[state];
	}
	return n;
}

static void print_rows(const struct row *rows, unsigned int count,
		       uint64_t all)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		print_row(rows[i].name ? rows[i].name : "?", rows[i].entries,
			  all);
}

static void print_lives(const struct cttop *top)
{
	unsigned int life;
	char text[32];

	print_title("SECONDS LEFT");
	for (life = 0; life < CTTOP_LIVES; life++) {
		if (!top->lives[life])
			continue;
		if (life == CTTOP_LIVES - 1)
			snprintf(text, sizeof(text), "%u and more",
				 cttop_life_min(life));
		else
			snprintf(text, sizeof(text), "%u to %u",
				 cttop_life_min(life),
				 cttop_life_min(life + 1) - 1);
		print_row(text, top->lives[life], top->entries);
	}
	if (top->nolife)
		print_row("offloaded", top->nolife, top->entries);
}

static void print_total(const struct ct_top *state)
{
	const struct cttable *table = &state->table;
	char text[CLOCKS_TEXT];

	clocks_text(text);
	printf("%s  %" PRIu64 " entries shown, %u in the table", text,
	       state->top.entries, table->entries);
	if (table->max_entries)
		printf(" of %u, %.1f %%", table->max_entries,
		       percent(table->entries, table->max_entries));
	putchar('\n');
}

void ct_top_print(const struct ct_top *state)
{
	const struct cttop *top = &state->top;
	struct row rows[ARRAY_SIZE(top->protos)];
	char names[ARRAY_SIZE(top->protos)][8];

	print_total(state);
	if (!top->entries)
		return;
	print_addrs(state, "SOURCE", &top->srcs);
	print_addrs(state, "DESTINATION", &top->dsts);
	print_title("PROTOCOL");
	print_rows(rows, get_protos(top, rows, names), top->entries);
	print_title("STATE");
	print_rows(rows, get_states(top, rows), top->entries);
	print_lives(top);
}

static json_t *addrs_json(const struct ct_top *state,
			  const struct cttop_addrs *addrs)
{
	char text[INET6_ADDRSTRLEN];
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < shown(state, addrs); i++)
		json_array_append_new(list, json_pack("{s:s, s:I}",
			"address", addr_text(&addrs->place[i], text,
					     sizeof(text)),
			"entries", (json_int_t)addrs->place[i].entries));
	return json_pack("{s:I, s:o}", "found", (json_int_t)addrs->count,
			 "list", list);
}

static json_t *rows_json(const struct row *rows, unsigned int count)
{
	json_t *doc = json_object();
	unsigned int i;

	for (i = 0; i < count; i++)
		json_object_set_new(doc, rows[i].name ? rows[i].name : "?",
				    json_integer(rows[i].entries));
	return doc;
}

static json_t *lives_json(const struct cttop *top)
{
	json_t *list = json_array();
	unsigned int life;

	for (life = 0; life < CTTOP_LIVES; life++)
		json_array_append_new(list, json_pack("{s:I, s:I}",
			"seconds", (json_int_t)cttop_life_min(life),
			"entries", (json_int_t)top->lives[life]));
	return list;
}

json_t *ct_top_json(const struct ct_top *state)
{
	const struct cttop *top = &state->top;
	struct row protos[ARRAY_SIZE(top->protos)], states[CTTOP_STATES];
	char names[ARRAY_SIZE(top->protos)][8];
	unsigned int n = get_protos(top, protos, names);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o,"
			 " s:I}",
			 "time", (json_int_t)clocks_real_ns(),
			 "entries", (json_int_t)top->entries,
			 "bad", (json_int_t)top->bad,
			 "table-entries", (json_int_t)state->table.entries,
			 "max-entries", (json_int_t)state->table.max_entries,
			 "sources", addrs_json(state, &top->srcs),
			 "destinations", addrs_json(state, &top->dsts),
			 "protocols", rows_json(protos, n),
			 "states", rows_json(states, get_states(top, states)),
			 "lifetimes", lives_json(top),
			 "offloaded", (json_int_t)top->nolife);
}
