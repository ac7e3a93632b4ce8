/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of a line, as of a batch or of a string in a policy. */
#ifndef NFX_WORDS_H
#define NFX_WORDS_H

/* Most words of a line. */
#define WORDS_MAX 256

/**
 * words_split() - split a line at blanks, in place
 * @words: receives up to WORDS_MAX pointers into @line
 *
 * Return: number of words, -E2BIG if there are too many.
 */
int words_split(char *line, char **words);

#endif /* NFX_WORDS_H */
