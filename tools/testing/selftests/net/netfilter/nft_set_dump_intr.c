// SPDX-License-Identifier: GPL-2.0
/*
 * A set element dump spans many recv() calls.  When a transaction commits in
 * between, the messages describe different generations of the ruleset and the
 * position of the dump no longer means the same element: the kernel must say
 * so with NLM_F_DUMP_INTR.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <arpa/inet.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

#include "kselftest_harness.h"

#define TABLE		"dump_intr"
#define SET		"s"
#define NELEMS		4000
#define NELEMS_MSG	400
#define NCHANGE		100
#define BATCH_SIZE	65536

struct dump_result {
	unsigned int messages;
	unsigned int elements;
	bool intr;
	int error;
};

struct batch {
	char buf[BATCH_SIZE];
	struct mnl_nlmsg_batch *b;
};

static struct nlmsghdr *put_msg(void *buf, int type, int flags, int family,
				int res_id)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);

	return nlh;
}

static struct nlmsghdr *put_nft(void *buf, int type, int flags)
{
	return put_msg(buf, (NFNL_SUBSYS_NFTABLES << 8) | type, flags,
		       NFPROTO_IPV4, 0);
}

static void batch_begin(struct batch *batch)
{
	batch->b = mnl_nlmsg_batch_start(batch->buf, sizeof(batch->buf));
	put_msg(mnl_nlmsg_batch_current(batch->b), NFNL_MSG_BATCH_BEGIN, 0,
		AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(batch->b);
}

static struct nlmsghdr *batch_put(struct batch *batch, int type, int flags)
{
	return put_nft(mnl_nlmsg_batch_current(batch->b), type, flags);
}

/* Commits the batch; only the last request asks for an ack. */
static int batch_commit(struct batch *batch, struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	ssize_t ret;

	nlh = put_msg(mnl_nlmsg_batch_current(batch->b), NFNL_MSG_BATCH_END,
		      NLM_F_ACK, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	nlh->nlmsg_seq = 1;
	mnl_nlmsg_batch_next(batch->b);

	ret = mnl_socket_sendto(nl, mnl_nlmsg_batch_head(batch->b),
				mnl_nlmsg_batch_size(batch->b));
	mnl_nlmsg_batch_stop(batch->b);
	if (ret < 0)
		return -1;

	ret = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (ret < 0)
		return -1;

	return mnl_cb_run(buf, ret, 0, 0, NULL, NULL) < 0 ? -1 : 0;
}

static int change_set(struct mnl_socket *nl, int type, uint32_t flags)
{
	struct batch batch;
	struct nlmsghdr *nlh;

	batch_begin(&batch);
	nlh = batch_put(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, TABLE);
	mnl_nlmsg_batch_next(batch.b);

	nlh = batch_put(&batch, type,
			type == NFT_MSG_NEWSET ? NLM_F_CREATE : 0);
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, SET);
	if (type == NFT_MSG_NEWSET) {
		struct nlattr *nest;

		mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl(1));
		mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htonl(flags));
		mnl_attr_put_u32(nlh, NFTA_SET_KEY_TYPE, htonl(7));
		mnl_attr_put_u32(nlh, NFTA_SET_KEY_LEN, htonl(4));
		nest = mnl_attr_nest_start(nlh, NFTA_SET_DESC);
		mnl_attr_put_u32(nlh, NFTA_SET_DESC_SIZE, htonl(2 * NELEMS));
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_nlmsg_batch_next(batch.b);

	return batch_commit(&batch, nl);
}

/* Element i is key 2 * i: in a set of intervals, odd keys end the interval. */
static void put_elem(struct nlmsghdr *nlh, uint32_t key, uint32_t flags)
{
	struct nlattr *elem, *nest;

	elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	if (flags)
		mnl_attr_put_u32(nlh, NFTA_SET_ELEM_FLAGS, htonl(flags));
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put_u32(nlh, NFTA_DATA_VALUE, htonl(key));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, elem);
}

static int change_elems(struct mnl_socket *nl, int type, uint32_t set_flags,
			unsigned int first, unsigned int count)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	struct batch batch;
	unsigned int i;

	batch_begin(&batch);
	nlh = batch_put(&batch, type,
			type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, SET);
	nest = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = first; i < first + count; i++) {
		put_elem(nlh, 2 * i, 0);
		if (set_flags & NFT_SET_INTERVAL)
			put_elem(nlh, 2 * i + 1, NFT_SET_ELEM_INTERVAL_END);
	}
	mnl_attr_nest_end(nlh, nest);
	mnl_nlmsg_batch_next(batch.b);

	return batch_commit(&batch, nl);
}

static int fill_set(struct mnl_socket *nl, uint32_t set_flags)
{
	unsigned int i;

	for (i = 0; i < NELEMS; i += NELEMS_MSG) {
		if (change_elems(nl, NFT_MSG_NEWSETELEM, set_flags, i,
				 NELEMS_MSG))
			return -1;
	}

	return 0;
}

static int dump_start(struct mnl_socket *nl, int type)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = put_nft(buf, type, NLM_F_DUMP);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, SET);

	return mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ? -1 : 0;
}

static unsigned int count_elems(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *elem;
	unsigned int count = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested(elem, attr)
			count++;
	}

	return count;
}

/* One recv(): returns 1 while the dump goes on, 0 at its end. */
static int dump_next(struct mnl_socket *nl, struct dump_result *res)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	const struct nlmsghdr *nlh;
	ssize_t ret;
	int len;

	ret = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (ret < 0)
		return -1;

	res->messages++;
	len = ret;
	for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			res->intr = true;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return -1;
		if (nlh->nlmsg_type == NLMSG_DONE) {
			res->error = *(int *)mnl_nlmsg_get_payload(nlh);
			return 0;
		}
		res->elements += count_elems(nlh);
	}

	return 1;
}

static int dump_rest(struct mnl_socket *nl, struct dump_result *res)
{
	int ret;

	do {
		ret = dump_next(nl, res);
	} while (ret > 0);

	return ret;
}

FIXTURE(set_dump)
{
	struct mnl_socket *nl;		/* transactions */
	struct mnl_socket *dump;	/* the dump in progress */
	struct dump_result res;
	unsigned int per_elem;		/* elements the dump shows for one */
};

FIXTURE_VARIANT(set_dump)
{
	uint32_t set_flags;
	int msg;
};

FIXTURE_VARIANT_ADD(set_dump, hash)
{
	.set_flags = 0,
	.msg = NFT_MSG_GETSETELEM,
};

FIXTURE_VARIANT_ADD(set_dump, hash_reset)
{
	.set_flags = 0,
	.msg = NFT_MSG_GETSETELEM_RESET,
};

FIXTURE_VARIANT_ADD(set_dump, interval)
{
	.set_flags = NFT_SET_INTERVAL,
	.msg = NFT_MSG_GETSETELEM,
};

FIXTURE_VARIANT_ADD(set_dump, interval_reset)
{
	.set_flags = NFT_SET_INTERVAL,
	.msg = NFT_MSG_GETSETELEM_RESET,
};

static struct mnl_socket *nfnl_open(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl)
		return NULL;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}

	return nl;
}

FIXTURE_SETUP(set_dump)
{
	if (unshare(CLONE_NEWNET))
		SKIP(return, "needs CAP_SYS_ADMIN for a network namespace");

	self->per_elem = variant->set_flags & NFT_SET_INTERVAL ? 2 : 1;
	self->nl = nfnl_open();
	if (!self->nl)
		SKIP(return, "no nfnetlink: %s", strerror(errno));
	self->dump = nfnl_open();
	ASSERT_NE(NULL, self->dump);

	if (change_set(self->nl, NFT_MSG_NEWSET, variant->set_flags))
		SKIP(return, "cannot create a set: %s", strerror(errno));
	ASSERT_EQ(0, fill_set(self->nl, variant->set_flags));

	ASSERT_EQ(0, dump_start(self->dump, variant->msg));
	ASSERT_EQ(1, dump_next(self->dump, &self->res));
}

FIXTURE_TEARDOWN(set_dump)
{
	if (self->dump)
		mnl_socket_close(self->dump);
	if (self->nl)
		mnl_socket_close(self->nl);
}

/* Negative control: nothing changes, so nothing is flagged or missing. */
TEST_F(set_dump, undisturbed)
{
	ASSERT_EQ(0, dump_rest(self->dump, &self->res));
	EXPECT_EQ(0, self->res.error);
	EXPECT_FALSE(self->res.intr);
	EXPECT_LE(NELEMS * self->per_elem, self->res.elements);
	/* Fewer than that and a change below could come too late. */
	EXPECT_LT(4U, self->res.messages);
}

TEST_F(set_dump, delete)
{
	ASSERT_EQ(0, change_elems(self->nl, NFT_MSG_DELSETELEM,
				  variant->set_flags, 0, NCHANGE));
	ASSERT_EQ(0, dump_rest(self->dump, &self->res));
	EXPECT_EQ(0, self->res.error);
	EXPECT_TRUE(self->res.intr);
}

TEST_F(set_dump, add)
{
	ASSERT_EQ(0, change_elems(self->nl, NFT_MSG_NEWSETELEM,
				  variant->set_flags, NELEMS, NCHANGE));
	ASSERT_EQ(0, dump_rest(self->dump, &self->res));
	EXPECT_EQ(0, self->res.error);
	EXPECT_TRUE(self->res.intr);
}

TEST_F(set_dump, set_deleted)
{
	ASSERT_EQ(0, change_set(self->nl, NFT_MSG_DELSET, 0));
	ASSERT_EQ(0, dump_rest(self->dump, &self->res));
	EXPECT_EQ(-ENOENT, self->res.error);
	EXPECT_TRUE(self->res.intr);
}

/* The flag belongs to one dump: the next one starts from a clean state. */
TEST_F(set_dump, repeated)
{
	struct dump_result again = {};

	ASSERT_EQ(0, change_elems(self->nl, NFT_MSG_DELSETELEM,
				  variant->set_flags, 0, NCHANGE));
	ASSERT_EQ(0, dump_rest(self->dump, &self->res));
	EXPECT_TRUE(self->res.intr);

	ASSERT_EQ(0, dump_start(self->dump, variant->msg));
	ASSERT_EQ(0, dump_rest(self->dump, &again));
	EXPECT_EQ(0, again.error);
	EXPECT_FALSE(again.intr);
	EXPECT_LE((NELEMS - NCHANGE) * self->per_elem, again.elements);
}

TEST_HARNESS_MAIN
