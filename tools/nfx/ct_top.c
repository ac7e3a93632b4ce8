// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct top: who fills the table. */
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "ct.h"
#include "ct_table.h"
#include "ct_top.h"
#include "ctfilter.h"
#include "ctflush.h"
#include "main.h"
#include "out.h"
#include "signals.h"

#define ROWS_MAX	100000

/* To the top left, and erase all below. */
#define CLEAR		"\033[H\033[J"

/**
 * struct top - the command while it runs
 * @list:     filters, none for all entries
 * @interval: --interval, seconds; 0 if not given
 * @count:    --count, 0 for no limit
 * @once:     -1
 * @rows:     --rows
 * @nl:       owned
 * @state:    what is shown
 * @err:      of what was read, 0 or -errno
 */
struct top {
	struct ctfilter_list list;
	uint64_t interval;
	uint64_t count;
	bool once;
	uint64_t rows;
	struct nl *nl;
	struct ct_top state;
	int err;
};

static int take_entry(const struct nlmsghdr *nlh, void *data)
{
	struct top *top = data;
	struct ctentry entry;

	if (ctentry_parse(nlh, &entry))
		top->state.top.bad++;
	else if (top->list.count && ctfilter_first(top->list.filter,
			top->list.count, &entry) == top->list.count)
		return MNL_CB_OK;
	else if (!top->err)
		top->err = cttop_add(&top->state.top, &entry);
	return MNL_CB_OK;
}

static int read_table(struct top *top)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	int err;

	cttop_begin(&top->state.top);
	top->err = cttable_ask(top->nl, &top->state.table);
	if (top->err)
		return top->err;
	nlh = nl_nfmsg(top->nl, buf, ctflush_type(IPCTNL_MSG_CT_GET),
		       NLM_F_DUMP, (uint8_t)opts.family, 0);
	err = nl_talk(top->nl, nlh, take_entry, top);
	cttop_sort(&top->state.top.srcs);
	cttop_sort(&top->state.top.dsts);
	return err ? err : top->err;
}

/* On a terminal in the same place; elsewhere one below the other. */
static void show(const struct top *top, bool first)
{
	bool live = !top->once && isatty(STDOUT_FILENO);

	if (out_is_json()) {
		out_doc(ct_top_json(&top->state));
		return;
	}
	if (live)
		fputs(CLEAR, stdout);
	else if (!first)
		putchar('\n');
	ct_top_print(&top->state);
}

/* Returns false if it is time to end. */
static bool wait_more(const struct top *top, const struct signals *signals)
{
	struct pollfd pfd = { .fd = signals->fd, .events = POLLIN };

	if (fflush(stdout) || ferror(stdout))
		return false;
	return poll(&pfd, 1, (int)top->interval * 1000) == 0;
}

static int run(struct top *top, const struct signals *signals)
{
	uint64_t n = 0;
	int err;

	do {
		err = read_table(top);
		if (!err)
			show(top, !n);
		cttop_free(&top->state.top);
		if (err)
			return err;
		n++;
	} while (!top->once && n != top->count && wait_more(top, signals));
	return 0;
}

/* Who reads no screen and does not say how often wants it once. */
static void set_defaults(struct top *top)
{
	bool asked = top->interval || top->count;

	if (!asked && (out_is_json() || !isatty(STDOUT_FILENO)))
		top->once = true;
	if (!top->interval)
		top->interval = 2;
	top->state.rows = (unsigned int)top->rows;
}

static int parse(struct top *top, int argc, char **argv)
{
	const struct arg table[] = {
		{ "-1",		ARG_FLAG, &top->once,	  0, 0 },
		{ "-i",		ARG_NUM,  &top->interval, 1, ARGS_DAY },
		{ "--interval",	ARG_NUM,  &top->interval, 1, ARGS_DAY },
		{ "-c",		ARG_NUM,  &top->count,	  1, UINT64_MAX },
		{ "--count",	ARG_NUM,  &top->count,	  1, UINT64_MAX },
		{ "--rows",	ARG_NUM,  &top->rows,	  1, ROWS_MAX },
		{ .name = NULL },
	};

	argc = ctfilter_words(&top->list, argc, argv, opts.family);
	if (argc < 0 || args_parse(table, argc, argv, NULL, 0) < 0)
		return -1;
	set_defaults(top);
	return 0;
}

static int open_and_run(struct top *top)
{
	struct signals signals;
	int err;

	top->nl = nl_open(NETLINK_NETFILTER);
	if (!top->nl)
		return -errno;
	err = signals_hold(&signals);
	if (err)
		return err;
	err = run(top, &signals);
	signals_release(&signals);
	return err;
}

int ct_top(int argc, char **argv)
{
	struct top *top = calloc(1, sizeof(*top));
	int err, rc = NFX_USAGE;

	if (!top)
		return ct_table_failed(-ENOMEM);
	top->rows = 10;
	if (!parse(top, argc, argv)) {
		err = open_and_run(top);
		rc = err ? ct_table_failed(err) : NFX_OK;
		nl_close(top->nl);
	}
	free(top);
	return rc;
}
