/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables written by hand, for tests of what looks at them.
 *
 *   lo 1   a 2   b 3   c 4 (group 7)   v 5: VRF of table 10   p 6, q 7: ports
 *
 * All but c and the ports have an IPv4 address.
 */
#ifndef NFX_UNIT_RPFLAB_H
#define NFX_UNIT_RPFLAB_H

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpfstock.h"
#include "unit.h"

enum { LO = 1, A, B, C, V, P, Q };

#define MAIN	RT_TABLE_MAIN
#define LOCAL	RT_TABLE_LOCAL
#define VRF	10
#define OTHER	51

static struct rpf_tables lab;
static struct rpf_query ask;

static inline void add_link(uint32_t ifindex, const char *name, uint32_t flags)
{
	struct rpf_link *link = rpf_add_link(&lab);

	link->ifindex = ifindex;
	snprintf(link->name, sizeof(link->name), "%s", name);
	link->flags = IFF_UP | flags;
	link->has_ipv4 = ifindex != C && ifindex < P;
	link->group = ifindex == C ? 7 : 0;
	link->vrf = ifindex == V;
	link->vrf_table = link->vrf ? VRF : 0;
	link->vrf_port = ifindex >= P;
	link->master = link->vrf_port ? V : 0;
}

/* Empty tables of a family, with the rules that each namespace has. */
static inline void start(int family)
{
	static const char * const names[] = {
		[LO] = "lo", [A] = "a", [B] = "b", [C] = "c", [V] = "v",
		[P] = "p", [Q] = "q",
	};
	uint32_t i;

	rpf_free(&lab);
	memset(&ask, 0, sizeof(ask));
	lab.family = family;
	for (i = LO; i <= Q; i++)
		add_link(i, names[i], i == LO ? IFF_LOOPBACK : 0);
	rpf_default_rules(&lab);
}

/* A rule, in its place; lookup in @table. Later ones may move it. */
static inline struct rpf_rule *rule(uint32_t pref, uint32_t table)
{
	struct rpf_rule *last = rpf_add_rule(&lab), copy = *last;
	unsigned int i = lab.rule_count - 1;

	for (; i && lab.rules[i - 1].pref > pref; i--)
		lab.rules[i] = lab.rules[i - 1];
	copy.pref = pref;
	copy.table = table;
	copy.action = FR_ACT_TO_TBL;
	copy.suppress_prefixlen = -1;
	copy.suppress_ifgroup = -1;
	lab.rules[i] = copy;
	return &lab.rules[i];
}

/* "192.0.2.0/24", or an address; returns the length of the prefix. */
static inline uint8_t addr(const char *text, uint8_t *to)
{
	char copy[64], *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	memset(to, 0, RPF_ADDR);
	inet_pton(lab.family, copy, to);
	return slash ? (uint8_t)atoi(slash) :
	       (uint8_t)(8 * rpf_addr_size(lab.family));
}

/*
 * @devs: a letter for each way, as of a multipath route
 *
 * finish_tables() moves routes.
 */
static inline struct rpf_route *route(uint32_t table, const char *dst,
				      const char *devs, uint32_t metric)
{
	struct rpf_route *to = rpf_add_route(&lab);

	to->table = table;
	to->type = RTN_UNICAST;
	to->metric = metric;
	if (strcmp(dst, "default"))
		to->dst_len = addr(dst, to->dst);
	for (; *devs; devs++) {
		char name[] = { *devs, '\0' };

		rpf_add_nh(to)->ifindex = rpf_link_name(&lab, name)->ifindex;
	}
	return to;
}

static inline struct rpf_route *typed(uint32_t table, const char *dst,
				      uint8_t type)
{
	struct rpf_route *to = route(table, dst, "", 0);

	to->type = type;
	rpf_add_nh(to)->ifindex = LO;
	return to;
}

static inline void finish_tables(void)
{
	lab.merged = lab.family == AF_INET && rpf_rules_default(&lab);
	rpf_sort_routes(&lab);
}

/* The class of a packet from @src by @in, as @ask has the rest. */
static inline enum rpf_class class_of(const char *src, uint32_t in,
				      unsigned int flags)
{
	struct rpf_answer answer;

	finish_tables();
	addr(src, ask.src);
	ask.in = in;
	rpf_eval(&lab, &ask, flags, &answer);
	return answer.class;
}

/* Are the classes by a, b and c these? */
static inline bool classes_are(const char *src, unsigned int flags,
			       enum rpf_class a, enum rpf_class b,
			       enum rpf_class c)
{
	return class_of(src, A, flags) == a && class_of(src, B, flags) == b &&
	       class_of(src, C, flags) == c;
}

#endif /* NFX_UNIT_RPFLAB_H */
