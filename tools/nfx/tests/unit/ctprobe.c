// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the trial notice a kernel that passes over a part of a filter?
 *
 * Here sendto() is not that of the C library: it makes the running kernel one
 * that does not know a part of CT_DELETE, by taking that part away. A flush
 * that would delete too much then has to be noticed, whatever the part.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "ctflush.h"
#include "ctfilter_uapi.h"
#include "main.h"
#include "unit.h"

/* A type that no kernel has; where it is unknown it is passed over. */
#define NO_TYPE 4001

/**
 * struct old - what the kernel does not know
 * @name:   for the test
 * @attrs:  attributes of the message, up to two; 0 for none
 * @which:  attribute of CTA_FILTER with the flags that are taken away
 * @flags:  these
 * @family: it does not look at the family
 * @lax:    it takes attributes of CTA_FILTER that it does not know
 */
struct old {
	const char *name;
	uint16_t attrs[2];
	uint16_t which;
	uint32_t flags;
	bool family;
	bool lax;
};

#define ORIG	CTA_FILTER_ORIG_FLAGS
#define REPLY	CTA_FILTER_REPLY_FLAGS

static const struct old olds[] = {
	{ .name = "CTA_FILTER", .attrs = { CTA_FILTER } },
	{ .name = "CTA_MARK", .attrs = { CTA_MARK, CTA_MARK_MASK } },
	{ .name = "CTA_MARK_MASK", .attrs = { CTA_MARK_MASK } },
	{ .name = "CTA_STATUS", .attrs = { CTA_STATUS, CTA_STATUS_MASK } },
	{ .name = "CTA_STATUS_MASK", .attrs = { CTA_STATUS_MASK } },
	{ .name = "CTA_ZONE", .attrs = { CTA_ZONE } },
	{ .name = "the family", .family = true },
	{ .name = "what is unknown in CTA_FILTER", .lax = true },
	{ "source", { 0 }, ORIG, CTA_FILTER_F_CTA_IP_SRC, false, false },
	{ "destination", { 0 }, ORIG, CTA_FILTER_F_CTA_IP_DST, false, false },
	{ "source port", { 0 }, ORIG, CTA_FILTER_F_CTA_PROTO_SRC_PORT, false,
	  false },
	{ "destination port", { 0 }, ORIG, CTA_FILTER_F_CTA_PROTO_DST_PORT,
	  false, false },
	{ "source of replies", { 0 }, REPLY, CTA_FILTER_F_CTA_IP_SRC, false,
	  false },
	{ "destination of replies", { 0 }, REPLY, CTA_FILTER_F_CTA_IP_DST,
	  false, false },
	{ "source port of replies", { 0 }, REPLY,
	  CTA_FILTER_F_CTA_PROTO_SRC_PORT, false, false },
	{ "destination port of replies", { 0 }, REPLY,
	  CTA_FILTER_F_CTA_PROTO_DST_PORT, false, false },
	{ "the protocol", { 0 }, ORIG,
	  CTA_FILTER_F_CTA_PROTO_NUM | CTA_FILTER_F_CTA_PROTO_SRC_PORT |
	  CTA_FILTER_F_CTA_PROTO_DST_PORT, false, false },
};

/* NULL for the kernel as it is. */
static const struct old *old;

/* What is in @nest and to be forgotten; the first attribute stays. */
static void forget_inside(struct nlattr *nest)
{
	struct nlattr *attr;
	uint32_t *flags;

	mnl_attr_for_each_nested(attr, nest) {
		flags = mnl_attr_get_payload(attr);
		if (old->which && mnl_attr_get_type(attr) == old->which)
			*flags &= ~old->flags;
		if (old->lax && mnl_attr_get_type(attr) > CTA_FILTER_MAX)
			attr->nla_type = ORIG;
	}
}

static void forget(struct nlmsghdr *nlh)
{
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct nlattr *attr;

	if (!old || nlh->nlmsg_type != ctflush_type(IPCTNL_MSG_CT_DELETE))
		return;
	if (old->family)
		nfg->nfgen_family = AF_UNSPEC;
	mnl_attr_for_each(attr, nlh, sizeof(*nfg)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == CTA_FILTER)
			forget_inside(attr);
		if (type == old->attrs[0] || type == old->attrs[1])
			attr->nla_type = NO_TYPE;
	}
}

/* libmnl calls this one. */
ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *addr, socklen_t addr_len)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = {
		.msg_name = (void *)addr, .msg_namelen = addr_len,
		.msg_iov = &iov, .msg_iovlen = 1,
	};

	/* It may be another socket, of the C library. */
	if (len >= sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg) &&
	    addr && addr->sa_family == AF_NETLINK)
		forget((void *)buf);
	return sendmsg(fd, &msg, flags);
}

int main(void)
{
	int err = ctflush_probe();
	char name[128];
	size_t i;

	if (err) {
		snprintf(name, sizeof(name), "the trial: %s", strerror(-err));
		skip("the trial", name);
		return unit_finish();
	}
	ok(true, "this kernel filters what CT_DELETE deletes");
	for (i = 0; i < ARRAY_SIZE(olds); i++) {
		old = &olds[i];
		snprintf(name, sizeof(name), "one that passes over %s does not",
			 old->name);
		ok(ctflush_probe() == -ENOSYS, name);
	}
	return unit_finish();
}
