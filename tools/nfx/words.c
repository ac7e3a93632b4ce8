// SPDX-License-Identifier: GPL-2.0-only
/* Words of a line, as of a batch or of a string in a policy. */
#include <errno.h>
#include <string.h>

#include "words.h"

int words_split(char *line, char **words)
{
	char *save = NULL, *word;
	int n = 0;

	for (word = strtok_r(line, " \t\r\n", &save); word;
	     word = strtok_r(NULL, " \t\r\n", &save)) {
		if (n == WORDS_MAX)
			return -E2BIG;
		words[n++] = word;
	}
	return n;
}
