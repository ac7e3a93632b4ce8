// SPDX-License-Identifier: GPL-2.0-only
/* nfx ct: the connection tracking table. */
#include <stdio.h>

#include "ct.h"
#include "main.h"

int ct_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("Usage: nfx [ -4 | -6 ] ct events [ --events EVENT[,EVENT] ]\n"
	      "                 [ --silent ] [ --ring | --no-ring ]\n"
	      "                 [ --buffer SIZE ] [ --count N ]\n"
	      "                 [ --timeout SECONDS ]\n"
	      "       nfx ct table [ show ] [ --all ]\n"
	      "       nfx ct table watch [ -i SECONDS ] [ -c COUNT ]\n"
	      "       nfx ct help\n"
	      "EVENT := { new | update | destroy }\n"
	      "events: print what happens to conntrack entries, count losses\n"
	      "table:  show or watch the hash table: size, chains, resizes\n",
	      stdout);
	return NFX_OK;
}

int do_ct(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "help",	ct_help,	0 },
		{ "events",	ct_events,	OPT_FAMILY },
		{ "table",	ct_table,	0 },
		{ NULL,		NULL,		0 },
	};

	return cmd_run(table, "ct command", argc, argv);
}
