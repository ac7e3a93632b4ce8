// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Count conntrack events, and what was lost, once a second.
 *
 * Usage: ct-events
 */
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/nlring.h"

#define RING_SIZE	(4UL << 20)

struct counts {
	unsigned int new;
	unsigned int update;
	unsigned int destroy;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int count(const struct nlmsghdr *nlh, void *data)
{
	struct counts *counts = data;

	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		counts->destroy++;
	else if (nlh->nlmsg_flags & NLM_F_CREATE)
		counts->new++;
	else
		counts->update++;
	return MNL_CB_OK;
}

/* What arrives until @until. */
static void collect(struct nlring *nlring, time_t until, struct counts *counts)
{
	const void *msgs;
	ssize_t len;

	while (time(NULL) < until) {
		while ((len = nlring_next(nlring, &msgs)) > 0) {
			mnl_cb_run(msgs, (size_t)len, 0, 0, count, counts);
			nlring_release(nlring);
		}
		if (len < 0 || nlring_wait(nlring, 1000) < 0)
			die("events");
	}
}

int main(void)
{
	static const int groups[] = {
		NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE,
		NFNLGRP_CONNTRACK_DESTROY,
	};
	struct mnl_socket *sock = mnl_socket_open(NETLINK_NETFILTER);
	struct nlring_stats stats;
	struct nlring *nlring;
	size_t i;

	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		die("socket");
	/* The ring first, so that all events go there. */
	nlring = nlring_open(sock, RING_SIZE, NL_RING_F_ALL);
	if (!nlring)
		die("nlring_open");
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			die("membership");
	}
	printf("%s\n", nlring_size(nlring) ? "ring" : "no ring");

	for (;;) {
		struct counts counts = { 0 };

		collect(nlring, time(NULL) + 1, &counts);
		nlring_stats(nlring, &stats);
		printf("new %u update %u destroy %u lost %llu\n", counts.new,
		       counts.update, counts.destroy,
		       nlring_size(nlring) ?
		       (unsigned long long)stats.lost :
		       (unsigned long long)stats.dropped);
	}
}
