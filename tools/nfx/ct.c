// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct: the connection tracking table. */
#include <stdio.h>

#include "ct.h"
#include "main.h"

static int do_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("Usage: nfx [ -4 | -6 ] ct events [ --events EVENT[,EVENT] ]\n"
	      "                 [ --silent ] [ --ring | --no-ring ]\n"
	      "                 [ --buffer SIZE ] [ --count N ]\n"
	      "                 [ --timeout SECONDS ]\n"
	      "       nfx ct help\n"
	      "EVENT := { new | update | destroy }\n"
	      "events: print what happens to conntrack entries, count losses\n",
	      stdout);
	return NFX_OK;
}

int do_ct(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "help",	do_help,	0 },
		{ "events",	ct_events,	OPT_FAMILY },
		{ NULL,		NULL,		0 },
	};

	return cmd_run(table, "ct command", argc, argv);
}
