// SPDX-License-Identifier: GPL-2.0-only
/* Links, rules and routes: memory, order, and what is asked of them. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rpftables.h"

#define PREF_LOCAL	0
#define PREF_MAIN	32766
#define PREF_DEFAULT	32767

void rpf_free(struct rpf_tables *tables)
{
	unsigned int i;

	for (i = 0; i < tables->route_count; i++)
		free(tables->routes[i].nhs);
	free(tables->routes);
	free(tables->rules);
	free(tables->links);
	memset(tables, 0, sizeof(*tables));
}

/* Grows by powers of two. Returns the new item, zeroed. */
static void *append(void **items, unsigned int *count, size_t size)
{
	char *item;

	if (!(*count & (*count - 1))) {
		size_t room = *count ? 2UL * *count : 1;
		void *more = reallocarray(*items, room, size);

		if (!more)
			return NULL;
		*items = more;
	}
	item = (char *)*items + *count * size;
	(*count)++;
	return memset(item, 0, size);
}

struct rpf_link *rpf_add_link(struct rpf_tables *tables)
{
	return append((void **)&tables->links, &tables->link_count,
		      sizeof(*tables->links));
}

struct rpf_rule *rpf_add_rule(struct rpf_tables *tables)
{
	return append((void **)&tables->rules, &tables->rule_count,
		      sizeof(*tables->rules));
}

struct rpf_route *rpf_add_route(struct rpf_tables *tables)
{
	return append((void **)&tables->routes, &tables->route_count,
		      sizeof(*tables->routes));
}

struct rpf_nh *rpf_add_nh(struct rpf_route *route)
{
	return append((void **)&route->nhs, &route->nh_count,
		      sizeof(*route->nhs));
}

const struct rpf_link *rpf_link(const struct rpf_tables *tables,
				uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < tables->link_count; i++)
		if (tables->links[i].ifindex == ifindex)
			return &tables->links[i];
	return NULL;
}

const struct rpf_link *rpf_link_name(const struct rpf_tables *tables,
				     const char *name)
{
	unsigned int i;

	for (i = 0; i < tables->link_count; i++)
		if (!strcmp(tables->links[i].name, name))
			return &tables->links[i];
	return NULL;
}

uint32_t rpf_vrf(const struct rpf_tables *tables, uint32_t ifindex)
{
	const struct rpf_link *link = rpf_link(tables, ifindex);

	if (!link)
		return 0;
	if (link->vrf)
		return ifindex;
	return link->vrf_port ? link->master : 0;
}

bool rpf_prefix_has(const uint8_t *prefix, unsigned int len,
		    const uint8_t *addr)
{
	unsigned int bytes = len / 8, bits = len % 8;

	if (memcmp(prefix, addr, bytes))
		return false;
	return !bits || !((prefix[bytes] ^ addr[bytes]) >> (8 - bits));
}

unsigned int rpf_addr_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* Negative if the kernel looks at @a before @b. */
static int compare_routes(const struct rpf_route *a, const struct rpf_route *b,
			  bool merged)
{
	if (a->dst_len != b->dst_len)
		return (int)b->dst_len - (int)a->dst_len;
	if (a->src_len != b->src_len)
		return (int)b->src_len - (int)a->src_len;
	if (merged && a->table != b->table)
		return a->table > b->table ? -1 : 1;
	if (a->tos != b->tos)
		return (int)b->tos - (int)a->tos;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return 0;
}

/* A stable sort: there are few of them, and they are nearly sorted. */
void rpf_sort_routes(struct rpf_tables *tables)
{
	struct rpf_route *routes = tables->routes, route;
	unsigned int i, j;

	for (i = 1; i < tables->route_count; i++) {
		route = routes[i];
		for (j = i; j && compare_routes(&route, &routes[j - 1],
						tables->merged) < 0; j--)
			routes[j] = routes[j - 1];
		routes[j] = route;
	}
}

static bool is_plain(const struct rpf_rule *rule, uint32_t pref, uint32_t table)
{
	return rule->pref == pref && rule->table == table &&
	       rule->action == FR_ACT_TO_TBL && !rule->l3mdev &&
	       rule->suppress_prefixlen < 0 && rule->suppress_ifgroup < 0 &&
	       !rpf_rule_selects(rule);
}

static const struct {
	uint32_t pref;
	uint32_t table;
} default_rules[] = {
	{ PREF_LOCAL,	RT_TABLE_LOCAL },
	{ PREF_MAIN,	RT_TABLE_MAIN },
	{ PREF_DEFAULT,	RT_TABLE_DEFAULT },
};

/* IPv6 has no table "default". */
static unsigned int default_count(int family)
{
	return family == AF_INET ? 3 : 2;
}

bool rpf_rules_default(const struct rpf_tables *tables)
{
	unsigned int i;

	if (tables->rule_count != default_count(tables->family))
		return false;
	for (i = 0; i < tables->rule_count; i++)
		if (!is_plain(&tables->rules[i], default_rules[i].pref,
			      default_rules[i].table))
			return false;
	return true;
}

int rpf_default_rules(struct rpf_tables *tables)
{
	unsigned int i;

	for (i = 0; i < default_count(tables->family); i++) {
		struct rpf_rule *rule = rpf_add_rule(tables);

		if (!rule)
			return -ENOMEM;
		rule->pref = default_rules[i].pref;
		rule->table = default_rules[i].table;
		rule->action = FR_ACT_TO_TBL;
		rule->suppress_prefixlen = -1;
		rule->suppress_ifgroup = -1;
	}
	return 0;
}

int rpf_dump(struct rpf_loader *loader, int family, uint16_t type, mnl_cb_t cb)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nl_msg(loader->rt, buf, type, NLM_F_DUMP);
	struct rtgenmsg *gen = mnl_nlmsg_put_extra_header(nlh, sizeof(*gen));
	int err;

	gen->rtgen_family = (uint8_t)family;
	err = nl_talk(loader->rt, nlh, cb, loader);
	loader->tables->intr |= loader->rt->intr;
	return err ? err : loader->err;
}

int rpf_load(struct nl *rt, struct rpf_tables *tables, int family,
	     const uint8_t *src, const uint8_t *dst)
{
	struct rpf_loader loader = {
		.tables = tables, .rt = rt, .src = src, .dst = dst,
	};
	int err;

	memset(tables, 0, sizeof(*tables));
	tables->family = family;
	err = rpf_load_links(&loader);
	if (!err)
		err = rpf_load_rules(&loader);
	tables->merged = family == AF_INET && rpf_rules_default(tables);
	if (!err && src)
		err = rpf_load_routes(&loader);
	if (!err)
		rpf_sort_routes(tables);
	return err;
}
