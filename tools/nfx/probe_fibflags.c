// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nft fib takes: rules of one expression, in a chain of their own, in a
 * namespace that ends with the probe. A rule that the kernel refuses takes
 * its transaction with it.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "lab.h"
#include "main.h"
#include "nft.h"
#include "probes.h"
#include "rpf_uapi.h"

#define STRICT		(NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF)

/* As in "fib saddr . iif . feasible . no-default . accept-local . l4 oif" */
#define ALL_FLAGS	(STRICT | RPF_FIB_F_FEASIBLE | RPF_FIB_F_NO_DEFAULT | \
			 RPF_FIB_F_ACCEPT_LOCAL | RPF_FIB_F_L4)

static int try_rule(struct nl *nf, uint8_t family, uint32_t result,
		    uint32_t flags)
{
	struct nft *nft = nft_begin(nf, family);

	if (nft) {
		nft_table(nft);
		nft_chain(nft, "pre", "filter", NF_INET_PRE_ROUTING, -300);
		nft_rule(nft, "pre");
		nft_fib_load(nft, result, flags);
		nft_counter(nft);
		nft_end(nft);
	}
	return nft_commit(nft);
}

/* Returns true if both families take it; else @f is set. */
static bool both(struct finding *f, uint32_t result, uint32_t flags)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);
	size_t i;
	int err;

	for (i = 0; nf && i < ARRAY_SIZE(families); i++) {
		err = try_rule(nf, families[i], NFT_FIB_RESULT_OIF, STRICT);
		if (setup_failed(f, err, "a rule with fib"))
			return false;
		err = try_rule(nf, families[i], result, flags);
		if (err == -EINVAL || err == -EOPNOTSUPP)
			finding_no(f, err, "the rule was refused: %s",
				   strerror(-err));
		else if (err)
			finding_unknown(f, err, "the rule failed: %s",
					strerror(-err));
		if (err)
			return false;
	}
	return nf;
}

void probe_rpf_fib(struct finding *f)
{
	if (both(f, NFT_FIB_RESULT_OIF, ALL_FLAGS))
		finding_yes(f, "the rules were taken");
}

void probe_rpf_result(struct finding *f)
{
	if (both(f, RPF_FIB_RESULT, STRICT))
		finding_yes(f, "the rules were taken");
}
