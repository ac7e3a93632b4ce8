/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table that is flushed, and the requests for it: by IPCTNL_MSG_CT_FLUSH
 * where the kernel has it, else by what there was before.
 */
#ifndef NFX_BENCH_CT_FLUSH_H
#define NFX_BENCH_CT_FLUSH_H

#include <stdbool.h>

#include "ct_table.h"

/* 256 addresses with four flows each */
#define NETWORK_FLOWS	1024
/* No flow has a source address in it: 240.0.0.0/4 */
#define NOWHERE		0xf0000000

/* in the kernel it is in nf_internals.h */
#define FILTER_IP_SRC	(1 << 0)

/* Flow @nr is of network @nr / NETWORK_FLOWS, a /24. */
static inline struct flow net_flow(uint32_t nr)
{
	return (struct flow){
		.src = 0x0a000000 + nr / 4,
		.dst = 0xc0000201,
		.sport = 1024 + nr % 4,
		.dport = 80,
	};
}

/* Send a request that has NLM_F_ACK, return its error. */
static inline int ask(struct mnl_socket *nl, const struct nlmsghdr *nlh)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t len;
	int ret;

	send_buf(nl, nlh, nlh->nlmsg_len);
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			die("ctnetlink");
		ret = mnl_cb_run(buf, len, 0, 0, NULL, NULL);
	} while (ret > 0);

	return ret < 0 ? errno : 0;
}

/* The flows of one source address, in words that every kernel knows */
static inline void put_source(struct nlmsghdr *nlh, uint32_t src)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	struct nlattr *part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(src));
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, nest);

	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	/* in host byte order */
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, FILTER_IP_SRC);
	mnl_attr_nest_end(nlh, nest);
}

static inline struct nlmsghdr *put_delete(void *buf, uint32_t src)
{
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_DELETE,
					  NLM_F_ACK);

	put_source(nlh, src);

	return nlh;
}

/* One filter for each of @count source addresses, from @src on */
static inline struct nlmsghdr *put_flush(void *buf, uint32_t flags,
					 uint32_t src, int count)
{
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_FLUSH, NLM_F_ACK);
	struct nlattr *list, *nest;

	mnl_attr_put_u32(nlh, CTA_FLUSH_FLAGS, htonl(flags));
	list = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTERS);
	while (count--) {
		nest = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTER);
		put_source(nlh, src++);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_nest_end(nlh, list);

	return nlh;
}

/* A request that is refused before it does anything, where it is known */
static inline bool has_flush(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_flush(buf, 0, NOWHERE, 1);
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	int err;

	nfg->nfgen_family = AF_UNIX;
	err = ask(nl, nlh);
	if (err != EINVAL && err != EAFNOSUPPORT) {
		errno = err;
		die("IPCTNL_MSG_CT_FLUSH");
	}

	return err == EAFNOSUPPORT;
}

#endif /* NFX_BENCH_CT_FLUSH_H */
