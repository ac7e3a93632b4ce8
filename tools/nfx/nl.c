// SPDX-License-Identifier: GPL-2.0-only
/* Netlink on top of libmnl: request, ack, dump, batch, extack text. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "main.h"
#include "nl.h"

static void set_sockopts(struct mnl_socket *sock)
{
	struct timeval tv = { .tv_sec = NL_TIMEOUT_S };
	int on = 1;

	/* Both only make error messages better; old kernels lack them. */
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &tv,
		   sizeof(tv));
}

struct nl *nl_open(int bus)
{
	struct nl *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->sock = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->sock) {
		free(nl);
		return NULL;
	}
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		nl_close(nl);
		return NULL;
	}
	set_sockopts(nl->sock);
	nl->seq = (uint32_t)time(NULL);
	return nl;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	mnl_socket_close(nl->sock);
	free(nl);
}

void nl_auto_close(struct nl **nl)
{
	nl_close(*nl);
}

int nl_join(struct nl *nl, int group)
{
	return mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group)) < 0 ? -errno : 0;
}

struct nlmsghdr *nl_msg(struct nl *nl, void *buf, uint16_t type,
			uint16_t flags)
{
	struct nlmsghdr *nlh = memset(buf, 0, NL_MSG_SIZE);

	mnl_nlmsg_put_header(nlh);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	return nlh;
}

struct nlmsghdr *nl_nfmsg(struct nl *nl, void *buf, uint16_t type,
			  uint16_t flags, uint8_t family, uint16_t res_id)
{
	struct nlmsghdr *nlh = nl_msg(nl, buf, type, flags);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);
	return nlh;
}

int nl_send(struct nl *nl, const void *data, size_t len)
{
	ssize_t n;

	do {
		n = mnl_socket_sendto(nl->sock, data, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int nl_recv(struct nl *nl)
{
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (int)n;
	if (errno == ENOBUFS)
		nl->overruns++;
	return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

static void save_ext(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	unsigned int offset = sizeof(*e);
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += e->msg.nlmsg_len - sizeof(e->msg);
	nl_attrs(nlh, offset, tb, NLMSGERR_ATTR_MSG);
	if (tb[NLMSGERR_ATTR_MSG])
		snprintf(nl->ext, sizeof(nl->ext), "%s",
			 mnl_attr_get_str(tb[NLMSGERR_ATTR_MSG]));
}

/* Returns 1 when @nlh ends the answer to @seq; a first error goes to @err. */
static int take_msg(struct nl *nl, const struct nlmsghdr *nlh, uint32_t seq,
		    mnl_cb_t cb, void *data, int *err)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->intr = true;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		save_ext(nl, nlh);
		if (!*err)
			*err = e->error;
		return nlh->nlmsg_seq == seq;
	}
	if (nlh->nlmsg_type == NLMSG_DONE) {
		const int *code = mnl_nlmsg_get_payload(nlh);

		if (!*err && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*code))
			*err = *code < 0 ? *code : 0;
		return nlh->nlmsg_seq == seq;
	}
	if (cb)
		cb(nlh, data);
	return 0;
}

int nl_collect(struct nl *nl, uint32_t seq, mnl_cb_t cb, void *data)
{
	const struct nlmsghdr *nlh;
	int err = 0, done = 0, len;

	while (!done) {
		len = nl_recv(nl);
		if (len < 0)
			return len;
		nlh = (const struct nlmsghdr *)nl->buf;
		while (mnl_nlmsg_ok(nlh, len) && !done) {
			done = take_msg(nl, nlh, seq, cb, data, &err);
			nlh = mnl_nlmsg_next(nlh, &len);
		}
	}
	return err;
}

int nl_talk(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	int err;

	/* NLM_F_DUMP is two bits, one of which is NLM_F_EXCL elsewhere. */
	if ((nlh->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		nlh->nlmsg_flags |= NLM_F_ACK;
	nl->intr = false;
	nl->ext[0] = '\0';
	err = nl_send(nl, nlh, nlh->nlmsg_len);
	return err ? err : nl_collect(nl, nlh->nlmsg_seq, cb, data);
}

const char *nl_strerror(int err)
{
	switch (err) {
	case IPSET_ERR_FIND_TYPE:
		return "set type not supported";
	case IPSET_ERR_MAX_SETS:
		return "maximal number of sets reached";
	default:
		return err < IPSET_ERR_PRIVATE ? strerror(err) : "ipset error";
	}
}

static void index_attr(const struct nlattr *attr, const struct nlattr **tb,
		       unsigned int max)
{
	if (mnl_attr_get_type(attr) <= max)
		tb[mnl_attr_get_type(attr)] = attr;
}

void nl_attrs(const struct nlmsghdr *nlh, unsigned int offset,
	      const struct nlattr **tb, unsigned int max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each(attr, nlh, offset)
		index_attr(attr, tb, max);
}

void nl_nested(const struct nlattr *nest, const struct nlattr **tb,
	       unsigned int max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest)
		index_attr(attr, tb, max);
}

const void *nl_payload(const struct nlattr *attr, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) < size)
		return NULL;
	return mnl_attr_get_payload(attr);
}

uint32_t nl_be32(const struct nlattr *attr)
{
	const uint32_t *value = nl_payload(attr, sizeof(*value));

	return value ? ntohl(*value) : 0;
}
