// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces: enter a named one, run code in a throw-away one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netns.h"
#include "procfile.h"

int netns_enter(const char *name)
{
	char path[256];
	int fd, err = 0;

	if (!*name || strchr(name, '/') || *name == '.')
		return -EINVAL;
	snprintf(path, sizeof(path), NETNS_RUN_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	return err;
}

int netns_push(void)
{
	int old = open(NETNS_SELF, O_RDONLY | O_CLOEXEC);
	int err;

	if (old < 0)
		return -errno;
	if (!unshare(CLONE_NEWNET))
		return old;
	err = -errno;
	close(old);
	return err;
}

int netns_pop(int old)
{
	int err = setns(old, CLONE_NEWNET) ? -errno : 0;

	close(old);
	return err;
}

int netns_visit(int fd, int (*func)(void *data), void *data)
{
	int old = open(NETNS_SELF, O_RDONLY | O_CLOEXEC);
	int err;

	if (old < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET)) {
		err = -errno;
		close(old);
		return err;
	}
	err = func(data);
	return netns_pop(old) ? -ENOTRECOVERABLE : err;
}

static int map_root(uid_t uid, gid_t gid)
{
	char line[32];
	int err;

	snprintf(line, sizeof(line), "0 %u 1", uid);
	err = procfile_write("/proc/self/uid_map", line);
	if (err)
		return err;
	err = procfile_write("/proc/self/setgroups", "deny");
	if (err)
		return err;
	snprintf(line, sizeof(line), "0 %u 1", gid);
	return procfile_write("/proc/self/gid_map", line);
}

int netns_private(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (!unshare(CLONE_NEWNET))
		return 0;
	if (errno != EPERM)
		return -errno;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -errno;
	return map_root(uid, gid);
}

/* Shared with the child, so that its result survives it. */
struct shared {
	int err;
	char data[] __attribute__((aligned(16)));
};

static void child(const struct netns_job *job, struct shared *shared)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->err = job->private_ns ? netns_private() : 0;
	if (!shared->err)
		job->func(shared->data);
	_exit(0);
}

/* The child holds the write end: the pipe hangs up when it ends. */
static int wait_child(pid_t pid, int fd, unsigned int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int status, err = 0, n;

	do {
		n = poll(&pfd, 1, (int)timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		kill(pid, SIGKILL);
		err = -ETIMEDOUT;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!err && !WIFEXITED(status))
		err = -ECHILD;
	return err;
}

static int fork_and_wait(const struct netns_job *job, struct shared *shared)
{
	int fds[2], err;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		child(job, shared);
	err = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (!err)
		err = wait_child(pid, fds[0], job->timeout_ms);
	close(fds[0]);
	return err ? err : shared->err;
}

int netns_run(const struct netns_job *job)
{
	size_t len = sizeof(struct shared) + job->size;
	struct shared *shared;
	int err;

	shared = mmap(NULL, len, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	memcpy(shared->data, job->data, job->size);
	err = fork_and_wait(job, shared);
	memcpy(job->data, shared->data, job->size);
	munmap(shared, len);
	return err;
}
