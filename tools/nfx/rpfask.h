/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk through the tables, checked against the kernel's: RTM_GETROUTE for
 * the packet that would go back, where it can be asked for exactly that one.
 */
#ifndef NFX_RPFASK_H
#define NFX_RPFASK_H

#include "rpfeval.h"

/* Of struct rpf_asked. */
#define RPF_ASKED_TEXT 160

/**
 * struct rpf_asked - what the kernel said
 * @why_not: it was not asked, and this is why; else NULL
 * @agrees:  it was asked, and says what rpf_walk() does
 * @text:    if it does not: what either of them says
 */
struct rpf_asked {
	const char *why_not;
	bool agrees;
	char text[RPF_ASKED_TEXT];
};

/**
 * rpf_cannot_ask() - why the kernel cannot be asked for a flow
 *
 * It takes a packet that this host would send, not one that it forwards.
 * Return: half a sentence, or NULL if it can be asked.
 */
const char *rpf_cannot_ask(const struct rpf_tables *tables,
			   const struct rpf_flow *flow);

/**
 * rpf_agree() - is what the kernel said what the walk said?
 * @mine:  what rpf_walk() said for the flow as the kernel was asked for it
 * @err:   0 or -errno of the kernel
 * @route: of its answer, if @err is 0
 * @in:    ifindex of the device the packet came by
 */
bool rpf_agree(const struct rpf_tables *tables, const struct rpf_flow *flow,
	       const struct rpf_result *mine, int err,
	       const struct rpf_route *route, uint32_t in);

/**
 * rpf_ask() - ask the kernel, compare
 * @rt:    a NETLINK_ROUTE socket
 * @flags: RPF_F_*
 *
 * Return: 0, -ENOMEM, or -errno of the socket.
 */
int rpf_ask(struct nl *rt, const struct rpf_tables *tables,
	    const struct rpf_query *query, unsigned int flags,
	    struct rpf_asked *asked);

#endif /* NFX_RPFASK_H */
