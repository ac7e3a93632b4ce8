/* SPDX-License-Identifier: GPL-2.0-only */
/* ipset over netlink (linux/netfilter/ipset/ip_set.h, protocol 7). */
#ifndef NFX_IPSET_H
#define NFX_IPSET_H

#include "nl.h"

/*
 * @nl is a NETLINK_NETFILTER socket. All return 0 or -errno, where ipset's
 * own numbers start at 4096 (enum ipset_errno).
 */

/**
 * ipset_type() - highest revision of a set type
 * @type:     "hash:ip"
 * @family:   NFPROTO_IPV4, NFPROTO_IPV6 or NFPROTO_UNSPEC
 * @revision: filled
 */
int ipset_type(struct nl *nl, const char *type, uint8_t family,
	       uint8_t *revision);

/**
 * struct ipset_params - what a new set looks like
 * @type:     "hash:ip"
 * @hashsize: initial number of buckets
 * @maxelem:  most elements
 * @markmask: host byte order, 0: none
 */
struct ipset_params {
	const char *type;
	uint32_t hashsize;
	uint32_t maxelem;
	uint32_t markmask;
};

/** ipset_create() - create the IPv4 set @name. */
int ipset_create(struct nl *nl, const char *name,
		 const struct ipset_params *params);

/** ipset_index() - number of a set as x_tables wants it, host byte order. */
int ipset_index(struct nl *nl, const char *name, uint16_t *index);

/**
 * ipset_list() - list one set
 * @flags: IPSET_FLAG_LIST_HEADER for the terse form
 * @cb:    gets each message
 */
int ipset_list(struct nl *nl, const char *name, uint32_t flags, mnl_cb_t cb,
	       void *data);

#endif /* NFX_IPSET_H */
