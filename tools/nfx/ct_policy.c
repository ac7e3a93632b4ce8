// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct policy: react to pressure and to changes of the network. */
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "clocks.h"
#include "ct.h"
#include "ct_table.h"
#include "ctpolicy.h"
#include "ctpressure.h"
#include "main.h"
#include "nlcmd.h"
#include "out.h"
#include "signals.h"

#define NETMON_SOURCES	((1U << NETMON_KINDS) - 1)

/* What is waited for; the first two are those of struct netmon. */
enum { FD_EVENTS = NETMON_FDS, FD_SIGNALS, FDS };

/**
 * struct daemon - the command while it runs
 * @path:     file
 * @check:    --check
 * @poll:     --poll: counters tell of pressure
 * @interval: of looking at them, seconds
 * @timeout:  seconds, 0 for none
 * @dry_run:  --dry-run
 * @policy:   rules
 * @nl:       for requests
 * @events:   pressure events, NULL if counters are polled or none is needed
 * @mon:      changes of the network, NULL if none is needed
 * @last:     counters of the last look, if @looked
 * @look_ms:  time of the next look
 * @end_ms:   time of the end
 * @runs:     of rules
 * @failed:   actions
 */
struct daemon {
	const char *path;
	bool check;
	bool poll;
	uint64_t interval;
	uint64_t timeout;
	bool dry_run;
	struct ctpolicy *policy;
	struct nl *nl;
	struct nl *events;
	struct netmon *mon;
	bool looked;
	struct ctpressure last;
	int64_t look_ms;
	int64_t end_ms;
	uint64_t runs;
	uint64_t failed;
};

static void happens(struct daemon *daemon, const struct ctpolicy_event *event)
{
	ctpolicy_happens(daemon->policy, event, clocks_ms());
}

static void take_change(const struct netmon_event *net, void *data)
{
	const struct ctpolicy_event event = {
		.source = (enum ctpolicy_source)net->kind, .net = *net,
	};

	happens(data, &event);
}

static void pressure_happens(struct daemon *daemon, unsigned int level)
{
	const struct ctpolicy_event event = {
		.source = CTPOLICY_PRESSURE, .level = level,
	};

	happens(daemon, &event);
}

/* Counters tell of what has happened since the last look. */
static int look(struct daemon *daemon)
{
	struct ctpressure now;
	bool events;
	int err = ctpressure_ask(daemon->nl, daemon->looked ? &daemon->last :
							      NULL,
				 &now, &events);

	if (err)
		return err;
	if (now.level != (daemon->looked ? daemon->last.level :
					   CTPRESSURE_NORMAL) ||
	    now.level == CTPRESSURE_FULL)
		pressure_happens(daemon, now.level);
	daemon->looked = true;
	daemon->last = now;
	daemon->look_ms = clocks_ms() + (int64_t)daemon->interval * 1000;
	return 0;
}

static int take_pressure(const struct nlmsghdr *nlh, void *data)
{
	struct ctpressure pressure;

	if (!ctpressure_parse(nlh, &pressure))
		pressure_happens(data, pressure.level);
	return MNL_CB_OK;
}

/* What was lost can be asked for: how it is now. */
static int read_events(struct daemon *daemon)
{
	int len = nl_recv(daemon->events);

	if (len == -ENOBUFS) {
		len = look(daemon);
		if (!len)
			pressure_happens(daemon, daemon->last.level);
		return len;
	}
	if (len < 0)
		return len;
	mnl_cb_run(daemon->events->buf, (size_t)len, 0, 0, take_pressure,
		   daemon);
	return 0;
}

static int read_changes(struct daemon *daemon, unsigned int which)
{
	unsigned int lost, i;
	int err = netmon_read(daemon->mon, which, take_change, daemon, &lost);

	if (lost)
		out_note("nfx: changes of the network were lost");
	for (i = 0; i < NETMON_KINDS; i++) {
		const struct ctpolicy_event event = {
			.source = i, .lost = true,
		};

		if (lost & 1U << i)
			happens(daemon, &event);
	}
	return err;
}

static bool polls(const struct daemon *daemon)
{
	return !daemon->events && daemon->looked;
}

static int join_pressure(struct daemon *daemon)
{
	daemon->events = nl_open(NETLINK_NETFILTER);
	return daemon->events ? nl_join(daemon->events,
					NFNLGRP_CONNTRACK_PRESSURE) : -errno;
}

/* The first look is for how things are, and what this kernel has. */
static int open_pressure(struct daemon *daemon)
{
	struct ctpressure now;
	bool events = false;
	int err = ctpressure_ask(daemon->nl, NULL, &now, &events);

	if (err)
		return ct_table_failed(err);
	if (events && !daemon->poll) {
		err = join_pressure(daemon);
		if (err)
			return ct_table_failed(err);
	} else if (!daemon->poll) {
		out_note("nfx: this kernel has no pressure events, patches/03* "
			 "bring them: counters are looked at each %" PRIu64
			 " s", daemon->interval);
	}
	err = look(daemon);
	return err ? ct_table_failed(err) : NFX_OK;
}

static int open_all(struct daemon *daemon)
{
	unsigned int sources = ctpolicy_sources(daemon->policy);

	daemon->nl = nlcmd_open();
	if (!daemon->nl)
		return NFX_KERNEL;
	if (sources & NETMON_SOURCES) {
		daemon->mon = netmon_open(sources & NETMON_SOURCES);
		if (!daemon->mon) {
			out_error(errno, "changes of the network: %s",
				  strerror(errno));
			return NFX_KERNEL;
		}
	}
	return sources & 1U << CTPOLICY_PRESSURE ? open_pressure(daemon) :
						   NFX_OK;
}

static void close_all(struct daemon *daemon)
{
	netmon_close(daemon->mon);
	nl_close(daemon->events);
	nl_close(daemon->nl);
}

static void run_due(struct daemon *daemon)
{
	const struct ctpolicy_rule *rule;

	while ((rule = ctpolicy_next(daemon->policy, clocks_ms()))) {
		daemon->runs++;
		daemon->failed += ctpolicy_run(daemon->nl, rule,
					       daemon->dry_run);
	}
}

static int sooner(int wait, int64_t at_ms)
{
	int64_t left = at_ms - clocks_ms();

	if (left < 0)
		left = 0;
	return wait < 0 || left < wait ? (int)left : wait;
}

static int next_wait(const struct daemon *daemon)
{
	int wait = ctpolicy_wait(daemon->policy, clocks_ms());

	if (polls(daemon))
		wait = sooner(wait, daemon->look_ms);
	if (daemon->timeout)
		wait = sooner(wait, daemon->end_ms);
	return wait;
}

static void set_fds(const struct daemon *daemon, const struct signals *signals,
		    struct pollfd *pfds)
{
	int fds[FDS] = { -1, -1, -1, signals->fd };
	unsigned int i;

	if (daemon->mon)
		netmon_fds(daemon->mon, fds);
	if (daemon->events)
		fds[FD_EVENTS] = mnl_socket_get_fd(daemon->events->sock);
	for (i = 0; i < FDS; i++)
		pfds[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
}

static int read_all(struct daemon *daemon, const struct pollfd *pfds)
{
	int err = 0, i;

	for (i = 0; i < NETMON_FDS && !err; i++)
		if (pfds[i].revents)
			err = read_changes(daemon, (unsigned int)i);
	if (!err && pfds[FD_EVENTS].revents)
		err = read_events(daemon);
	if (!err && polls(daemon) && clocks_ms() >= daemon->look_ms)
		err = look(daemon);
	return err;
}

static bool is_over(const struct daemon *daemon, const struct pollfd *pfds)
{
	return pfds[FD_SIGNALS].revents || ferror(stdout) ||
	       (daemon->timeout && clocks_ms() >= daemon->end_ms);
}

static int loop(struct daemon *daemon, const struct signals *signals)
{
	struct pollfd pfds[FDS];
	int err = 0;

	set_fds(daemon, signals, pfds);
	do {
		run_due(daemon);
		fflush(stdout);
		if (poll(pfds, FDS, next_wait(daemon)) < 0 && errno != EINTR)
			return -errno;
		err = read_all(daemon, pfds);
	} while (!err && !is_over(daemon, pfds));
	return err;
}

static int run(struct daemon *daemon)
{
	const struct ctpolicy_event start = { .source = CTPOLICY_START };
	const struct ctpolicy_event stop = { .source = CTPOLICY_STOP };
	struct signals signals;
	int err = signals_hold(&signals);

	if (!err) {
		daemon->end_ms = clocks_ms() + (int64_t)daemon->timeout * 1000;
		happens(daemon, &start);
		err = loop(daemon, &signals);
		happens(daemon, &stop);
		run_due(daemon);
		signals_release(&signals);
	}
	out_note("%" PRIu64 " runs of rules, %" PRIu64 " actions failed",
		 daemon->runs, daemon->failed);
	if (err) {
		out_error(-err, "netlink: %s", strerror(-err));
		return NFX_KERNEL;
	}
	return daemon->failed ? NFX_PARTIAL : NFX_OK;
}

static int parse(struct daemon *daemon, int argc, char **argv)
{
	const struct arg table[] = {
		{ "--check",	ARG_FLAG, &daemon->check,    0, 0 },
		{ "--dry-run",	ARG_FLAG, &daemon->dry_run,  0, 0 },
		{ "--poll",	ARG_FLAG, &daemon->poll,     0, 0 },
		{ "--interval",	ARG_NUM,  &daemon->interval, 1, ARGS_DAY },
		{ "-i",		ARG_NUM,  &daemon->interval, 1, ARGS_DAY },
		{ "--timeout",	ARG_NUM,  &daemon->timeout,  1, ARGS_SECONDS },
		{ .name = NULL },
	};
	int n = args_parse(table, argc, argv, &daemon->path, 1);

	if (n == 0)
		out_error(0, "a file is missing");
	return n == 1 ? 0 : -1;
}

int ct_policy(int argc, char **argv)
{
	struct daemon daemon = {
		.interval = 1,
		.dry_run  = opts.given & OPT_DRY_RUN,
	};
	int rc = NFX_OK;

	if (parse(&daemon, argc, argv))
		return NFX_USAGE;
	daemon.policy = ctpolicy_read(daemon.path);
	if (!daemon.policy)
		return NFX_USAGE;
	if (daemon.check) {
		out_note("%s: %u rules", daemon.path, daemon.policy->count);
	} else {
		rc = open_all(&daemon);
		if (!rc)
			rc = run(&daemon);
		close_all(&daemon);
	}
	ctpolicy_free(daemon.policy);
	return rc;
}
