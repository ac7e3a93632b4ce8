// SPDX-License-Identifier: GPL-2.0-only
/* What a rule of a policy does: sysctls, then a flush, and a line for each. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clocks.h"
#include "ctflush_view.h"
#include "ctpolicy.h"
#include "out.h"
#include "procfile.h"

/**
 * struct run - a rule that runs
 * @nl:      nfnetlink
 * @failed:  how much failed so far
 */
struct run {
	struct nl *nl;
	const struct ctpolicy_rule *rule;
	bool dry_run;
	unsigned int failed;
};

static json_t *action_json(const struct run *run, const char *action)
{
	const struct ctpolicy_due *due = &run->rule->due;

	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:s, s:b}",
			 "event", "action",
			 "time", (json_int_t)clocks_real_ns(),
			 "rule", run->rule->name, "cause", due->why,
			 "causes", (json_int_t)due->events,
			 "action", action, "dry-run", run->dry_run);
}

/* A line, or an object with @more in it, which it takes over. */
static void report(struct run *run, const char *action, const char *error,
		   json_t *more, const char *text)
{
	const struct ctpolicy_rule *rule = run->rule;
	char now[CLOCKS_TEXT];
	json_t *doc;

	if (out_is_json()) {
		doc = action_json(run, action);
		json_object_update_missing(doc, more);
		json_object_set_new(doc, "error", error ? json_string(error) :
							  json_null());
		out_doc(doc);
	} else {
		clocks_text(now);
		printf("%s %s: %s: %s%s%s\n", now, rule->name, rule->due.why,
		       run->dry_run ? "(dry run) " : "", text,
		       error ? " failed" : "");
		if (error)
			out_error(0, "%s: %s: %s", rule->name, text, error);
	}
	json_decref(more);
	run->failed += error != NULL;
}

static void run_sysctl(struct run *run, const struct ctpolicy_sysctl *sysctl)
{
	char text[CTPOLICY_PATH + CTFLUSH_TEXT];
	int err = 0;

	if (!run->dry_run)
		err = procfile_write(sysctl->path, sysctl->value);
	else if (access(sysctl->path, F_OK))
		err = -errno;
	if (err && sysctl->optional)
		return;
	snprintf(text, sizeof(text), "%s = %s", sysctl->name, sysctl->value);
	report(run, "sysctl", err ? strerror(-err) : NULL,
	       json_pack("{s:s, s:s}", "name", sysctl->name, "value",
			 sysctl->value), text);
}

static const char *flush_error(const struct ctflush_counts *counts)
{
	if (counts->failed)
		return strerror(-counts->error);
	return counts->stopped ? "interrupted" : NULL;
}

static void run_flush(struct run *run, const struct ctflush *job)
{
	const char *action = job->lazy ? "lazy-flush" : "flush";
	char text[CTFLUSH_TEXT], error[CTFLUSH_TEXT];
	struct ctflush_done done;
	int err = ctflush_run(run->nl, job, CTFLUSH_AUTO, &done);

	if (err) {
		ctflush_explain(run->nl, job, &done, err, error);
		report(run, action, error, NULL, action);
		return;
	}
	ctflush_text(job, &done, text);
	report(run, action, flush_error(&done.counts),
	       ctflush_json(job, &done), text);
}

/* There is no way to find out what it would do. */
static void run_lazy(struct run *run)
{
	if (run->dry_run)
		report(run, "lazy-flush", NULL, NULL, "lazy flush");
	else
		run_flush(run, &(struct ctflush){ .lazy = true });
}

unsigned int ctpolicy_run(struct nl *nl, const struct ctpolicy_rule *rule,
			  bool dry_run)
{
	struct run run = { .nl = nl, .rule = rule, .dry_run = dry_run };
	unsigned int i;

	for (i = 0; i < rule->sysctls_count; i++)
		run_sysctl(&run, &rule->sysctls[i]);
	if (rule->flush.count)
		run_flush(&run, &(struct ctflush){
			.filters = rule->flush.filter,
			.count	 = rule->flush.count,
			.dry_run = dry_run,
		});
	if (rule->lazy)
		run_lazy(&run);
	return run.failed;
}
