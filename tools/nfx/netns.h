/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces: enter a named one, run code in a throw-away one. */
#ifndef NFX_NETNS_H
#define NFX_NETNS_H

#include <stdbool.h>

/* Those of ip-netns(8), by name, and that of this thread. */
#define NETNS_RUN_DIR	"/run/netns"
#define NETNS_SELF	"/proc/thread-self/ns/net"

/**
 * netns_enter() - move this process into /run/netns/@name (ip-netns(8))
 *
 * Return: 0 or -errno; -EINVAL when @name is not a plain file name.
 */
int netns_enter(const char *name);

/**
 * netns_push() - move this thread into a new, empty network namespace
 *
 * Needs CAP_SYS_ADMIN. Return: a descriptor of the old namespace for
 * netns_pop(), or -errno.
 */
int netns_push(void);

/** netns_pop() - go back, the new namespace ends. Return: 0 or -errno. */
int netns_pop(int old);

/**
 * netns_visit() - run @func in another network namespace and come back
 * @fd: of the namespace
 *
 * Return: what @func returned, -errno if the namespace cannot be entered;
 * -ENOTRECOVERABLE if there is no way back.
 */
int netns_visit(int fd, int (*func)(void *data), void *data);

/**
 * netns_private() - move this process into a new, empty network namespace
 *
 * Without CAP_SYS_ADMIN a new user namespace is taken as well, in which the
 * caller is root (user_namespaces(7)). The namespace ends with the process.
 * Return: 0 or -errno.
 */
int netns_private(void);

/**
 * struct netns_job - code to run in a child process
 * @func:       runs in the child; what it leaves in *@data is seen by the
 *              parent, nothing else is
 * @data:       memory of @size bytes owned by the caller
 * @size:       bytes of @data
 * @private_ns: give the child a throw-away namespace first
 * @timeout_ms: the child is killed after this time
 */
struct netns_job {
	void (*func)(void *data);
	void *data;
	unsigned int size;
	unsigned int timeout_ms;
	bool private_ns;
};

/**
 * netns_run() - run @job in a forked child and wait for it
 *
 * Return: 0 when the child came to its end; -ETIMEDOUT; -ECHILD when a signal
 * ended it; or -errno from fork(2) or netns_private().
 */
int netns_run(const struct netns_job *job);

#endif /* NFX_NETNS_H */
