// SPDX-License-Identifier: GPL-2.0-only
/* Trace instances: one of the kernel if that is allowed, and none. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracefs.h"
#include "unit.h"

/* What fork() below causes. */
#define EVENT "sched/sched_process_fork"

static char root[] = "/tmp/nfx-tracefs-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

/* A directory that is no tracefs has no files in a new instance. */
static void test_none(void)
{
	struct tracefs trace;

	ok(tracefs_open(&trace, root, EVENT) == -ENODEV && trace.fd == -1,
	   "no tracefs");
	mkdir(path_of("instances"), 0700);
	ok(tracefs_open(&trace, root, EVENT) == -ENOENT && trace.fd == -1,
	   "no such event");
	mkdir(path_of("events"), 0700);
	mkdir(path_of("events/sched"), 0700);
	mkdir(path_of("events/" EVENT), 0700);
	ok(tracefs_open(&trace, root, EVENT) < 0 && trace.fd == -1,
	   "an event that cannot be enabled");
	ok(access(trace.dir, F_OK) && !rmdir(path_of("instances")),
	   "leaves no instance");
	rmdir(path_of("events/" EVENT));
	rmdir(path_of("events/sched"));
	rmdir(path_of("events"));
}

static void child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static unsigned int count_lines(struct tracefs *trace)
{
	unsigned int count = 0;
	const char *line;

	while ((line = tracefs_line(trace)))
		count += strstr(line, ": sched_process_fork: comm=") != NULL;
	return count;
}

static bool gets_ready(const struct tracefs *trace)
{
	struct pollfd pfd = { .fd = trace->fd, .events = POLLIN };

	return poll(&pfd, 1, 5000) == 1;
}

static void test_instance(void)
{
	struct tracefs trace;
	unsigned int i;

	/* As of a process that was killed; no process has that number. */
	mkdir(path_of("instances/nfx-2147483647"), 0700);
	ok(!tracefs_open(&trace, root, EVENT), "an instance");
	ok(access(path_of("instances/nfx-2147483647"), F_OK),
	   "that of a process which is gone is removed");
	child();
	ok(gets_ready(&trace) && count_lines(&trace), "an event wakes");
	for (i = 0; i < 60; i++)
		child();
	ok(count_lines(&trace) >= 60, "many are read");
	ok(!tracefs_close(&trace) && access(trace.dir, F_OK),
	   "nothing is left");
}

int main(void)
{
	if (!mkdtemp(root))
		return 1;
	test_none();
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tracefs", root, "tracefs", 0, NULL) ||
	    access(path_of("events/" EVENT), F_OK))
		skip("an instance", "no tracefs, or not allowed");
	else
		test_instance();
	umount(root);
	rmdir(root);
	return unit_finish();
}
