// SPDX-License-Identifier: GPL-2.0-only
/* One trace event of the kernel, read from a trace instance of our own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "main.h"
#include "procfile.h"
#include "tracefs.h"

/* Instances are called so, with the number of the process. */
#define PREFIX "nfx-"

/* Room for a few hundred events of each CPU. */
#define BUFFER_KIB "16"

static int write_file(const char *dir, const char *file, const char *text)
{
	char path[3 * TRACEFS_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return procfile_write(path, text);
}

/* An instance that is in use stays: it cannot be removed. */
static void remove_left(const char *root)
{
	char path[2 * TRACEFS_PATH];
	const struct dirent *entry;
	DIR *dir;
	int pid;

	snprintf(path, sizeof(path), "%s/instances", root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (sscanf(entry->d_name, PREFIX "%d", &pid) != 1 ||
		    pid <= 0 || !kill(pid, 0) || errno != ESRCH)
			continue;
		unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* Does the kernel have the event? */
static int check_event(const char *root, const char *event)
{
	char path[2 * TRACEFS_PATH];

	snprintf(path, sizeof(path), "%s/instances", root);
	if (access(path, F_OK))
		return errno == ENOENT ? -ENODEV : -errno;
	snprintf(path, sizeof(path), "%s/events/%s", root, event);
	return access(path, F_OK) ? -errno : 0;
}

static int set_up(struct tracefs *trace, const char *event)
{
	char path[2 * TRACEFS_PATH];
	int err;

	/* Less room, and later events, are no reason to do without. */
	write_file(trace->dir, "buffer_size_kb", BUFFER_KIB);
	write_file(trace->dir, "buffer_percent", "0");
	snprintf(path, sizeof(path), "events/%s/enable", event);
	err = write_file(trace->dir, path, "1");
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/trace_pipe", trace->dir);
	trace->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return trace->fd < 0 ? -errno : 0;
}

int tracefs_open(struct tracefs *trace, const char *root, const char *event)
{
	int err = check_event(root, event);

	trace->fd = -1;
	trace->len = 0;
	trace->used = 0;
	if (err)
		return err;
	remove_left(root);
	snprintf(trace->dir, sizeof(trace->dir), "%s/instances/" PREFIX "%d",
		 root, getpid());
	if (mkdir(trace->dir, 0700))
		return -errno;
	err = set_up(trace, event);
	if (err)
		tracefs_close(trace);
	return err;
}

/* Moves the rest of what was read to the front, and reads more. */
static ssize_t read_more(struct tracefs *trace)
{
	ssize_t n;

	trace->len -= trace->used;
	memmove(trace->buf, trace->buf + trace->used, trace->len);
	trace->used = 0;
	/* No event is that long. */
	if (trace->len == sizeof(trace->buf))
		trace->len = 0;
	n = read(trace->fd, trace->buf + trace->len,
		 sizeof(trace->buf) - trace->len);
	if (n > 0)
		trace->len += (size_t)n;
	return n;
}

const char *tracefs_line(struct tracefs *trace)
{
	for (;;) {
		char *line = trace->buf + trace->used;
		char *end = memchr(line, '\n', trace->len - trace->used);

		if (end) {
			*end = '\0';
			trace->used = (size_t)(end + 1 - trace->buf);
			return line;
		}
		if (read_more(trace) <= 0)
			return NULL;
	}
}

int tracefs_close(struct tracefs *trace)
{
	/* It has no end while somebody reads. */
	if (trace->fd >= 0)
		close(trace->fd);
	trace->fd = -1;
	return rmdir(trace->dir) ? -errno : 0;
}
