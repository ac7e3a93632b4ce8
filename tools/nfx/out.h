/* SPDX-License-Identifier: GPL-2.0-only */
/* Output: one JSON document or aligned text; errors; colour. */
#ifndef NFX_OUT_H
#define NFX_OUT_H

#include <jansson.h>
#include <stdbool.h>

enum out_color { OUT_PLAIN, OUT_GOOD, OUT_BAD, OUT_DIM };

/** out_set_json() - print JSON from now on; @pretty indents it. */
void out_set_json(bool pretty);

/** out_is_json() - true when stdout carries one JSON document. */
bool out_is_json(void);

/**
 * out_set_color() - colour text output
 * @when: "always", "auto" or "never", also with a leading "="; NULL is auto
 *
 * NO_COLOR in the environment wins over "auto"; JSON is never coloured.
 * Return: 0, or -EINVAL for another word.
 */
int out_set_color(const char *when);

/** out_color() - escape sequence that switches to @color, "" without colour. */
const char *out_color(enum out_color color);

/**
 * out_doc() - print a JSON document; takes over the reference to @doc
 *
 * Inside out_list_begin()/out_list_end() it becomes one item of the array.
 * Return: 0, or NFX_KERNEL when memory or stdout failed.
 */
int out_doc(json_t *doc);

void out_list_begin(void);
void out_list_end(void);

/**
 * out_error() - report an error: text on stderr, with -j an object on stdout
 * @err: positive errno, or 0 when there is none
 */
void out_error(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** out_note() - summary line on stderr; silent with -q and -j. */
void out_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * out_finish() - flush stdout
 *
 * Return: @rc, or NFX_KERNEL when @rc is 0 and stdout could not be written.
 */
int out_finish(int rc);

#endif /* NFX_OUT_H */
