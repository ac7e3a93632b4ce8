// SPDX-License-Identifier: GPL-2.0-only
/* nfx rpf check: JSON. */
#include <arpa/inet.h>
#include <stdio.h>

#include "main.h"
#include "rpf_check.h"
#include "rpftext.h"

static json_t *link_json(const struct rpf_tables *tables, uint32_t ifindex)
{
	char name[IF_NAMESIZE];

	return ifindex ? json_string(rpf_link_text(tables, ifindex, name,
						   sizeof(name))) :
			 json_null();
}

static json_t *addr_json(const struct rpf_tables *tables, const uint8_t *addr)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(tables->family, addr, text,
				     sizeof(text)));
}

static json_t *modes_json(const struct rpf_checked *checked)
{
	json_t *list = json_array();
	unsigned int mode, i;

	for (mode = 0; mode < RPF_MODES; mode++) {
		for (i = 0; i < RPF_VARIANTS; i++) {
			enum rpf_class class = checked->answer[i].class;

			json_array_append_new(list, json_pack(
				"{s:s, s:b, s:b, s:s, s:b}",
				"mode", rpf_mode_name(mode),
				"no-default", i & RPF_F_NO_DEFAULT,
				"accept-local", i & RPF_F_ACCEPT_LOCAL,
				"class", rpf_class_name(class),
				"pass", rpf_passes(mode, class)));
		}
	}
	return list;
}

static json_t *gaps_json(const struct rpf_stock *stock)
{
	json_t *list = json_array();
	unsigned int gap;

	for (gap = 0; gap < RPF_GAPS; gap++) {
		char id[16] = "other";

		if (!(stock->gaps & 1U << gap))
			continue;
		if (gap)
			snprintf(id, sizeof(id), "D%u", gap);
		json_array_append_new(list, json_pack("{s:s, s:s}", "id", id,
						      "text",
						      rpf_gap_text(gap)));
	}
	return list;
}

static json_t *stock_json(const struct rpf_checked *checked)
{
	json_t *list = json_array();
	unsigned int id;

	for (id = 0; id < RPF_STOCKS; id++) {
		const struct rpf_stock *stock = &checked->stock[id];

		if (!stock->known)
			continue;
		json_array_append_new(list, json_pack(
			"{s:s, s:o, s:b, s:o, s:o}",
			"name", rpf_stock_name(id),
			"mode", stock->mode < RPF_MODES ?
			json_string(rpf_mode_name(stock->mode)) : json_null(),
			"pass", stock->pass,
			"why", stock->why ? json_string(stock->why) :
			json_null(),
			"differs", gaps_json(stock)));
	}
	return list;
}

static json_t *sysctls_json(const struct rpf_sysctls *sysctls)
{
	if (!sysctls->known)
		return json_null();
	return json_pack("{s:i, s:b, s:b, s:b}",
			 "rp_filter", (int)sysctls->rp_filter,
			 "src_valid_mark", sysctls->src_valid_mark,
			 "accept_local", sysctls->accept_local,
			 "route_localnet", sysctls->route_localnet);
}

static json_t *kernel_json(const struct rpf_asked *asked)
{
	if (asked->why_not)
		return json_pack("{s:b, s:s}", "asked", 0, "why",
				 asked->why_not);
	return json_pack("{s:b, s:b, s:o}", "asked", 1, "agrees",
			 asked->agrees, "text",
			 asked->agrees ? json_null() :
					 json_string(asked->text));
}

json_t *rpf_json(const struct rpf_checked *checked, bool explain)
{
	const struct rpf_tables *tables = checked->tables;
	const struct rpf_answer *answer = &checked->answer[0];
	char reason[RPF_TEXT];
	json_t *doc;

	doc = json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o}",
			"src", addr_json(tables, checked->query.src),
			"dst", checked->query.has_dst ?
			addr_json(tables, checked->query.dst) : json_null(),
			"iif", link_json(tables, checked->query.in),
			"vrf", link_json(tables, checked->query.vrf),
			"class", rpf_class_name(answer->class),
			"reason", rpf_reason(checked, answer, reason,
					     sizeof(reason)),
			"modes", modes_json(checked),
			"stock", stock_json(checked),
			"sysctl", sysctls_json(&checked->sysctls),
			"kernel", kernel_json(&checked->asked));
	if (!doc)
		return NULL;
	if (checked->l4 != RPF_UNSPEC)
		json_object_set_new(doc, "class-l4",
				    json_string(rpf_class_name(checked->l4)));
	if (explain)
		json_object_set_new(doc, "explain", rpf_explain_json(checked));
	return doc;
}
