// SPDX-License-Identifier: GPL-2.0-only
/* nfx rpf check: what reverse path filters say of a source, and why. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "feature.h"
#include "ipview.h"
#include "main.h"
#include "out.h"
#include "rpf.h"
#include "rpf_check.h"
#include "rpfsysctl.h"

/* SRC, and three words with one argument each. */
#define WORDS 7

/* What was typed. */
struct options {
	const char *src;
	const char *iif;
	const char *dst;
	const char *out;
	const char *vrf;
	const char *proto;
	uint64_t mark;
	uint64_t sport;
	uint64_t dport;
	uint64_t tos;
	bool v4;
	bool v6;
	bool l4;
	bool explain;
};

/* What it means here. */
struct check {
	const struct options *options;
	struct nl *rt;
	struct rpf_tables tables;
	struct rpf_query query;
	int family;
	struct rpf_fixes fixes;
	bool fixes_known;
	bool differs;
	json_t *list;
};

static int take_word(struct options *options, const char *word,
		     const char *value)
{
	const struct {
		const char *name;
		const char **to;
	} words[] = {
		{ "iif", &options->iif },
		{ "to", &options->dst },
		{ "out", &options->out },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i].name))
			continue;
		if (value && !*words[i].to) {
			*words[i].to = value;
			return 0;
		}
		out_error(0, value ? "\"%s\" is given twice" :
			  "\"%s\" needs an argument", word);
		return -1;
	}
	out_error(0, "word \"%s\" is unknown: iif, to or out", word);
	return -1;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	const struct arg table[] = {
		{ "-4", ARG_FLAG, &options->v4, 0, 0 },
		{ "-6", ARG_FLAG, &options->v6, 0, 0 },
		{ "--vrf", ARG_WORD, &options->vrf, 0, 0 },
		{ "--mark", ARG_NUM, &options->mark, 0, UINT32_MAX },
		{ "--proto", ARG_WORD, &options->proto, 0, 0 },
		{ "--sport", ARG_NUM, &options->sport, 1, UINT16_MAX },
		{ "--dport", ARG_NUM, &options->dport, 1, UINT16_MAX },
		{ "--tos", ARG_NUM, &options->tos, 0, UINT8_MAX },
		{ "--l4", ARG_FLAG, &options->l4, 0, 0 },
		{ "--explain", ARG_FLAG, &options->explain, 0, 0 },
		{ NULL, ARG_FLAG, NULL, 0, 0 },
	};
	const char *words[WORDS + 1] = { NULL };
	int n = args_parse(table, argc, argv, words, WORDS), i;

	if (n < 0)
		return -1;
	if (!n) {
		out_error(0, "\"check\" needs the SRC address of a packet");
		return -1;
	}
	options->src = words[0];
	for (i = 1; i < n; i += 2)
		if (take_word(options, words[i], words[i + 1]))
			return -1;
	return 0;
}

static int parse_addr(struct check *check, const char *text, uint8_t *addr)
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, addr) != 1) {
		out_error(0, "argument \"%s\" is wrong: it is no address",
			  text);
		return -1;
	}
	if (check->family && check->family != family) {
		out_error(0, "argument \"%s\" is wrong: it is not of IPv%d",
			  text, check->family == AF_INET ? 4 : 6);
		return -1;
	}
	check->family = family;
	return 0;
}

/* By the names that are printed, or by number. */
static int parse_proto(const char *text, uint8_t *proto)
{
	uint64_t number;
	char buf[16];
	int i;

	for (i = 0; i <= UINT8_MAX; i++) {
		if (!strcmp(ipview_proto((uint8_t)i, buf, sizeof(buf)), text)) {
			*proto = (uint8_t)i;
			return 0;
		}
	}
	if (args_number("--proto", text, false, 0, UINT8_MAX, &number))
		return -1;
	*proto = (uint8_t)number;
	return 0;
}

static int pick_family(struct check *check)
{
	const struct options *options = check->options;

	if (options->v4 && options->v6) {
		out_error(0, "-4 and -6 exclude each other");
		return -1;
	}
	check->family = options->v4 ? AF_INET : options->v6 ? AF_INET6 :
			opts.family;
	return 0;
}

static int parse_query(struct check *check)
{
	const struct options *options = check->options;
	struct rpf_query *query = &check->query;

	if (pick_family(check) ||
	    parse_addr(check, options->src, query->src))
		return -1;
	query->has_dst = options->dst;
	if (options->dst && parse_addr(check, options->dst, query->dst))
		return -1;
	if (options->proto && parse_proto(options->proto, &query->proto))
		return -1;
	if ((options->sport || options->dport) && !query->proto) {
		out_error(0, "ports need --proto");
		return -1;
	}
	query->mark = (uint32_t)options->mark;
	query->sport = (uint16_t)options->sport;
	query->dport = (uint16_t)options->dport;
	query->tos = (uint8_t)options->tos;
	return 0;
}

static int find_link(const struct check *check, const char *name, bool vrf,
		     uint32_t *ifindex)
{
	const struct rpf_link *link;

	if (!name)
		return 0;
	link = rpf_link_name(&check->tables, name);
	if (!link)
		out_error(ENODEV, "there is no interface \"%s\"", name);
	else if (vrf && !link->vrf)
		out_error(ENODEV, "interface \"%s\" is no VRF", name);
	else
		*ifindex = link->ifindex;
	return link && (!vrf || link->vrf) ? 0 : -1;
}

static int find_links(struct check *check)
{
	const struct options *options = check->options;
	struct rpf_query *query = &check->query;

	return find_link(check, options->iif, false, &query->in) ||
	       find_link(check, options->out, false, &query->out) ||
	       find_link(check, options->vrf, true, &query->vrf);
}

/* The probe takes a while: so only if the answers depend on it. */
static void ask_stock(struct check *check, struct rpf_checked *to)
{
	const struct rpf_fixes all = { true, true, true };
	struct rpf_stock fixed[RPF_STOCKS];
	unsigned int i;

	rpf_stock(to->tables, &to->query, to->flags, to->mark, &to->sysctls,
		  &all, fixed);
	rpf_stock(to->tables, &to->query, to->flags, to->mark, &to->sysctls,
		  &check->fixes, to->stock);
	for (i = 0; i < RPF_STOCKS; i++)
		if (fixed[i].pass != to->stock[i].pass)
			break;
	if (i == RPF_STOCKS || check->fixes_known)
		return;
	check->fixes_known = true;
	if (check->family == AF_INET) {
		check->fixes.fib4_bcast = feature_has("fib4-bcast");
	} else {
		check->fixes.fib6_suppress = feature_has("fib6-suppress");
		/* of the same patches */
		check->fixes.fib6_throw = feature_has("rpf-fib");
	}
	ask_stock(check, to);
}

static void evaluate(struct check *check, struct rpf_checked *to)
{
	uint32_t vrf = rpf_vrf(&check->tables, check->query.in);
	const struct rpf_link *in;
	struct rpf_answer l4;
	unsigned int i;

	memset(to, 0, sizeof(*to));
	to->tables = &check->tables;
	to->query = check->query;
	to->flags = check->options->l4 ? RPF_F_L4 : 0;
	to->mark = check->query.mark;
	for (i = 0; i < RPF_VARIANTS; i++)
		rpf_eval(to->tables, &to->query, to->flags | i,
			 &to->answer[i]);
	if (!to->flags && (to->query.sport || to->query.dport)) {
		rpf_eval(to->tables, &to->query, RPF_F_L4, &l4);
		to->l4 = l4.class;
	}
	/* Packets by a port of a VRF come by the VRF. */
	in = rpf_link(&check->tables, vrf ? vrf : check->query.in);
	if (check->family == AF_INET && in)
		rpf_sysctl_read(in->name, &to->sysctls);
	ask_stock(check, to);
}

/*
 * The tables local and main are apart for good once there was a rule, and
 * nothing tells: if the walk is wrong and they may be, try that.
 */
static int ask_kernel(struct check *check, struct rpf_checked *to)
{
	int err = rpf_ask(check->rt, to->tables, &to->query, to->flags,
			  &to->asked);

	if (err || to->asked.why_not || to->asked.agrees ||
	    !check->tables.merged)
		return err;
	check->tables.merged = false;
	rpf_sort_routes(&check->tables);
	evaluate(check, to);
	return rpf_ask(check->rt, to->tables, &to->query, to->flags,
		       &to->asked);
}

static void warn(struct check *check, const struct rpf_checked *checked)
{
	if (checked->asked.why_not || checked->asked.agrees)
		return;
	check->differs = true;
	if (!out_is_json())
		fprintf(stderr, "nfx: warning: %s\n", checked->asked.text);
}

static int failed(int err)
{
	out_error(-err, "rtnetlink: %s", strerror(-err));
	return NFX_KERNEL;
}

/* Is it one that packets come by? Those of a bridge come by the bridge. */
static bool takes_packets(const struct rpf_link *link)
{
	return link->flags & IFF_UP && !(link->flags & IFF_LOOPBACK) &&
	       !link->bridge_port;
}

static int check_all(struct check *check)
{
	const struct rpf_tables *tables = &check->tables;
	struct rpf_checked checked;
	unsigned int i;
	bool head = true;
	int err;

	for (i = 0; i < tables->link_count; i++) {
		if (!takes_packets(&tables->links[i]))
			continue;
		check->query.in = tables->links[i].ifindex;
		evaluate(check, &checked);
		err = ask_kernel(check, &checked);
		if (err)
			return failed(err);
		warn(check, &checked);
		if (check->list) {
			json_array_append_new(check->list,
				rpf_json(&checked, check->options->explain));
			continue;
		}
		if (head)
			rpf_print_head(&checked);
		head = false;
		rpf_print_row(&checked);
		if (check->options->explain)
			rpf_explain(&checked, opts.given & OPT_DETAILS);
	}
	return NFX_OK;
}

static int check_one(struct check *check)
{
	struct rpf_checked checked;
	int err;

	evaluate(check, &checked);
	err = ask_kernel(check, &checked);
	if (err)
		return failed(err);
	warn(check, &checked);
	if (out_is_json())
		return out_doc(rpf_json(&checked, check->options->explain));
	rpf_print(&checked);
	if (check->options->explain)
		rpf_explain(&checked, opts.given & OPT_DETAILS);
	return NFX_OK;
}

static int run_tables(struct check *check)
{
	int rc;

	if (find_links(check))
		return NFX_KERNEL;
	if (check->options->iif)
		return check_one(check);
	if (!out_is_json())
		return check_all(check);
	check->list = json_array();
	rc = check_all(check);
	if (!rc)
		return out_doc(check->list);
	json_decref(check->list);
	return rc;
}

/* Twice at most: tables that change all the time are no reason to give up. */
static int load(struct check *check)
{
	int err, tries;

	for (tries = 0; tries < 2; tries++) {
		rpf_free(&check->tables);
		err = rpf_load(check->rt, &check->tables, check->family,
			       check->query.src,
			       check->query.has_dst ? check->query.dst : NULL);
		if (err || !check->tables.intr)
			break;
	}
	return err;
}

static int run(struct check *check)
{
	NL_AUTO rt = nl_open(NETLINK_ROUTE);
	int rc, err;

	if (!rt)
		return failed(-errno);
	check->rt = rt;
	err = load(check);
	rc = err ? failed(err) : run_tables(check);
	rpf_free(&check->tables);
	return rc ? rc : check->differs ? NFX_PARTIAL : NFX_OK;
}

int rpf_check(int argc, char **argv)
{
	struct options options = { .src = NULL };
	struct check check = { .options = &options };

	if (parse_options(argc, argv, &options) || parse_query(&check))
		return NFX_USAGE;
	return run(&check);
}
