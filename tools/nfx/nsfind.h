/* SPDX-License-Identifier: GPL-2.0-only */
/* All network namespaces that have a name or a process. */
#ifndef NFX_NSFIND_H
#define NFX_NSFIND_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct nsfound - a network namespace
 * @fd:    descriptor of it, for the time of the call
 * @dev:   with @inode, what it is
 * @inode: its number
 * @name:  its name of ip-netns(8), NULL without one
 * @pid:   a process that is in it, 0 if it has a name
 * @own:   it is the one of this thread
 */
struct nsfound {
	int fd;
	dev_t dev;
	ino_t inode;
	const char *name;
	pid_t pid;
	bool own;
};

/**
 * nsfind() - call @cb once for each network namespace
 * @cb:     ends the search by anything but 0
 * @hidden: set to the number of names and processes that do not show theirs
 *
 * Those with a name come first, then by process id.
 * Return: 0, what @cb returned, or -errno.
 */
int nsfind(int (*cb)(const struct nsfound *ns, void *data), void *data,
	   unsigned int *hidden);

#endif /* NFX_NSFIND_H */
