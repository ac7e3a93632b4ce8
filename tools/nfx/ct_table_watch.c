// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct table watch: a line per interval, and resizes of the table. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "clocks.h"
#include "ct_line.h"
#include "ct_table.h"
#include "main.h"
#include "out.h"
#include "signals.h"
#include "tracefs.h"

/**
 * struct watch - the command while it runs
 * @interval: seconds
 * @count:    lines, 0 for no limit
 * @nl:       owned
 * @table:    as of the last line
 * @trace:    resizes, if @traced
 * @traced:   else they are derived from @table
 * @lines:    so far
 * @next_ms:  when the next line is due, monotonic
 * @signals:  what ends it
 * @stop:     set to end it
 * @unread:   nobody reads the lines any more
 */
struct watch {
	uint64_t interval;
	uint64_t count;
	struct nl *nl;
	struct cttable table;
	struct tracefs trace;
	bool traced;
	uint64_t lines;
	int64_t next_ms;
	struct signals signals;
	bool stop;
	bool unread;
};

static void print_resizes(struct watch *watch)
{
	struct ctresize resize;
	const char *line;

	while (watch->traced && (line = tracefs_line(&watch->trace)))
		if (!ctresize_parse(line, &resize))
			ct_line_resize(&resize);
}

static int next_line(struct watch *watch)
{
	struct cttable old = watch->table;
	int err = cttable_read(watch->nl, &watch->table);

	if (err)
		return err;
	if (!watch->traced)
		ct_line_change(&old, &watch->table);
	ct_line_table(&watch->table);
	if (++watch->lines == watch->count)
		watch->stop = true;
	watch->next_ms += (int64_t)watch->interval * 1000;
	return 0;
}

/* Returns 1 if it is time for a line, 0 or -errno. */
static int wait_more(struct watch *watch)
{
	/* A negative descriptor is passed over. */
	struct pollfd pfd[] = {
		{ .fd = watch->signals.fd, .events = POLLIN },
		{ .fd = watch->trace.fd, .events = POLLIN },
	};
	int64_t left = watch->next_ms - clocks_ms();
	int n = poll(pfd, ARRAY_SIZE(pfd), left > 0 ? (int)left : 0);

	if (n < 0 && errno != EINTR)
		return -errno;
	if (n > 0 && pfd[0].revents)
		watch->stop = true;
	return !watch->stop && clocks_ms() >= watch->next_ms;
}

/* Lines are read as they come, or not at all. */
static void flush_lines(struct watch *watch)
{
	if (fflush(stdout) && errno == EPIPE)
		watch->unread = true;
	if (ferror(stdout))
		watch->stop = true;
}

static int run_lines(struct watch *watch)
{
	int due = 1, err = 0;

	ct_line_header();
	watch->next_ms = clocks_ms();
	for (;;) {
		print_resizes(watch);
		if (due)
			err = next_line(watch);
		flush_lines(watch);
		if (err || watch->stop)
			return err;
		due = wait_more(watch);
		if (due < 0)
			return due;
	}
}

static void open_trace(struct watch *watch)
{
	int err = tracefs_open(&watch->trace, TRACEFS_ROOT, CTRESIZE_EVENT);

	watch->traced = !err;
	if (err == -ENODEV)
		out_note("nfx: no tracefs at " TRACEFS_ROOT ": resizes are "
			 "derived from counters");
	else if (err == -ENOENT)
		out_note("nfx: this kernel has no event " CTRESIZE_EVENT ", "
			 "patches/02* bring it: resizes are derived from "
			 "counters");
	else if (err)
		out_note("nfx: tracefs: %s: resizes are derived from counters",
			 strerror(-err));
}

static void close_trace(struct watch *watch)
{
	int err = watch->traced ? tracefs_close(&watch->trace) : 0;

	if (err)
		out_note("nfx: %s is left: %s", watch->trace.dir,
			 strerror(-err));
}

/* The trace instance is removed whatever ends the command. */
static int run(struct watch *watch)
{
	int err = signals_hold(&watch->signals);
	void (*pipe_action)(int sig);

	if (err)
		return ct_table_failed(err);
	pipe_action = signal(SIGPIPE, SIG_IGN);
	open_trace(watch);
	err = run_lines(watch);
	close_trace(watch);
	signal(SIGPIPE, pipe_action);
	signals_release(&watch->signals);
	/* What would have ended it before. */
	if (watch->unread)
		raise(SIGPIPE);
	return err ? ct_table_failed(err) : NFX_OK;
}

int ct_table_watch(int argc, char **argv)
{
	struct watch watch = { .interval = 1 };
	const struct arg table[] = {
		{ "-i",		ARG_NUM, &watch.interval, 1, ARGS_DAY },
		{ "--interval",	ARG_NUM, &watch.interval, 1, ARGS_DAY },
		{ "-c",		ARG_NUM, &watch.count,	  1, UINT64_MAX },
		{ "--count",	ARG_NUM, &watch.count,	  1, UINT64_MAX },
		{ .name = NULL },
	};
	int rc;

	if (args_parse(table, argc, argv, NULL, 0) < 0)
		return NFX_USAGE;
	rc = ct_table_open(&watch.nl, &watch.table);
	if (!rc)
		rc = run(&watch);
	nl_close(watch.nl);
	return rc;
}
