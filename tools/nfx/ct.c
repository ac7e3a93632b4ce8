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
	      "       nfx [ -4 | -6 ] ct flush { FILTER [ --or FILTER ]... | "
	      "--all |\n"
	      "                 --lazy } [ --dry-run ] [ --stats ]\n"
	      "                 [ --method METHOD ]\n"
	      "       nfx [ -4 | -6 ] ct top [ FILTER [ --or FILTER ]... ]\n"
	      "                 [ -1 ] [ -i SECONDS ] [ -c COUNT ] [ --rows N ]\n"
	      "       nfx ct pressure [ --poll ] [ -i SECONDS ] [ --count N ]\n"
	      "                 [ --timeout SECONDS ]\n"
	      "       nfx ct policy FILE [ --check ] [ --dry-run ] [ --poll ]\n"
	      "                 [ -i SECONDS ] [ --timeout SECONDS ]\n"
	      "       nfx ct help\n"
	      "EVENT := { new | update | destroy }\n"
	      "FILTER := [ --src PREFIX ] [ --dst PREFIX ] [ --sport PORTS ]\n"
	      "          [ --dport PORTS ] [ --reply-src PREFIX ]\n"
	      "          [ --reply-dst PREFIX ] [ --reply-sport PORTS ]\n"
	      "          [ --reply-dport PORTS ] [ --proto PROTO ]\n"
	      "          [ --nat { src | dst | any | none } ]\n"
	      "          [ --state STATE[,STATE] ] [ --mark MARK[/MASK] ]\n"
	      "          [ --zone ZONE ] [ --labels LABEL[,LABEL] ]\n"
	      "          [ --expires-in MIN-MAX ] [ --unreplied | --replied ]\n"
	      "          [ --unassured | --assured ]\n"
	      "METHOD := { auto | message | filter | dump }\n"
	      "events: print what happens to conntrack entries, count losses\n"
	      "flush:  delete the entries that fit filters\n"
	      "table:  show or watch the hash table: size, chains, resizes\n"
	      "top:    count entries by what they are: who fills the table?\n"
	      "pressure: report how full the table is, as it changes\n"
	      "policy: follow the rules of a file: flush and set sysctls when\n"
	      "        something happens\n",
	      stdout);
	return NFX_OK;
}

int do_ct(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "help",	ct_help,	0 },
		{ "events",	ct_events,	OPT_FAMILY },
		{ "flush",	ct_flush,	OPT_FAMILY | OPT_DRY_RUN |
						OPT_STATS },
		{ "policy",	ct_policy,	OPT_DRY_RUN },
		{ "pressure",	ct_pressure,	0 },
		{ "table",	ct_table,	0 },
		{ "top",	ct_top,		OPT_FAMILY },
		{ NULL,		NULL,		0 },
	};

	return cmd_run(table, "ct command", argc, argv);
}
