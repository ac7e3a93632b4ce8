// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct flush: delete the entries that fit filters. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "ct.h"
#include "ctflush.h"
#include "ctflush_view.h"
#include "main.h"
#include "nlcmd.h"
#include "out.h"

/**
 * struct flush - the command
 * @list:   filters
 * @all:    --all: everything, in place of filters
 * @stats:  --stats
 * @method: --method
 * @job:    what comes of the options
 * @done:   what came of it
 */
struct flush {
	struct ctfilter_list list;
	bool all;
	bool stats;
	enum ctflush_method method;
	struct ctflush job;
	struct ctflush_done done;
};

static void print_done(const struct flush *flush)
{
	const struct ctflush_counts *counts = &flush->done.counts;
	char text[CTFLUSH_TEXT];

	ctflush_text(&flush->job, &flush->done, text);
	out_note("%s", text);
	if (counts->gone && !flush->job.dry_run)
		out_note("%" PRIu64 " entries had ended by themselves",
			 counts->gone);
	if (counts->failed)
		out_note("%" PRIu64 " entries are left: %s", counts->failed,
			 strerror(-counts->error));
	if (counts->stopped)
		out_note("interrupted, the rest of the table is as it was");
	if (!flush->stats || flush->job.lazy)
		return;
	if (counts->counted)
		out_note("matched %" PRIu64 ", deleted %" PRIu64 ", scanned %"
			 PRIu64, counts->matched, counts->deleted,
			 counts->scanned);
	else
		out_note("matched %" PRIu64 ", the kernel does not tell what "
			 "it deleted and scanned", counts->matched);
}

static int failed(const struct nl *nl, const struct flush *flush, int err)
{
	bool nothing = flush->done.counts.deleted == 0, lacks;
	char text[CTFLUSH_TEXT];

	lacks = ctflush_explain(nl, &flush->job, &flush->done, err, text);
	out_error(-err, "%s", text);
	if (lacks)
		return NFX_MISSING;
	return nothing ? NFX_KERNEL : NFX_PARTIAL;
}

static int run(struct nl *nl, struct flush *flush)
{
	const struct ctflush_counts *counts = &flush->done.counts;
	int err = ctflush_run(nl, &flush->job, flush->method, &flush->done);

	if (err)
		return failed(nl, flush, err);
	if (out_is_json())
		out_doc(ctflush_json(&flush->job, &flush->done));
	else
		print_done(flush);
	return counts->failed || counts->stopped ? NFX_PARTIAL : NFX_OK;
}

static int parse_method(const char *name, enum ctflush_method *method)
{
	unsigned int i;

	for (i = 0; i < CTFLUSH_METHODS; i++) {
		if (strcmp(ctflush_method_name(i), name))
			continue;
		*method = i;
		return 0;
	}
	out_error(0, "method \"%s\" is unknown: auto, message, filter or dump",
		  name);
	return -1;
}

/* What may not be said together, and what has to be said. */
static int check(struct flush *flush)
{
	const char *what = flush->all ? "--all" : "--lazy";
	const char *lacks = ctflush_lacks(&flush->job);

	if (flush->all && flush->job.lazy) {
		out_error(0, "--all and --lazy exclude each other");
	} else if (flush->list.count && (flush->all || flush->job.lazy)) {
		out_error(0, "%s and filters exclude each other", what);
	} else if (flush->job.lazy && (flush->job.dry_run || opts.family)) {
		out_error(0, "--lazy has no --dry-run, -4 or -6");
	} else if (flush->job.lazy && flush->method != CTFLUSH_AUTO &&
		   flush->method != CTFLUSH_MESSAGE) {
		out_error(0, "--lazy has no other method than message");
	} else if (!flush->list.count && !flush->all && !flush->job.lazy) {
		out_error(0, "a filter is missing: --all flushes everything");
	} else if (flush->method == CTFLUSH_FILTER && lacks) {
		out_error(0, "method filter cannot tell %s", lacks);
	} else {
		return 0;
	}
	return -1;
}

/* Options that are not of filters. */
static int parse_rest(struct flush *flush, int argc, char **argv)
{
	const char *method = ctflush_method_name(CTFLUSH_AUTO);
	const struct arg table[] = {
		{ "--all",	ARG_FLAG, &flush->all,		0, 0 },
		{ "--lazy",	ARG_FLAG, &flush->job.lazy,	0, 0 },
		{ "--dry-run",	ARG_FLAG, &flush->job.dry_run,	0, 0 },
		{ "--stats",	ARG_FLAG, &flush->stats,	0, 0 },
		{ "--method",	ARG_WORD, &method,		0, 0 },
		{ .name = NULL },
	};

	if (args_parse(table, argc, argv, NULL, 0) < 0)
		return -1;
	return parse_method(method, &flush->method);
}

static int parse(struct flush *flush, int argc, char **argv)
{
	flush->job.dry_run = opts.given & OPT_DRY_RUN;
	flush->stats = opts.given & OPT_STATS;
	argc = ctfilter_words(&flush->list, argc, argv, opts.family);
	flush->job.filters = flush->list.filter;
	flush->job.count = flush->list.count;
	if (argc < 0 || parse_rest(flush, argc, argv) || check(flush))
		return -1;
	if (flush->all) {
		flush->list.filter[0].family = opts.family;
		flush->job.count = 1;
	}
	return 0;
}

int ct_flush(int argc, char **argv)
{
	struct flush *flush = calloc(1, sizeof(*flush));
	int rc = NFX_USAGE;
	struct nl *nl;

	if (!flush) {
		out_error(ENOMEM, "%s", strerror(ENOMEM));
		return NFX_KERNEL;
	}
	if (!parse(flush, argc, argv)) {
		nl = nlcmd_open();
		rc = nl ? run(nl, flush) : NFX_KERNEL;
		nl_close(nl);
	}
	free(flush);
	return rc;
}
