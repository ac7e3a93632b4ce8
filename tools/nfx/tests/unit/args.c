// SPDX-License-Identifier: GPL-2.0-only
/* Options of commands: types, limits, forms. */
#include <string.h>

#include "args.h"
#include "main.h"
#include "out.h"
#include "unit.h"

static bool flag;
static uint64_t num, size;
static const char *word, *words[2];

static const struct arg table[] = {
	{ "--flag", ARG_FLAG, &flag, 0, 0 },
	{ "--num",  ARG_NUM,  &num,  1, 100 },
	{ "--size", ARG_SIZE, &size, 0, UINT64_MAX },
	{ "--word", ARG_WORD, &word, 0, 0 },
	{ .name = NULL },
};

/* Parses up to four words. */
static int parse(const char *a, const char *b, const char *c, const char *d)
{
	const char * const argv[] = { a, b, c, d };
	int argc = 0;

	flag = false;
	num = 7;
	size = 7;
	word = NULL;
	while (argc < 4 && argv[argc])
		argc++;
	return args_parse(table, argc, (char **)argv, words, 2);
}

static void test_forms(void)
{
	ok(!parse(NULL, NULL, NULL, NULL) && !flag && num == 7,
	   "nothing changes without options");
	ok(!parse("--flag", "--num", "8", NULL) && flag && num == 8,
	   "a flag, and a value in its own word");
	ok(!parse("--num=0x10", "--word=a=b", NULL, NULL) && num == 16 &&
	   !strcmp(word, "a=b"), "values attached");
	ok(parse("one", "--flag", "two", NULL) == 2 && flag &&
	   !strcmp(words[0], "one") && !strcmp(words[1], "two"),
	   "words around an option");
	ok(parse("--", "--flag", "-", NULL) == 2 && !flag,
	   "after -- there are words");
	ok(parse("-", NULL, NULL, NULL) == 1, "a dash is a word");
	ok(!parse("--word", "--flag", NULL, NULL) && !flag,
	   "what follows an option is its value");
}

static void test_errors(void)
{
	ok(parse("a", "b", "c", NULL) == -1, "a word too many");
	ok(parse("--no", NULL, NULL, NULL) == -1, "an unknown option");
	ok(parse("--nu=1", NULL, NULL, NULL) == -1, "no prefixes");
	ok(parse("--numb=1", NULL, NULL, NULL) == -1, "no other name");
	ok(parse("--num", NULL, NULL, NULL) == -1, "a missing value");
	ok(parse("--flag=1", NULL, NULL, NULL) == -1, "a value too many");
	ok(parse("--num=0", NULL, NULL, NULL) == -1 && num == 7, "too small");
	ok(parse("--num=101", NULL, NULL, NULL) == -1, "too large");
	ok(parse("--num=", NULL, NULL, NULL) == -1, "an empty number");
	ok(parse("--num=+1", NULL, NULL, NULL) == -1, "a sign");
	ok(parse("--num= 1", NULL, NULL, NULL) == -1, "a blank");
	ok(parse("--num=1k", NULL, NULL, NULL) == -1, "a suffix");
	ok(parse("--num=18446744073709551617", NULL, NULL, NULL) == -1,
	   "a number that overflows");
}

static void test_sizes(void)
{
	ok(!parse("--size=3k", NULL, NULL, NULL) && size == 3072, "k");
	ok(!parse("--size=3M", NULL, NULL, NULL) && size == 3 << 20, "M");
	ok(!parse("--size=16G", NULL, NULL, NULL) && size == 16ULL << 30, "G");
	ok(parse("--size=3T", NULL, NULL, NULL) == -1, "no T");
	ok(parse("--size=3kk", NULL, NULL, NULL) == -1, "one suffix");
	ok(parse("--size=0x4000000000G", NULL, NULL, NULL) == -1,
	   "a size that overflows");
}

int main(void)
{
	/* Messages go to stderr, which is no TAP. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	test_forms();
	test_errors();
	test_sizes();
	return unit_finish();
}
