// SPDX-License-Identifier: GPL-2.0-only
/* nfx rpf: reverse path filters. */
#include <stdio.h>

#include "main.h"
#include "rpf.h"

int rpf_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("Usage: nfx rpf check SRC [ iif DEV ] [ to DST ] [ out DEV ]\n"
	      "                 [ -4 | -6 ] [ --vrf NAME ] [ --mark MARK ]\n"
	      "                 [ --proto PROTO ] [ --sport PORT ]\n"
	      "                 [ --dport PORT ] [ --tos TOS ] [ --l4 ]\n"
	      "                 [ --explain ]\n"
	      "       nfx [ -4 | -6 ] rpf migrate [ --nft | --iptables ]\n"
	      "                 [ --ipv6 ] [ --mode MODE ] "
	      "[ --syntax SYNTAX ]\n"
	      "       nfx rpf help\n"
	      "MODE := { strict | feasible | loose }\n"
	      "SYNTAX := { auto | stock | new }\n"
	      "check:   what reverse path filters say of a source, and why\n"
	      "migrate: print rules that do what the sysctl rp_filter does\n",
	      stdout);
	return NFX_OK;
}

int do_rpf(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "help",	rpf_help,	0 },
		{ "check",	rpf_check,	OPT_FAMILY | OPT_DETAILS },
		{ "migrate",	rpf_migrate,	OPT_FAMILY },
		{ NULL,		NULL,		0 },
	};

	return cmd_run(table, "rpf command", argc, argv);
}
