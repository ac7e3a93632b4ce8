// SPDX-License-Identifier: GPL-2.0-only
/* -b FILE: one command per line, words split at blanks, # starts a comment. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "out.h"
#include "words.h"

static int run_line(char *line, unsigned int nr,
		    int (*run)(int argc, char **argv))
{
	char *words[WORDS_MAX];
	int rc = NFX_USAGE;
	int n;

	line[strcspn(line, "#\n")] = '\0';
	n = words_split(line, words);
	if (!n)
		return NFX_OK;
	if (n < 0)
		out_error(-n, "more than %d words", WORDS_MAX);
	else
		rc = run(n, words);
	if (rc)
		out_note("batch line %u failed with status %d", nr, rc);
	return rc;
}

static int run_lines(FILE *f, int (*run)(int argc, char **argv))
{
	unsigned int nr = 0, failed = 0;
	char *line = NULL;
	size_t size = 0;
	int rc = NFX_OK;

	while (getline(&line, &size, f) != -1) {
		rc = run_line(line, ++nr, run);
		if (rc)
			failed++;
		if (rc && !opts.force)
			break;
	}
	free(line);
	if (failed && opts.force)
		return NFX_PARTIAL;
	return rc;
}

/*
 * Return: 0, the status of the line that ended the batch, or with -f
 * NFX_PARTIAL when any line failed.
 */
int do_batch(const char *path, int (*run)(int argc, char **argv))
{
	bool from_stdin = !strcmp(path, "-");
	FILE *f = from_stdin ? stdin : fopen(path, "re");
	int rc;

	if (!f) {
		out_error(errno, "batch file \"%s\": %s", path,
			  strerror(errno));
		return NFX_USAGE;
	}
	out_list_begin();
	rc = run_lines(f, run);
	out_list_end();
	if (!from_stdin)
		fclose(f);
	return rc;
}
