// SPDX-License-Identifier: GPL-2.0-only
/* All network namespaces that have a name or a process. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"
#include "nsfind.h"

#define PATH_SIZE 512

struct identity {
	dev_t dev;
	ino_t inode;
};

/* The search; @seen has @count of @size places in use. */
struct search {
	int (*cb)(const struct nsfound *ns, void *data);
	void *data;
	struct identity own;
	struct identity *seen;
	size_t count;
	size_t size;
	unsigned int hidden;
};

/* Returns 1 if it is a new one, 0 if not, or -errno. */
static int add_seen(struct search *search, const struct stat *st)
{
	size_t i, size;
	void *more;

	for (i = 0; i < search->count; i++)
		if (search->seen[i].dev == st->st_dev &&
		    search->seen[i].inode == st->st_ino)
			return 0;
	if (search->count == search->size) {
		size = search->size ? 2 * search->size : 64;
		more = reallocarray(search->seen, size, sizeof(*search->seen));
		if (!more)
			return -ENOMEM;
		search->seen = more;
		search->size = size;
	}
	search->seen[search->count].dev = st->st_dev;
	search->seen[search->count++].inode = st->st_ino;
	return 1;
}

static int visit_fd(struct search *search, struct nsfound *ns)
{
	struct stat st;
	int rc;

	/* A file may lie there that was a mount point once. */
	if (fstat(ns->fd, &st) || ioctl(ns->fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return 0;
	rc = add_seen(search, &st);
	if (rc <= 0)
		return rc;
	ns->dev = st.st_dev;
	ns->inode = st.st_ino;
	ns->own = st.st_dev == search->own.dev &&
		  st.st_ino == search->own.inode;
	return search->cb(ns, search->data);
}

static int visit(struct search *search, const char *path, const char *name,
		 pid_t pid)
{
	struct nsfound ns = { .name = name, .pid = pid };
	int rc;

	ns.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (ns.fd < 0) {
		/* The process has ended. */
		search->hidden += errno != ENOENT && errno != ESRCH;
		return 0;
	}
	rc = visit_fd(search, &ns);
	close(ns.fd);
	return rc;
}

static int visit_name(struct search *search, const char *name)
{
	char path[PATH_SIZE];

	if (*name == '.')
		return 0;
	snprintf(path, sizeof(path), NETNS_RUN_DIR "/%s", name);
	return visit(search, path, name, 0);
}

static int visit_process(struct search *search, const char *name)
{
	char path[PATH_SIZE];

	if (!isdigit((unsigned char)*name))
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/ns/net", name);
	return visit(search, path, NULL, (pid_t)strtol(name, NULL, 10));
}

static int visit_dir(struct search *search, const char *path,
		     int (*func)(struct search *search, const char *name))
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int rc = 0;

	/* Nobody has named one so far. */
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!rc && (entry = readdir(dir)))
		rc = func(search, entry->d_name);
	closedir(dir);
	return rc;
}

static int visit_all(struct search *search)
{
	int rc = visit_dir(search, NETNS_RUN_DIR, visit_name);

	if (!rc)
		rc = visit_dir(search, "/proc", visit_process);
	/* Whatever else can be seen. */
	return rc ? rc : visit(search, NETNS_SELF, NULL, getpid());
}

int nsfind(int (*cb)(const struct nsfound *ns, void *data), void *data,
	   unsigned int *hidden)
{
	struct search search = { .cb = cb, .data = data };
	struct stat st;
	int rc;

	if (stat(NETNS_SELF, &st))
		return -errno;
	search.own.dev = st.st_dev;
	search.own.inode = st.st_ino;
	rc = visit_all(&search);
	free(search.seen);
	*hidden = search.hidden;
	return rc;
}
