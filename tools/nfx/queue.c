// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue: the queues of nfnetlink_queue, and what is in them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "main.h"
#include "nfqueue.h"
#include "out.h"
#include "queue.h"

static const char * const copy_modes[] = {
	[NFQNL_COPY_NONE]	= "none",
	[NFQNL_COPY_META]	= "meta",
	[NFQNL_COPY_PACKET]	= "packet",
};

static const char *copy_mode(const struct nfq_stat *stat)
{
	if (stat->copy_mode < ARRAY_SIZE(copy_modes))
		return copy_modes[stat->copy_mode];
	return "unknown";
}

static void add_json(const struct nfq_stat *stat, void *data)
{
	json_t *list = data, *doc;

	doc = json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I}",
			"queue", (json_int_t)stat->num,
			"portid", (json_int_t)stat->portid,
			"waiting", (json_int_t)stat->waiting,
			"copy-mode", copy_mode(stat),
			"copy-range", (json_int_t)stat->copy_range,
			"dropped", (json_int_t)stat->dropped,
			"user-dropped", (json_int_t)stat->user_dropped,
			"last-id", (json_int_t)stat->last_id);
	json_array_append_new(list, doc);
}

static void print_header(void)
{
	printf("%5s %10s %8s %-7s%6s %10s %10s %10s\n", "QUEUE", "PORTID",
	       "WAITING", "COPY", "RANGE", "DROPPED", "USERDROP", "LASTID");
}

static void print_row(const struct nfq_stat *stat, void *data)
{
	unsigned int *count = data;

	if (!*count)
		print_header();
	printf("%5u %10u %8u %-7s%6u %10u %10u %10u\n", stat->num,
	       stat->portid, stat->waiting, copy_mode(stat), stat->copy_range,
	       stat->dropped, stat->user_dropped, stat->last_id);
	++*count;
}

static int list_failed(int err)
{
	if (err == -ENOENT) {
		out_error(ENOENT, "nfnetlink_queue is not loaded");
		return NFX_MISSING;
	}
	out_error(-err, "queues: %s", strerror(-err));
	return NFX_KERNEL;
}

static int list_json(void)
{
	json_t *list = json_array();
	int err = nfq_stats(add_json, list);

	if (!err)
		return out_doc(list);
	json_decref(list);
	return list_failed(err);
}

static int do_list(int argc, char **argv)
{
	static const struct arg none[] = { { .name = NULL } };
	unsigned int count = 0;
	int err;

	if (args_parse(none, argc, argv, NULL, 0) < 0)
		return NFX_USAGE;
	if (out_is_json())
		return list_json();
	err = nfq_stats(print_row, &count);
	if (err)
		return list_failed(err);
	if (!count)
		print_header();
	out_note("%u queues", count);
	return NFX_OK;
}

static int do_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("Usage: nfx queue [ list ]\n"
	      "       nfx queue watch NUM [ --verdict accept|drop ] [ --mark MARK ]\n"
	      "                 [ --range BYTES ] [ --maxlen PACKETS ] [ --fail-open ]\n"
	      "                 [ --ring | --no-ring ] [ --buffer SIZE ]\n"
	      "                 [ --count N ] [ --timeout SECONDS ]\n"
	      "       nfx queue bench [ --method METHOD,... ] [ --size SIZE,... ]\n"
	      "                 [ --burst N,... ] [ --queues N,... ]\n"
	      "                 [ --order ORDER,... ] [ --depth N,... ]\n"
	      "                 [ --packets N ] [ --runs N ] [ --full ]\n"
	      "       nfx queue help\n"
	      "SIZE := { BYTES | gso }\n"
	      "ORDER := { in-order | shuffled }\n"
	      "METHOD := { recv+send | recvmmsg+many | recvmmsg+batch |\n"
	      "            recvmmsg+vector | uring+many | uring+batch |\n"
	      "            uring+vector | ring+batch | ring+vector }\n"
	      "list:  the queues and their counters\n"
	      "bench: time ways to read and answer, in a namespace of its own\n"
	      "watch: bind queue NUM, print its packets and let them pass\n",
	      stdout);
	return NFX_OK;
}

int do_queue(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "list",	do_list,	0 },
		{ "bench",	queue_bench,	0 },
		{ "watch",	queue_watch,	OPT_NUMERIC },
		{ "help",	do_help,	OPT_NUMERIC },
		{ NULL,		NULL,		0 },
	};

	return cmd_run(table, "queue command", argc, argv);
}
