// SPDX-License-Identifier: GPL-2.0-only
/* The table of features: what the output and the user rely on. */
#include <ctype.h>
#include <string.h>

#include "feature.h"
#include "unit.h"

#define NAME_COLUMN	18	/* feature.c: print_row() */
#define SUMMARY_MAX	51	/* leaves 80 columns with the -s suffix off */

static bool good_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
	       strlen(name) && strlen(name) < NAME_COLUMN;
}

static bool good_block(const char *block)
{
	return strlen(block) == 4 && block[0] == '0' && isdigit(block[1]) &&
	       !strcmp(block + 2, "xx");
}

static bool unique(const struct feature *feature)
{
	const struct feature *other;

	for (other = features; other->name; other++)
		if (other != feature && !strcmp(other->name, feature->name))
			return false;
	return true;
}

int main(void)
{
	bool names = true, blocks = true, texts = true, order = true;
	const struct feature *f, *last = NULL;

	for (f = features; f->name; last = f++) {
		names &= good_name(f->name) && unique(f);
		blocks &= good_block(f->block);
		texts &= strlen(f->summary) <= SUMMARY_MAX && f->probe &&
			 *f->asked;
		order &= !last || strcmp(last->block, f->block) <= 0;
	}
	ok(names, "names are unique words that fit the column");
	ok(blocks, "blocks are numbers of a hundred");
	ok(texts, "each has a short summary, a question and a probe");
	ok(order, "they stand in the order of the blocks");
	ok(!strcmp(answer_name(ANSWER_UNKNOWN), "unknown"),
	   "an answer has its name");
	return unit_finish();
}
