// SPDX-License-Identifier: GPL-2.0-only
/*
 * Register those revisions of a match that the kernel has.
 *
 * Given others, libxtables 1.8.11 warns that the match is not supported, each
 * time it looks for it after the first.
 */
#include <xtables.h>

void nfx_register_matches(struct xtables_match *match, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!match[i].revision ||
		    xt_params->compat_rev(match[i].name, match[i].revision,
					  afinfo->so_rev_match))
			xtables_register_match(&match[i]);
}
