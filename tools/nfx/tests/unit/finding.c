// SPDX-License-Identifier: GPL-2.0-only
/* Findings, and probes that do not come to an end. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "feature.h"
#include "netns.h"
#include "unit.h"

static void test_setters(void)
{
	struct finding f;

	finding_yes(&f, "%d of %d", 1, 2);
	ok(f.answer == ANSWER_YES && !f.err && !strcmp(f.got, "1 of 2"),
	   "yes");
	finding_no(&f, -ENOENT, "gone");
	ok(f.answer == ANSWER_NO && f.err == ENOENT, "errno is positive");
	finding_unknown(&f, 0, "%300s", "");
	ok(f.answer == ANSWER_UNKNOWN && strlen(f.got) == sizeof(f.got) - 1,
	   "a long text is cut");
	ok(!setup_failed(&f, 0, "x"), "no error is no failed set-up");
	ok(setup_failed(&f, -EPERM, "a link") && f.err == EPERM &&
	   !strcmp(f.got, "set-up of a link failed: Operation not permitted"),
	   "a failed set-up is explained");
}

static void answer(void *data)
{
	*(int *)data += 1;
}

static void crash(void *data)
{
	(void)data;
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
}

static void hang(void *data)
{
	(void)data;
	pause();
}

static void test_children(void)
{
	int value = 41;
	struct netns_job job = {
		.func = answer, .data = &value, .size = sizeof(value),
		.timeout_ms = 5000,
	};

	ok(!netns_run(&job) && value == 42, "a child hands back its data");
	job.func = crash;
	ok(netns_run(&job) == -ECHILD, "a signal ends it");
	job.func = hang;
	job.timeout_ms = 50;
	ok(netns_run(&job) == -ETIMEDOUT, "a child that hangs is killed");
}

static void test_names(void)
{
	ok(netns_enter("") == -EINVAL, "an empty namespace name");
	ok(netns_enter("../self/ns/net") == -EINVAL, "a path is no name");
	ok(netns_enter(".") == -EINVAL, "a dot is no name");
	ok(netns_enter("nfx-no-such-netns") == -ENOENT, "no such namespace");
}

int main(void)
{
	test_setters();
	test_children();
	test_names();
	return unit_finish();
}
