// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules for nft. Each way to check is a chain:
 *
 *	prerouting: IPsec passes
 *		    interface -> chain, or accept
 *		    goto the chain of other interfaces
 */
#include "main.h"
#include "rpfpolicy.h"

/* After mangle, where marks are set; before the destination is translated. */
#define PRIORITY (-110)

static const char *family(const struct rpf_output *output)
{
	if (output->v4 && output->v6)
		return "inet";
	return output->v6 ? "ip6" : "ip";
}

static void put_chain_name(FILE *to, const struct rpf_want *want)
{
	fprintf(to, "%s%s%s", rpf_mode_name(want->mode),
		want->mark ? "_mark" : "", want->local ? "_local" : "");
}

static void put_verdict(FILE *to, const struct rpf_want *want)
{
	if (!want->on) {
		fputs("accept", to);
		return;
	}
	fputs("goto ", to);
	put_chain_name(to, want);
}

/* Only a type tells local sources and broadcasts from those without route. */
static void put_stock(FILE *to, const struct rpf_want *want,
		      const struct rpf_output *output)
{
	const char *iif = want->mode == RPF_MODE_STRICT ? " . iif" : "";
	const char *only4 = output->v6 ? "meta nfproto ipv4 " : "";

	if (want->local)
		fprintf(to, "\t\tfib saddr%s type local accept\n", iif);
	if (output->v4 && !output->bcast)
		fprintf(to, "\t\t%sfib saddr type { broadcast, multicast } "
			"drop\n", only4);
	fprintf(to, "\t\tfib saddr%s%s oif missing drop\n", iif,
		want->mark ? " . mark" : "");
}

static void put_new(FILE *to, const struct rpf_want *want)
{
	fprintf(to, "\t\tfib saddr%s%s%s%s . l4 oif missing drop\n",
		want->mode == RPF_MODE_LOOSE ? "" : " . iif",
		want->mark ? " . mark" : "",
		want->mode == RPF_MODE_FEASIBLE ? " . feasible" : "",
		want->local ? " . accept-local" : "");
}

static void put_chain(FILE *to, const struct rpf_want *want,
		      const struct rpf_output *output)
{
	fputs("\tchain ", to);
	put_chain_name(to, want);
	fputs(" {\n", to);
	if (output->new)
		put_new(to, want);
	else
		put_stock(to, want, output);
	fputs("\t}\n", to);
}

/* One of each kind. */
static void put_chains(FILE *to, const struct rpf_policy *policy,
		       const struct rpf_output *output)
{
	unsigned int i, j;

	for (i = 0; i < policy->count; i++) {
		const struct rpf_want *want = &policy->ifaces[i].want;

		for (j = 0; j < i; j++)
			if (rpf_want_same(&policy->ifaces[j].want, want))
				break;
		if (j == i && want->on)
			put_chain(to, want, output);
	}
	for (i = 0; i < policy->count; i++)
		if (rpf_want_same(&policy->ifaces[i].want,
				  &policy->later.want))
			return;
	if (policy->later.want.on)
		put_chain(to, &policy->later.want, output);
}

/* Those for which not the last rule of the chain will do. */
static void put_map(FILE *to, const struct rpf_policy *policy,
		    const struct rpf_output *output)
{
	unsigned int i, n = 0;

	for (i = 0; i < policy->count; i++) {
		const struct rpf_iface *iface = &policy->ifaces[i];

		if (rpf_want_same(&iface->want, &policy->later.want) ||
		    !rpf_name_written(output, iface->name))
			continue;
		fprintf(to, "%s\t\t\t\"%s\" : ",
			n++ ? ",\n" : "\t\tiifname vmap {\n", iface->name);
		put_verdict(to, &iface->want);
	}
	if (n)
		fputs("\n\t\t}\n", to);
}

/* The types of fib know no host that has no address yet. */
static void put_dhcp(FILE *to, const struct rpf_output *output)
{
	if (output->v4 && !output->new && !output->bcast)
		fputs("\t\tip saddr 0.0.0.0/8 ip daddr { 224.0.0.0/24, "
		      "255.255.255.255 } accept\n", to);
}

void rpf_write_nft(FILE *to, const struct rpf_policy *policy,
		   const struct rpf_output *output)
{
	fprintf(to, "table %s nfx_rpf {\n", family(output));
	put_chains(to, policy, output);
	fprintf(to, "\tchain prerouting {\n"
		"\t\ttype filter hook prerouting priority %d; "
		"policy accept;\n"
		"\t\tiifname \"lo\" accept\n"
		"\t\t# D1: what IPsec has protected is exempt\n"
		"\t\tmeta ipsec exists accept\n", PRIORITY);
	put_dhcp(to, output);
	put_map(to, policy, output);
	fputs("\t\t# interfaces that come later\n\t\t", to);
	put_verdict(to, &policy->later.want);
	fputs("\n\t}\n}\n", to);
}
