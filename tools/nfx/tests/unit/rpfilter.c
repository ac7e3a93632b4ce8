// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rpfilter extension of iptables: what is saved is restored, for every rule
 * that the kernel takes.
 *
 * libxtables loads it from XTABLES_LIBDIR, else from the plugins/ this program
 * was built with.
 */
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define XTABLES_INTERNAL
#include <xtables.h>
#include <linux/netfilter/xt_rpfilter.h>

#include "unit.h"

#define LINE_SIZE	256
#define MAX_ARGS	24
#define CLASSES_END	(1U << (NF_RPF_MAX + 1))
#define FLAGS_END	(XT_RPFILTER_NO_IPSEC_EXEMPT << 1)
#define FLAGS_V0_END	(XT_RPFILTER_INVERT << 1)

static struct xtables_match *match;
static struct option *options;
static uint8_t kernel_revision;
static char error[LINE_SIZE];
static jmp_buf failed;

static void __attribute__((noreturn, format(printf, 2, 3)))
exit_err(enum xtables_exittype status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, sizeof(error), format, args);
	va_end(args);
	longjmp(failed, (int)status);
}

static int compat_rev(const char *name, uint8_t revision, int opt)
{
	return name && opt && revision <= kernel_revision;
}

static struct option no_options[] = { { .name = NULL } };
static struct xtables_globals globals = {
	.program_name = "rpfilter",
	.program_version = "1",
	.orig_opts = no_options,
	.exit_err = exit_err,
	.compat_rev = compat_rev,
};

static bool load(uint8_t family, uint8_t revision)
{
	kernel_revision = revision;
	xtables_init_all(&globals, family);
	match = xtables_find_match("rpfilter", XTF_TRY_LOAD, NULL);
	if (!match || match->revision != revision)
		return false;
	options = xtables_options_xfrm(no_options, NULL, match->x6_options,
				       &match->option_offset);
	return options;
}

static void new_entry(uint8_t revision)
{
	size_t size = XT_ALIGN(sizeof(*match->m)) + match->size;

	free(match->m);
	match->m = calloc(1, size);
	if (!match->m)
		exit(1);
	match->m->u.match_size = (uint16_t)size;
	match->m->u.user.revision = revision;
	match->mflags = 0;
}

/* What iptables does with the options of a match. */
static void parse_options(char *line)
{
	char *argv[MAX_ARGS] = { "rpfilter" };
	int c, argc = 1;

	for (char *arg = strtok(line, " "); arg; arg = strtok(NULL, " "))
		argv[argc++] = arg;
	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		xtables_option_mpcall((unsigned int)c, argv, false, match,
				      NULL);
	xtables_option_mfcall(match);
}

static bool parse(const char *line)
{
	char copy[LINE_SIZE];

	snprintf(copy, sizeof(copy), "%s", line);
	new_entry(match->revision);
	if (setjmp(failed))
		return false;
	parse_options(copy);
	return true;
}

/* The options as they are saved, in @line of LINE_SIZE. */
static void save(char *line)
{
	FILE *out = stdout;

	*line = '\0';
	stdout = fmemopen(line, LINE_SIZE, "w");
	if (!stdout)
		exit(1);
	match->save(NULL, match->m);
	fclose(stdout);
	stdout = out;
}

static bool saved_as(const char *line, const char *want)
{
	char got[LINE_SIZE];

	if (!parse(line))
		return false;
	save(got);
	return !strcmp(got, want);
}

static bool same(const char *line)
{
	return saved_as(line, line);
}

static bool refused(const char *line, const char *why)
{
	return !parse(line) && strstr(error, why);
}

static bool restored(const struct xt_rpfilter_info_v1 *info)
{
	char line[LINE_SIZE];

	new_entry(1);
	memcpy(match->m->data, info, sizeof(*info));
	save(line);
	return parse(line) && !memcmp(match->m->data, info, sizeof(*info));
}

static bool all_restored(const char *vrf)
{
	struct xt_rpfilter_info_v1 info = {};

	snprintf(info.vrf, sizeof(info.vrf), "%s", vrf);
	for (info.classes = 1 << NF_RPF_EXEMPT; info.classes < CLASSES_END;
	     info.classes += 1 << NF_RPF_EXEMPT)
		for (info.flags = 0; info.flags < FLAGS_END; info.flags++)
			if (!(info.flags & XT_RPFILTER_LOOSE) &&
			    !restored(&info))
				return false;
	return true;
}

/* @flags as options, in @line of LINE_SIZE. */
static void old_line(unsigned int flags, char *line)
{
	snprintf(line, LINE_SIZE, "%s%s%s%s",
		 flags & XT_RPFILTER_LOOSE ? " --loose" : "",
		 flags & XT_RPFILTER_VALID_MARK ? " --validmark" : "",
		 flags & XT_RPFILTER_ACCEPT_LOCAL ? " --accept-local" : "",
		 flags & XT_RPFILTER_INVERT ? " --invert" : "");
}

static bool old_lines_stay(void)
{
	char line[LINE_SIZE];
	unsigned int flags;

	for (flags = 0; flags < FLAGS_V0_END; flags++) {
		old_line(flags, line);
		if (!same(line))
			return false;
	}
	return true;
}

/* iptables-nft prints rules of revision 0 by what the kernel has now. */
static bool old_rules_print(void)
{
	char got[LINE_SIZE], line[LINE_SIZE];
	struct xt_rpfilter_info *info;
	unsigned int flags;

	for (flags = 0; flags < FLAGS_V0_END; flags++) {
		new_entry(0);
		info = (void *)match->m->data;
		info->flags = (uint8_t)flags;
		save(got);
		old_line(flags, line);
		if (strcmp(got, line))
			return false;
	}
	return true;
}

static bool means(const char *line, uint32_t flags, uint32_t classes)
{
	const struct xt_rpfilter_info_v1 *info;

	if (!parse(line))
		return false;
	info = (void *)match->m->data;
	return info->flags == flags && info->classes == classes;
}

#define PASS(name)	(1 << NF_RPF_EXEMPT | 1 << NF_RPF_STRICT | (name))
#define FEASIBLE	(1 << NF_RPF_FEASIBLE)
#define LOOSE		(FEASIBLE | 1 << NF_RPF_LOOSE)

static void test_refused(void)
{
	ok(refused("--mode tight", "unknown mode \"tight\"") &&
	   refused("--class none,any", "unknown class \"any\"") &&
	   refused("--class none,", "unknown class \"\"") &&
	   refused("--class non", "unknown class \"non\""),
	   "unknown modes and classes are refused");
	ok(refused("--loose --mode strict", "cannot be used together") &&
	   refused("--class none --loose", "cannot be used together") &&
	   refused("--mode strict --class none", "cannot be used together"),
	   "--loose, --mode and --class exclude each other");
	ok(refused("--l4", "need \"--mode\"") &&
	   refused("--loose --no-default", "need \"--mode\"") &&
	   refused("--no-ipsec-exempt", "need \"--mode\"") &&
	   refused("--vrf red", "need \"--mode\""),
	   "the new options need --mode or --class");
	ok(refused("--mode strict --vrf 0123456789abcdef", "15 characters"),
	   "names of VRF have an end");
}

static void test_saved(void)
{
	ok(all_restored(""), "what is saved is restored");
	ok(all_restored("red"), "and with a VRF");
	ok(old_lines_stay(), "options of revision 0 are saved as such");
	ok(old_rules_print(), "rules of revision 0 are saved");
	ok(same(" --mode feasible --vrf red --no-default --invert") &&
	   saved_as("--class loose,strict,exempt,feasible", " --mode loose") &&
	   saved_as("--class none,drop-nexthop,none",
		    " --class drop-nexthop,none") &&
	   saved_as("--mode strict --vrf a.b", " --mode strict --vrf \"a.b\""),
	   "in one form only");
}

static void test_ipv4(void)
{
	ok(means("", XT_RPFILTER_NO_IPSEC_EXEMPT, PASS(0)) &&
	   means("--loose", XT_RPFILTER_NO_IPSEC_EXEMPT, PASS(LOOSE)) &&
	   means("--accept-local --invert",
		 XT_RPFILTER_NO_IPSEC_EXEMPT | XT_RPFILTER_ACCEPT_LOCAL |
		 XT_RPFILTER_INVERT, PASS(0)),
	   "IPv4: options of revision 0 mean what they did");
	ok(means("--mode strict", 0, PASS(0)) &&
	   means("--mode loose --l4", XT_RPFILTER_L4, PASS(LOOSE)) &&
	   saved_as("--mode strict --no-ipsec-exempt", ""),
	   "IPv4: --mode exempts IPsec");
}

/* libxtables loads an extension once, so each combination has a process. */
static bool in_child(bool (*test)(void))
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(!test());
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static bool test_ipv6(void)
{
	return load(NFPROTO_IPV6, 1) &&
	       means("", XT_RPFILTER_NO_IPSEC_EXEMPT, PASS(FEASIBLE)) &&
	       means("--loose", XT_RPFILTER_NO_IPSEC_EXEMPT, PASS(LOOSE)) &&
	       means("--accept-local", XT_RPFILTER_NO_IPSEC_EXEMPT,
		     PASS(FEASIBLE | 1 << NF_RPF_LOCAL)) &&
	       means("--mode strict --accept-local", XT_RPFILTER_ACCEPT_LOCAL,
		     PASS(0)) &&
	       same(" --mode strict --no-ipsec-exempt") &&
	       saved_as("--mode feasible --no-ipsec-exempt", "") &&
	       all_restored("") && old_lines_stay() && old_rules_print();
}

static bool test_old_kernel(void)
{
	char line[LINE_SIZE];
	unsigned int flags;

	if (!load(NFPROTO_IPV4, 0))
		return false;
	for (flags = 0; flags < FLAGS_V0_END; flags++) {
		old_line(flags, line);
		if (!same(line) || match->m->data[0] != flags)
			return false;
	}
	return refused("--mode strict", "\"--mode\" needs revision 1") &&
	       refused("--loose --vrf red", "\"--vrf\" needs revision 1") &&
	       refused("--l4", "which the kernel does not have");
}

int main(int argc, char **argv)
{
	char dir[LINE_SIZE];

	snprintf(dir, sizeof(dir), "%.*s/../../plugins",
		 argc ? (int)(strrchr(argv[0], '/') - argv[0]) : 0, argv[0]);
	setenv("XTABLES_LIBDIR", dir, 0);
	ok(in_child(test_old_kernel), "revision 0 is told from revision 1");
	ok(in_child(test_ipv6), "IPv6 means and saves the same");
	ok(load(NFPROTO_IPV4, 1), "the extension loads");
	if (!unit_failed) {
		test_refused();
		test_saved();
		test_ipv4();
	}
	return unit_finish();
}
