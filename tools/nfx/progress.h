/* SPDX-License-Identifier: GPL-2.0-only */
/* How far a long operation is: a line on a terminal. */
#ifndef NFX_PROGRESS_H
#define NFX_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct progress - a line on stderr, once an operation has taken a second
 * @on:       there is a terminal, and neither -q nor -j
 * @shown:    there is something to erase
 * @total:    steps that are expected, there may be more; 0 if not known
 * @begin_ms: monotonic
 * @next_ms:  when the line is due next
 */
struct progress {
	bool on;
	bool shown;
	uint64_t total;
	int64_t begin_ms;
	int64_t next_ms;
};

void progress_begin(struct progress *progress, uint64_t total);

/** progress_update() - @done steps are done; cheap, to be called for each */
void progress_update(struct progress *progress, uint64_t done);

/** progress_end() - erase the line */
void progress_end(struct progress *progress);

/**
 * progress_text() - the line: percentage, bar, rate and time that is left
 * @ms:    time so far
 * @width: columns of all of it
 */
void progress_text(char *buf, size_t size, uint64_t done, uint64_t total,
		   int64_t ms, unsigned int width);

#endif /* NFX_PROGRESS_H */
