// SPDX-License-Identifier: GPL-2.0-only
/* Output: one JSON document or aligned text; errors; colour. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "main.h"
#include "out.h"

static struct {
	bool json;
	bool pretty;
	bool color;
	json_t *list;	/* open batch array, NULL outside a batch */
} out;

void out_set_json(bool pretty)
{
	out.json = true;
	out.pretty |= pretty;
}

bool out_is_json(void)
{
	return out.json;
}

int out_set_color(const char *when)
{
	if (when && *when == '=')
		when++;
	if (!when || !strcmp(when, "auto"))
		out.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	else if (!strcmp(when, "always"))
		out.color = true;
	else if (!strcmp(when, "never"))
		out.color = false;
	else
		return -EINVAL;
	return 0;
}

const char *out_color(enum out_color color)
{
	static const char * const code[] = {
		[OUT_PLAIN]	= "\033[0m",
		[OUT_GOOD]	= "\033[32m",
		[OUT_BAD]	= "\033[1;31m",
		[OUT_DIM]	= "\033[2m",
	};

	return out.color ? code[color] : "";
}

static int dump_doc(json_t *doc)
{
	size_t flags = out.pretty ? JSON_INDENT(4) : JSON_COMPACT;
	int err = json_dumpf(doc, stdout, flags);

	json_decref(doc);
	if (err)
		return NFX_KERNEL;
	putchar('\n');
	return NFX_OK;
}

int out_doc(json_t *doc)
{
	if (!doc) {
		fputs("nfx: out of memory\n", stderr);
		return NFX_KERNEL;
	}
	if (out.list)
		return json_array_append_new(out.list, doc) ? NFX_KERNEL : 0;
	return dump_doc(doc);
}

void out_list_begin(void)
{
	if (out.json)
		out.list = json_array();
}

void out_list_end(void)
{
	json_t *list = out.list;

	out.list = NULL;
	if (list)
		dump_doc(list);
}

void out_error(int err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (out.json)
		out_doc(json_pack("{s:s, s:i}", "error", text, "errno", err));
	else
		fprintf(stderr, "nfx: %s\n", text);
}

void out_note(const char *fmt, ...)
{
	va_list ap;

	if (opts.quiet || out.json)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int out_finish(int rc)
{
	if (!fflush(stdout) && !ferror(stdout))
		return rc;
	fprintf(stderr, "nfx: stdout: %s\n", strerror(errno));
	return rc ? rc : NFX_KERNEL;
}
