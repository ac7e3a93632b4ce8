// SPDX-License-Identifier: GPL-2.0-only
/* nf_tables transport: torn dumps, acks of a batch. */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "lab.h"
#include "main.h"
#include "nft.h"
#include "probes.h"

#define SET_HALF	2000	/* twice this takes several datagrams */
#define SET_REMOVED	100
#define ACKS		4

static int make_set(struct nl *nf)
{
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);

	if (nft) {
		nft_table(nft);
		nft_set(nft, "s");
		nft_elems(nft, NFT_MSG_NEWSETELEM, "s", 0, SET_HALF);
		nft_elems(nft, NFT_MSG_NEWSETELEM, "s", SET_HALF, SET_HALF);
	}
	return nft_commit(nft);
}

static int remove_elements(struct nl *nf)
{
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);

	if (nft)
		nft_elems(nft, NFT_MSG_DELSETELEM, "s", 0, SET_REMOVED);
	return nft_commit(nft);
}

static int start_dump(struct nl *nf)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nf, buf, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
		       NLM_F_DUMP, NFPROTO_IPV4, 0);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, "s");
	return nl_send(nf, nlh, nlh->nlmsg_len);
}

static int count_msg(const struct nlmsghdr *nlh, void *data)
{
	unsigned int *count = data;

	(void)nlh;
	(*count)++;
	return MNL_CB_OK;
}

void probe_nft_dump_intr(struct finding *f)
{
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);
	NL_AUTO other = nf ? lab_open(f, NETLINK_NETFILTER) : NULL;
	unsigned int later = 0;
	int len;

	if (!other || setup_failed(f, make_set(nf), "a set") ||
	    setup_failed(f, start_dump(nf), "a dump"))
		return;
	len = nl_recv(nf);
	if (setup_failed(f, len < 0 ? len : 0, "a dump") ||
	    setup_failed(f, remove_elements(other), "a second transaction") ||
	    setup_failed(f, nl_collect(nf, nf->seq, count_msg, &later),
			 "the rest of a dump"))
		return;
	if (nf->intr)
		finding_yes(f, "NLM_F_DUMP_INTR was set");
	else if (later < 2)	/* one was made before the commit */
		finding_unknown(f, 0, "the dump ended before the commit");
	else
		finding_no(f, 0, "%u later messages, none with NLM_F_DUMP_INTR",
			   later);
}

/* Acks in the datagram of length @len that nl_recv() has received last. */
static unsigned int count_acks(const struct nl *nf, int len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)nf->buf;
	unsigned int acks = 0;

	while (mnl_nlmsg_ok(nlh, len)) {
		acks += nlh->nlmsg_type == NLMSG_ERROR;
		nlh = mnl_nlmsg_next(nlh, &len);
	}
	return acks;
}

void probe_nft_ack_batch(struct finding *f)
{
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);
	struct nft *nft = nf ? nft_begin(nf, NFPROTO_IPV4) : NULL;
	unsigned int acks = 0, i;
	int len;

	if (!nf || setup_failed(f, nft ? 0 : -ENOMEM, "a transaction"))
		return;
	for (i = 0; i < ACKS; i++) {
		nft_table(nft);
		nft_ack(nft);
	}
	if (setup_failed(f, nft_send(nft), "a transaction"))
		return;
	len = nl_recv(nf);
	if (setup_failed(f, len < 0 ? len : 0, "an ack"))
		return;
	acks = count_acks(nf, len);
	if (acks > 1)
		finding_yes(f, "%u acks in the first datagram", acks);
	else
		finding_no(f, 0, "one datagram per ack");
}
