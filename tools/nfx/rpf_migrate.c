// SPDX-License-Identifier: GPL-2.0-only
/* nfx rpf migrate: rules that do what the sysctl rp_filter does. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "args.h"
#include "feature.h"
#include "main.h"
#include "out.h"
#include "rpf.h"
#include "rpfpolicy.h"

/* What was typed. */
struct options {
	bool nft;
	bool iptables;
	bool ipv6;
	const char *mode;
	const char *syntax;
};

static int wrong(const char *fmt, const char *word)
{
	out_error(0, fmt, word);
	return -1;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	const struct arg table[] = {
		{ "--nft", ARG_FLAG, &options->nft, 0, 0 },
		{ "--iptables", ARG_FLAG, &options->iptables, 0, 0 },
		{ "--ipv6", ARG_FLAG, &options->ipv6, 0, 0 },
		{ "--mode", ARG_WORD, &options->mode, 0, 0 },
		{ "--syntax", ARG_WORD, &options->syntax, 0, 0 },
		{ NULL, ARG_FLAG, NULL, 0, 0 },
	};
	const char *words[1];

	if (args_parse(table, argc, argv, words, 0) < 0)
		return -1;
	if (options->nft && options->iptables)
		return wrong("%s and --iptables exclude each other", "--nft");
	if (options->ipv6 && opts.family)
		return wrong("%s adds IPv6 to IPv4: without -4 and -6",
			     "--ipv6");
	if (options->ipv6 && options->iptables)
		return wrong("%s: iptables has rules of one family at a time, "
			     "use -6", "--ipv6");
	return 0;
}

static int pick_mode(const struct options *options, enum rpf_mode *mode)
{
	*mode = RPF_MODES;
	if (!options->mode)
		return 0;
	*mode = rpf_mode_find(options->mode);
	if (*mode < RPF_MODES)
		return 0;
	return wrong("mode \"%s\" is unknown: strict, feasible or loose",
		     options->mode);
}

static int pick_syntax(const struct options *options,
		       struct rpf_output *output)
{
	const char *syntax = options->syntax ? options->syntax : "auto";

	output->bcast = false;
	if (!strcmp(syntax, "auto")) {
		output->new = feature_has(output->iptables ? "rpf-xt" :
							     "rpf-fib");
		output->bcast = !output->iptables && !output->new &&
				feature_has("fib4-bcast");
	} else if (!strcmp(syntax, "new")) {
		output->new = true;
	} else if (strcmp(syntax, "stock")) {
		return wrong("syntax \"%s\" is unknown: auto, stock or new",
			     syntax);
	}
	return 0;
}

/* 0, or an exit status after an error message. */
static int pick_output(const struct options *options, enum rpf_mode mode,
		       struct rpf_output *output)
{
	output->iptables = options->iptables;
	output->v4 = opts.family != AF_INET6;
	output->v6 = options->ipv6 || opts.family == AF_INET6;
	if (pick_syntax(options, output))
		return NFX_USAGE;
	if (mode != RPF_MODE_FEASIBLE || output->new)
		return NFX_OK;
	if (options->syntax && !strcmp(options->syntax, "stock")) {
		out_error(0, "mode \"feasible\" has no stock syntax");
		return NFX_USAGE;
	}
	out_error(EOPNOTSUPP, "this kernel has no mode \"feasible\", "
		  "patches/04* bring it");
	return NFX_MISSING;
}

static json_t *iface_json(const struct rpf_iface *iface,
			  const struct rpf_output *output)
{
	const struct rpf_sysctls *sysctls = &iface->sysctls;

	return json_pack("{s:s, s:i, s:b, s:b, s:o, s:b}",
			 "name", *iface->name ? iface->name : "default",
			 "rp_filter", (int)sysctls->rp_filter,
			 "src_valid_mark", sysctls->src_valid_mark,
			 "accept_local", sysctls->accept_local,
			 "mode", iface->want.on ?
			 json_string(rpf_mode_name(iface->want.mode)) :
			 json_null(),
			 "written", !*iface->name ||
			 rpf_name_written(output, iface->name));
}

static json_t *notes_json(const struct rpf_policy *policy,
			  const struct rpf_output *output)
{
	struct rpf_note notes[RPF_NOTES];
	unsigned int count = rpf_notes(policy, output, notes), i;
	json_t *list = json_array();

	for (i = 0; i < count; i++) {
		char id[16] = "other";

		if (notes[i].gap)
			snprintf(id, sizeof(id), "D%u", notes[i].gap);
		json_array_append_new(list, json_pack("{s:s, s:s}", "id", id,
						      "text", notes[i].text));
	}
	return list;
}

static json_t *policy_json(const struct rpf_policy *policy,
			   const struct rpf_output *output, const char *text)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < policy->count; i++)
		json_array_append_new(list, iface_json(&policy->ifaces[i],
						       output));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}",
			 "format", output->iptables ? "iptables" : "nft",
			 "syntax", output->new ? "new" : "stock",
			 "interfaces", list,
			 "later", iface_json(&policy->later, output),
			 "differs", notes_json(policy, output),
			 "text", text);
}

static int print(const struct rpf_policy *policy,
		 const struct rpf_output *output)
{
	size_t size = 0;
	char *text = NULL;
	FILE *to;
	int rc;

	if (!out_is_json()) {
		rpf_write(stdout, policy, output);
		return NFX_OK;
	}
	to = open_memstream(&text, &size);
	if (!to)
		return out_doc(NULL);
	rpf_write(to, policy, output);
	fclose(to);
	rc = out_doc(policy_json(policy, output, text));
	free(text);
	return rc;
}

/* Rules without one of the interfaces are not all that was asked for. */
static int check_names(const struct rpf_policy *policy,
		       const struct rpf_output *output)
{
	int rc = NFX_OK;
	unsigned int i;

	for (i = 0; i < policy->count; i++) {
		if (rpf_name_written(output, policy->ifaces[i].name))
			continue;
		out_note("interface \"%s\" is left out: its name cannot be "
			 "written", policy->ifaces[i].name);
		rc = NFX_PARTIAL;
	}
	return rc;
}

static int run(enum rpf_mode mode, const struct rpf_output *output)
{
	NL_AUTO rt = nl_open(NETLINK_ROUTE);
	struct rpf_policy policy = { .count = 0 };
	int err = rt ? rpf_policy_read(rt, mode, &policy) : -errno, rc;

	if (err) {
		out_error(-err, "rp_filter: %s", strerror(-err));
		rc = NFX_KERNEL;
	} else {
		rc = print(&policy, output);
		if (!rc)
			rc = check_names(&policy, output);
	}
	rpf_policy_free(&policy);
	return rc;
}

int rpf_migrate(int argc, char **argv)
{
	struct options options = { .nft = false };
	struct rpf_output output = { .iptables = false };
	enum rpf_mode mode;
	int rc;

	if (parse_options(argc, argv, &options) ||
	    pick_mode(&options, &mode))
		return NFX_USAGE;
	rc = pick_output(&options, mode, &output);
	return rc ? rc : run(mode, &output);
}
