// SPDX-License-Identifier: GPL-2.0-only
/* nfx: one tool for the nfx kernel patch stack. Options and object table. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "netns.h"
#include "out.h"

static int do_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("Usage: nfx [OPTIONS] OBJECT { COMMAND | help }\n"
	      "       nfx [OPTIONS] -b FILE\n"
	      "OBJECT := { ct | feature | queue | rpf }\n"
	      "OPTIONS := { -j[son] -p[retty] -c[olor][=always|auto|never]\n"
	      "             -s[tats] -d[etails] -n[umeric] -N[etns] NAME\n"
	      "             -q[uiet] -b[atch] FILE -f[orce] --dry-run -4 -6\n"
	      "             -V[ersion] -h[elp] }\n"
	      "Exit status: 0 ok, 1 usage, 2 kernel error, 3 feature missing,\n"
	      "             4 partial or unknown\n", stdout);
	return NFX_OK;
}

static const struct cmd objects[] = {
	{ "help",	do_help,	0 },
	{ "feature",	do_feature,	OPT_STATS | OPT_DETAILS },
	{ "ct",		do_ct,		OPT_FAMILY | OPT_DRY_RUN | OPT_STATS },
	{ "queue",	do_queue,	OPT_NUMERIC },
	{ "rpf",	do_rpf,		OPT_FAMILY | OPT_DETAILS },
	{ NULL,		NULL,		0 },
};

static int run_object(int argc, char **argv)
{
	if (argc)
		return cmd_run(objects, "object", argc, argv);
	out_error(0, "an object is missing, try \"nfx help\"");
	return NFX_USAGE;
}

static int do_version(void)
{
	if (out_is_json())
		return out_doc(json_pack("{s:s}", "version", NFX_VERSION));
	printf("nfx %s\n", NFX_VERSION);
	return NFX_OK;
}

enum { LONG_DRY_RUN = 256 };

static const struct option longopts[] = {
	{ "json",	no_argument,		NULL, 'j' },
	{ "pretty",	no_argument,		NULL, 'p' },
	{ "color",	optional_argument,	NULL, 'c' },
	{ "stats",	no_argument,		NULL, 's' },
	{ "details",	no_argument,		NULL, 'd' },
	{ "numeric",	no_argument,		NULL, 'n' },
	{ "netns",	required_argument,	NULL, 'N' },
	{ "quiet",	no_argument,		NULL, 'q' },
	{ "version",	no_argument,		NULL, 'V' },
	{ "help",	no_argument,		NULL, 'h' },
	{ "batch",	required_argument,	NULL, 'b' },
	{ "force",	no_argument,		NULL, 'f' },
	{ "dry-run",	no_argument,		NULL, LONG_DRY_RUN },
	{ NULL,		0,			NULL, 0 },
};

/* What the options ask for instead of an object. */
enum mode { MODE_RUN, MODE_HELP, MODE_VERSION, MODE_ERROR };

static enum mode set_color(const char *arg)
{
	if (!out_set_color(arg))
		return MODE_RUN;
	out_error(0, "argument \"%s\" is wrong: color is always, auto or never",
		  arg);
	return MODE_ERROR;
}

static enum mode set_option(int opt)
{
	switch (opt) {
	case 'j':
	case 'p':
		out_set_json(opt == 'p');
		return MODE_RUN;
	case 'c':
		return set_color(optarg);
	case 's':
		opts.given |= OPT_STATS;
		return MODE_RUN;
	case 'd':
		opts.given |= OPT_DETAILS;
		return MODE_RUN;
	case 'n':
		opts.given |= OPT_NUMERIC;
		return MODE_RUN;
	case '4':
	case '6':
		opts.given |= OPT_FAMILY;
		opts.family = opt == '4' ? AF_INET : AF_INET6;
		return MODE_RUN;
	case LONG_DRY_RUN:
		opts.given |= OPT_DRY_RUN;
		return MODE_RUN;
	case 'N':
		opts.netns = optarg;
		return MODE_RUN;
	case 'b':
		opts.batch = optarg;
		return MODE_RUN;
	case 'q':
		opts.quiet = true;
		return MODE_RUN;
	case 'f':
		opts.force = true;
		return MODE_RUN;
	case 'h':
		return MODE_HELP;
	case 'V':
		return MODE_VERSION;
	default:
		return MODE_ERROR;
	}
}

/* Both of getopt's own complaints, so that -j can turn them into JSON. */
static void bad_option(char **argv, int opt)
{
	const char *word = argv[optind - 1];

	if (opt == ':')
		out_error(0, "option \"%s\" needs an argument", word);
	else if (optopt && optopt < LONG_DRY_RUN && strncmp(word, "--", 2))
		out_error(0, "option \"-%c\" is unknown, try \"nfx help\"",
			  optopt);
	else
		out_error(0, "option \"%s\" is unknown, try \"nfx help\"",
			  word);
}

static enum mode parse_options(int argc, char **argv)
{
	enum mode mode = MODE_RUN;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:jpc::sdnN:qVhb:f46",
				  longopts, NULL)) != -1) {
		enum mode asked = set_option(opt);

		if (opt == '?' || opt == ':')
			bad_option(argv, opt);
		if (asked == MODE_ERROR)
			return MODE_ERROR;
		if (asked != MODE_RUN)
			mode = asked;
	}
	return mode;
}

static int run(int argc, char **argv)
{
	int err;

	if (opts.force && !opts.batch) {
		out_error(0, "option -f/--force has no meaning without -b");
		return NFX_USAGE;
	}
	if (opts.netns) {
		err = netns_enter(opts.netns);
		if (err) {
			out_error(-err, "network namespace \"%s\": %s",
				  opts.netns, strerror(-err));
			return NFX_KERNEL;
		}
	}
	if (!opts.batch)
		return run_object(argc, argv);
	if (!argc)
		return do_batch(opts.batch, run_object);
	out_error(0, "-b and a command exclude each other");
	return NFX_USAGE;
}

int main(int argc, char **argv)
{
	int rc;

	switch (parse_options(argc, argv)) {
	case MODE_HELP:
		rc = do_help(0, NULL);
		break;
	case MODE_VERSION:
		rc = do_version();
		break;
	case MODE_ERROR:
		rc = NFX_USAGE;
		break;
	default:
		rc = run(argc - optind, argv + optind);
	}
	return out_finish(rc);
}
