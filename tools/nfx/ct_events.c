// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct events: print what happens to conntrack entries, count losses. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "ct.h"
#include "ctview.h"
#include "main.h"
#include "nlcmd.h"
#include "out.h"
#include "stream.h"

/* A line of libnetfilter_conntrack, with all it knows of an entry. */
#define LINE_SIZE 4096

/**
 * struct events - a stream of conntrack events
 * @args:   options of all streams
 * @mask:   NFCT_T_NEW, NFCT_T_UPDATE, NFCT_T_DESTROY
 * @silent: count and do not print
 * @nl:     owned
 * @stream: reads the events
 * @lost:   losses that were reported so far
 */
struct events {
	struct stream_args args;
	uint32_t mask;
	bool silent;
	struct nl *nl;
	struct stream stream;
	uint64_t lost;
};

static const struct {
	int event;
	int group;
} groups[] = {
	{ NFCT_T_NEW,		NFNLGRP_CONNTRACK_NEW },
	{ NFCT_T_UPDATE,	NFNLGRP_CONNTRACK_UPDATE },
	{ NFCT_T_DESTROY,	NFNLGRP_CONNTRACK_DESTROY },
};

static void print_text(int event, const struct nf_conntrack *ct)
{
	char line[LINE_SIZE];

	nfct_snprintf(line, sizeof(line), ct, (unsigned int)event,
		      NFCT_O_DEFAULT, 0);
	puts(line);
}

static int print_event(int event, const struct nlmsghdr *nlh)
{
	struct nf_conntrack *ct = nfct_new();

	if (!ct)
		return MNL_CB_ERROR;
	if (nfct_nlmsg_parse(nlh, ct) < 0)
		out_note("nfx: an event cannot be read");
	else if (out_is_json())
		out_doc(ctview_json(event, ct));
	else
		print_text(event, ct);
	nfct_destroy(ct);
	return MNL_CB_OK;
}

/* -4 and -6 */
static bool wanted(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	return !opts.family || nfg->nfgen_family == opts.family;
}

static int take_event(const struct nlmsghdr *nlh, void *data)
{
	struct events *events = data;
	int event = ctview_event(nlh);

	if (event == NFCT_T_UNKNOWN || events->stream.stop || !wanted(nlh))
		return MNL_CB_OK;
	stream_seen(&events->stream);
	return events->silent ? MNL_CB_OK : print_event(event, nlh);
}

/* With a ring the socket may count the same losses again. */
static uint64_t count_lost(const struct events *events)
{
	struct nlring_stats stats;

	nlring_stats(events->stream.nlring, &stats);
	return nlring_error(events->stream.nlring) ? stats.dropped : stats.lost;
}

/* A gap is part of the stream: a reader that keeps state has to start over. */
static int report_lost(void *data)
{
	struct events *events = data;
	uint64_t lost = count_lost(events), more = lost - events->lost;

	if (!more)
		return 0;
	events->lost = lost;
	if (out_is_json())
		out_doc(json_pack("{s:s, s:I}", "event", "lost", "count",
				  (json_int_t)more));
	else
		out_note("nfx: %" PRIu64 " events lost", more);
	return 0;
}

/* No subsystem is the same error as a bad message: ask what cannot be bad. */
static bool has_conntrack(struct nl *nl, int *err)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_CTNETLINK << 8 |
		       IPCTNL_MSG_CT_GET_STATS, 0, AF_UNSPEC, 0);
	*err = nl_talk(nl, nlh, NULL, NULL);
	return *err != -EINVAL && *err != -EOPNOTSUPP;
}

static int join(const struct events *events)
{
	int err = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups) && !err; i++)
		if (events->mask & (uint32_t)groups[i].event)
			err = nl_join(events->nl, groups[i].group);
	return err;
}

/* The ring counts what it loses; ENOBUFS for the same would say less. */
static void no_enobufs(const struct events *events)
{
	int on = 1;

	if (!nlring_error(events->stream.nlring))
		mnl_socket_setsockopt(events->nl->sock, NETLINK_NO_ENOBUFS,
				      &on, sizeof(on));
}

static int run_stream(struct events *events)
{
	int rc = NFX_KERNEL, err;

	/* The ring comes first, so that all events go there. */
	events->stream.nlring = stream_open(events->nl, &events->args,
					    NL_RING_F_ALL, &rc);
	if (!events->stream.nlring)
		return rc;
	no_enobufs(events);
	events->lost = count_lost(events);
	err = join(events);
	if (!err) {
		err = stream_run(&events->stream, events->nl);
		stream_counts(&events->stream, "events");
	}
	if (err)
		out_error(-err, "conntrack events: %s", strerror(-err));
	nlring_close(events->stream.nlring);
	return err ? NFX_KERNEL : NFX_OK;
}

static int run(struct events *events)
{
	int err;

	if (!has_conntrack(events->nl, &err)) {
		out_error(-err, "this kernel has no conntrack netlink");
		return NFX_MISSING;
	}
	if (err) {
		out_error(-err, "conntrack: %s", strerror(-err));
		return NFX_KERNEL;
	}
	return run_stream(events);
}

/* Adds the event @name of @len characters to the mask. */
static int add_event(const char *name, size_t len, uint32_t *mask)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		const char *known = ctview_name(groups[i].event);

		if (strlen(known) == len && !strncmp(known, name, len)) {
			*mask |= (uint32_t)groups[i].event;
			return 0;
		}
	}
	out_error(0, "event \"%.*s\" is unknown: new, update or destroy",
		  (int)len, name);
	return -1;
}

static int parse_events(const char *list, uint32_t *mask)
{
	*mask = 0;
	for (;;) {
		size_t len = strcspn(list, ",");

		if (add_event(list, len, mask))
			return -1;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

static int parse(struct events *events, int argc, char **argv)
{
	const char *list = "new,update,destroy";
	struct arg table[STREAM_OPTIONS + 3] = {
		{ "--events",	ARG_WORD, &list,	   0, 0 },
		{ "--silent",	ARG_FLAG, &events->silent, 0, 0 },
	};

	stream_options(table, &events->args);
	if (args_parse(table, argc, argv, NULL, 0) < 0 ||
	    !stream_args_ok(&events->args))
		return -1;
	return parse_events(list, &events->mask);
}

int ct_events(int argc, char **argv)
{
	struct events events = {
		.stream = {
			.args	= &events.args,
			.cb	= take_event,
			.pause	= report_lost,
			.data	= &events,
		},
	};
	int rc;

	if (parse(&events, argc, argv))
		return NFX_USAGE;
	events.nl = nlcmd_open();
	if (!events.nl)
		return NFX_KERNEL;
	rc = run(&events);
	nl_close(events.nl);
	return rc;
}
