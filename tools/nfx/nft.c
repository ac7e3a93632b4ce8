// SPDX-License-Identifier: GPL-2.0-only
/* nf_tables transactions, as far as the probes need them. */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "nft.h"

/* A transaction is one send; libmnl wants twice the limit as buffer. */
#define NFT_BATCH_SIZE (128UL * 1024)

struct nft {
	struct nl *nl;
	struct mnl_nlmsg_batch *batch;
	struct nlmsghdr *cur;	/* message being built or built last */
	struct nlattr *exprs;	/* open list of expressions of a rule */
	uint8_t family;
	char buf[2 * NFT_BATCH_SIZE] __attribute__((aligned(8)));
};

static struct nlmsghdr *put_msg(struct nft *nft, uint16_t type, uint16_t flags,
				uint8_t family, uint16_t res_id)
{
	return nl_nfmsg(nft->nl, mnl_nlmsg_batch_current(nft->batch), type,
			flags, family, res_id);
}

static struct nlmsghdr *put(struct nft *nft, uint8_t msg, uint16_t flags)
{
	nft->cur = put_msg(nft, NFNL_SUBSYS_NFTABLES << 8 | msg, flags,
			   nft->family, 0);
	return nft->cur;
}

struct nft *nft_begin(struct nl *nl, uint8_t family)
{
	struct nft *nft = calloc(1, sizeof(*nft));

	if (!nft)
		return NULL;
	nft->nl = nl;
	nft->family = family;
	nft->batch = mnl_nlmsg_batch_start(nft->buf, NFT_BATCH_SIZE);
	if (!nft->batch) {
		free(nft);
		return NULL;
	}
	put_msg(nft, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(nft->batch);
	return nft;
}

int nft_send(struct nft *nft)
{
	int err;

	put_msg(nft, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(nft->batch);
	err = nl_send(nft->nl, mnl_nlmsg_batch_head(nft->batch),
		      mnl_nlmsg_batch_size(nft->batch));
	mnl_nlmsg_batch_stop(nft->batch);
	free(nft);
	return err;
}

int nft_commit(struct nft *nft)
{
	struct nl *nl;
	uint32_t last;
	int err;

	if (!nft)
		return -ENOMEM;
	nft_ack(nft);
	nl = nft->nl;
	last = nft->cur->nlmsg_seq;
	err = nft_send(nft);
	return err ? err : nl_collect(nl, last, NULL, NULL);
}

void nft_ack(struct nft *nft)
{
	nft->cur->nlmsg_flags |= NLM_F_ACK;
}

void nft_table(struct nft *nft)
{
	struct nlmsghdr *nlh = put(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_TABLE);
	mnl_nlmsg_batch_next(nft->batch);
}

void nft_chain(struct nft *nft, const char *name, const char *type,
	       uint32_t hook, int32_t prio)
{
	struct nlmsghdr *nlh = put(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, type);
	nest = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(hook));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl((uint32_t)prio));
	mnl_attr_nest_end(nlh, nest);
	mnl_nlmsg_batch_next(nft->batch);
}

void nft_rule(struct nft *nft, const char *chain)
{
	struct nlmsghdr *nlh = put(nft, NFT_MSG_NEWRULE,
				   NLM_F_CREATE | NLM_F_APPEND);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	nft->exprs = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
}

void nft_end(struct nft *nft)
{
	mnl_attr_nest_end(nft->cur, nft->exprs);
	mnl_nlmsg_batch_next(nft->batch);
}

struct expr {
	struct nlattr *elem;
	struct nlattr *data;
};

static struct expr expr_begin(struct nft *nft, const char *name)
{
	struct expr expr;

	expr.elem = mnl_attr_nest_start(nft->cur, NFTA_LIST_ELEM);
	mnl_attr_put_strz(nft->cur, NFTA_EXPR_NAME, name);
	expr.data = mnl_attr_nest_start(nft->cur, NFTA_EXPR_DATA);
	return expr;
}

static void expr_end(struct nft *nft, struct expr expr)
{
	mnl_attr_nest_end(nft->cur, expr.data);
	mnl_attr_nest_end(nft->cur, expr.elem);
}

static void put_be32(struct nft *nft, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nft->cur, type, htonl(value));
}

static void put_cmp(struct nft *nft, uint32_t op, const void *value,
		    uint32_t len)
{
	struct expr expr = expr_begin(nft, "cmp");
	struct nlattr *nest;

	put_be32(nft, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(nft, NFTA_CMP_OP, op);
	nest = mnl_attr_nest_start(nft->cur, NFTA_CMP_DATA);
	mnl_attr_put(nft->cur, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(nft->cur, nest);
	expr_end(nft, expr);
}

void nft_match(struct nft *nft, uint32_t offset, const void *value,
	       uint32_t len)
{
	struct expr expr = expr_begin(nft, "payload");

	put_be32(nft, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_be32(nft, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	put_be32(nft, NFTA_PAYLOAD_OFFSET, offset);
	put_be32(nft, NFTA_PAYLOAD_LEN, len);
	expr_end(nft, expr);
	put_cmp(nft, NFT_CMP_EQ, value, len);
}

void nft_fib_load(struct nft *nft, uint32_t result, uint32_t flags)
{
	struct expr expr = expr_begin(nft, "fib");

	put_be32(nft, NFTA_FIB_DREG, NFT_REG_1);
	put_be32(nft, NFTA_FIB_RESULT, result);
	put_be32(nft, NFTA_FIB_FLAGS, flags);
	expr_end(nft, expr);
}

void nft_fib(struct nft *nft)
{
	uint8_t missing = 0;

	nft_fib_load(nft, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR |
		     NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT);
	put_cmp(nft, NFT_CMP_NEQ, &missing, sizeof(missing));
}

void nft_counter(struct nft *nft)
{
	expr_end(nft, expr_begin(nft, "counter"));
}

void nft_masq(struct nft *nft)
{
	expr_end(nft, expr_begin(nft, "masq"));
}

void nft_drop(struct nft *nft)
{
	struct expr expr = expr_begin(nft, "immediate");
	struct nlattr *data, *verdict;

	put_be32(nft, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = mnl_attr_nest_start(nft->cur, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(nft->cur, NFTA_DATA_VERDICT);
	put_be32(nft, NFTA_VERDICT_CODE, NF_DROP);
	mnl_attr_nest_end(nft->cur, verdict);
	mnl_attr_nest_end(nft->cur, data);
	expr_end(nft, expr);
}

static void put_queue(struct nft *nft, uint16_t num)
{
	struct expr expr = expr_begin(nft, "queue");

	mnl_attr_put_u16(nft->cur, NFTA_QUEUE_NUM, htons(num));
	expr_end(nft, expr);
}

static void put_queue_target(struct nft *nft, uint16_t num)
{
	union {
		struct xt_NFQ_info queue;
		uint64_t align;		/* XT_ALIGN() */
	} info = { .align = 0 };

	info.queue.queuenum = num;
	nft_xt_target(nft, "NFQUEUE", 0, &info, sizeof(info));
}

void nft_queue(struct nft *nft, uint16_t num, bool xt)
{
	if (xt)
		put_queue_target(nft, num);
	else
		put_queue(nft, num);
}

void nft_xt_target(struct nft *nft, const char *name, uint32_t rev,
		   const void *info, uint16_t len)
{
	struct expr expr = expr_begin(nft, "target");

	mnl_attr_put_strz(nft->cur, NFTA_TARGET_NAME, name);
	put_be32(nft, NFTA_TARGET_REV, rev);
	mnl_attr_put(nft->cur, NFTA_TARGET_INFO, len, info);
	expr_end(nft, expr);
}

void nft_set(struct nft *nft, const char *name)
{
	struct nlmsghdr *nlh = put(nft, NFT_MSG_NEWSET, NLM_F_CREATE);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
	put_be32(nft, NFTA_SET_FLAGS, 0);
	put_be32(nft, NFTA_SET_KEY_LEN, sizeof(uint32_t));
	put_be32(nft, NFTA_SET_ID, 1);
	mnl_nlmsg_batch_next(nft->batch);
}

void nft_elems(struct nft *nft, uint8_t msg, const char *set, uint32_t first,
	       uint32_t count)
{
	struct nlmsghdr *nlh = put(nft, msg, NLM_F_CREATE);
	struct nlattr *list, *elem, *key;
	uint32_t i;

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = 0; i < count; i++) {
		elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
		key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
		put_be32(nft, NFTA_DATA_VALUE, first + i);
		mnl_attr_nest_end(nlh, key);
		mnl_attr_nest_end(nlh, elem);
	}
	mnl_attr_nest_end(nlh, list);
	mnl_nlmsg_batch_next(nft->batch);
}

struct packets {
	uint64_t *value;
	unsigned int max;
	unsigned int rule;
};

/* Returns the packets of a counter expression, 0 for any other expression. */
static uint64_t expr_packets(const struct nlattr *elem)
{
	const struct nlattr *tb[NFTA_EXPR_DATA + 1];
	const struct nlattr *counter[NFTA_COUNTER_PACKETS + 1];

	nl_nested(elem, tb, NFTA_EXPR_DATA);
	if (!tb[NFTA_EXPR_NAME] || !tb[NFTA_EXPR_DATA] ||
	    strcmp(mnl_attr_get_str(tb[NFTA_EXPR_NAME]), "counter"))
		return 0;
	nl_nested(tb[NFTA_EXPR_DATA], counter, NFTA_COUNTER_PACKETS);
	if (!counter[NFTA_COUNTER_PACKETS])
		return 0;
	return be64toh(mnl_attr_get_u64(counter[NFTA_COUNTER_PACKETS]));
}

static int rule_packets(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[NFTA_RULE_EXPRESSIONS + 1];
	struct packets *packets = data;
	const struct nlattr *elem;

	if (packets->rule == packets->max)
		return MNL_CB_OK;
	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, NFTA_RULE_EXPRESSIONS);
	if (tb[NFTA_RULE_EXPRESSIONS])
		mnl_attr_for_each_nested(elem, tb[NFTA_RULE_EXPRESSIONS])
			packets->value[packets->rule] += expr_packets(elem);
	packets->rule++;
	return MNL_CB_OK;
}

int nft_packets(struct nl *nl, uint8_t family, uint64_t *packets,
		unsigned int max)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct packets arg = { .value = packets, .max = max };
	struct nlmsghdr *nlh;

	memset(packets, 0, max * sizeof(*packets));
	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE,
		       NLM_F_DUMP, family, 0);
	return nl_talk(nl, nlh, rule_packets, &arg);
}
