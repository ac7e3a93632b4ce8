// SPDX-License-Identifier: GPL-2.0-only
/* Rules and routes as text. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipview.h"
#include "main.h"
#include "rpf_uapi.h"
#include "rpftext.h"

/* What is written so far; it stays cut short once it is. */
struct line {
	char *text;
	size_t size;
	size_t len;
};

static void put(struct line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct line *line, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (line->len >= line->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(line->text + line->len, line->size - line->len, fmt, ap);
	va_end(ap);
	line->len += n > 0 ? (size_t)n : 0;
}

const char *rpf_type_name(uint8_t type)
{
	static const char * const names[] = {
		[RTN_UNSPEC]		= "unspec",
		[RTN_UNICAST]		= "unicast",
		[RTN_LOCAL]		= "local",
		[RTN_BROADCAST]		= "broadcast",
		[RTN_ANYCAST]		= "anycast",
		[RTN_MULTICAST]		= "multicast",
		[RTN_BLACKHOLE]		= "blackhole",
		[RTN_UNREACHABLE]	= "unreachable",
		[RTN_PROHIBIT]		= "prohibit",
		[RTN_THROW]		= "throw",
		[RTN_NAT]		= "nat",
		[RTN_XRESOLVE]		= "xresolve",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

const char *rpf_table_text(uint32_t table, char *text, size_t size)
{
	switch (table) {
	case RT_TABLE_LOCAL:
		return "local";
	case RT_TABLE_MAIN:
		return "main";
	case RT_TABLE_DEFAULT:
		return "default";
	default:
		snprintf(text, size, "%u", table);
		return text;
	}
}

const char *rpf_prefix_text(int family, const uint8_t *addr, uint8_t len,
			    char *text, size_t size)
{
	char buf[INET6_ADDRSTRLEN];

	if (!len)
		return "default";
	inet_ntop(family, addr, buf, sizeof(buf));
	if (len == 8 * rpf_addr_size(family))
		snprintf(text, size, "%s", buf);
	else
		snprintf(text, size, "%s/%u", buf, len);
	return text;
}

const char *rpf_link_text(const struct rpf_tables *tables, uint32_t ifindex,
			  char *text, size_t size)
{
	const struct rpf_link *link = rpf_link(tables, ifindex);

	if (link)
		return link->name;
	snprintf(text, size, "if%u", ifindex);
	return text;
}

static void put_prefix(struct line *line, const struct rpf_tables *tables,
		       const char *name, const uint8_t *addr, uint8_t len)
{
	char text[INET6_ADDRSTRLEN + 4];

	if (len)
		put(line, " %s %s", name,
		    rpf_prefix_text(tables->family, addr, len, text,
				    sizeof(text)));
}

static void put_ports(struct line *line, const char *name,
		      const struct rpf_ports *ports)
{
	if (!ports->start)
		return;
	put(line, " %s %u", name, ports->start);
	if (ports->mask)
		put(line, "/0x%x", ports->mask);
	else if (ports->end != ports->start)
		put(line, "-%u", ports->end);
}

static void put_mark(struct line *line, const struct rpf_rule *rule)
{
	if (!rule->mark && !rule->mark_mask)
		return;
	put(line, " fwmark 0x%x", rule->mark);
	if (rule->mark_mask != UINT32_MAX)
		put(line, "/0x%x", rule->mark_mask);
}

static void put_selectors(struct line *line, const struct rpf_tables *tables,
			  const struct rpf_rule *rule)
{
	char buf[16];

	if (!rule->src_len)
		put(line, " from all");
	put_prefix(line, tables, "from", rule->src, rule->src_len);
	put_prefix(line, tables, "to", rule->dst, rule->dst_len);
	if (rule->tos)
		put(line, " tos 0x%02x", rule->tos);
	if (rule->has_dscp)
		put(line, " dscp %u", rule->dscp >> 2);
	put_mark(line, rule);
	if (*rule->iif)
		put(line, " iif %s", rule->iif);
	if (*rule->oif)
		put(line, " oif %s", rule->oif);
	if (rule->uids)
		put(line, " uidrange %u-%u", rule->uid_min, rule->uid_max);
	if (rule->proto)
		put(line, " ipproto %s",
		    ipview_proto(rule->proto, buf, sizeof(buf)));
	put_ports(line, "sport", &rule->sport);
	put_ports(line, "dport", &rule->dport);
	if (rule->tun_id)
		put(line, " tun_id");
	if (rule->flowlabel_mask)
		put(line, " flowlabel 0x%x/0x%x", rule->flowlabel,
		    rule->flowlabel_mask);
}

static void put_action(struct line *line, const struct rpf_rule *rule)
{
	char table[16];

	switch (rule->action) {
	case FR_ACT_TO_TBL:
		put(line, " lookup %s", rule->l3mdev ? "[l3mdev-table]" :
		    rpf_table_text(rule->table, table, sizeof(table)));
		break;
	case FR_ACT_GOTO:
		put(line, " goto %u", rule->target);
		break;
	case FR_ACT_NOP:
		put(line, " nop");
		break;
	case FR_ACT_UNREACHABLE:
		put(line, " unreachable");
		break;
	case FR_ACT_PROHIBIT:
		put(line, " prohibit");
		break;
	default:
		put(line, " blackhole");
	}
	if (rule->suppress_prefixlen >= 0)
		put(line, " suppress_prefixlength %d",
		    rule->suppress_prefixlen);
	if (rule->suppress_ifgroup >= 0)
		put(line, " suppress_ifgroup %d", rule->suppress_ifgroup);
}

const char *rpf_rule_text(const struct rpf_tables *tables,
			  const struct rpf_rule *rule, char *text, size_t size)
{
	struct line line = { .text = text, .size = size };

	put(&line, "%u:%s", rule->pref,
	    rule->flags & FIB_RULE_INVERT ? " not" : "");
	put_selectors(&line, tables, rule);
	put_action(&line, rule);
	return text;
}

static void put_nhs(struct line *line, const struct rpf_tables *tables,
		    const struct rpf_route *route)
{
	char name[IF_NAMESIZE];
	unsigned int i;

	for (i = 0; i < route->nh_count; i++) {
		const struct rpf_nh *nh = &route->nhs[i];

		if (nh->ifindex)
			put(line, " %sdev %s", i ? "and " : "",
			    rpf_link_text(tables, nh->ifindex, name,
					  sizeof(name)));
		if (nh->flags & RTNH_F_DEAD)
			put(line, " dead");
		if (nh->flags & RTNH_F_LINKDOWN)
			put(line, " linkdown");
	}
}

const char *rpf_route_text(const struct rpf_tables *tables,
			   const struct rpf_route *route, char *text,
			   size_t size)
{
	struct line line = { .text = text, .size = size };
	char prefix[INET6_ADDRSTRLEN + 4];

	*text = '\0';
	if (route->type != RTN_UNICAST)
		put(&line, "%s ", rpf_type_name(route->type));
	put(&line, "%s", rpf_prefix_text(tables->family, route->dst,
					 route->dst_len, prefix,
					 sizeof(prefix)));
	put_prefix(&line, tables, "from", route->src, route->src_len);
	if (route->tos)
		put(&line, " tos 0x%02x", route->tos);
	if (route->nhid)
		put(&line, " nhid %u", route->nhid);
	if (route->blackhole)
		put(&line, " blackhole");
	put_nhs(&line, tables, route);
	if (route->metric)
		put(&line, " metric %u", route->metric);
	if (route->expired)
		put(&line, " expired");
	return text;
}
