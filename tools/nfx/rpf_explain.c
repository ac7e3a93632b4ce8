// SPDX-License-Identifier: GPL-2.0-only
/* nfx rpf check: the chain of reasons, as text and JSON. */
#include <arpa/inet.h>
#include <assert.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "main.h"
#include "out.h"
#include "rpf_check.h"
#include "rpftext.h"

static const char * const step_names[] = {
	[RPF_STEP_OTHER]	= "not-matched",
	[RPF_STEP_NO_ROUTE]	= "no-route",
	[RPF_STEP_THROW]	= "throw",
	[RPF_STEP_SUPPRESS]	= "suppressed",
	[RPF_STEP_GOTO]		= "goto",
	[RPF_STEP_NOWHERE]	= "nop",
	[RPF_STEP_ACTION]	= "action",
	[RPF_STEP_ROUTE]	= "route",
};
static_assert(ARRAY_SIZE(step_names) == RPF_STEPS, "one name per step");

const char *rpf_reason(const struct rpf_checked *checked,
		       const struct rpf_answer *answer, char *text,
		       size_t size)
{
	const struct rpf_tables *tables = checked->tables;
	const struct rpf_route *route = answer->result.route;
	char buf[RPF_TEXT / 2];

	if (answer->reason)
		return answer->reason;
	if (!route && answer->result.rule)
		snprintf(text, size, "by rule %u", answer->result.rule->pref);
	else if (!route)
		return rpf_class_text(answer->class);
	else if (answer->class == RPF_FEASIBLE)
		snprintf(text, size, "also %s",
			 rpf_route_text(tables, answer->feasible, buf,
					sizeof(buf)));
	else
		snprintf(text, size, "%s",
			 rpf_route_text(tables, route, buf, sizeof(buf)));
	return text;
}

struct explain {
	const struct rpf_checked *checked;
	bool all;
	json_t *list;
};

static void print_outcome(const struct rpf_tables *tables,
			  const struct rpf_step *step)
{
	char text[RPF_TEXT], table[16];

	switch (step->kind) {
	case RPF_STEP_OTHER:
		printf("not for this packet: %s", step->why);
		break;
	case RPF_STEP_NO_ROUTE:
		printf("no route in table %s",
		       rpf_table_text(step->table, table, sizeof(table)));
		break;
	case RPF_STEP_GOTO:
	case RPF_STEP_NOWHERE:
		printf("on to the next rule");
		break;
	case RPF_STEP_ACTION:
		printf("ends here");
		break;
	default:
		printf("%s%s", step->kind == RPF_STEP_SUPPRESS ?
		       "suppressed: " : "",
		       rpf_route_text(tables, step->route, text,
				      sizeof(text)));
	}
}

static void print_step(const struct rpf_step *step, void *data)
{
	const struct explain *explain = data;
	const struct rpf_tables *tables = explain->checked->tables;
	char text[RPF_TEXT];

	if (step->kind == RPF_STEP_OTHER && !explain->all)
		return;
	printf("  rule %s\n    ",
	       rpf_rule_text(tables, step->rule, text, sizeof(text)));
	print_outcome(tables, step);
	putchar('\n');
}

/* The routes beside the best one, and whether they use the interface. */
static void print_aliases(const struct rpf_checked *checked,
			  const struct rpf_flow *flow,
			  const struct rpf_route *best)
{
	const struct rpf_tables *tables = checked->tables;
	char text[RPF_TEXT];
	unsigned int i;

	for (i = 0; i < tables->route_count; i++) {
		const struct rpf_route *route = &tables->routes[i];

		if (route == best || !rpf_alias(tables, flow, best, route))
			continue;
		printf("  also %s: %s\n",
		       rpf_route_text(tables, route, text, sizeof(text)),
		       rpf_uses(tables, route, checked->query.in) ?
		       "feasible" : "another interface");
	}
}

static void print_class(const struct rpf_checked *checked, unsigned int flags)
{
	static const char * const with[] = {
		"", "with no-default ", "with accept-local ", "with both ",
	};
	enum rpf_class class = checked->answer[flags].class;

	static_assert(ARRAY_SIZE(with) == RPF_VARIANTS, "one text each");
	printf("  %s%s: %s\n", with[flags], rpf_class_name(class),
	       rpf_class_text(class));
}

void rpf_explain(const struct rpf_checked *checked, bool all)
{
	const struct rpf_answer *answer = &checked->answer[0];
	struct explain explain = { .checked = checked, .all = all };
	struct rpf_result result;
	struct rpf_flow flow;
	unsigned int i;

	putchar('\n');
	if (answer->reason) {
		printf("  %s\n", answer->reason);
	} else {
		rpf_flow_of(checked->tables, &checked->query, checked->flags,
			    &flow);
		rpf_walk(checked->tables, &flow, &result, print_step,
			 &explain);
		if (result.route)
			print_aliases(checked, &flow, result.route);
	}
	for (i = 0; i < RPF_VARIANTS; i++)
		if (!i || checked->answer[i].class != answer->class)
			print_class(checked, i);
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *route_json(const struct rpf_tables *tables,
			  const struct rpf_route *route)
{
	char text[RPF_TEXT], prefix[INET6_ADDRSTRLEN + 4];

	if (!route)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:I, s:s}",
			 "dst", rpf_prefix_text(tables->family, route->dst,
						route->dst_len, prefix,
						sizeof(prefix)),
			 "type", rpf_type_name(route->type),
			 "table", (json_int_t)route->table,
			 "priority", (json_int_t)route->metric,
			 "text", rpf_route_text(tables, route, text,
						sizeof(text)));
}

static void add_step(const struct rpf_step *step, void *data)
{
	struct explain *explain = data;
	const struct rpf_tables *tables = explain->checked->tables;
	char text[RPF_TEXT];

	json_array_append_new(explain->list,
		json_pack("{s:I, s:s, s:s, s:o, s:I, s:o}",
			  "priority", (json_int_t)step->rule->pref,
			  "text", rpf_rule_text(tables, step->rule, text,
						sizeof(text)),
			  "result", step_names[step->kind],
			  "selector", text_json(step->why),
			  "table", (json_int_t)step->table,
			  "route", route_json(tables, step->route)));
}

static json_t *aliases_json(const struct rpf_checked *checked,
			    const struct rpf_flow *flow,
			    const struct rpf_route *best)
{
	const struct rpf_tables *tables = checked->tables;
	json_t *list = json_array(), *doc;
	unsigned int i;

	for (i = 0; i < tables->route_count && best; i++) {
		const struct rpf_route *route = &tables->routes[i];

		if (route == best || !rpf_alias(tables, flow, best, route))
			continue;
		doc = route_json(tables, route);
		json_object_set_new(doc, "feasible",
				    json_boolean(rpf_uses(tables, route,
						checked->query.in)));
		json_array_append_new(list, doc);
	}
	return list;
}

json_t *rpf_explain_json(const struct rpf_checked *checked)
{
	const struct rpf_answer *answer = &checked->answer[0];
	struct explain explain = {
		.checked = checked, .list = json_array(),
	};
	struct rpf_result result = { .route = NULL };
	struct rpf_flow flow = { .iif = 0 };

	if (!answer->reason) {
		rpf_flow_of(checked->tables, &checked->query, checked->flags,
			    &flow);
		rpf_walk(checked->tables, &flow, &result, add_step, &explain);
	}
	return json_pack("{s:o, s:o, s:o, s:o}",
			 "reason", text_json(answer->reason),
			 "rules", explain.list,
			 "route", route_json(checked->tables, result.route),
			 "also", aliases_json(checked, &flow, result.route));
}
