// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <xtables.h>
#include <linux/netfilter/xt_rpfilter.h>

enum {
	O_RPF_LOOSE = 0,
	O_RPF_VMARK = 1,
	O_RPF_ACCEPT_LOCAL = 2,
	O_RPF_INVERT = 3,
	/* revision 1 */
	O_RPF_MODE,
	O_RPF_CLASS,
	O_RPF_NO_DEFAULT,
	O_RPF_L4,
	O_RPF_NO_IPSEC_EXEMPT,
	O_RPF_VRF,
	F_RPF_MODE = 1 << O_RPF_MODE,
	F_RPF_CLASS = 1 << O_RPF_CLASS,
	F_RPF_NO_DEFAULT = 1 << O_RPF_NO_DEFAULT,
	F_RPF_L4 = 1 << O_RPF_L4,
	F_RPF_NO_IPSEC_EXEMPT = 1 << O_RPF_NO_IPSEC_EXEMPT,
	F_RPF_VRF = 1 << O_RPF_VRF,
};

#define RPF_CLASS(name)	(1 << NF_RPF_##name)
#define RPF_STRICT	(RPF_CLASS(EXEMPT) | RPF_CLASS(STRICT))
#define RPF_FEASIBLE	(RPF_STRICT | RPF_CLASS(FEASIBLE))
#define RPF_LOOSE	(RPF_FEASIBLE | RPF_CLASS(LOOSE))

static const struct {
	const char *name;
	uint32_t classes;
} rpfilter_modes[] = {
	{"strict", RPF_STRICT},
	{"feasible", RPF_FEASIBLE},
	{"loose", RPF_LOOSE},
};

static const char *const rpfilter_classes[] = {
	[NF_RPF_EXEMPT] = "exempt",
	[NF_RPF_STRICT] = "strict",
	[NF_RPF_FEASIBLE] = "feasible",
	[NF_RPF_LOOSE] = "loose",
	[NF_RPF_DEFAULT] = "default",
	[NF_RPF_LOCAL] = "local",
	[NF_RPF_MARTIAN] = "martian",
	[NF_RPF_DROP_NEXTHOP] = "drop-nexthop",
	[NF_RPF_NONE] = "none",
};

static void rpfilter_help(void)
{
	printf(
"rpfilter match options:\n"
"    --loose          permit reverse path via any interface\n"
"    --validmark      use skb nfmark when performing route lookup\n"
"    --accept-local   do not reject packets with a local source address\n"
"    --invert         match packets that failed the reverse path test\n"
	);
}

static void rpfilter_help_v1(void)
{
	rpfilter_help();
	printf(
"    --mode strict|feasible|loose\n"
"                     reverse path via the interface of the packet, by the\n"
"                     best or any route to the prefix; or via any interface\n"
"    --class name[,...]\n"
"                     match these results of the reverse path test: exempt,\n"
"                     strict, feasible, loose, default, local, martian,\n"
"                     drop-nexthop, none\n"
" With --mode or --class:\n"
"    --no-default     default routes are no reverse path\n"
"    --l4             use the ports when performing route lookup\n"
"    --no-ipsec-exempt\n"
"                     test packets that were protected by IPsec, too\n"
"    --vrf name       perform route lookup in this VRF\n"
	);
}

#define s struct xt_rpfilter_info_v1
static const struct xt_option_entry rpfilter_opts[] = {
	{.name = "loose", .id = O_RPF_LOOSE, .type = XTTYPE_NONE,
	 .excl = F_RPF_MODE | F_RPF_CLASS},
	{.name = "validmark", .id = O_RPF_VMARK, .type = XTTYPE_NONE, },
	{.name = "accept-local", .id = O_RPF_ACCEPT_LOCAL, .type = XTTYPE_NONE, },
	{.name = "invert", .id = O_RPF_INVERT, .type = XTTYPE_NONE, },
	{.name = "mode", .id = O_RPF_MODE, .type = XTTYPE_STRING,
	 .excl = F_RPF_CLASS},
	{.name = "class", .id = O_RPF_CLASS, .type = XTTYPE_STRING},
	{.name = "no-default", .id = O_RPF_NO_DEFAULT, .type = XTTYPE_NONE},
	{.name = "l4", .id = O_RPF_L4, .type = XTTYPE_NONE},
	{.name = "no-ipsec-exempt", .id = O_RPF_NO_IPSEC_EXEMPT,
	 .type = XTTYPE_NONE},
	{.name = "vrf", .id = O_RPF_VRF, .type = XTTYPE_STRING,
	 .min = 1, .max = IFNAMSIZ - 1,
	 .flags = XTOPT_PUT, XTOPT_POINTER(s, vrf)},
	XTOPT_TABLEEND,
};
#undef s

static void rpfilter_parse(struct xt_option_call *cb)
{
	struct xt_rpfilter_info *rpfinfo = cb->data;

	if (cb->entry->id > O_RPF_INVERT)
		xtables_error(PARAMETER_PROBLEM,
			      "rpfilter: \"--%s\" needs revision 1 of the match, which the kernel does not have",
			      cb->entry->name);

	xtables_option_parse(cb);
	switch (cb->entry->id) {
	case O_RPF_LOOSE:
		rpfinfo->flags |= XT_RPFILTER_LOOSE;
		break;
	case O_RPF_VMARK:
		rpfinfo->flags |= XT_RPFILTER_VALID_MARK;
		break;
	case O_RPF_ACCEPT_LOCAL:
		rpfinfo->flags |= XT_RPFILTER_ACCEPT_LOCAL;
		break;
	case O_RPF_INVERT:
		rpfinfo->flags |= XT_RPFILTER_INVERT;
		break;
	}
}

static uint32_t rpfilter_parse_mode(const char *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rpfilter_modes); i++)
		if (strcmp(arg, rpfilter_modes[i].name) == 0)
			return rpfilter_modes[i].classes;

	xtables_error(PARAMETER_PROBLEM, "rpfilter: unknown mode \"%s\"", arg);
}

static uint32_t rpfilter_parse_class(const char *arg)
{
	uint32_t classes = 0;
	unsigned int i;
	size_t len;

	do {
		len = strcspn(arg, ",");
		for (i = NF_RPF_EXEMPT; i <= NF_RPF_MAX; i++)
			if (strlen(rpfilter_classes[i]) == len &&
			    strncmp(arg, rpfilter_classes[i], len) == 0)
				break;
		if (i > NF_RPF_MAX)
			xtables_error(PARAMETER_PROBLEM,
				      "rpfilter: unknown class \"%.*s\"",
				      (int)len, arg);
		classes |= 1 << i;
		arg += len;
	} while (*arg++ == ',');

	return classes;
}

static void rpfilter_parse_v1(struct xt_option_call *cb)
{
	struct xt_rpfilter_info_v1 *info = cb->data;

	xtables_option_parse(cb);
	switch (cb->entry->id) {
	case O_RPF_LOOSE:
		info->flags |= XT_RPFILTER_LOOSE;
		break;
	case O_RPF_VMARK:
		info->flags |= XT_RPFILTER_VALID_MARK;
		break;
	case O_RPF_ACCEPT_LOCAL:
		info->flags |= XT_RPFILTER_ACCEPT_LOCAL;
		break;
	case O_RPF_INVERT:
		info->flags |= XT_RPFILTER_INVERT;
		break;
	case O_RPF_MODE:
		info->classes = rpfilter_parse_mode(cb->arg);
		break;
	case O_RPF_CLASS:
		info->classes = rpfilter_parse_class(cb->arg);
		break;
	case O_RPF_NO_DEFAULT:
		info->flags |= XT_RPFILTER_NO_DEFAULT;
		break;
	case O_RPF_L4:
		info->flags |= XT_RPFILTER_L4;
		break;
	case O_RPF_NO_IPSEC_EXEMPT:
		info->flags |= XT_RPFILTER_NO_IPSEC_EXEMPT;
		break;
	}
}

/* Revision 0 does not exempt IPsec. For IPv6, it is content with any route to
 * the prefix, and with any interface if the source is local.
 */
static void rpfilter_from_v0(struct xt_rpfilter_info_v1 *info, uint32_t flags)
{
	bool ipv6 = afinfo->family == NFPROTO_IPV6;

	memset(info, 0, sizeof(*info));
	info->flags = flags & (XT_RPFILTER_VALID_MARK | XT_RPFILTER_INVERT);
	info->flags |= XT_RPFILTER_NO_IPSEC_EXEMPT;

	if (flags & XT_RPFILTER_LOOSE)
		info->classes = RPF_LOOSE;
	else
		info->classes = ipv6 ? RPF_FEASIBLE : RPF_STRICT;

	if (!(flags & XT_RPFILTER_ACCEPT_LOCAL))
		return;
	if (ipv6)
		info->classes |= RPF_CLASS(LOCAL);
	else
		info->flags |= XT_RPFILTER_ACCEPT_LOCAL;
}

/* Returns the flags of revision 0 that mean the same, or -1 */
static int rpfilter_to_v0(const struct xt_rpfilter_info_v1 *info)
{
	struct xt_rpfilter_info_v1 v1;
	int flags;

	for (flags = 0; flags < XT_RPFILTER_INVERT << 1; flags++) {
		rpfilter_from_v0(&v1, flags);
		if (memcmp(&v1, info, sizeof(v1)) == 0)
			return flags;
	}
	return -1;
}

static void rpfilter_check_v1(struct xt_fcheck_call *cb)
{
	struct xt_rpfilter_info_v1 *info = cb->data;

	if (cb->xflags & (F_RPF_MODE | F_RPF_CLASS))
		return;
	if (cb->xflags & (F_RPF_NO_DEFAULT | F_RPF_L4 |
			  F_RPF_NO_IPSEC_EXEMPT | F_RPF_VRF))
		xtables_error(PARAMETER_PROBLEM,
			      "rpfilter: \"--no-default\", \"--l4\", \"--no-ipsec-exempt\" and \"--vrf\" need \"--mode\" or \"--class\"");

	/* What was written for revision 0 means what it meant. */
	rpfilter_from_v0(info, info->flags);
}

static void rpfilter_print_flags(unsigned int flags, const char *prefix)
{
	if (flags & XT_RPFILTER_LOOSE)
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_LOOSE].name);
	if (flags & XT_RPFILTER_NO_DEFAULT)
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_NO_DEFAULT].name);
	if (flags & XT_RPFILTER_VALID_MARK)
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_VMARK].name);
	if (flags & XT_RPFILTER_ACCEPT_LOCAL)
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_ACCEPT_LOCAL].name);
	if (flags & XT_RPFILTER_L4)
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_L4].name);
	if (flags & XT_RPFILTER_NO_IPSEC_EXEMPT)
		printf(" %s%s", prefix,
		       rpfilter_opts[O_RPF_NO_IPSEC_EXEMPT].name);
	if (flags & XT_RPFILTER_INVERT)
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_INVERT].name);
}

static void rpfilter_print_classes(uint32_t classes, const char *prefix)
{
	const char *sep = " ";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rpfilter_modes); i++) {
		if (classes == rpfilter_modes[i].classes) {
			printf(" %s%s %s", prefix,
			       rpfilter_opts[O_RPF_MODE].name,
			       rpfilter_modes[i].name);
			return;
		}
	}

	printf(" %s%s", prefix, rpfilter_opts[O_RPF_CLASS].name);
	for (i = NF_RPF_EXEMPT; i <= NF_RPF_MAX; i++) {
		if (classes & (1 << i)) {
			printf("%s%s", sep, rpfilter_classes[i]);
			sep = ",";
		}
	}
}

static void rpfilter_print_v1(const struct xt_rpfilter_info_v1 *info,
			      const char *prefix)
{
	int v0 = rpfilter_to_v0(info);

	if (v0 >= 0) {
		rpfilter_print_flags(v0, prefix);
		return;
	}

	rpfilter_print_classes(info->classes, prefix);
	if (info->vrf[0]) {
		printf(" %s%s", prefix, rpfilter_opts[O_RPF_VRF].name);
		xtables_save_string(info->vrf);
	}
	rpfilter_print_flags(info->flags, prefix);
}

/* iptables-nft calls the highest revision for rules of all revisions. */
static void rpfilter_print_prefix(const struct xt_entry_match *match,
				  const char *prefix)
{
	const struct xt_rpfilter_info *info = (const void *)match->data;

	if (match->u.user.revision == 0)
		rpfilter_print_flags(info->flags, prefix);
	else
		rpfilter_print_v1((const void *)match->data, prefix);
}

static void
rpfilter_print(const void *ip, const struct xt_entry_match *match, int numeric)
{
	printf(" rpfilter");
	rpfilter_print_prefix(match, "");
}

static void rpfilter_save(const void *ip, const struct xt_entry_match *match)
{
	rpfilter_print_prefix(match, "--");
}

static int rpfilter_xlate_flags(struct xt_xlate *xl, unsigned int flags)
{
	bool invert = flags & XT_RPFILTER_INVERT;

	if (flags & XT_RPFILTER_ACCEPT_LOCAL) {
		if (invert)
			xt_xlate_add(xl, "fib saddr type != local ");
		else
			return 0;
	}

	xt_xlate_add(xl, "fib saddr ");

	if (flags & XT_RPFILTER_VALID_MARK)
		xt_xlate_add(xl, ". mark ");
	if (!(flags & XT_RPFILTER_LOOSE))
		xt_xlate_add(xl, ". iif ");

	xt_xlate_add(xl, "oif %s0", invert ? "" : "!= ");

	return 1;
}

static int rpfilter_xlate(struct xt_xlate *xl,
			  const struct xt_xlate_mt_params *params)
{
	const struct xt_rpfilter_info *info = (void *)params->match->data;

	return rpfilter_xlate_flags(xl, info->flags);
}

static void rpfilter_xlate_classes(struct xt_xlate *xl, uint32_t classes)
{
	bool one = !(classes & (classes - 1));
	const char *sep = one ? "" : "{ ";
	unsigned int i;

	for (i = NF_RPF_EXEMPT; i <= NF_RPF_MAX; i++) {
		if (classes & (1 << i)) {
			xt_xlate_add(xl, "%s%s", sep, rpfilter_classes[i]);
			sep = ", ";
		}
	}
	if (!one)
		xt_xlate_add(xl, " }");
}

static int rpfilter_xlate_v1(struct xt_xlate *xl,
			     const struct xt_xlate_mt_params *params)
{
	const struct xt_rpfilter_info_v1 *info = (void *)params->match->data;
	bool invert = info->flags & XT_RPFILTER_INVERT;
	int v0 = rpfilter_to_v0(info);

	if (v0 >= 0)
		return rpfilter_xlate_flags(xl, v0);

	if (info->vrf[0])
		return 0;

	if (!(info->flags & XT_RPFILTER_NO_IPSEC_EXEMPT)) {
		/* a rule cannot say "IPsec or ..." */
		if (!(info->classes & RPF_CLASS(EXEMPT)) == invert)
			return 0;
		xt_xlate_add(xl, "meta secpath missing ");
	}

	xt_xlate_add(xl, "fib saddr ");

	if (info->flags & XT_RPFILTER_VALID_MARK)
		xt_xlate_add(xl, ". mark ");
	xt_xlate_add(xl, ". iif ");
	if (info->flags & XT_RPFILTER_NO_DEFAULT)
		xt_xlate_add(xl, ". no-default ");
	if (info->flags & XT_RPFILTER_ACCEPT_LOCAL)
		xt_xlate_add(xl, ". accept-local ");
	if (info->flags & XT_RPFILTER_L4)
		xt_xlate_add(xl, ". l4 ");

	xt_xlate_add(xl, "rpf %s", invert ? "!= " : "");
	rpfilter_xlate_classes(xl, info->classes);

	return 1;
}

static struct xtables_match rpfilter_match[] = {
	{
		.family		= NFPROTO_UNSPEC,
		.name		= "rpfilter",
		.version	= XTABLES_VERSION,
		.size		= XT_ALIGN(sizeof(struct xt_rpfilter_info)),
		.userspacesize	= XT_ALIGN(sizeof(struct xt_rpfilter_info)),
		.help		= rpfilter_help,
		.print		= rpfilter_print,
		.save		= rpfilter_save,
		.x6_parse	= rpfilter_parse,
		.x6_options	= rpfilter_opts,
		.xlate		= rpfilter_xlate,
	},
	{
		.family		= NFPROTO_UNSPEC,
		.name		= "rpfilter",
		.revision	= 1,
		.version	= XTABLES_VERSION,
		.size		= XT_ALIGN(sizeof(struct xt_rpfilter_info_v1)),
		.userspacesize	= XT_ALIGN(sizeof(struct xt_rpfilter_info_v1)),
		.help		= rpfilter_help_v1,
		.print		= rpfilter_print,
		.save		= rpfilter_save,
		.x6_parse	= rpfilter_parse_v1,
		.x6_fcheck	= rpfilter_check_v1,
		.x6_options	= rpfilter_opts,
		.xlate		= rpfilter_xlate_v1,
	},
};

void _init(void)
{
	xtables_register_matches(rpfilter_match, ARRAY_SIZE(rpfilter_match));
}
