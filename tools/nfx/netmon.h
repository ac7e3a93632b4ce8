/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of links, addresses, routes and IPsec policies, as they happen. */
#ifndef NFX_NETMON_H
#define NFX_NETMON_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "nl.h"

/**
 * enum netmon_kind - what has changed
 * @NETMON_LINK:    a link went up or down: has carrier as well, or has not
 * @NETMON_ADDRESS: an address was added, is usable now, or was removed
 * @NETMON_ROUTE:   a route was added or replaced, or removed
 * @NETMON_XFRM:    an IPsec policy was added or replaced, or removed
 */
enum netmon_kind {
	NETMON_LINK,
	NETMON_ADDRESS,
	NETMON_ROUTE,
	NETMON_XFRM,
	NETMON_KINDS,
};

/**
 * struct netmon_event - one change
 * @gone:      removed, or down
 * @ifindex:   link, 0 for none
 * @ifname:    its name, "" if that is not known any more
 * @family:    AF_INET or AF_INET6 of addresses and routes, else AF_UNSPEC
 * @addr:      address, or destination of a route; in network byte order
 * @prefixlen: of @addr, in bits; 0 is a default route
 */
struct netmon_event {
	enum netmon_kind kind;
	bool gone;
	unsigned int ifindex;
	char ifname[IF_NAMESIZE];
	int family;
	uint8_t addr[16];
	uint8_t prefixlen;
};

struct netmon;

/**
 * netmon_open() - listen to changes from now on
 * @kinds: mask of 1 << NETMON_*
 *
 * Return: to be given to netmon_close(), or NULL with errno set.
 */
struct netmon *netmon_open(unsigned int kinds);
void netmon_close(struct netmon *mon);

/* Sockets of a monitor: links, addresses and routes come by one. */
#define NETMON_FDS 2

/**
 * netmon_fds() - what becomes readable when something has changed
 * @fds: NETMON_FDS of them, -1 for a socket that is not needed
 */
void netmon_fds(const struct netmon *mon, int *fds);

/** netmon_cb_t - called for each change; a multipath route is one per link */
typedef void (*netmon_cb_t)(const struct netmon_event *event, void *data);

/**
 * netmon_read() - read one datagram of a socket that is readable
 * @which: index of its fd
 * @lost:  set to a mask of kinds of which changes were lost, or to 0
 *
 * Return: 0 or -errno.
 */
int netmon_read(struct netmon *mon, unsigned int which, netmon_cb_t cb,
		void *data, unsigned int *lost);

/* netmon_parse.c */

/**
 * netmon_parse_rt() - read a message of rtnetlink
 * @cb: not called for what is of no interest: local and cached routes,
 *      tentative addresses, what a bridge has to say of its ports
 *
 * A link is reported with each message, whether or not that is a change.
 */
void netmon_parse_rt(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data);

/** netmon_parse_xfrm() - read a message of XFRM */
void netmon_parse_xfrm(const struct nlmsghdr *nlh, netmon_cb_t cb, void *data);

#endif /* NFX_NETMON_H */
