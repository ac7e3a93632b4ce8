// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct flush: delete the entries that fit filters. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "ct.h"
#include "ctflush.h"
#include "main.h"
#include "nlcmd.h"
#include "out.h"

enum method { AUTO, MESSAGE, FILTER, DUMP, METHODS };

static const char * const method_names[] = {
	[AUTO]		= "auto",
	[MESSAGE]	= "message",
	[FILTER]	= "filter",
	[DUMP]		= "dump",
};

_Static_assert(ARRAY_SIZE(method_names) == METHODS, "each has a name");

/**
 * struct flush - the command
 * @list:    filters
 * @all:     --all: everything, in place of filters
 * @lazy:    --lazy: nothing is deleted now, in place of filters
 * @dry_run: --dry-run
 * @stats:   --stats
 * @asked:   --method
 * @used:    method that did it in the end
 * @why:     why it was not the first choice, "" if it was
 * @counts:  what came of it
 * @seconds: time it took, with all that was tried
 */
struct flush {
	struct ctfilter_list list;
	bool all;
	bool lazy;
	bool dry_run;
	bool stats;
	enum method asked;
	enum method used;
	char why[160];
	struct ctflush_counts counts;
	double seconds;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The first filter that CTA_FILTER cannot say, what of it. */
static const char *find_lack(const struct flush *flush)
{
	const char *lacks = NULL;
	unsigned int i;

	for (i = 0; i < flush->list.count && !lacks; i++)
		lacks = ctflush_filter_lacks(&flush->list.filter[i]);
	return lacks;
}

static int run_method(struct nl *nl, struct flush *flush, enum method method)
{
	const struct ctflush job = {
		.filters = flush->list.filter,
		.count	 = flush->list.count,
		.dry_run = flush->dry_run,
	};

	flush->used = method;
	memset(&flush->counts, 0, sizeof(flush->counts));
	nl->ext[0] = '\0';
	switch (method) {
	case MESSAGE:
		return flush->lazy ? ctflush_lazy(nl, &flush->counts) :
				     ctflush_message(nl, &job, &flush->counts);
	case FILTER:
		return ctflush_filter(nl, &job, &flush->counts);
	default:
		return ctflush_dump(nl, &job, &flush->counts);
	}
}

/* Each of these is no more than a refusal, before anything was deleted. */
static int run_auto(struct nl *nl, struct flush *flush)
{
	int err = run_method(nl, flush, MESSAGE);
	const char *lacks = find_lack(flush);

	if (err != -ENOSYS && err != -EINVAL && err != -EOPNOTSUPP)
		return err;
	snprintf(flush->why, sizeof(flush->why), "%s", err == -ENOSYS ?
		 "this kernel has no flush message, patches/03* bring it" :
		 nl->ext);
	if (!lacks) {
		err = run_method(nl, flush, FILTER);
		if (err != -ENOSYS && err != -EBADMSG && err != -EOPNOTSUPP)
			return err;
	}
	return run_method(nl, flush, DUMP);
}

static json_t *count_json(bool known, uint64_t count)
{
	return known ? json_integer((json_int_t)count) : json_null();
}

static json_t *counts_json(const struct flush *flush)
{
	const struct ctflush_counts *counts = &flush->counts;
	bool known = counts->counted;
	json_t *doc;

	doc = json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:I, s:I, s:b, s:f}",
			"method", method_names[flush->used],
			"dry-run", flush->dry_run, "lazy", flush->lazy,
			"matched", count_json(!flush->lazy || known,
					      counts->matched),
			"deleted", count_json(known || flush->dry_run,
					      counts->deleted),
			"scanned", count_json(known, counts->scanned),
			"gone", (json_int_t)counts->gone,
			"failed", (json_int_t)counts->failed,
			"interrupted", counts->stopped,
			"seconds", flush->seconds);
	if (doc)
		json_object_set_new(doc, "why", flush->why[0] ?
				    json_string(flush->why) : json_null());
	return doc;
}

/* The kernel does not count what it deletes by CTA_FILTER. */
static void print_counts(const struct flush *flush)
{
	const struct ctflush_counts *counts = &flush->counts;
	bool dry = flush->dry_run;

	if (flush->lazy)
		out_note("unreplied entries are judged anew at their next "
			 "packet");
	else
		out_note("%" PRIu64 " entries %s in %.1f ms by %s%s%s",
			 dry || !counts->counted ? counts->matched :
						   counts->deleted,
			 dry ? "match, found" : "flushed",
			 flush->seconds * 1e3, method_names[flush->used],
			 flush->why[0] ? ": " : "", flush->why);
	if (counts->gone && !dry)
		out_note("%" PRIu64 " entries had ended by themselves",
			 counts->gone);
	if (counts->failed)
		out_note("%" PRIu64 " entries are left: %s", counts->failed,
			 strerror(-counts->error));
	if (counts->stopped)
		out_note("interrupted, the rest of the table is as it was");
	if (!flush->stats || flush->lazy)
		return;
	if (counts->counted)
		out_note("matched %" PRIu64 ", deleted %" PRIu64 ", scanned %"
			 PRIu64, counts->matched, counts->deleted,
			 counts->scanned);
	else
		out_note("matched %" PRIu64 ", the kernel does not tell what "
			 "it deleted and scanned", counts->matched);
}

static int missing(const struct flush *flush, int err)
{
	if (flush->lazy)
		out_error(-err, "this kernel has no lazy flush, patches/03* "
			  "bring it");
	else if (flush->used == MESSAGE)
		out_error(-err, "this kernel has no flush message, patches/03* "
			  "bring it");
	else
		out_error(-err, "it is not certain that this kernel filters "
			  "what CT_DELETE deletes: nothing was flushed");
	return NFX_MISSING;
}

static int failed(const struct nl *nl, const struct flush *flush, int err)
{
	bool all_lost = flush->counts.deleted == 0;

	/* Of a lazy flush there is nothing to be wrong but its flag. */
	if (err == -ENOSYS || (err == -EINVAL && flush->lazy))
		return missing(flush, err);
	if (err == -EOPNOTSUPP && flush->lazy)
		out_error(-err, "%s (bit 4 of "
			  "net.netfilter.nf_conntrack_revalidate turns it on)",
			  nl->ext[0] ? nl->ext : strerror(-err));
	else if (err == -EBADMSG)
		out_error(-err, "the kernel's filter takes others than asked "
			  "for: nothing was flushed");
	else
		out_error(-err, "conntrack: %s",
			  nl->ext[0] ? nl->ext : strerror(-err));
	return all_lost ? NFX_KERNEL : NFX_PARTIAL;
}

static int run(struct nl *nl, struct flush *flush)
{
	double start = now();
	int err;

	if (flush->asked == AUTO && !flush->lazy)
		err = run_auto(nl, flush);
	else
		err = run_method(nl, flush, flush->lazy ? MESSAGE :
							  flush->asked);
	flush->seconds = now() - start;
	if (err)
		return failed(nl, flush, err);
	if (out_is_json())
		out_doc(counts_json(flush));
	else
		print_counts(flush);
	return flush->counts.failed || flush->counts.stopped ? NFX_PARTIAL :
							       NFX_OK;
}

static int parse_method(const char *name, enum method *method)
{
	unsigned int i;

	for (i = 0; i < METHODS; i++) {
		if (strcmp(method_names[i], name))
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
	const char *lacks = find_lack(flush);

	if (flush->all && flush->lazy) {
		out_error(0, "--all and --lazy exclude each other");
	} else if (flush->list.count && (flush->all || flush->lazy)) {
		out_error(0, "%s and filters exclude each other", what);
	} else if (flush->lazy && (flush->dry_run || opts.family)) {
		out_error(0, "--lazy has no --dry-run, -4 or -6");
	} else if (flush->lazy && flush->asked != AUTO &&
		   flush->asked != MESSAGE) {
		out_error(0, "--lazy has no other method than message");
	} else if (!flush->list.count && !flush->all && !flush->lazy) {
		out_error(0, "a filter is missing: --all flushes everything");
	} else if (flush->asked == FILTER && lacks) {
		out_error(0, "method filter cannot tell %s", lacks);
	} else {
		return 0;
	}
	return -1;
}

/* Options that are not of filters. */
static int parse_rest(struct flush *flush, int argc, char **argv)
{
	const char *method = method_names[AUTO];
	const struct arg table[] = {
		{ "--all",	ARG_FLAG, &flush->all,	   0, 0 },
		{ "--lazy",	ARG_FLAG, &flush->lazy,	   0, 0 },
		{ "--dry-run",	ARG_FLAG, &flush->dry_run, 0, 0 },
		{ "--stats",	ARG_FLAG, &flush->stats,   0, 0 },
		{ "--method",	ARG_WORD, &method,	   0, 0 },
		{ .name = NULL },
	};

	if (args_parse(table, argc, argv, NULL, 0) < 0)
		return -1;
	return parse_method(method, &flush->asked);
}

static int parse(struct flush *flush, int argc, char **argv)
{
	flush->dry_run = opts.given & OPT_DRY_RUN;
	flush->stats = opts.given & OPT_STATS;
	argc = ctfilter_words(&flush->list, argc, argv, opts.family);
	if (argc < 0 || parse_rest(flush, argc, argv) || check(flush))
		return -1;
	if (flush->all) {
		flush->list.filter[0].family = opts.family;
		flush->list.count = 1;
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
