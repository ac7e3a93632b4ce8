/* SPDX-License-Identifier: GPL-2.0-only */
/* What every object of nfx shares: options, exit codes, the command table. */
#ifndef NFX_MAIN_H
#define NFX_MAIN_H

#include <stdbool.h>
#include <stdint.h>

/* uAPI headers bring __u32; the kernel's own short names stay out. */
#pragma GCC poison u8 u16 u32 u64 s8 s16 s32 s64

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

/**
 * enum nfx_exit - exit codes, the same for every object (nfx(8) EXIT STATUS)
 * @NFX_OK:      done; for a question: yes
 * @NFX_USAGE:   the command line is wrong
 * @NFX_KERNEL:  the kernel or a system call refused
 * @NFX_MISSING: this kernel does not have the feature
 * @NFX_PARTIAL: some entries failed, or the answer is unknown
 */
enum nfx_exit {
	NFX_OK		= 0,
	NFX_USAGE	= 1,
	NFX_KERNEL	= 2,
	NFX_MISSING	= 3,
	NFX_PARTIAL	= 4,
};

/* Options an object may accept beyond the ones that always work. */
enum nfx_optbit {
	OPT_STATS	= 1 << 0,	/* -s */
	OPT_DETAILS	= 1 << 1,	/* -d */
	OPT_NUMERIC	= 1 << 2,	/* -n */
	OPT_FAMILY	= 1 << 3,	/* -4, -6 */
	OPT_DRY_RUN	= 1 << 4,	/* --dry-run */
};

/**
 * struct nfx_opts - the global options as given on the command line
 * @given: mask of enum nfx_optbit
 * @family: of OPT_FAMILY, AF_INET or AF_INET6, else AF_UNSPEC
 * @quiet: -q: no summary on stderr, checks print nothing
 * @force: -f: a batch goes on after a failed line
 * @batch: -b: file to read commands from, "-" is stdin; not owned
 * @netns: -N: name of the network namespace to work in; not owned
 */
struct nfx_opts {
	unsigned int given;
	int family;
	bool quiet;
	bool force;
	const char *batch;
	const char *netns;
};

extern struct nfx_opts opts;

/**
 * struct cmd - one row of a command table
 * @name: word on the command line; any unambiguous prefix selects it
 * @func: gets the words after @name; returns an enum nfx_exit
 * @opts: mask of enum nfx_optbit that @func understands
 *
 * A table ends with a row whose @name is NULL.
 */
struct cmd {
	const char *name;
	int (*func)(int argc, char **argv);
	unsigned int opts;
};

/**
 * cmd_find() - find the row that @word names, exactly or as only prefix
 * @table: rows, ended by a NULL name
 * @word:  what was typed
 * @clash: set to a second row when @word fits two, else to NULL
 *
 * Return: the row, or NULL when none or more than one fits.
 */
const struct cmd *cmd_find(const struct cmd *table, const char *word,
			   const struct cmd **clash);

/**
 * cmd_run() - run the command named by argv[0], or the first row if none is
 * @table: rows, ended by a NULL name
 * @what:  what the rows are, for messages: "object", "feature command"
 *
 * Return: what the command returned, or NFX_USAGE after an error message.
 */
int cmd_run(const struct cmd *table, const char *what, int argc, char **argv);

int do_batch(const char *path, int (*run)(int argc, char **argv));
int do_ct(int argc, char **argv);
int do_feature(int argc, char **argv);
int do_queue(int argc, char **argv);
int do_rpf(int argc, char **argv);

#endif /* NFX_MAIN_H */
