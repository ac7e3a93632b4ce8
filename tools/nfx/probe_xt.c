// SPDX-License-Identifier: GPL-2.0-only
/* Revisions of x_tables matches and targets, asked through nft_compat. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "lab.h"
#include "main.h"
#include "probes.h"

enum { XT_MATCH = 0, XT_TARGET = 1 };	/* nft_compat.c: nfnl_compat_get_rcu */

static int ask(struct nl *nl, const char *name, uint32_t type, uint32_t rev)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, NFNL_SUBSYS_NFT_COMPAT << 8 |
		       NFNL_MSG_COMPAT_GET, 0, AF_INET, 0);
	mnl_attr_put_strz(nlh, NFTA_COMPAT_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_COMPAT_REV, htonl(rev));
	mnl_attr_put_u32(nlh, NFTA_COMPAT_TYPE, htonl(type));
	return nl_talk(nl, nlh, NULL, NULL);
}

/* Revision @old is there on every kernel that has the extension at all. */
static void probe_revision(struct finding *f, const char *name, uint32_t type,
			   uint32_t old, uint32_t rev)
{
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	int err;

	if (!nl)
		return;
	err = ask(nl, name, type, old);
	if (err) {
		finding_unknown(f, err, "%s or nft_compat is not there: %s",
				name, strerror(-err));
		return;
	}
	err = ask(nl, name, type, rev);
	if (!err)
		finding_yes(f, "%s has revision %u", name, rev);
	else if (err == -EPROTONOSUPPORT)
		finding_no(f, err, "%s has no revision %u", name, rev);
	else
		finding_unknown(f, err, "%s revision %u: %s", name, rev,
				strerror(-err));
}

void probe_rpf_xt(struct finding *f)
{
	probe_revision(f, "rpfilter", XT_MATCH, 0, 1);
}

void probe_xt_set4(struct finding *f)
{
	probe_revision(f, "SET", XT_TARGET, 3, 4);
}
