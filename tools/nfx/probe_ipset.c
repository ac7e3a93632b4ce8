// SPDX-License-Identifier: GPL-2.0-only
/* ipset: packet-path adds, terse listing, markmask, hash:mark. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_set.h>
#include <linux/rtnetlink.h>
#include <limits.h>

#include <string.h>
#include <unistd.h>

#include "ipset.h"
#include "lab.h"
#include "main.h"
#include "nft.h"
#include "packet.h"
#include "probes.h"
#include "rtnl.h"

/* 64 buckets of 12 elements hold 768: ip_set_hash_gen.h, AHASH_MAX_SIZE. */
#define ADDS		1024
#define ADDS_HASHSIZE	64
#define ADDS_FIRST	0x0a630001	/* 10.99.0.1 */
#define ADDS_NET	0x0a630000

#define BIG_HASHSIZE	262144		/* 2 MiB of bucket pointers */
#define SMALL_HASHSIZE	64
#define TERSE_RUNS	15

/* 2 MiB take longer to read than this, in us; 256 regions do not. */
#define TERSE_WALK	60
#define MARKMASK	0x01020304U

/* -j SET --add-set s dst (iptables-extensions(8)) as the first rule. */
static int add_set_rule(struct nl *nf, uint16_t index)
{
	const struct xt_set_info_target_v2 info = {
		.add_set = { .index = index, .dim = IPSET_DIM_ONE },
		.del_set = { .index = IPSET_INVALID_ID },
		.timeout = UINT_MAX,
	};
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);

	if (nft) {
		nft_table(nft);
		nft_chain(nft, "out", "filter", NF_INET_LOCAL_OUT, 0);
		nft_rule(nft, "out");
		nft_xt_target(nft, "SET", 2, &info, sizeof(info));
		nft_end(nft);
	}
	return nft_commit(nft);
}

static int count_elements(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[IPSET_ATTR_CMD_MAX + 1];
	const struct nlattr *elem;
	unsigned int *count = data;

	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, IPSET_ATTR_CMD_MAX);
	if (tb[IPSET_ATTR_ADT])
		mnl_attr_for_each_nested(elem, tb[IPSET_ATTR_ADT])
			(*count)++;
	return MNL_CB_OK;
}

static int make_add_set(struct nl *rt, struct nl *nf)
{
	static const struct ipset_params params = {
		.type	  = "hash:ip",
		.hashsize = ADDS_HASHSIZE,
		.maxelem  = 65536,
	};
	const uint32_t net = htonl(ADDS_NET);
	uint16_t index = IPSET_INVALID_ID;
	int err;

	err = ipset_create(nf, "s", &params);
	if (!err)
		err = ipset_index(nf, "s", &index);
	if (!err)
		err = rtnl_route_add(rt, AF_INET, RT_TABLE_MAIN, &net, 16,
				     "a");
	return err ? err : add_set_rule(nf, index);
}

void probe_ipset_add_set(struct finding *f)
{
	NL_AUTO rt = lab_veth(f);
	NL_AUTO nf = rt ? lab_open(f, NETLINK_NETFILTER) : NULL;
	const uint32_t src = htonl(ADDS_NET - 1);
	unsigned int stored = 0;

	if (!nf || setup_failed(f, rtnl_addr_add(rt, AF_INET, "a", &src, 32),
				"an address") ||
	    setup_failed(f, make_add_set(rt, nf), "a set and its rule") ||
	    setup_failed(f, packet_udp4_many(htonl(ADDS_FIRST), 1, ADDS),
			 "packets") ||
	    setup_failed(f, ipset_list(nf, "s", 0, count_elements, &stored),
			 "a listing"))
		return;
	if (stored == ADDS)
		finding_yes(f, "all %d elements were stored", ADDS);
	else if (stored)
		finding_no(f, 0, "%u of %d elements were stored", stored, ADDS);
	else
		finding_unknown(f, 0, "no packet reached the set");
}

/* Shortest of some terse listings, in microseconds, or -errno. */
static double terse_time(struct nl *nf, const char *name, uint32_t hashsize)
{
	const struct ipset_params params = {
		.type	  = "hash:ip",
		.hashsize = hashsize,
		.maxelem  = 65536,
	};
	double best = 1e9, start;
	int i, err;

	err = ipset_create(nf, name, &params);
	for (i = 0; i < TERSE_RUNS && !err; i++) {
		start = lab_now_us();
		err = ipset_list(nf, name, IPSET_FLAG_LIST_HEADER, NULL, NULL);
		if (lab_now_us() - start < best)
			best = lab_now_us() - start;
	}
	return err ? err : best;
}

/*
 * A walk visits 4096 times as many buckets in the large set; the sum over
 * regions of 1024 buckets takes 256 instead of one.
 */
void probe_ipset_terse(struct finding *f)
{
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);
	double small, big;

	if (!nf)
		return;
	small = terse_time(nf, "small", SMALL_HASHSIZE);
	if (setup_failed(f, small < 0 ? (int)small : 0, "a small set"))
		return;
	big = terse_time(nf, "big", BIG_HASHSIZE);
	if (setup_failed(f, big < 0 ? (int)big : 0, "a large set"))
		return;
	if (big - small > TERSE_WALK && big > 8 * small)
		finding_no(f, 0, "%.0f us against %.0f us", big, small);
	else if (big - small < TERSE_WALK && big < 4 * small)
		finding_yes(f, "%.0f us against %.0f us", big, small);
	else
		finding_unknown(f, 0, "%.0f us against %.0f us is not decisive",
				big, small);
}

struct markmask {
	bool found;
	bool net_order;
	uint32_t raw;
};

static int take_markmask(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[IPSET_ATTR_CMD_MAX + 1];
	const struct nlattr *create[IPSET_ATTR_CREATE_MAX + 1];
	struct markmask *mask = data;
	const struct nlattr *attr;

	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, IPSET_ATTR_CMD_MAX);
	if (!tb[IPSET_ATTR_DATA])
		return MNL_CB_OK;
	nl_nested(tb[IPSET_ATTR_DATA], create, IPSET_ATTR_CREATE_MAX);
	attr = create[IPSET_ATTR_MARKMASK];
	if (!attr)
		return MNL_CB_OK;
	mask->found = true;
	mask->net_order = attr->nla_type & NLA_F_NET_BYTEORDER;
	mask->raw = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

void probe_ipset_markmask(struct finding *f)
{
	static const struct ipset_params params = {
		.type	  = "hash:ip,mark",
		.hashsize = SMALL_HASHSIZE,
		.maxelem  = 65536,
		.markmask = MARKMASK,
	};
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);
	struct markmask mask = { 0 };
	const char *flag;

	if (!nf || setup_failed(f, ipset_create(nf, "s", &params),
				"a hash:ip,mark") ||
	    setup_failed(f, ipset_list(nf, "s", IPSET_FLAG_LIST_HEADER,
				       take_markmask, &mask), "a listing"))
		return;
	flag = mask.net_order ? "with" : "without";
	if (!mask.found)
		finding_unknown(f, 0, "the header shows no markmask");
	else if (mask.net_order && mask.raw == htonl(MARKMASK))
		finding_yes(f, "network order %s NLA_F_NET_BYTEORDER", flag);
	else
		finding_no(f, 0, "bytes 0x%08x %s NLA_F_NET_BYTEORDER",
			   ntohl(mask.raw), flag);
}

/* hash:ip tells whether ipset itself is there. */
void probe_ipset_hash_mark(struct finding *f)
{
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);
	uint8_t revision = 0;
	int err;

	if (!nf || setup_failed(f, ipset_type(nf, "hash:ip", NFPROTO_IPV4,
					      &revision), "hash:ip"))
		return;
	err = ipset_type(nf, "hash:mark", NFPROTO_UNSPEC, &revision);
	if (!err)
		finding_yes(f, "revision %u", revision);
	else if (err == -IPSET_ERR_FIND_TYPE)
		finding_no(f, err, "the set type is unknown");
	else
		finding_unknown(f, err, "IPSET_CMD_TYPE failed with %d", -err);
}
