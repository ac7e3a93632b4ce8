/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that end a command in its own time and not the process. */
#ifndef NFX_SIGNALS_H
#define NFX_SIGNALS_H

#include <signal.h>

/**
 * struct signals - signals that wait
 * @fd:  readable when one has arrived
 * @old: the mask to go back to
 */
struct signals {
	int fd;
	sigset_t old;
};

/**
 * signals_hold() - hold SIGINT and SIGTERM back, and SIGHUP unless ignored
 *
 * Return: 0 or -errno.
 */
int signals_hold(struct signals *signals);

/** signals_release() - what has arrived is forgotten, unless it is held twice */
void signals_release(struct signals *signals);

#endif /* NFX_SIGNALS_H */
