// SPDX-License-Identifier: GPL-2.0
/*
 * rpf_rule fib|xt 4|6 strict|feasible
 *
 * A rule in PREROUTING that counts packets whose reverse path is not that, by
 * the means of the patched kernel. On another one: exit code 3.
 */

#define _GNU_SOURCE

#include <stdlib.h>

#include "net/netfilter/rpfilter_lib.h"

#define STRICT		(1 << NF_RPF_EXEMPT | 1 << NF_RPF_STRICT)

static void put_not_fib(struct nlmsghdr *nlh, bool feasible)
{
	uint8_t present = 0;

	put_fib(nlh, NFT_FIB_RESULT_OIF,
		NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT |
		NFTA_FIB_F_NO_DEFAULT | (feasible ? NFTA_FIB_F_FEASIBLE : 0));
	put_cmp(nlh, &present, sizeof(present));
}

static void put_not_xt(struct nlmsghdr *nlh, bool feasible)
{
	struct xt_rpfilter_info_v1 info = {
		.flags = XT_RPFILTER_NO_DEFAULT | XT_RPFILTER_INVERT,
		.classes = STRICT | (feasible ? 1 << NF_RPF_FEASIBLE : 0),
	};

	put_match(nlh, 1, &info, sizeof(info));
}

int main(int argc, char **argv)
{
	static struct batch batch;
	struct nlmsghdr *nlh;
	struct mnl_socket *nl;
	struct nlattr *exprs;
	bool feasible;

	if (argc != 4)
		return 2;
	feasible = !strcmp(argv[3], "feasible");
	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		return 1;

	batch_begin(&batch, atoi(argv[2]) == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	put_chain(&batch, NF_INET_PRE_ROUTING);
	exprs = rule_begin(&batch, &nlh);
	if (!strcmp(argv[1], "fib"))
		put_not_fib(nlh, feasible);
	else
		put_not_xt(nlh, feasible);
	rule_end(&batch, nlh, exprs);

	return batch_commit(&batch, nl) ? 3 : 0;
}
