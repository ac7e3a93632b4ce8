// SPDX-License-Identifier: GPL-2.0-only
/* Rules for a policy: what they do not do, and the comments that say so. */
#include <ctype.h>
#include <string.h>

#include "main.h"
#include "rpfpolicy.h"

/* Characters that are none of the syntax of nft or iptables. */
static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || strchr("._-@+:", c);
}

bool rpf_name_written(const struct rpf_output *output, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if (!is_plain(name[i]))
			return false;
	/* That would be a pattern, and an option. */
	return len && name[0] != '-' &&
	       !(output->iptables && name[len - 1] == '+');
}

struct list {
	struct rpf_note *notes;
	unsigned int count;
};

static void add(struct list *list, bool needed, unsigned int gap,
		const char *text)
{
	if (needed)
		list->notes[list->count++] = (struct rpf_note){ gap, text };
}

static bool any_mode(const struct rpf_policy *policy, enum rpf_mode mode)
{
	unsigned int i;

	for (i = 0; i < policy->count; i++)
		if (policy->ifaces[i].want.on &&
		    policy->ifaces[i].want.mode == mode)
			return true;
	return policy->later.want.on && policy->later.want.mode == mode;
}

static bool any_bare(const struct rpf_policy *policy)
{
	unsigned int i;

	for (i = 0; i < policy->count; i++)
		if (policy->ifaces[i].want.on && policy->ifaces[i].bare &&
		    policy->ifaces[i].sysctls.rp_filter == 2)
			return true;
	return false;
}

unsigned int rpf_notes(const struct rpf_policy *policy,
		       const struct rpf_output *output, struct rpf_note *notes)
{
	bool strict = any_mode(policy, RPF_MODE_STRICT);
	struct list list = { .notes = notes };

	add(&list, !output->new && policy->l4_rules, 2,
	    "the sysctl follows ip rules for ports, these rules do not");
	add(&list, policy->linkdown, 3,
	    "routes by links without carrier count here");
	add(&list, policy->iif_rules, 6,
	    "ip rules with iif see the loopback, not the output interface");
	add(&list, true, 7,
	    "all packets are checked, not only the first of a batch");
	add(&list, output->v6 && output->iptables && !output->new && strict, 8,
	    "strict lets in what has another route to the same prefix");
	add(&list, !output->new && policy->bridge_nf, 13,
	    "bridged frames are checked: bridge-nf-call-iptables is 1");
	add(&list, any_bare(policy), 0,
	    "loose is loose on interfaces without an IPv4 address, too");
	add(&list, output->v6, 0,
	    "the sysctl is for IPv4 only, these rules are for IPv6 as well");
	return list.count;
}

static void write_notes(FILE *to, const struct rpf_policy *policy,
			const struct rpf_output *output)
{
	struct rpf_note notes[RPF_NOTES];
	unsigned int count = rpf_notes(policy, output, notes), i;

	fputs("# What differs from the sysctl:\n", to);
	for (i = 0; i < count; i++) {
		char id[16] = "";

		if (notes[i].gap)
			snprintf(id, sizeof(id), "D%u: ", notes[i].gap);
		fprintf(to, "#   %s%s\n", id, notes[i].text);
	}
}

static const char *loader(const struct rpf_output *output)
{
	if (!output->iptables)
		return "nft -f";
	return output->v6 ? "ip6tables-restore --noflush" :
			    "iptables-restore --noflush";
}

static void write_unnamed(FILE *to, const struct rpf_policy *policy,
			  const struct rpf_output *output)
{
	unsigned int i;

	for (i = 0; i < policy->count; i++)
		if (!rpf_name_written(output, policy->ifaces[i].name))
			fprintf(to, "# Interface %u is left out: its name "
				"cannot be written.\n", i + 1);
}

void rpf_write(FILE *to, const struct rpf_policy *policy,
	       const struct rpf_output *output)
{
	fprintf(to, "# From net.ipv4.conf by \"nfx rpf migrate\", for \"%s\".\n"
		"# Once it is loaded, rp_filter of \"all\" and of each "
		"interface can be 0.\n", loader(output));
	write_notes(to, policy, output);
	write_unnamed(to, policy, output);
	if (!rpf_policy_on(policy))
		fputs("# rp_filter is 0 everywhere: no rules are needed.\n",
		      to);
	else if (output->iptables)
		rpf_write_ipt(to, policy, output);
	else
		rpf_write_nft(to, policy, output);
}
