// SPDX-License-Identifier: GPL-2.0-only
/* Command tables: prefixes, exact names, clashes, rejected options. */
#include <stddef.h>

#include "main.h"
#include "unit.h"

static int args;

static int take(int argc, char **argv)
{
	(void)argv;
	args = argc;
	return NFX_OK;
}

static const struct cmd table[] = {
	{ "list",	take, OPT_STATS },
	{ "listen",	take, 0 },
	{ "set",	take, 0 },
	{ NULL,		NULL, 0 },
};

static void test_find(void)
{
	const struct cmd *clash;

	ok(cmd_find(table, "list", &clash) == &table[0],
	   "an exact name wins over a longer one");
	ok(!clash, "an exact name is no clash");
	ok(cmd_find(table, "liste", &clash) == &table[1], "unique prefix");
	ok(cmd_find(table, "s", &clash) == &table[2], "one letter");
	ok(!cmd_find(table, "li", &clash) && clash == &table[1],
	   "an ambiguous prefix names both");
	ok(!cmd_find(table, "x", &clash) && !clash, "unknown word");
	ok(!cmd_find(table, "", &clash) && !clash, "empty word");
	ok(!cmd_find(table, "listening", &clash), "a word too long");
}

static void test_run(void)
{
	char word[] = "set", more[] = "a";
	char *argv[] = { word, more, NULL };

	ok(cmd_run(table, "command", 2, argv) == NFX_OK && args == 1,
	   "the command gets the words after its name");
	ok(cmd_run(table, "command", 0, argv + 2) == NFX_OK && args == 0,
	   "no word runs the first row");
	opts.given = OPT_STATS;
	ok(cmd_run(table, "command", 2, argv) == NFX_USAGE,
	   "an option that a command lacks is rejected");
	opts.given = 0;
}

int main(void)
{
	test_find();
	test_run();
	return unit_finish();
}
