/* SPDX-License-Identifier: GPL-2.0-only */
/* Conntrack entries, for printing. */
#ifndef NFX_CTVIEW_H
#define NFX_CTVIEW_H

#include <jansson.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

/**
 * ctview_event() - which event is a message?
 *
 * Return: NFCT_T_NEW, NFCT_T_UPDATE, NFCT_T_DESTROY; NFCT_T_UNKNOWN if it is no
 * event of a conntrack entry.
 */
int ctview_event(const struct nlmsghdr *nlh);

/** ctview_name() - "new", "update" or "destroy" */
const char *ctview_name(int event);

/** ctview_tcp_state() - name of a TCP_CONNTRACK_*, NULL without one */
const char *ctview_tcp_state(uint8_t state);

/**
 * ctview_json() - an entry as an object, with the names of the netlink spec
 *
 * What the entry does not have is absent. Return: a new reference, NULL without
 * memory.
 */
json_t *ctview_json(int event, const struct nf_conntrack *ct);

#endif /* NFX_CTVIEW_H */
