// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of libnetfilter_queue's nfq_nlmsg_verdict_vec_*() */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

#include "unit.h"

/* Header, nfgenmsg and the header of the attribute */
#define HEADERS		(16 + 4 + 4)

/* What the kernel is to read: network byte order, spelled out */
static const unsigned char two[] = {
	HEADERS + 32, 0, 0, 0,		/* length, if little endian */
	3, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 7,			/* nfgenmsg of queue 7 */
	36, 0, 23, 0,			/* NFQA_VERDICT_VEC */
	0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 1, 2, 3, 4, 0xa, 0xb, 0xc, 0xd, 0, 0, 0, 1,
};

static bool attr_len_is(const struct nlmsghdr *nlh, size_t len)
{
	const struct nlattr *attr;
	size_t count = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		count += mnl_attr_get_len(attr) == len;

	return count == 1;
}

static void test_bytes(void)
{
	char buf[256];
	struct nlmsghdr *nlh;

	memset(buf, 0x55, sizeof(buf));
	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, 7);
	ok(nfq_nlmsg_verdict_vec_count(nlh) == 0, "no verdict");
	ok(nfq_nlmsg_verdict_vec_put(nlh, sizeof(buf), 0x102, NF_ACCEPT) == 0 &&
	   nfq_nlmsg_verdict_vec_count(nlh) == 1, "one verdict");
	ok(nfq_nlmsg_verdict_vec_put_mark(nlh, sizeof(buf), 0x1020304, NF_DROP,
					  0x0a0b0c0d) == 0 &&
	   nfq_nlmsg_verdict_vec_count(nlh) == 2, "and one with a mark");
	if (htonl(1) == 1)
		ok(true, "message # SKIP of little endian machines");
	else
		ok(nlh->nlmsg_len == sizeof(two) &&
		   !memcmp(nlh, two, sizeof(two)), "message");
	ok(buf[sizeof(two)] == 0x55, "nothing behind it is touched");
}

static void test_full(void)
{
	char buf[HEADERS + 2 * 16 + 15], before[sizeof(buf)];
	struct nlmsghdr *nlh;

	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, 7);
	errno = 0;
	ok(nfq_nlmsg_verdict_vec_put(nlh, HEADERS + 15, 1, NF_ACCEPT) == -1 &&
	   errno == ENOSPC && nlh->nlmsg_len == 20,
	   "no room for the first is ENOSPC");
	nfq_nlmsg_verdict_vec_put(nlh, sizeof(buf), 1, NF_ACCEPT);
	ok(nfq_nlmsg_verdict_vec_put(nlh, sizeof(buf), 2, NF_ACCEPT) == 0,
	   "room for two");
	memcpy(before, buf, sizeof(buf));
	errno = 0;
	ok(nfq_nlmsg_verdict_vec_put_mark(nlh, sizeof(buf), 3, NF_ACCEPT, 1) ==
	   -1 && errno == ENOSPC, "and for no third, ENOSPC");
	ok(!memcmp(before, buf, sizeof(buf)), "the message is as it was");
}

static void test_max(void)
{
	const size_t size = 128 * 1024;
	char *buf = malloc(size);
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, 7);
	uint32_t i;

	errno = 0;
	for (i = 0; i < 10000; i++)
		if (nfq_nlmsg_verdict_vec_put(nlh, size, i, NF_ACCEPT))
			break;
	ok(i == 4095 && errno == ENOSPC, "4095 verdicts, then ENOSPC");
	ok(nfq_nlmsg_verdict_vec_count(nlh) == 4095, "they are counted");
	ok(nlh->nlmsg_len == HEADERS + 4095 * 16 &&
	   attr_len_is(nlh, 4 + 4095 * 16), "in one attribute");
	free(buf);
}

static void test_other(void)
{
	char buf[256];
	struct nlmsghdr *nlh;

	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, 7);
	nfq_nlmsg_verdict_put(nlh, 1, NF_ACCEPT);
	errno = 0;
	ok(nfq_nlmsg_verdict_vec_put(nlh, sizeof(buf), 1, NF_ACCEPT) == -1 &&
	   errno == EINVAL, "another attribute before is EINVAL");
	ok(nfq_nlmsg_verdict_vec_count(nlh) == 0, "and no vector");

	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, 7);
	nfq_nlmsg_verdict_vec_put(nlh, sizeof(buf), 1, NF_ACCEPT);
	nfq_nlmsg_verdict_put_mark(nlh, 1);
	errno = 0;
	ok(nfq_nlmsg_verdict_vec_put(nlh, sizeof(buf), 2, NF_ACCEPT) == -1 &&
	   errno == EINVAL, "another attribute behind, too");
}

static void test_probe(void)
{
	char buf[256];
	struct nlmsghdr *nlh;
	const uint32_t *elem;

	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_VERDICT_BATCH, 7);
	ok(nfq_nlmsg_verdict_vec_put_probe(nlh, sizeof(buf)) == 0, "probe");
	elem = (const void *)(buf + HEADERS);
	ok(elem[0] == 0 && elem[2] == 0 && elem[3] == UINT32_MAX,
	   "all flags and nothing else");
}

/* The array of a program built with 1.0.5 ends with NFQA_SECCTX. */
static void test_parse(void)
{
	struct nlattr *attr[NFQA_SECCTX + 1 + 8] = {};
	struct nlmsghdr *nlh;
	bool none = true;
	char buf[256];
	int i;

	nlh = nfq_nlmsg_put(buf, NFQNL_MSG_PACKET, 7);
	mnl_attr_put_u32(nlh, NFQA_MARK, 1);
	mnl_attr_put_u32(nlh, NFQA_PRIORITY, 1);
	mnl_attr_put_u32(nlh, NFQA_CGROUP_CLASSID, 1);
	ok(nfq_nlmsg_parse(nlh, attr) == MNL_CB_OK && attr[NFQA_MARK],
	   "parse");
	for (i = NFQA_SECCTX + 1; i < NFQA_SECCTX + 1 + 8; i++)
		none = none && !attr[i];
	ok(none, "nothing is stored behind NFQA_SECCTX");
}

int main(void)
{
	test_bytes();
	test_full();
	test_max();
	test_other();
	test_probe();
	test_parse();

	return unit_finish();
}
