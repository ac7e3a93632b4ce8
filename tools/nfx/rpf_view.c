// SPDX-License-Identifier: GPL-2.0-only
/* nfx rpf check: text. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "main.h"
#include "out.h"
#include "rpf_check.h"
#include "rpftext.h"

static const char * const variants[] = {
	[0]				= "PLAIN",
	[RPF_F_NO_DEFAULT]		= "NO-DEFAULT",
	[RPF_F_ACCEPT_LOCAL]		= "ACCEPT-LOCAL",
	[RPF_F_NO_DEFAULT | RPF_F_ACCEPT_LOCAL] = "BOTH",
};
static_assert(ARRAY_SIZE(variants) == RPF_VARIANTS, "one title each");

#define COLUMN 14

static void print_pass(bool pass, int width)
{
	printf("%s%-*s%s", out_color(pass ? OUT_GOOD : OUT_BAD), width,
	       pass ? "pass" : "drop", out_color(OUT_PLAIN));
}

static const char *source(const struct rpf_checked *checked, char *text)
{
	return inet_ntop(checked->tables->family, checked->query.src, text,
			 INET6_ADDRSTRLEN);
}

static const char *input(const struct rpf_checked *checked, char *text)
{
	return rpf_link_text(checked->tables, checked->query.in, text,
			     IF_NAMESIZE);
}

static void print_title(const struct rpf_checked *checked)
{
	const struct rpf_answer *answer = &checked->answer[0];
	char addr[INET6_ADDRSTRLEN], name[IF_NAMESIZE], reason[RPF_TEXT];

	printf("%s by %s: %s (%s)\n", source(checked, addr),
	       input(checked, name), rpf_class_name(answer->class),
	       rpf_reason(checked, answer, reason, sizeof(reason)));
}

static void print_modes(const struct rpf_checked *checked)
{
	unsigned int mode, i;

	printf("\n%-*s", COLUMN, "MODE");
	for (i = 0; i < RPF_VARIANTS; i++)
		printf(i + 1 < RPF_VARIANTS ? "%-*s" : "%.*s", COLUMN,
		       variants[i]);
	putchar('\n');
	for (mode = 0; mode < RPF_MODES; mode++) {
		printf("%-*s", COLUMN, rpf_mode_name(mode));
		for (i = 0; i < RPF_VARIANTS; i++)
			print_pass(rpf_passes(mode, checked->answer[i].class),
				   i + 1 < RPF_VARIANTS ? COLUMN : 0);
		putchar('\n');
	}
}

static void print_gaps(const struct rpf_stock *stock)
{
	unsigned int gap;
	const char *comma = "";

	if (!stock->gaps)
		return;
	printf(" (%s: ", rpf_mode_name(stock->mode));
	print_pass(!stock->pass, 0);
	putchar(';');
	for (gap = 0; gap < RPF_GAPS; gap++) {
		if (!(stock->gaps & 1U << gap))
			continue;
		printf("%s %s", comma, rpf_gap_text(gap));
		if (gap)
			printf(", D%u", gap);
		comma = ";";
	}
	putchar(')');
}

static void print_stock(enum rpf_stock_id id, const struct rpf_stock *stock,
			const char *name)
{
	printf("%-28s", name ? name : rpf_stock_name(id));
	print_pass(stock->pass, 0);
	print_gaps(stock);
	if (stock->why)
		printf(" [%s]", stock->why);
	putchar('\n');
}

/* Those that differ, all of them with -d, and what is in effect. */
static void print_stocks(const struct rpf_checked *checked)
{
	char name[32];
	unsigned int id;

	putchar('\n');
	for (id = 0; id < RPF_STOCKS; id++) {
		const struct rpf_stock *stock = &checked->stock[id];
		bool effective = id == RPF_STOCK_SYSCTL;

		snprintf(name, sizeof(name), "sysctl, rp_filter is %u",
			 checked->sysctls.rp_filter);
		if (stock->known && (effective || stock->gaps ||
				     opts.given & OPT_DETAILS))
			print_stock(id, stock, effective ? name : NULL);
	}
}

/* What the addresses do not tell. */
static void print_notes(const struct rpf_checked *checked)
{
	const struct rpf_link *in = rpf_link(checked->tables,
					     checked->query.in);

	if (checked->l4 != RPF_UNSPEC &&
	    checked->l4 != checked->answer[0].class)
		printf("with --l4: %s\n", rpf_class_name(checked->l4));
	if (in && in->bridge_port)
		printf("note: %s is a port of a bridge; bridged frames are "
		       "exempt (D13)\n", in->name);
	if (checked->asked.why_not && opts.given & OPT_DETAILS)
		printf("the kernel was not asked: %s\n",
		       checked->asked.why_not);
}

void rpf_print(const struct rpf_checked *checked)
{
	print_title(checked);
	print_modes(checked);
	print_stocks(checked);
	print_notes(checked);
}

void rpf_print_head(const struct rpf_checked *checked)
{
	char addr[INET6_ADDRSTRLEN];
	unsigned int mode;

	printf("%s\n%-16s%-14s", source(checked, addr), "INTERFACE", "CLASS");
	for (mode = 0; mode < RPF_MODES; mode++)
		printf("%-10s", rpf_mode_name(mode));
	puts("NO-DEFAULT");
}

void rpf_print_row(const struct rpf_checked *checked)
{
	enum rpf_class class = checked->answer[0].class;
	char name[IF_NAMESIZE];
	unsigned int mode;

	printf("%-16s%-14s", input(checked, name), rpf_class_name(class));
	for (mode = 0; mode < RPF_MODES; mode++)
		print_pass(rpf_passes(mode, class), 10);
	puts(rpf_class_name(checked->answer[RPF_F_NO_DEFAULT].class));
}
