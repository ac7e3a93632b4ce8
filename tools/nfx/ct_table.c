// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct table: the state of the conntrack hash table. */
#include <errno.h>
#include <string.h>

#include "args.h"
#include "ct.h"
#include "ct_table.h"
#include "main.h"
#include "nlcmd.h"
#include "out.h"

int ct_table_failed(int err)
{
	/* No subsystem is the same error as a bad message, and this is none. */
	if (err == -EINVAL || err == -EOPNOTSUPP) {
		out_error(-err, "this kernel has no conntrack netlink");
		return NFX_MISSING;
	}
	out_error(-err, "conntrack: %s", strerror(-err));
	return NFX_KERNEL;
}

static void note_missing(const struct cttable *table)
{
	if (table->reported)
		return;
	if (table->sysctl_auto >= 0 && !cttable_is_initial())
		out_note("nfx: only the initial network namespace shows all "
			 "of the table");
	else
		out_note("nfx: this kernel does not report its table: "
			 "patches/02* bring it");
}

int ct_table_open(struct nl **nl, struct cttable *table)
{
	int err;

	*nl = nlcmd_open();
	if (!*nl)
		return NFX_KERNEL;
	err = cttable_read(*nl, table);
	if (err)
		return ct_table_failed(err);
	note_missing(table);
	return NFX_OK;
}

/* What the text does not say. */
static void note_namespaces(const struct ct_state *state)
{
	const struct ctns_list *list = &state->list;
	unsigned int shown = ct_table_shown(state);

	if (shown < list->count)
		out_note("%u network namespaces, %u are shown", list->count,
			 shown);
	if (list->closed)
		out_note("nfx: network namespaces that cannot be entered: %u",
			 list->closed);
	if (list->hidden)
		out_note("nfx: processes that do not show their network "
			 "namespace: %u", list->hidden);
}

static int show_state(struct ct_state *state)
{
	int err = ctns_read(&state->list);

	if (err) {
		out_error(-err, "network namespaces: %s", strerror(-err));
		return NFX_KERNEL;
	}
	if (out_is_json())
		return out_doc(ct_table_json(state));
	ct_table_print(state);
	note_namespaces(state);
	return NFX_OK;
}

static int do_show(int argc, char **argv)
{
	struct ct_state state = { .all = false };
	const struct arg table[] = {
		{ "--all", ARG_FLAG, &state.all, 0, 0 },
		{ .name = NULL },
	};
	NL_AUTO nl = NULL;
	int rc;

	if (args_parse(table, argc, argv, NULL, 0) < 0)
		return NFX_USAGE;
	rc = ct_table_open(&nl, &state.table);
	if (rc)
		return rc;
	state.cpus_known = !cttable_ask_cpus(nl, &state.cpus);
	rc = show_state(&state);
	ctns_free(&state.list);
	return rc;
}

int ct_table(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "show",	do_show,	0 },
		{ "watch",	ct_table_watch,	0 },
		{ "help",	ct_help,	0 },
		{ NULL,		NULL,		0 },
	};

	/* "show" is what may be left out. */
	if (argc && argv[0][0] == '-')
		return do_show(argc, argv);
	return cmd_run(table, "ct table command", argc, argv);
}
