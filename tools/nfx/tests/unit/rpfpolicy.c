// SPDX-License-Identifier: GPL-2.0-only
/* Rules for what the sysctls ask for. */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "rpfpolicy.h"
#include "unit.h"

static struct rpf_iface ifaces[4];
static struct rpf_policy policy;

static void iface(const char *name, uint8_t rp_filter, bool mark, bool local)
{
	struct rpf_iface *to = &ifaces[policy.count++];

	memset(to, 0, sizeof(*to));
	snprintf(to->name, sizeof(to->name), "%s", name);
	to->sysctls = (struct rpf_sysctls){
		.known = true, .rp_filter = rp_filter,
		.src_valid_mark = mark, .accept_local = local,
	};
	to->want = rpf_want_of(&to->sysctls, RPF_MODES);
}

static void begin(void)
{
	policy = (struct rpf_policy){ .ifaces = ifaces };
}

static char *text;

/* Is @want in what is written? */
static bool writes(const struct rpf_output *output, const char *want)
{
	size_t size = 0;
	FILE *to;

	free(text);
	text = NULL;
	to = open_memstream(&text, &size);
	rpf_write(to, &policy, output);
	fclose(to);
	return strstr(text, want);
}

static void test_want(void)
{
	struct rpf_sysctls s = { .rp_filter = 1, .src_valid_mark = true };
	struct rpf_want a = rpf_want_of(&s, RPF_MODES), b;

	ok(a.on && a.mode == RPF_MODE_STRICT && a.mark && !a.local, "strict");
	s.rp_filter = 2;
	b = rpf_want_of(&s, RPF_MODES);
	ok(b.mode == RPF_MODE_LOOSE && !rpf_want_same(&a, &b), "loose");
	b = rpf_want_of(&s, RPF_MODE_FEASIBLE);
	ok(b.on && b.mode == RPF_MODE_FEASIBLE, "another one");
	s.rp_filter = 0;
	a = rpf_want_of(&s, RPF_MODES);
	b = rpf_want_of(&s, RPF_MODE_FEASIBLE);
	ok(!a.on && !b.on && rpf_want_same(&a, &b), "none");
}

static void test_names(void)
{
	const struct rpf_output nft = { .v4 = true };
	const struct rpf_output ipt = { .v4 = true, .iptables = true };

	ok(rpf_name_written(&nft, "eth0.5@x") && rpf_name_written(&nft, "a+") &&
	   !rpf_name_written(&ipt, "a+") && rpf_name_written(&ipt, "a+b"),
	   "names");
	ok(!rpf_name_written(&nft, "a\"b") && !rpf_name_written(&nft, "a*") &&
	   !rpf_name_written(&nft, "") && !rpf_name_written(&ipt, "-j") &&
	   !rpf_name_written(&nft, "\xc3\xa4"), "names that would break it");
}

static void test_nft(void)
{
	struct rpf_output output = { .v4 = true };

	begin();
	iface("a", 1, false, false);
	iface("b", 2, true, true);
	iface("c\"", 1, false, false);
	ok(writes(&output, "table ip nfx_rpf {") &&
	   writes(&output, "\"a\" : goto strict,") &&
	   writes(&output, "\"b\" : goto loose_mark_local") &&
	   writes(&output, "Interface 3 is left out") &&
	   writes(&output, "\t\taccept\n\t}\n}\n") && !strstr(text, "c\""),
	   "a map of interfaces");
	ok(writes(&output, "\t\tfib saddr . iif oif missing drop\n") &&
	   writes(&output, "\t\tfib saddr . mark oif missing drop\n") &&
	   writes(&output, "\t\tfib saddr type local accept\n") &&
	   writes(&output, "fib saddr type { broadcast, multicast } drop"),
	   "stock rules");
	output.bcast = true;
	ok(!writes(&output, "broadcast") && !writes(&output, "0.0.0.0"),
	   "of a kernel that refuses broadcasts");
	output = (struct rpf_output){ .v4 = true, .v6 = true };
	ok(writes(&output, "table inet") && writes(&output,
	   "meta nfproto ipv4 fib saddr type {"), "both families");
	output.new = true;
	ok(writes(&output, "\t\tfib saddr . iif . l4 oif missing drop\n") &&
	   writes(&output, "\t\tfib saddr . mark . accept-local . l4 oif "
		  "missing drop\n"), "new rules");
	policy.ifaces[0].want.mode = RPF_MODE_FEASIBLE;
	ok(writes(&output, "fib saddr . iif . feasible . l4 oif"), "feasible");
}

static void test_later(void)
{
	const struct rpf_output output = { .v4 = true };

	begin();
	iface("a", 1, false, false);
	policy.later = ifaces[0];
	ok(writes(&output, "\t\tgoto strict\n\t}\n}\n") &&
	   !writes(&output, "vmap"), "all are alike");
	begin();
	iface("a", 0, false, false);
	ok(writes(&output, "no rules are needed") && !writes(&output, "table"),
	   "none is checked");
}

static void test_iptables(void)
{
	struct rpf_output output = { .v4 = true, .iptables = true };

	begin();
	iface("a", 1, true, false);
	iface("b", 0, false, false);
	policy.later = ifaces[0];
	policy.later.want.mode = RPF_MODE_LOOSE;
	policy.later.want.mark = false;
	ok(writes(&output, "-A nfx_rpf -i a -m rpfilter --validmark --invert "
		  "-j DROP\n-A nfx_rpf -i a -j RETURN\n"
		  "-A nfx_rpf -i b -j RETURN\n") &&
	   writes(&output, "-A nfx_rpf -m rpfilter --loose --invert -j DROP\n"
		  "COMMIT\n") && writes(&output, "--pol ipsec -j RETURN"),
	   "stock rules of iptables");
	output.new = true;
	ok(writes(&output, "-i a -m rpfilter --mode strict --l4 --validmark "
		  "--invert") && !writes(&output, "ipsec"),
	   "new rules of iptables");
}

static bool has_note(const struct rpf_output *output, unsigned int gap)
{
	struct rpf_note notes[RPF_NOTES];
	unsigned int count = rpf_notes(&policy, output, notes), i;

	for (i = 0; i < count; i++)
		if (notes[i].gap == gap)
			return true;
	return false;
}

static void test_notes(void)
{
	struct rpf_output output = { .v4 = true };

	begin();
	iface("a", 1, false, false);
	ok(has_note(&output, 7) && !has_note(&output, 2) &&
	   !has_note(&output, 13), "what always differs");
	policy.l4_rules = 1;
	policy.bridge_nf = true;
	policy.iif_rules = 1;
	policy.linkdown = true;
	ok(has_note(&output, 2) && has_note(&output, 13) &&
	   has_note(&output, 6) && has_note(&output, 3), "what may");
	output.new = true;
	ok(!has_note(&output, 2) && !has_note(&output, 13), "what is fixed");
	output = (struct rpf_output){ .v6 = true, .iptables = true };
	ok(has_note(&output, 8), "what ip6tables does");
}

int main(void)
{
	test_want();
	test_names();
	test_nft();
	test_later();
	test_iptables();
	test_notes();
	free(text);
	return unit_finish();
}
