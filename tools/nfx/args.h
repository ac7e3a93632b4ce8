/* SPDX-License-Identifier: GPL-2.0-only */
/* Options and words that follow a command: "watch 5 --count 3". */
#ifndef NFX_ARGS_H
#define NFX_ARGS_H

#include <stdbool.h>
#include <stdint.h>

/* In seconds: most for an interval, and what fits into an int in ms. */
#define ARGS_DAY	86400
#define ARGS_SECONDS	2000000

/**
 * enum arg_type - what an option takes, and where to
 * @ARG_FLAG: nothing; sets a bool
 * @ARG_NUM:  a number, decimal, 0x or 0; sets a uint64_t
 * @ARG_SIZE: bytes, with k, M or G for powers of 1024; sets a uint64_t
 * @ARG_WORD: anything; sets a const char *
 */
enum arg_type { ARG_FLAG, ARG_NUM, ARG_SIZE, ARG_WORD };

/**
 * struct arg - one row of a table of options, which ends with a NULL name
 * @name: with its leading "--"
 * @to:   left alone unless the option is given
 * @min:  smallest number or size
 * @max:  largest one
 */
struct arg {
	const char *name;
	enum arg_type type;
	void *to;
	uint64_t min;
	uint64_t max;
};

/**
 * args_parse() - take the options out of the words of a command
 * @table: options, may be given as "--name VALUE" and "--name=VALUE"
 * @words: receives what is no option
 * @max:   room in @words
 *
 * "--" ends the options. Return: number of words, -1 after an error message.
 */
int args_parse(const struct arg *table, int argc, char **argv,
	       const char **words, int max);

/**
 * args_number() - read a number
 * @name: what it is, for the error message
 * @text: what was typed
 * @size: true to allow k, M and G
 *
 * Return: 0, or -1 after an error message.
 */
int args_number(const char *name, const char *text, bool size, uint64_t min,
		uint64_t max, uint64_t *value);

#endif /* NFX_ARGS_H */
