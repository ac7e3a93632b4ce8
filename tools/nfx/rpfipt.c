// SPDX-License-Identifier: GPL-2.0-only
/* Rules for iptables-restore and ip6tables-restore. */
#include "main.h"
#include "rpfpolicy.h"

#define CHAIN "nfx_rpf"

/* The modes of revision 1, --loose of revision 0. */
static void put_match(FILE *to, const struct rpf_want *want,
		      const struct rpf_output *output)
{
	fputs(" -m rpfilter", to);
	if (output->new)
		fprintf(to, " --mode %s --l4", rpf_mode_name(want->mode));
	else if (want->mode == RPF_MODE_LOOSE)
		fputs(" --loose", to);
	if (want->mark)
		fputs(" --validmark", to);
	if (want->local)
		fputs(" --accept-local", to);
	fputs(" --invert -j DROP\n", to);
}

static void put_iface(FILE *to, const struct rpf_iface *iface,
		      const struct rpf_output *output)
{
	if (iface->want.on) {
		fprintf(to, "-A " CHAIN " -i %s", iface->name);
		put_match(to, &iface->want, output);
	}
	fprintf(to, "-A " CHAIN " -i %s -j RETURN\n", iface->name);
}

void rpf_write_ipt(FILE *to, const struct rpf_policy *policy,
		   const struct rpf_output *output)
{
	unsigned int i;

	fputs("*mangle\n:" CHAIN " - [0:0]\n"
	      "-A PREROUTING -j " CHAIN "\n", to);
	if (!output->new)
		fputs("# D1: what IPsec has protected is exempt\n"
		      "-A " CHAIN " -m policy --dir in --pol ipsec -j RETURN\n",
		      to);
	for (i = 0; i < policy->count; i++)
		if (!rpf_want_same(&policy->ifaces[i].want,
				   &policy->later.want) &&
		    rpf_name_written(output, policy->ifaces[i].name))
			put_iface(to, &policy->ifaces[i], output);
	if (policy->later.want.on) {
		fputs("# interfaces that come later\n-A " CHAIN, to);
		put_match(to, &policy->later.want, output);
	}
	fputs("COMMIT\n", to);
}
