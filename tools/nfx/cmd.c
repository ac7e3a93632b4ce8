// SPDX-License-Identifier: GPL-2.0-only
/* Command tables: select a row by an unambiguous prefix and run it. */
#include <string.h>

#include "main.h"
#include "out.h"

struct nfx_opts opts;

static const struct {
	unsigned int bit;
	const char *name;
} optname[] = {
	{ OPT_STATS,	"-s/--stats" },
	{ OPT_DETAILS,	"-d/--details" },
	{ OPT_NUMERIC,	"-n/--numeric" },
	{ OPT_FAMILY,	"-4/-6" },
	{ OPT_DRY_RUN,	"--dry-run" },
};

static bool opts_fit(const struct cmd *cmd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(optname); i++) {
		if (opts.given & ~cmd->opts & optname[i].bit) {
			out_error(0, "option %s has no meaning for \"%s\"",
				  optname[i].name, cmd->name);
			return false;
		}
	}
	return true;
}

const struct cmd *cmd_find(const struct cmd *table, const char *word,
			   const struct cmd **clash)
{
	const struct cmd *cmd, *hit = NULL;
	size_t len = strlen(word);

	*clash = NULL;
	for (cmd = table; cmd->name; cmd++) {
		if (!strcmp(cmd->name, word)) {
			*clash = NULL;
			return cmd;
		}
		if (!len || strncmp(cmd->name, word, len))
			continue;
		if (hit)
			*clash = cmd;
		else
			hit = cmd;
	}
	return *clash ? NULL : hit;
}

int cmd_run(const struct cmd *table, const char *what, int argc, char **argv)
{
	const struct cmd *clash = NULL;
	const struct cmd *cmd = argc ? cmd_find(table, argv[0], &clash) : table;

	if (clash)
		out_error(0, "%s \"%s\" is ambiguous, try \"help\"", what,
			  argv[0]);
	else if (!cmd)
		out_error(0, "%s \"%s\" is unknown, try \"help\"", what,
			  argv[0]);
	else if (opts_fit(cmd))
		return cmd->func(argc ? argc - 1 : 0, argc ? argv + 1 : argv);
	return NFX_USAGE;
}
