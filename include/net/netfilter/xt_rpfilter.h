/* SPDX-License-Identifier: GPL-2.0 */
/* Revision 1 of the rpfilter match, of IPv4 and IPv6 */
#ifndef _NET_XT_RPFILTER_H
#define _NET_XT_RPFILTER_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/netdevice.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <net/netfilter/nf_rpf.h>

#define XT_RPFILTER_HOOKS_V1	(BIT(NF_INET_PRE_ROUTING) | \
				 BIT(NF_INET_LOCAL_IN) | \
				 BIT(NF_INET_FORWARD))

#define XT_RPFILTER_CLASSES	(GENMASK(NF_RPF_MAX, 0) & ~BIT(NF_RPF_UNSPEC))

static_assert(sizeof_field(struct xt_rpfilter_info_v1, vrf) == IFNAMSIZ);

/* What is not set costs nothing, so see what makes no difference. */
static inline u8 xt_rpfilter_flags(const struct xt_rpfilter_info_v1 *info)
{
	u8 flags = 0;

	if (!(info->classes & BIT(NF_RPF_FEASIBLE)) !=
	    !(info->classes & BIT(NF_RPF_LOOSE)))
		flags |= NF_RPF_F_FEASIBLE;
	if (info->flags & XT_RPFILTER_NO_DEFAULT)
		flags |= NF_RPF_F_NO_DEFAULT;
	if (info->flags & XT_RPFILTER_ACCEPT_LOCAL)
		flags |= NF_RPF_F_ACCEPT_LOCAL;
	if (info->flags & XT_RPFILTER_L4)
		flags |= NF_RPF_F_L4;
	if (!(info->flags & XT_RPFILTER_NO_IPSEC_EXEMPT))
		flags |= NF_RPF_F_IPSEC;

	return flags;
}

/**
 * xt_rpfilter_init - prepare the reverse path lookup of a rule
 * @rpf: the lookup
 * @skb: packet
 * @par: of the match function
 *
 * Context: RCU read-side critical section.
 * Return: false if there is no such VRF as the rule names
 */
static inline bool xt_rpfilter_init(struct nf_rpf *rpf,
				    const struct sk_buff *skb,
				    const struct xt_action_param *par)
{
	const struct xt_rpfilter_info_v1 *info = par->matchinfo;

	*rpf = (struct nf_rpf) {
		.in = xt_in(par),
		.out = xt_out(par),
		.mark = info->flags & XT_RPFILTER_VALID_MARK ? skb->mark : 0,
		.flags = xt_rpfilter_flags(info),
	};
	if (likely(!*info->vrf))
		return true;

	/* it may come, go, and change its name at any time */
	rpf->vrf = dev_get_by_name_rcu(xt_net(par), info->vrf);
	return rpf->vrf && netif_is_l3_master(rpf->vrf);
}

static inline bool xt_rpfilter_result(const struct xt_rpfilter_info_v1 *info,
				      enum nf_rpf_class class)
{
	bool invert = info->flags & XT_RPFILTER_INVERT;

	return !!(info->classes & BIT(class)) ^ invert;
}

static inline int xt_rpfilter_check(const struct xt_mtchk_param *par)
{
	const struct xt_rpfilter_info_v1 *info = par->matchinfo;

	if (info->flags & ~XT_RPFILTER_OPTION_MASK_V1) {
		pr_info_ratelimited("unknown options\n");
		return -EINVAL;
	}
	if (!info->classes || info->classes & ~XT_RPFILTER_CLASSES) {
		pr_info_ratelimited("no classes, or unknown ones\n");
		return -EINVAL;
	}
	if (strnlen(info->vrf, sizeof(info->vrf)) == sizeof(info->vrf)) {
		pr_info_ratelimited("name of VRF without end\n");
		return -ENAMETOOLONG;
	}

	return 0;
}

#endif /* _NET_XT_RPFILTER_H */
