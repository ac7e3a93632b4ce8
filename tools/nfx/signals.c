// SPDX-License-Identifier: GPL-2.0-only
/* Signals that end a command in its own time and not the process. */
#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"

/* A signal that is held back is not ignored, as nohup(1) wants it. */
static void add_hangup(sigset_t *mask)
{
	struct sigaction action;

	if (!sigaction(SIGHUP, NULL, &action) && action.sa_handler != SIG_IGN)
		sigaddset(mask, SIGHUP);
}

int signals_hold(struct signals *signals)
{
	sigset_t mask;
	int err;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	add_hangup(&mask);
	if (sigprocmask(SIG_BLOCK, &mask, &signals->old))
		return -errno;
	signals->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd >= 0)
		return 0;
	err = -errno;
	sigprocmask(SIG_SETMASK, &signals->old, NULL);
	return err;
}

void signals_release(struct signals *signals)
{
	struct signalfd_siginfo info;

	/*
	 * What has arrived must not kill when it is unblocked. If it was held
	 * back before, it is for whoever did that.
	 */
	while (!sigismember(&signals->old, SIGTERM) &&
	       read(signals->fd, &info, sizeof(info)) > 0)
		;
	close(signals->fd);
	sigprocmask(SIG_SETMASK, &signals->old, NULL);
}
