// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct pressure: report how full the table is, as it changes. */
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <poll.h>
#include <stdio.h>

#include "args.h"
#include "clocks.h"
#include "ct.h"
#include "ct_table.h"
#include "ctpressure.h"
#include "main.h"
#include "nlcmd.h"
#include "out.h"
#include "signals.h"
#include "stream.h"

/**
 * struct watch - the command while it runs
 * @args:     options of all streams
 * @poll:     --poll: do not wait for events
 * @interval: of polling, seconds
 * @nl:       owned
 * @stream:   reads the events
 * @lost:     losses that were reported so far
 */
struct watch {
	struct stream_args args;
	bool poll;
	uint64_t interval;
	struct nl *nl;
	struct stream stream;
	uint64_t lost;
};

static json_t *pressure_json(const struct ctpressure *pressure, bool event)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:I}",
			 "event", "pressure",
			 "time", (json_int_t)clocks_real_ns(),
			 "source", event ? "event" : "poll",
			 "level", ctpressure_level(pressure->level),
			 "entries", (json_int_t)pressure->entries,
			 "max-entries", (json_int_t)pressure->max_entries,
			 "evicted", (json_int_t)pressure->evicted,
			 "dropped", (json_int_t)pressure->dropped);
}

static void print_pressure(const struct ctpressure *pressure)
{
	char text[CLOCKS_TEXT];

	clocks_text(text);
	printf("%s %s%-7s%s %u of %u entries, evicted %" PRIu64
	       ", dropped %" PRIu64 "\n", text,
	       out_color(pressure->level ? OUT_BAD : OUT_GOOD),
	       ctpressure_level(pressure->level), out_color(OUT_PLAIN),
	       pressure->entries, pressure->max_entries, pressure->evicted,
	       pressure->dropped);
}

static void show(struct watch *watch, const struct ctpressure *pressure,
		 bool event)
{
	if (out_is_json())
		out_doc(pressure_json(pressure, event));
	else
		print_pressure(pressure);
	stream_seen(&watch->stream);
}

static int take_event(const struct nlmsghdr *nlh, void *data)
{
	struct watch *watch = data;
	struct ctpressure pressure;

	if (!watch->stream.stop && !ctpressure_parse(nlh, &pressure))
		show(watch, &pressure, true);
	return MNL_CB_OK;
}

/* Events are rare: one that is lost is one that has to be asked for. */
static int report_lost(void *data)
{
	struct watch *watch = data;
	struct nlring_stats stats;
	uint64_t lost;

	nlring_stats(watch->stream.nlring, &stats);
	lost = nlring_error(watch->stream.nlring) ? stats.dropped : stats.lost;
	if (lost != watch->lost)
		out_note("nfx: %" PRIu64 " events lost", lost - watch->lost);
	watch->lost = lost;
	return 0;
}

static int run_events(struct watch *watch)
{
	int rc = NFX_KERNEL, err;

	watch->stream.nlring = stream_open(watch->nl, &watch->args,
					   NL_RING_F_ALL, &rc);
	if (!watch->stream.nlring)
		return rc;
	err = nl_join(watch->nl, NFNLGRP_CONNTRACK_PRESSURE);
	if (!err)
		err = stream_run(&watch->stream, watch->nl);
	stream_counts(&watch->stream, "events");
	nlring_close(watch->stream.nlring);
	return err ? ct_table_failed(err) : NFX_OK;
}

/* Returns false if it is time to end. */
static bool wait_more(const struct watch *watch, const struct signals *signals,
		      int64_t end_ms)
{
	struct pollfd pfd = { .fd = signals->fd, .events = POLLIN };
	int64_t ms = (int64_t)watch->interval * 1000, left = end_ms - clocks_ms();

	if (fflush(stdout) || ferror(stdout))
		return false;
	if (watch->args.timeout && left < ms)
		ms = left > 0 ? left : 0;
	if (poll(&pfd, 1, (int)ms))
		return false;
	return !watch->args.timeout || clocks_ms() < end_ms;
}

/* As in an event of the kernel: what has happened since the line before */
static struct ctpressure since(const struct ctpressure *old,
			       const struct ctpressure *now)
{
	struct ctpressure pressure = *now;

	pressure.evicted -= old->evicted;
	pressure.dropped -= old->dropped;
	return pressure;
}

/* A line at first, and for each change, of what is no more than a number. */
static int poll_table(struct watch *watch, const struct signals *signals)
{
	int64_t end_ms = clocks_ms() + (int64_t)watch->args.timeout * 1000;
	struct ctpressure old, now, shown;
	bool first = true, events;
	int err;

	do {
		err = ctpressure_ask(watch->nl, first ? NULL : &old, &now,
				     &events);
		if (err)
			return err;
		shown = since(first ? &now : &old, &now);
		if (first || now.level != old.level || shown.evicted ||
		    shown.dropped)
			show(watch, &shown, false);
		first = false;
		old = now;
	} while (!watch->stream.stop && wait_more(watch, signals, end_ms));
	return 0;
}

static int run_poll(struct watch *watch)
{
	struct signals signals;
	int err = signals_hold(&signals);

	if (!err) {
		err = poll_table(watch, &signals);
		signals_release(&signals);
	}
	return err ? ct_table_failed(err) : NFX_OK;
}

static int run(struct watch *watch)
{
	struct ctpressure now;
	bool events = false;
	int err = ctpressure_ask(watch->nl, NULL, &now, &events);

	if (err)
		return ct_table_failed(err);
	if (events && !watch->poll)
		return run_events(watch);
	if (!watch->poll)
		out_note("nfx: this kernel has no pressure events, patches/03* "
			 "bring them: counters are looked at each %" PRIu64
			 " s", watch->interval);
	return run_poll(watch);
}

static int parse(struct watch *watch, int argc, char **argv)
{
	struct arg table[STREAM_OPTIONS + 4] = {
		{ "--poll",	ARG_FLAG, &watch->poll,	    0, 0 },
		{ "-i",		ARG_NUM,  &watch->interval, 1, ARGS_DAY },
		{ "--interval",	ARG_NUM,  &watch->interval, 1, ARGS_DAY },
	};

	stream_options(table, &watch->args);
	if (args_parse(table, argc, argv, NULL, 0) < 0 ||
	    !stream_args_ok(&watch->args))
		return -1;
	return 0;
}

int ct_pressure(int argc, char **argv)
{
	struct watch watch = {
		.interval = 1,
		.stream = {
			.args	= &watch.args,
			.cb	= take_event,
			.pause	= report_lost,
			.data	= &watch,
		},
	};
	int rc;

	if (parse(&watch, argc, argv))
		return NFX_USAGE;
	watch.nl = nlcmd_open();
	if (!watch.nl)
		return NFX_KERNEL;
	rc = run(&watch);
	nl_close(watch.nl);
	return rc;
}
