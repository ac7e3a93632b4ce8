// SPDX-License-Identifier: GPL-2.0-only
/* Events of a policy: as text, and which ones a rule is for. */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "ctpolicy.h"
#include "ctpressure.h"
#include "words.h"

/* How a source is called, and its changes if it tells of any. */
static const struct {
	const char *name;
	const char *add;
	const char *del;
} sources[CTPOLICY_SOURCES] = {
	[CTPOLICY_LINK]		= { "link", "up", "down" },
	[CTPOLICY_ADDRESS]	= { "address", "add", "del" },
	[CTPOLICY_ROUTE]	= { "route", "add", "del" },
	[CTPOLICY_XFRM]		= { "xfrm", "add", "del" },
	[CTPOLICY_PRESSURE]	= { "pressure", NULL, NULL },
	[CTPOLICY_START]	= { "start", NULL, NULL },
	[CTPOLICY_STOP]		= { "stop", NULL, NULL },
};

static bool parse_source(const char *word, struct ctpolicy_match *match)
{
	unsigned int i;

	for (i = 0; i < CTPOLICY_SOURCES; i++) {
		if (strcmp(sources[i].name, word))
			continue;
		match->source = i;
		return true;
	}
	return false;
}

/* Returns the number of words that are taken, here 0 or 1. */
static int parse_change(const char *word, struct ctpolicy_match *match)
{
	const char *add = sources[match->source].add;
	const char *del = sources[match->source].del;

	if (add && !strcmp(word, add))
		match->change = CTPOLICY_ADD;
	else if (del && !strcmp(word, del))
		match->change = CTPOLICY_DEL;
	return match->change != CTPOLICY_ANY;
}

static const char *parse_level(const char *word, struct ctpolicy_match *match)
{
	unsigned int i;

	for (i = 0; i < CTPRESSURE_LEVELS; i++) {
		if (strcmp(ctpressure_level(i), word))
			continue;
		match->level = i;
		return NULL;
	}
	return "pressure is normal, high or full";
}

static const char *parse_ifname(const char *word, struct ctpolicy_match *match)
{
	size_t size = strlen(word) + 1;

	if (size > sizeof(match->ifname))
		return "the name of a link has 15 characters at most";
	memcpy(match->ifname, word, size);
	return NULL;
}

static const char *parse_dst(const char *word, struct ctpolicy_match *match)
{
	match->has_dst = true;
	if (!strcmp(word, "default"))
		return NULL;
	return ctfilter_addr_parse(word, &match->family, &match->dst) ?
	       "a route is to \"default\" or to a prefix, such as 10.0.0.0/8" :
	       NULL;
}

/* [ DESTINATION ] [ dev LINK ] */
static const char *parse_route(int n, char **words,
			       struct ctpolicy_match *match)
{
	const char *wrong = NULL;
	int i = 0;

	if (i < n && strcmp(words[i], "dev"))
		wrong = parse_dst(words[i++], match);
	if (!wrong && i + 1 < n && !strcmp(words[i], "dev")) {
		wrong = parse_ifname(words[i + 1], match);
		i += 2;
	}
	if (!wrong && i < n)
		wrong = "a route is [add|del] [default|PREFIX] [dev LINK]";
	return wrong;
}

static const char *parse_rest(int n, char **words,
			      struct ctpolicy_match *match)
{
	switch (match->source) {
	case CTPOLICY_PRESSURE:
		return parse_level(n == 1 ? words[0] : "", match);
	case CTPOLICY_ROUTE:
		return parse_route(n, words, match);
	case CTPOLICY_LINK:
	case CTPOLICY_ADDRESS:
		if (n == 1)
			return parse_ifname(words[0], match);
		break;
	default:
		break;
	}
	return n ? "there are too many words, or unknown ones" : NULL;
}

const char *ctpolicy_match_parse(char *text, struct ctpolicy_match *match)
{
	char *words[WORDS_MAX];
	int n = words_split(text, words), taken = 1;

	memset(match, 0, sizeof(*match));
	if (n < 1 || !parse_source(words[0], match))
		return "an event is link, address, route, xfrm, pressure, "
		       "start or stop";
	if (n > 1)
		taken += parse_change(words[1], match);
	return parse_rest(n - taken, words + taken, match);
}

static bool match_dst(const struct ctpolicy_match *match,
		      const struct netmon_event *event)
{
	if (!match->dst.prefixlen)
		return !event->prefixlen;
	return match->family == event->family &&
	       event->prefixlen >= match->dst.prefixlen &&
	       ctfilter_addr_match(&match->dst, event->addr);
}

static bool match_change(const struct ctpolicy_match *match,
			 const struct netmon_event *event)
{
	if (match->change != CTPOLICY_ANY &&
	    (match->change == CTPOLICY_DEL) != event->gone)
		return false;
	if (match->ifname[0] && fnmatch(match->ifname, event->ifname, 0))
		return false;
	return !match->has_dst || match_dst(match, event);
}

bool ctpolicy_match(const struct ctpolicy_match *match,
		    const struct ctpolicy_event *event)
{
	if (match->source != event->source)
		return false;
	if (event->lost)
		return true;
	if (event->source == CTPOLICY_PRESSURE)
		return match->level == event->level;
	return event->source >= CTPOLICY_PRESSURE ||
	       match_change(match, &event->net);
}

/* What an event of the network is about: "10.0.0.0/8 dev ppp0" */
static void object_text(const struct netmon_event *net, char *text, size_t size)
{
	const char *ifname = net->ifname[0] ? net->ifname : "?";
	char addr[INET6_ADDRSTRLEN] = "";

	if (net->family)
		inet_ntop(net->family, net->addr, addr, sizeof(addr));
	switch (net->kind) {
	case NETMON_LINK:
		snprintf(text, size, " %s", ifname);
		break;
	case NETMON_ADDRESS:
		snprintf(text, size, " %s dev %s", addr, ifname);
		break;
	case NETMON_ROUTE:
		if (net->prefixlen)
			snprintf(text, size, " %s/%u dev %s", addr,
				 net->prefixlen, ifname);
		else
			snprintf(text, size, " default dev %s", ifname);
		break;
	default:
		text[0] = '\0';
	}
}

void ctpolicy_event_text(const struct ctpolicy_event *event, char *text)
{
	const char *name = sources[event->source].name;
	char object[CTPOLICY_TEXT - 16];

	if (event->lost) {
		snprintf(text, CTPOLICY_TEXT, "%s lost", name);
	} else if (event->source == CTPOLICY_PRESSURE) {
		snprintf(text, CTPOLICY_TEXT, "%s %s", name,
			 ctpressure_level(event->level));
	} else if (event->source > CTPOLICY_PRESSURE) {
		snprintf(text, CTPOLICY_TEXT, "%s", name);
	} else {
		object_text(&event->net, object, sizeof(object));
		snprintf(text, CTPOLICY_TEXT, "%s %s%s", name,
			 event->net.gone ? sources[event->source].del :
					   sources[event->source].add, object);
	}
}
