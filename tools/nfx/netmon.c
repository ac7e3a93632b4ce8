// SPDX-License-Identifier: GPL-2.0-only
/* Changes of links, addresses, routes and IPsec policies, as they happen. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <stdlib.h>

#include "main.h"
#include "netmon.h"

enum { ROUTE, XFRM };

static const int buses[NETMON_FDS] = {
	[ROUTE]	= NETLINK_ROUTE,
	[XFRM]	= NETLINK_XFRM,
};

/* Multicast groups, by what they tell of. */
static const struct {
	enum netmon_kind kind;
	int which;
	int group;
} groups[] = {
	{ NETMON_LINK,		ROUTE,	RTNLGRP_LINK },
	{ NETMON_ADDRESS,	ROUTE,	RTNLGRP_IPV4_IFADDR },
	{ NETMON_ADDRESS,	ROUTE,	RTNLGRP_IPV6_IFADDR },
	{ NETMON_ROUTE,		ROUTE,	RTNLGRP_IPV4_ROUTE },
	{ NETMON_ROUTE,		ROUTE,	RTNLGRP_IPV6_ROUTE },
	{ NETMON_XFRM,		XFRM,	XFRMNLGRP_POLICY },
	{ NETMON_XFRM,		XFRM,	XFRMNLGRP_EXPIRE },
};

/**
 * struct netmon - a monitor
 * @nl:    sockets, NULL for one that is not needed; owned
 * @kinds: what it listens to
 * @up:    indices of links that are up; owned
 * @ups:   how many
 * @room:  of @up
 * @cb:    of the caller, while it reads
 * @data:  of @cb
 */
struct netmon {
	struct nl *nl[NETMON_FDS];
	unsigned int kinds;
	unsigned int *up;
	size_t ups;
	size_t room;
	netmon_cb_t cb;
	void *data;
};

static size_t find_up(const struct netmon *mon, unsigned int ifindex)
{
	size_t i;

	for (i = 0; i < mon->ups; i++)
		if (mon->up[i] == ifindex)
			break;
	return i;
}

/* Without memory a link is not known to be up: its next event is a change. */
static void add_up(struct netmon *mon, unsigned int ifindex)
{
	size_t room = mon->room ? 2 * mon->room : 16;

	if (mon->ups == mon->room) {
		unsigned int *up = realloc(mon->up, room * sizeof(*mon->up));

		if (!up)
			return;
		mon->up = up;
		mon->room = room;
	}
	mon->up[mon->ups++] = ifindex;
}

/* Links send a message for much else: only a change is passed on. */
static bool link_changed(struct netmon *mon, const struct netmon_event *event)
{
	size_t i = find_up(mon, event->ifindex);
	bool was_up = i < mon->ups;

	if (was_up != event->gone)
		return false;
	if (was_up)
		mon->up[i] = mon->up[--mon->ups];
	else
		add_up(mon, event->ifindex);
	return true;
}

static void take_change(const struct netmon_event *event, void *data)
{
	struct netmon *mon = data;

	if (event->kind == NETMON_LINK && !link_changed(mon, event))
		return;
	if (mon->cb)
		mon->cb(event, mon->data);
}

static int take_rt(const struct nlmsghdr *nlh, void *data)
{
	netmon_parse_rt(nlh, take_change, data);
	return MNL_CB_OK;
}

static int take_xfrm(const struct nlmsghdr *nlh, void *data)
{
	netmon_parse_xfrm(nlh, take_change, data);
	return MNL_CB_OK;
}

static const mnl_cb_t takers[NETMON_FDS] = {
	[ROUTE]	= take_rt,
	[XFRM]	= take_xfrm,
};

/* Learn what is up, from the start or again after a loss. */
static int ask_links(struct netmon *mon)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	NL_AUTO nl = nl_open(NETLINK_ROUTE);
	struct nlmsghdr *nlh;

	if (!nl)
		return -errno;
	mon->ups = 0;
	nlh = nl_msg(nl, buf, RTM_GETLINK, NLM_F_DUMP);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return nl_talk(nl, nlh, take_rt, mon);
}

static int join(struct netmon *mon)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		int which = groups[i].which, err;

		if (!(mon->kinds & 1U << groups[i].kind))
			continue;
		if (!mon->nl[which])
			mon->nl[which] = nl_open(buses[which]);
		if (!mon->nl[which])
			return -errno;
		err = nl_join(mon->nl[which], groups[i].group);
		if (err)
			return err;
	}
	return mon->kinds & 1U << NETMON_LINK ? ask_links(mon) : 0;
}

struct netmon *netmon_open(unsigned int kinds)
{
	struct netmon *mon = calloc(1, sizeof(*mon));
	int err;

	if (!mon)
		return NULL;
	mon->kinds = kinds;
	err = join(mon);
	if (!err)
		return mon;
	netmon_close(mon);
	errno = -err;
	return NULL;
}

void netmon_close(struct netmon *mon)
{
	unsigned int i;

	if (!mon)
		return;
	for (i = 0; i < NETMON_FDS; i++)
		nl_close(mon->nl[i]);
	free(mon->up);
	free(mon);
}

void netmon_fds(const struct netmon *mon, int *fds)
{
	unsigned int i;

	for (i = 0; i < NETMON_FDS; i++)
		fds[i] = mon->nl[i] ? mnl_socket_get_fd(mon->nl[i]->sock) : -1;
}

static int read_lost(struct netmon *mon, unsigned int which,
		     unsigned int *lost)
{
	const unsigned int xfrm = 1U << NETMON_XFRM;

	*lost = mon->kinds & (which == XFRM ? xfrm : ~xfrm);
	mon->cb = NULL;
	return *lost & 1U << NETMON_LINK ? ask_links(mon) : 0;
}

int netmon_read(struct netmon *mon, unsigned int which, netmon_cb_t cb,
		void *data, unsigned int *lost)
{
	int len = nl_recv(mon->nl[which]);

	*lost = 0;
	if (len == -ENOBUFS)
		return read_lost(mon, which, lost);
	if (len < 0)
		return len;
	mon->cb = cb;
	mon->data = data;
	if (mnl_cb_run(mon->nl[which]->buf, (size_t)len, 0, 0, takers[which],
		       mon) < 0)
		return -errno;
	mon->cb = NULL;
	return 0;
}
