// SPDX-License-Identifier: GPL-2.0-only
/* nfx feature: what of the patch stack does the running kernel have? */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clocks.h"
#include "feature.h"
#include "main.h"
#include "netns.h"
#include "nl.h"
#include "out.h"

/* No probe needs this long, not even in an emulated guest. */
#define PROBE_TIMEOUT_MS 20000

static const char * const answer_names[] = {
	[ANSWER_UNKNOWN]	= "unknown",
	[ANSWER_NO]		= "no",
	[ANSWER_YES]		= "yes",
};
static_assert(ARRAY_SIZE(answer_names) == ANSWER_MAX, "one name per answer");

static const int answer_exit[] = {
	[ANSWER_UNKNOWN]	= NFX_PARTIAL,
	[ANSWER_NO]		= NFX_MISSING,
	[ANSWER_YES]		= NFX_OK,
};
static_assert(ARRAY_SIZE(answer_exit) == ANSWER_MAX, "one code per answer");

static const enum out_color answer_color[] = {
	[ANSWER_UNKNOWN]	= OUT_DIM,
	[ANSWER_NO]		= OUT_BAD,
	[ANSWER_YES]		= OUT_GOOD,
};
static_assert(ARRAY_SIZE(answer_color) == ANSWER_MAX, "one per answer");

const char *answer_name(enum answer answer)
{
	return answer_names[answer];
}

static void set(struct finding *f, enum answer value, int err,
		const char *fmt, va_list ap)
{
	f->answer = value;
	f->err = abs(err);
	vsnprintf(f->got, sizeof(f->got), fmt, ap);
}

void finding_yes(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(f, ANSWER_YES, 0, fmt, ap);
	va_end(ap);
}

void finding_no(struct finding *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(f, ANSWER_NO, err, fmt, ap);
	va_end(ap);
}

void finding_unknown(struct finding *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(f, ANSWER_UNKNOWN, err, fmt, ap);
	va_end(ap);
}

bool setup_failed(struct finding *f, int err, const char *what)
{
	if (err)
		finding_unknown(f, err, "set-up of %s failed: %s", what,
				nl_strerror(-err));
	return err != 0;
}

struct probe_call {
	const struct feature *feature;
	struct finding finding;
};

static void call_probe(void *data)
{
	struct probe_call *call = data;

	call->feature->probe(&call->finding);
}

void feature_probe(const struct feature *feature, struct finding *f)
{
	struct probe_call call = { .feature = feature };
	struct netns_job job = {
		.func		= call_probe,
		.data		= &call,
		.size		= sizeof(call),
		.timeout_ms	= PROBE_TIMEOUT_MS,
		.private_ns	= feature->place == PROBE_PRIVATE,
	};
	int err;

	finding_unknown(&call.finding, 0, "the probe gave no answer");
	err = netns_run(&job);
	if (err == -ETIMEDOUT)
		finding_unknown(&call.finding, err, "no answer within %d s",
				PROBE_TIMEOUT_MS / 1000);
	else if (err == -ECHILD)
		finding_unknown(&call.finding, err, "the probe crashed");
	else if (err)
		finding_unknown(&call.finding, err,
				"no throw-away network namespace: %s",
				strerror(-err));
	*f = call.finding;
}

bool feature_has(const char *name)
{
	const struct feature *feature;
	struct finding finding;

	for (feature = features; feature->name; feature++)
		if (!strcmp(feature->name, name))
			break;
	if (!feature->name)
		return false;
	feature_probe(feature, &finding);
	return finding.answer == ANSWER_YES;
}

static double timed_probe(const struct feature *feature, struct finding *f)
{
	int64_t start = clocks_ns();

	feature_probe(feature, f);
	return (double)(clocks_ns() - start) / 1e6;
}

static json_t *to_json(const struct feature *feature, const struct finding *f,
		       double ms)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:i}}",
				"name", feature->name,
				"block", feature->block,
				"summary", feature->summary,
				"answer", answer_name(f->answer),
				"evidence",
				"asked", feature->asked,
				"got", f->got,
				"errno", f->err);

	if (doc && opts.given & OPT_STATS)
		json_object_set_new(doc, "ms", json_real(ms));
	return doc;
}

static void print_evidence(const struct feature *feature,
			   const struct finding *f)
{
	printf("%18s asked: %s\n", "", feature->asked);
	printf("%18s got:   %s\n", "", f->got);
	if (f->err)
		printf("%18s errno: %d (%s)\n", "", f->err,
		       nl_strerror(f->err));
}

static void print_row(const struct feature *feature, const struct finding *f,
		      double ms)
{
	printf("%-18s%s%-9s%s%-7s%s", feature->name,
	       out_color(answer_color[f->answer]), answer_name(f->answer),
	       out_color(OUT_PLAIN), feature->block, feature->summary);
	if (opts.given & OPT_STATS)
		printf("  (%.1f ms)", ms);
	putchar('\n');
	if (opts.given & OPT_DETAILS)
		print_evidence(feature, f);
	fflush(stdout);
}

static int no_more_words(int argc, char **argv)
{
	if (!argc)
		return NFX_OK;
	out_error(0, "argument \"%s\" is one too many, try \"help\"",
		  argv[0]);
	return NFX_USAGE;
}

static int do_list(int argc, char **argv)
{
	json_t *list = out_is_json() ? json_array() : NULL;
	unsigned int count[ANSWER_MAX] = { 0 };
	const struct feature *feature;
	struct finding f;

	if (no_more_words(argc, argv)) {
		json_decref(list);
		return NFX_USAGE;
	}
	if (!out_is_json())
		printf("%-18s%-9s%-7s%s\n", "NAME", "ANSWER", "BLOCK",
		       "SUMMARY");
	for (feature = features; feature->name; feature++) {
		double ms = timed_probe(feature, &f);

		count[f.answer]++;
		if (out_is_json())
			json_array_append_new(list, to_json(feature, &f, ms));
		else
			print_row(feature, &f, ms);
	}
	if (out_is_json())
		return out_doc(list);
	out_note("%u yes, %u no, %u unknown", count[ANSWER_YES],
		 count[ANSWER_NO], count[ANSWER_UNKNOWN]);
	return NFX_OK;
}

static const struct feature *find_feature(const char *name)
{
	const struct feature *feature;

	for (feature = features; feature->name; feature++)
		if (!strcmp(feature->name, name))
			return feature;
	out_error(0, "feature \"%s\" is unknown, try \"nfx feature list\"",
		  name);
	return NULL;
}

static void print_check(const struct feature *feature, const struct finding *f)
{
	printf("%s: %s%s%s: %s\n", feature->name,
	       out_color(answer_color[f->answer]), answer_name(f->answer),
	       out_color(OUT_PLAIN), f->got);
	if (f->answer == ANSWER_NO)
		printf("%s: patches/%.2s* bring it: %s\n", feature->name,
		       feature->block, feature->summary);
}

static int do_check(int argc, char **argv)
{
	const struct feature *feature;
	struct finding f;
	double ms;

	if (!argc) {
		out_error(0, "\"check\" needs the NAME of a feature");
		return NFX_USAGE;
	}
	if (no_more_words(argc - 1, argv + 1))
		return NFX_USAGE;
	feature = find_feature(argv[0]);
	if (!feature)
		return NFX_USAGE;
	ms = timed_probe(feature, &f);
	if (out_is_json() && out_doc(to_json(feature, &f, ms)))
		return NFX_KERNEL;
	if (!out_is_json() && opts.given)
		print_row(feature, &f, ms);
	else if (!out_is_json() && !opts.quiet)
		print_check(feature, &f);
	return answer_exit[f.answer];
}

static int do_help(int argc, char **argv)
{
	const struct feature *feature;

	(void)argc;
	(void)argv;
	fputs("Usage: nfx feature [ list ]\n"
	      "       nfx feature check NAME\n"
	      "       nfx feature help\n"
	      "Asks the running kernel for each item of the patch stack.\n"
	      "check: 0 yes, 3 no, 4 unknown\n"
	      "NAME :=", stdout);
	for (feature = features; feature->name; feature++)
		printf(" %s", feature->name);
	putchar('\n');
	return NFX_OK;
}

int do_feature(int argc, char **argv)
{
	static const struct cmd table[] = {
		{ "list",	do_list,	OPT_STATS | OPT_DETAILS },
		{ "check",	do_check,	OPT_STATS | OPT_DETAILS },
		{ "help",	do_help,	OPT_STATS | OPT_DETAILS },
		{ NULL,		NULL,		0 },
	};

	return cmd_run(table, "feature command", argc, argv);
}
