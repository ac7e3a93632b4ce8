// SPDX-License-Identifier: GPL-2.0-only
/* Filters of conntrack entries: how they are read, and what they match. */
#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "ctfilter.h"
#include "main.h"
#include "unit.h"

#define WORDS_MAX 256

static struct ctfilter_list list;

/* Reads words that are separated by blanks; 0 if they are good filters. */
static int parse_family(const char *line, int family)
{
	char *copy = strdup(line), *words[WORDS_MAX], *save = NULL, *word;
	int argc = 0, i = 0, n = 0;

	for (word = strtok_r(copy, " ", &save); word && argc < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		words[argc++] = word;
	memset(&list, 0, sizeof(list));
	for (; i < argc; i += n) {
		n = ctfilter_take(&list, argc - i, words + i);
		if (n <= 0)
			break;
	}
	if (n >= 0 && i == argc)
		n = ctfilter_finish(&list, family);
	else
		n = -1;
	free(copy);
	return n;
}

static int parse(const char *line)
{
	return parse_family(line, AF_UNSPEC);
}

static void bad(const char *line)
{
	char name[128];

	snprintf(name, sizeof(name), "refused: \"%s\"", line);
	ok(parse(line) == -1, name);
}

static void test_bad(void)
{
	static const char * const lines[] = {
		"--src", "--src=", "--src 10.0.0", "--src 10.0.0.0/33",
		"--src 10.0.0.0/", "--src 10.0.0.0/0", "--src 10.0.0.1/8",
		"--src 10.0.0.0/8x", "--src 2001:db8::1/64", "--src ::/129",
		"--src ::/0", "--src example.org", "--src 10.0.0.0/-1",
		"--src 1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20",
		"--src 10.0.0.1 --dst ::1",
		"--src 10.0.0.1 --reply-src ::1",
		"--src 10.0.0.1 --src 10.0.0.2",
		"--dport 53", "--dport 53 --proto icmp",
		"--proto gre --sport 1",
		"--proto udp --dport 65536", "--proto udp --dport 2000-1000",
		"--proto udp --dport -", "--proto udp --dport 1-2-3",
		"--proto udp --dport 0-65535", "--proto udp --dport 0-",
		"--proto udp --dport dns", "--proto udp --dport 1,2",
		"--proto udp --dport 0x0000000000000000000000000000000000001",
		"--proto nosuch", "--proto 256", "--proto -1", "--proto",
		"--state nosuch", "--state time_wait,", "--state ,close",
		"--state time_wait,,close", "--state time", "--state close_",
		"--state syn_sent --proto udp",
		"--state aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"--nat both", "--nat src,none,dst", "--nat any,none", "--nat ,",
		"--mark 0x1/0", "--mark 0x2/0x1", "--mark 1/", "--mark /1",
		"--mark 0x100000000", "--mark x", "--mark 1/2/3",
		"--zone 65536", "--zone -1", "--zone 1,2",
		"--labels 128", "--labels 1,,2", "--labels a", "--labels 1,",
		"--labels -1", "--labels 99999999999999999999999",
		"--expires-in 30", "--expires-in 60-30", "--expires-in -",
		"--expires-in 0-", "--expires-in 0-4294967295",
		"--expires-in 0-4294967296", "--expires-in 1s-2s",
		"--unreplied --replied", "--assured --unassured",
		"--unreplied=1", "--unreplied --unreplied",
		"--or", "--unreplied --or", "--or --unreplied",
		"--unreplied --or --or --assured", "--older-than 30",
		"--unrep", "udp", "--srcx 10.0.0.1",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		bad(lines[i]);
}

/* So many filters: "--zone 0 --or --zone 1 ..." */
static int parse_many(unsigned int count)
{
	char line[(CTFILTER_MAX + 1) * 32];
	unsigned int i;
	int len = 0;

	for (i = 0; i < count; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
				"%s--zone %u", i ? " --or " : "", i);
	return parse(line);
}

static void test_count(void)
{
	ok(!parse_many(64) && list.count == 64 && list.filter[63].zone == 63,
	   "64 filters");
	ok(parse_many(65) == -1, "65 filters are refused");
	ok(!parse("") && !list.count, "no filter is none");
}

static void test_good(void)
{
	const struct ctfilter *f = &list.filter[0];

	ok(!parse("--src=10.0.0.0/8 --dst 192.0.2.1") && list.count == 1 &&
	   f->family == AF_INET && f->dir[0].src.prefixlen == 8 &&
	   f->dir[0].dst.prefixlen == 32 && f->dir[0].dst.addr[0] == 192 &&
	   !f->dir[1].src.prefixlen, "addresses");
	ok(!parse("--reply-dst 2001:db8::/33") && f->family == AF_INET6 &&
	   f->dir[1].dst.prefixlen == 33, "a prefix that ends in a byte");
	ok(!parse("--proto udp --sport 1000-2000 --dport 53") &&
	   f->dir[0].sport.min == 1000 && f->dir[0].sport.max == 2000 &&
	   f->dir[0].dport.min == 53 && f->dir[0].dport.max == 53 &&
	   f->proto == 17, "ports");
	ok(!parse("--proto 6 --reply-dport 1024- --reply-sport -80") &&
	   f->dir[1].dport.min == 1024 && f->dir[1].dport.max == 65535 &&
	   f->dir[1].sport.min == 0 && f->dir[1].sport.max == 80,
	   "open ranges");
	ok(!parse("--proto 255") && f->proto == 255 && f->has_proto &&
	   !parse("--proto 0") && f->proto == 0 && f->has_proto,
	   "numbers of protocols");
	ok(!parse("--state time_wait,CLOSE,syn-sent2") && f->tcp_states ==
	   (1u << TCP_CONNTRACK_TIME_WAIT | 1u << TCP_CONNTRACK_CLOSE |
	    1u << TCP_CONNTRACK_SYN_SENT2) && f->proto == 6 && f->has_proto,
	   "states, of TCP");
	ok(!parse("--mark 0x10/0xf0") && f->mark == 0x10 &&
	   f->mark_mask == 0xf0 && !parse("--mark 0") &&
	   f->mark_mask == UINT32_MAX, "marks");
	ok(!parse("--expires-in -30") && f->expires.set &&
	   f->expires.max == 30 && !f->expires.min, "lifetimes");
	ok(!parse("--nat any") && f->nat ==
	   (CTA_FILTER_NAT_SRC | CTA_FILTER_NAT_DST), "NAT");
	ok(!parse("--unreplied --unassured") && !f->status &&
	   f->status_mask == (IPS_SEEN_REPLY | IPS_ASSURED) &&
	   !parse("--replied --unassured") && f->status == IPS_SEEN_REPLY,
	   "status");
	ok(!parse("--labels 0,127") && f->has_labels &&
	   f->labels[0] == 1 && f->labels[ARRAY_SIZE(f->labels) - 1] ==
	   1UL << (8 * sizeof(long) - 1), "labels");
	ok(!parse("--unreplied --or --zone 3 --or --src ::1") &&
	   list.count == 3 && list.filter[1].has_zone &&
	   list.filter[2].family == AF_INET6 && !list.filter[1].family,
	   "several filters");
}

static void test_family(void)
{
	ok(!parse_family("--unreplied --or --src 10.0.0.1", AF_INET) &&
	   list.filter[0].family == AF_INET, "-4 is for all filters");
	ok(parse_family("--src ::1", AF_INET) == -1,
	   "-4 and an IPv6 address are refused");
	ok(ctfilter_take(&list, 1, (char *[]){ "--dry-run" }) == 0,
	   "other options are left alone");
}

/* A DNS query from 10.1.2.3, which goes through a NAT of its source. */
static struct ctentry make_entry(void)
{
	struct ctentry entry = {
		.family = AF_INET, .proto = 17,
		.dir[CTENTRY_ORIG] = {
			.src = { 10, 1, 2, 3 }, .dst = { 192, 0, 2, 53 },
			.ports = true, .sport = 1500, .dport = 53,
		},
		.dir[CTENTRY_REPLY] = {
			.src = { 192, 0, 2, 53 }, .dst = { 198, 51, 100, 1 },
			.ports = true, .sport = 53, .dport = 61000,
		},
		.status = IPS_CONFIRMED | IPS_SRC_NAT, .mark = 0x107,
		.zone = 3, .has_timeout = true, .timeout = 29,
		.labels = { 1UL << 5 },
	};

	return entry;
}

static bool fits(const char *line, const struct ctentry *entry)
{
	return !parse(line) &&
	       ctfilter_first(list.filter, list.count, entry) < list.count;
}

static void test_match(void)
{
	static const struct {
		bool match;
		const char *line;
	} cases[] = {
		{ true,  "--src 10.1.2.3 --dst 192.0.2.53 --proto udp" },
		{ true,  "--src 10.0.0.0/8" },
		{ true,  "--src 10.1.2.2/31" },
		{ false, "--src 10.1.2.4/30" },
		{ false, "--src 10.1.2.2" },
		{ false, "--src 192.0.2.53" },
		{ true,  "--reply-dst 198.51.100.0/25" },
		{ false, "--reply-dst 10.1.2.3" },
		{ false, "--src a00::/8" },
		{ true,  "--proto udp --sport 1500-1500 --dport 53" },
		{ true,  "--proto udp --sport 1000-1500" },
		{ false, "--proto udp --sport 1501-" },
		{ false, "--proto udp --dport 54" },
		{ true,  "--proto udp --reply-dport 61000" },
		{ false, "--proto udp --reply-sport 61000" },
		{ false, "--proto tcp" },
		{ false, "--state syn_sent" },
		{ true,  "--nat src" }, { true, "--nat any" },
		{ false, "--nat dst" }, { false, "--nat none" },
		{ true,  "--nat dst,src" }, { true, "--nat none,src" },
		{ true,  "--mark 7/0xff" }, { true, "--mark 0x107" },
		{ false, "--mark 7" }, { false, "--mark 0" },
		{ true,  "--zone 3" }, { false, "--zone 0" },
		{ true,  "--unreplied" }, { false, "--replied" },
		{ true,  "--unassured" }, { false, "--assured" },
		{ true,  "--labels 5" }, { false, "--labels 5,6" },
		{ false, "--labels 127" },
		{ true,  "--expires-in -29" }, { true, "--expires-in 29-" },
		{ false, "--expires-in 30-" }, { false, "--expires-in 0-28" },
		{ true,  "--zone 1 --or --unreplied" },
		{ false, "--zone 1 --or --replied" },
		{ false, "--zone 3 --unreplied --mark 1" },
	};
	struct ctentry entry = make_entry();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		ok(fits(cases[i].line, &entry) == cases[i].match,
		   cases[i].line);
}

/* What an entry does not show matches nothing that asks for it. */
static void test_unknown(void)
{
	struct ctentry entry = make_entry();

	entry.has_timeout = false;
	ok(!fits("--expires-in -4000000000", &entry), "no lifetime");
	entry.proto = 6;
	ok(!fits("--state none,syn_sent", &entry), "no state");
	entry.has_state = true;
	entry.tcp_state = TCP_CONNTRACK_CLOSE;
	ok(fits("--state close", &entry) && !fits("--state last_ack", &entry),
	   "a state");
	entry.tcp_state = 200;
	ok(!fits("--state close,none,established", &entry), "a new state");
	entry.dir[CTENTRY_ORIG].ports = false;
	ok(!fits("--proto tcp --sport -65534", &entry), "no ports");
	entry.status |= IPS_DST_NAT;
	ok(fits("--nat src", &entry) && fits("--nat dst", &entry) &&
	   !fits("--nat none", &entry), "both kinds of NAT");
	ok(ctfilter_first(list.filter, 0, &entry) == 0,
	   "no filter matches nothing");
}

int main(void)
{
	/* What is wrong with each of them. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	test_bad();
	test_count();
	test_good();
	test_family();
	test_match();
	test_unknown();
	return unit_finish();
}
