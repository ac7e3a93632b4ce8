// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces: found once each, entered, sorted. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctns.h"
#include "main.h"
#include "netns.h"
#include "nsfind.h"
#include "unit.h"

static void test_list(void)
{
	const struct ctns some[] = {
		{ .inode = 5, .entries = 10, .pid = 12, .comm = "sh" },
		{ .inode = 7, .entries = UINT32_MAX, .name = "blue" },
		{ .inode = 4, .entries = 10 },
	};
	struct ctns_list list = { .count = 0 };
	char buf[64];
	unsigned int i;

	ctns_sort(&list);
	ok(!list.count, "none");
	for (i = 0; i < 100; i++)
		ctns_add(&list, &some[i % ARRAY_SIZE(some)]);
	ok(list.count == 100, "many are added");
	ok(list.entries == 33ULL * UINT32_MAX + 670, "and summed up");
	ctns_sort(&list);
	ok(list.ns[0].inode == 7 && list.ns[33].inode == 4 &&
	   list.ns[99].inode == 5, "the fullest comes first, then by number");
	ok(!strcmp(ctns_title(&list.ns[0], buf, sizeof(buf)), "blue") &&
	   !strcmp(ctns_title(&list.ns[99], buf, sizeof(buf)), "pid 12 sh"),
	   "how they are called");
	ctns_free(&list);
}

/* What a search has found. */
struct found {
	unsigned int count;
	unsigned int own;
	unsigned int wanted;
	ino_t inode;
	int fd;
};

static int take(const struct nsfound *ns, void *data)
{
	struct found *found = data;

	found->count++;
	found->own += ns->own;
	if (ns->inode == found->inode) {
		found->wanted++;
		found->fd = dup(ns->fd);
	}
	return 0;
}

static int stop(const struct nsfound *ns, void *data)
{
	struct found *found = data;

	(void)ns;
	return ++found->count == 1 ? -ENOMSG : 0;
}

static void test_own(void)
{
	struct found found = { .count = 0 };
	unsigned int hidden = 0;

	ok(!nsfind(take, &found, &hidden) && found.own == 1,
	   "the own namespace is found once");
	found.count = 0;
	ok(nsfind(stop, &found, &hidden) == -ENOMSG && found.count == 1,
	   "a search can be ended");
}

/* A process in a namespace of its own, its number in @inode; 0 without. */
static pid_t make_other(ino_t *inode)
{
	struct stat st = { .st_ino = 0 };
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return 0;
	pid = fork();
	if (!pid) {
		if (netns_private() || stat(NETNS_SELF, &st))
			st.st_ino = 0;
		if (write(fds[1], &st.st_ino, sizeof(st.st_ino)) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	if (pid < 0 || read(fds[0], inode, sizeof(*inode)) < 0)
		*inode = 0;
	close(fds[0]);
	return pid;
}

static int note_inode(void *data)
{
	struct stat st;

	if (stat(NETNS_SELF, &st))
		return -errno;
	*(ino_t *)data = st.st_ino;
	return 7;
}

/* Without root it is in a user namespace, and is found all the same. */
static void test_other(void)
{
	struct found found = { .fd = -1 };
	unsigned int hidden = 0;
	ino_t inside = 0, back = 0;
	pid_t pid = make_other(&found.inode);
	int rc;

	if (!found.inode) {
		skip("another namespace", "it cannot be made");
	} else {
		nsfind(take, &found, &hidden);
		ok(found.wanted == 1 && found.own == 1 && found.count >= 2,
		   "another namespace is found");
		rc = netns_visit(found.fd, note_inode, &inside);
		note_inode(&back);
		ok(back != found.inode && (rc < 0 || inside == found.inode),
		   "who visits it comes back");
		ok(rc == 7 || geteuid(), "with what was found there");
	}
	close(found.fd);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void test_closed(void)
{
	ino_t inside = 0;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

	ok(netns_visit(fd, note_inode, &inside) < 0 && !inside,
	   "what is no namespace cannot be visited");
	close(fd);
}

int main(void)
{
	test_list();
	test_own();
	test_other();
	test_closed();
	return unit_finish();
}
