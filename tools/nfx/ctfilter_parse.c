// SPDX-License-Identifier: GPL-2.0-only
/* Filters of conntrack entries: their options on the command line. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "ctfilter.h"
#include "ctview.h"
#include "ipview.h"
#include "main.h"
#include "out.h"

/* Longest word of a list, such as a state. */
#define WORD_SIZE 32

/* Labels of an entry, as of XT_CONNLABEL_MAXBIT. */
#define LABEL_MAX (CTENTRY_LABELS * 8 - 1)

#define LONG_BITS (8 * sizeof(long))

/* What an option of a filter is, and where it goes. */
struct option {
	const char *name;
	int (*parse)(struct ctfilter *filter, const struct option *option,
		     const char *value);
	int dir;
	uint32_t mask;		/* without a value: of the status */
	uint32_t status;
};

static int wrong(const struct option *option, const char *value,
		 const char *what)
{
	out_error(0, "argument \"%s\" is wrong: %s is %s", value, option->name,
		  what);
	return -1;
}

static int set_family(struct ctfilter *filter, int family)
{
	if (!filter->family || filter->family == family) {
		filter->family = family;
		return 0;
	}
	out_error(0, "a filter has addresses of one family only");
	return -1;
}

/* Are all bits of @addr after the first @prefixlen of @bits zero? */
static bool is_prefix(const uint8_t *addr, unsigned int prefixlen,
		      unsigned int bits)
{
	unsigned int i;

	for (i = prefixlen; i < bits; i++)
		if (addr[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

/* With 0 it would be no filter at all. */
static bool parse_length(const char *text, unsigned int bits, uint8_t *length)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	*length = (uint8_t)number;
	return isdigit((unsigned char)*text) && !*end && !errno && number &&
	       number <= bits;
}

const char *ctfilter_addr_parse(const char *text, int *family,
				struct ctfilter_addr *to)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char addr[INET6_ADDRSTRLEN] = "";
	unsigned int bits;

	*family = strchr(text, ':') ? AF_INET6 : AF_INET;
	bits = ctentry_addr_len(*family) * 8;
	if (len < sizeof(addr))
		snprintf(addr, sizeof(addr), "%.*s", (int)len, text);
	if (inet_pton(*family, addr, to->addr) != 1)
		return "an address or a prefix";
	to->prefixlen = (uint8_t)bits;
	if (slash && !parse_length(slash + 1, bits, &to->prefixlen))
		return "a prefix, with a length that is not 0 and not more "
		       "than an address has";
	if (!is_prefix(to->addr, to->prefixlen, bits))
		return "a prefix, with no bit set after its length";
	return NULL;
}

static int parse_addr(struct ctfilter *filter, const struct option *option,
		      const char *value, struct ctfilter_addr *to)
{
	const char *what;
	int family;

	what = ctfilter_addr_parse(value, &family, to);
	return what ? wrong(option, value, what) : set_family(filter, family);
}

static int parse_src(struct ctfilter *filter, const struct option *option,
		     const char *value)
{
	return parse_addr(filter, option, value, &filter->dir[option->dir].src);
}

static int parse_dst(struct ctfilter *filter, const struct option *option,
		     const char *value)
{
	return parse_addr(filter, option, value, &filter->dir[option->dir].dst);
}

/* One end of a range, @len characters of @text. */
static int parse_end(const struct option *option, const char *text, size_t len,
		     uint32_t max, uint32_t *end)
{
	char number[WORD_SIZE];
	uint64_t value;

	if (len >= sizeof(number))
		return wrong(option, text, "a number that is shorter");
	memcpy(number, text, len);
	number[len] = '\0';
	if (args_number(option->name, number, false, 0, max, &value))
		return -1;
	*end = (uint32_t)value;
	return 0;
}

/* MIN-MAX, MIN-, -MAX. */
static int parse_range(const struct option *option, const char *value,
		       uint32_t max, struct ctfilter_range *range)
{
	const char *dash = strchr(value, '-');
	size_t len = dash ? (size_t)(dash - value) : strlen(value);

	range->min = 0;
	range->max = max;
	if (!dash || (!len && !dash[1]))
		return wrong(option, value, "a range MIN-MAX, MIN- or -MAX");
	if (len && parse_end(option, value, len, max, &range->min))
		return -1;
	if (dash[1] && parse_end(option, dash + 1, strlen(dash + 1), max,
				 &range->max))
		return -1;
	if (range->min > range->max)
		return wrong(option, value, "a range: the smaller end first");
	if (!range->min && range->max == max)
		return wrong(option, value, "a range that leaves out some");
	range->set = true;
	return 0;
}

static int parse_ports(const struct option *option, const char *value,
		       struct ctfilter_range *range)
{
	if (strchr(value, '-'))
		return parse_range(option, value, UINT16_MAX, range);
	if (parse_end(option, value, strlen(value), UINT16_MAX, &range->min))
		return -1;
	range->max = range->min;
	range->set = true;
	return 0;
}

static int parse_sport(struct ctfilter *filter, const struct option *option,
		       const char *value)
{
	return parse_ports(option, value, &filter->dir[option->dir].sport);
}

static int parse_dport(struct ctfilter *filter, const struct option *option,
		       const char *value)
{
	return parse_ports(option, value, &filter->dir[option->dir].dport);
}

static int parse_expires(struct ctfilter *filter, const struct option *option,
			 const char *value)
{
	return parse_range(option, value, UINT32_MAX, &filter->expires);
}

static int parse_proto(struct ctfilter *filter, const struct option *option,
		       const char *value)
{
	char number[8];
	uint64_t proto;

	for (proto = 0; proto < UINT8_MAX; proto++)
		if (!strcmp(value, ipview_proto((uint8_t)proto, number,
						sizeof(number))))
			break;
	if (!isdigit((unsigned char)*value) && proto == UINT8_MAX)
		return wrong(option, value, "the name or number of a protocol");
	if (proto == UINT8_MAX &&
	    args_number(option->name, value, false, 0, UINT8_MAX, &proto))
		return -1;
	filter->has_proto = true;
	filter->proto = (uint8_t)proto;
	return 0;
}

/* Calls @take for each word of a list; it returns -1 if it knows it not. */
static int parse_list(struct ctfilter *filter, const char *value,
		      int (*take)(struct ctfilter *filter, const char *word))
{
	for (;;) {
		size_t len = strcspn(value, ",");
		char word[WORD_SIZE];

		if (!len || len >= sizeof(word))
			return -1;
		memcpy(word, value, len);
		word[len] = '\0';
		if (take(filter, word))
			return -1;
		if (!value[len])
			return 0;
		value += len + 1;
	}
}

static int take_nat(struct ctfilter *filter, const char *word)
{
	static const struct {
		const char *name;
		uint32_t nat;
	} kinds[] = {
		{ "src",  CTA_FILTER_NAT_SRC },
		{ "dst",  CTA_FILTER_NAT_DST },
		{ "any",  CTA_FILTER_NAT_SRC | CTA_FILTER_NAT_DST },
		{ "none", CTA_FILTER_NAT_NONE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, word))
			continue;
		filter->nat |= kinds[i].nat;
		return 0;
	}
	return -1;
}

static int parse_nat(struct ctfilter *filter, const struct option *option,
		     const char *value)
{
	const uint32_t all = CTA_FILTER_NAT_SRC | CTA_FILTER_NAT_DST |
			     CTA_FILTER_NAT_NONE;

	if (parse_list(filter, value, take_nat))
		return wrong(option, value, "src, dst, any or none");
	if (filter->nat == all)
		return wrong(option, value, "something that leaves out some");
	return 0;
}

/* "time_wait", "TIME_WAIT" and "time-wait" are the same. */
static bool same_state(const char *name, const char *word)
{
	for (; *name && *word; name++, word++) {
		int c = *word == '_' ? '-' : tolower((unsigned char)*word);

		if (*name != c)
			return false;
	}
	return *name == *word;
}

static int take_state(struct ctfilter *filter, const char *word)
{
	unsigned int state;

	for (state = 0; state < TCP_CONNTRACK_MAX; state++) {
		const char *name = ctview_tcp_state((uint8_t)state);

		if (!name || !same_state(name, word))
			continue;
		filter->tcp_states |= 1u << state;
		return 0;
	}
	return -1;
}

static int parse_state(struct ctfilter *filter, const struct option *option,
		       const char *value)
{
	if (parse_list(filter, value, take_state))
		return wrong(option, value, "a list of TCP states, such as "
			     "syn_sent,time_wait,close");
	return 0;
}

static int parse_mark(struct ctfilter *filter, const struct option *option,
		      const char *value)
{
	size_t len = strcspn(value, "/");

	filter->mark_mask = UINT32_MAX;
	if (parse_end(option, value, len, UINT32_MAX, &filter->mark))
		return -1;
	if (value[len] && parse_end(option, value + len + 1,
				    strlen(value + len + 1), UINT32_MAX,
				    &filter->mark_mask))
		return -1;
	if (!filter->mark_mask)
		return wrong(option, value, "a mark with a mask that is not 0");
	if (filter->mark & ~filter->mark_mask)
		return wrong(option, value, "a mark with no bit outside of its "
			     "mask");
	return 0;
}

static int parse_zone(struct ctfilter *filter, const struct option *option,
		      const char *value)
{
	uint32_t zone;

	if (parse_end(option, value, strlen(value), UINT16_MAX, &zone))
		return -1;
	filter->zone = (uint16_t)zone;
	filter->has_zone = true;
	return 0;
}

static int take_label(struct ctfilter *filter, const char *word)
{
	unsigned long bit;
	char *end;

	if (!isdigit((unsigned char)*word))
		return -1;
	bit = strtoul(word, &end, 10);
	if (*end || bit > LABEL_MAX)
		return -1;
	filter->labels[bit / LONG_BITS] |= 1UL << bit % LONG_BITS;
	return 0;
}

static int parse_labels(struct ctfilter *filter, const struct option *option,
			const char *value)
{
	filter->has_labels = true;
	if (parse_list(filter, value, take_label))
		return wrong(option, value, "a list of labels from 0 to 127");
	return 0;
}

static int parse_status(struct ctfilter *filter, const struct option *option,
			const char *value)
{
	(void)value;
	if (filter->status_mask & option->mask) {
		out_error(0, "option \"%s\" contradicts another one",
			  option->name);
		return -1;
	}
	filter->status_mask |= option->mask;
	filter->status |= option->status;
	return 0;
}

#define ORIG	CTENTRY_ORIG
#define REPLY	CTENTRY_REPLY

/* An option's index is its bit in ctfilter.given; no mask: it has a value. */
static const struct option options[] = {
	{ "--src",	   parse_src,	  ORIG,  0, 0 },
	{ "--dst",	   parse_dst,	  ORIG,  0, 0 },
	{ "--sport",	   parse_sport,	  ORIG,  0, 0 },
	{ "--dport",	   parse_dport,	  ORIG,  0, 0 },
	{ "--reply-src",   parse_src,	  REPLY, 0, 0 },
	{ "--reply-dst",   parse_dst,	  REPLY, 0, 0 },
	{ "--reply-sport", parse_sport,	  REPLY, 0, 0 },
	{ "--reply-dport", parse_dport,	  REPLY, 0, 0 },
	{ "--proto",	   parse_proto,	  ORIG,  0, 0 },
	{ "--nat",	   parse_nat,	  ORIG,  0, 0 },
	{ "--state",	   parse_state,	  ORIG,  0, 0 },
	{ "--mark",	   parse_mark,	  ORIG,  0, 0 },
	{ "--zone",	   parse_zone,	  ORIG,  0, 0 },
	{ "--labels",	   parse_labels,  ORIG,  0, 0 },
	{ "--expires-in",  parse_expires, ORIG,  0, 0 },
	{ "--unreplied",   parse_status,  ORIG,  IPS_SEEN_REPLY, 0 },
	{ "--replied",	   parse_status,  ORIG,  IPS_SEEN_REPLY,
	  IPS_SEEN_REPLY },
	{ "--unassured",   parse_status,  ORIG,  IPS_ASSURED,	 0 },
	{ "--assured",	   parse_status,  ORIG,  IPS_ASSURED,
	  IPS_ASSURED },
};

_Static_assert(ARRAY_SIZE(options) <= 32, "ctfilter.given has 32 bits");

static const struct option *find(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		size_t len = strlen(options[i].name);

		if (!strncmp(word, options[i].name, len) &&
		    (!word[len] || word[len] == '='))
			return &options[i];
	}
	return NULL;
}

static int take_or(struct ctfilter_list *list)
{
	if (!list->count || !list->filter[list->count - 1].given) {
		out_error(0, "\"--or\" stands between filters");
		return -1;
	}
	if (list->count == CTFILTER_MAX) {
		out_error(0, "there are more than %d filters", CTFILTER_MAX);
		return -1;
	}
	list->count++;
	return 1;
}

/* The value of an option, and how many words it takes with it; 0 is an error */
static int find_value(const struct option *option, int argc, char **argv,
		      const char **value)
{
	const char *attached = strchr(argv[0], '=');

	*value = attached ? attached + 1 : NULL;
	if (option->mask && attached)
		out_error(0, "option \"%s\" takes no argument", option->name);
	else if (option->mask || attached)
		return 1;
	else if (argc < 2)
		out_error(0, "option \"%s\" needs an argument", option->name);
	else
		*value = argv[1];
	return *value && !attached ? 2 : 0;
}

int ctfilter_take(struct ctfilter_list *list, int argc, char **argv)
{
	const struct option *option = find(argv[0]);
	struct ctfilter *filter;
	const char *value;
	uint32_t bit;
	int words;

	if (!strcmp(argv[0], "--or"))
		return take_or(list);
	if (!option)
		return 0;
	words = find_value(option, argc, argv, &value);
	if (!words)
		return -1;
	list->count += !list->count;
	filter = &list->filter[list->count - 1];
	/* The last one, one of both, both? Who asks has to say. */
	bit = 1u << (option - options);
	if (filter->given & bit) {
		out_error(0, "option \"%s\" is given twice, \"--or\" begins "
			  "another filter", option->name);
		return -1;
	}
	filter->given |= bit;
	return option->parse(filter, option, value) ? -1 : words;
}

static bool has_ports(const struct ctfilter *filter)
{
	const struct ctfilter_dir *dir = filter->dir;

	return dir[ORIG].sport.set || dir[ORIG].dport.set ||
	       dir[REPLY].sport.set || dir[REPLY].dport.set;
}

static int finish_filter(struct ctfilter *filter, int family)
{
	if (family && set_family(filter, family))
		return -1;
	if (filter->tcp_states && !filter->has_proto) {
		filter->has_proto = true;
		filter->proto = IPPROTO_TCP;
	}
	if (filter->tcp_states && filter->proto != IPPROTO_TCP) {
		out_error(0, "only TCP has states, --state contradicts "
			  "--proto");
		return -1;
	}
	if (has_ports(filter) &&
	    !(filter->has_proto && ctfilter_has_ports(filter->proto))) {
		out_error(0, "ports need a --proto that has some: tcp, udp, "
			  "udplite, dccp or sctp");
		return -1;
	}
	return 0;
}

int ctfilter_finish(struct ctfilter_list *list, int family)
{
	unsigned int i;

	if (list->count && !list->filter[list->count - 1].given) {
		out_error(0, "\"--or\" stands between filters");
		return -1;
	}
	for (i = 0; i < list->count; i++)
		if (finish_filter(&list->filter[i], family))
			return -1;
	return 0;
}

int ctfilter_words(struct ctfilter_list *list, int argc, char **argv,
		   int family)
{
	int rest = 0, i = 0;

	while (i < argc) {
		int words = ctfilter_take(list, argc - i, argv + i);

		if (words < 0)
			return -1;
		if (!words)
			argv[rest++] = argv[i++];
		i += words;
	}
	return ctfilter_finish(list, family) ? -1 : rest;
}
