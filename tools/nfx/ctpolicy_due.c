// SPDX-License-Identifier: GPL-2.0-only
/* When the rules of a policy run: some time after events, not too often. */
#include "ctpolicy.h"

static bool is_for(const struct ctpolicy_rule *rule,
		   const struct ctpolicy_event *event)
{
	unsigned int i;

	for (i = 0; i < rule->ons; i++)
		if (ctpolicy_match(&rule->on[i], event))
			return true;
	return false;
}

/* More events do not put it off, or a rule might never run. */
static void start_wait(struct ctpolicy_rule *rule, int64_t now_ms)
{
	struct ctpolicy_due *due = &rule->due;

	due->waits = true;
	due->events = 0;
	due->due_ms = now_ms + rule->delay_ms;
	if (due->ran && due->due_ms < due->ran_ms + rule->interval_ms)
		due->due_ms = due->ran_ms + rule->interval_ms;
}

void ctpolicy_happens(struct ctpolicy *policy,
		      const struct ctpolicy_event *event, int64_t now_ms)
{
	unsigned int i;

	for (i = 0; i < policy->count; i++) {
		struct ctpolicy_rule *rule = &policy->rules[i];

		if (!is_for(rule, event))
			continue;
		if (!rule->due.waits)
			start_wait(rule, now_ms);
		/* There is no later. */
		if (event->source == CTPOLICY_STOP)
			rule->due.due_ms = now_ms;
		if (!rule->due.events++)
			ctpolicy_event_text(event, rule->due.why);
	}
}

static struct ctpolicy_rule *first_rule(const struct ctpolicy *policy)
{
	struct ctpolicy_rule *first = NULL;
	unsigned int i;

	for (i = 0; i < policy->count; i++) {
		struct ctpolicy_rule *rule = &policy->rules[i];

		if (rule->due.waits &&
		    (!first || rule->due.due_ms < first->due.due_ms))
			first = rule;
	}
	return first;
}

struct ctpolicy_rule *ctpolicy_next(struct ctpolicy *policy, int64_t now_ms)
{
	struct ctpolicy_rule *rule = first_rule(policy);

	if (!rule || rule->due.due_ms > now_ms)
		return NULL;
	rule->due.waits = false;
	rule->due.ran = true;
	rule->due.ran_ms = now_ms;
	return rule;
}

int ctpolicy_wait(const struct ctpolicy *policy, int64_t now_ms)
{
	const struct ctpolicy_rule *rule = first_rule(policy);

	if (!rule)
		return -1;
	if (rule->due.due_ms <= now_ms)
		return 0;
	return (int)(rule->due.due_ms - now_ms);
}
