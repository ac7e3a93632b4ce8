// SPDX-License-Identifier: GPL-2.0-only
/* Options and words that follow a command. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "main.h"
#include "out.h"

/* What is left of the words of a command. */
struct words {
	int argc;
	char **argv;
};

/* Returns the power of two that @suffix stands for, -1 for none. */
static int suffix_shift(const char *suffix)
{
	if (!*suffix)
		return 0;
	if (suffix[1])
		return -1;
	switch (*suffix) {
	case 'k':
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	default:
		return -1;
	}
}

static int parse_number(const char *text, bool size, uint64_t *value)
{
	char *end;
	int shift;

	/* strtoull() takes blanks and signs. */
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno)
		return -errno;
	shift = suffix_shift(end);
	if (shift < 0 || (shift && !size))
		return -EINVAL;
	if (*value > UINT64_MAX >> shift)
		return -ERANGE;
	*value <<= shift;
	return 0;
}

int args_number(const char *name, const char *text, bool size, uint64_t min,
		uint64_t max, uint64_t *value)
{
	uint64_t number = 0;

	if (!parse_number(text, size, &number) && number >= min &&
	    number <= max) {
		*value = number;
		return 0;
	}
	out_error(0, "argument \"%s\" is wrong: %s is a %s from %" PRIu64
		  " to %" PRIu64, text, name, size ? "size" : "number", min,
		  max);
	return -1;
}

/* Is @word the option @name, maybe with "=VALUE" attached? */
static bool is_option(const char *word, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(word, name, len) && (!word[len] || word[len] == '=');
}

static const struct arg *find_option(const struct arg *table, const char *word)
{
	const struct arg *arg;

	for (arg = table; arg->name; arg++)
		if (is_option(word, arg->name))
			return arg;
	out_error(0, "option \"%s\" is unknown, try \"help\"", word);
	return NULL;
}

/* The value of option @arg, from its own word or the one after it. */
static const char *take_value(const struct arg *arg, const char *word,
			      struct words *left)
{
	const char *value = strchr(word, '=');

	if (value)
		return value + 1;
	if (!left->argc) {
		out_error(0, "option \"%s\" needs an argument", arg->name);
		return NULL;
	}
	left->argc--;
	return *left->argv++;
}

static int take_flag(const struct arg *arg, const char *word)
{
	if (strchr(word, '=')) {
		out_error(0, "option \"%s\" takes no argument", arg->name);
		return -1;
	}
	*(bool *)arg->to = true;
	return 0;
}

static int take_option(const struct arg *table, const char *word,
		       struct words *left)
{
	const struct arg *arg = find_option(table, word);
	const char *value;

	if (!arg)
		return -1;
	if (arg->type == ARG_FLAG)
		return take_flag(arg, word);
	value = take_value(arg, word, left);
	if (!value)
		return -1;
	if (arg->type != ARG_WORD)
		return args_number(arg->name, value, arg->type == ARG_SIZE,
				   arg->min, arg->max, arg->to);
	*(const char **)arg->to = value;
	return 0;
}

static int too_many(const char *word)
{
	out_error(0, "argument \"%s\" is one too many, try \"help\"", word);
	return -1;
}

int args_parse(const struct arg *table, int argc, char **argv,
	       const char **words, int max)
{
	struct words left = { .argc = argc, .argv = argv };
	bool options = true;
	int n = 0;

	while (left.argc) {
		const char *word = *left.argv++;

		left.argc--;
		if (options && !strcmp(word, "--")) {
			options = false;
		} else if (options && word[0] == '-' && word[1]) {
			if (take_option(table, word, &left))
				return -1;
		} else if (n < max) {
			words[n++] = word;
		} else {
			return too_many(word);
		}
	}
	return n;
}
