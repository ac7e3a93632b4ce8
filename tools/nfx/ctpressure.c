// SPDX-License-Identifier: GPL-2.0-only
/* How full the conntrack table is: events of the kernel, or its counters. */
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "ctflush.h"
#include "ctpressure.h"
#include "cttable.h"
#include "main.h"

static const char * const level_names[] = {
	[CTPRESSURE_NORMAL]	= "normal",
	[CTPRESSURE_HIGH]	= "high",
	[CTPRESSURE_FULL]	= "full",
};

_Static_assert(ARRAY_SIZE(level_names) == CTPRESSURE_LEVELS,
	       "each has a name");

const char *ctpressure_level(unsigned int level)
{
	return level < CTPRESSURE_LEVELS ? level_names[level] : "unknown";
}

int ctpressure_parse(const struct nlmsghdr *nlh, struct ctpressure *pressure)
{
	const struct nlattr *tb[CTA_PRESSURE_DROPPED + 1];
	const uint8_t *level;

	memset(pressure, 0, sizeof(*pressure));
	if (nlh->nlmsg_type != ctflush_type(IPCTNL_MSG_CT_PRESSURE) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return -EBADMSG;
	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, CTA_PRESSURE_DROPPED);
	level = nl_payload(tb[CTA_PRESSURE_LEVEL], sizeof(*level));
	if (!level)
		return -EBADMSG;
	pressure->level = *level;
	pressure->entries = nl_be32(tb[CTA_PRESSURE_ENTRIES]);
	pressure->max_entries = nl_be32(tb[CTA_PRESSURE_MAX_ENTRIES]);
	pressure->evicted = nl_be32(tb[CTA_PRESSURE_EVICTED]);
	pressure->dropped = nl_be32(tb[CTA_PRESSURE_DROPPED]);
	return 0;
}

unsigned int ctpressure_judge(const struct ctpressure *old,
			      const struct ctpressure *now)
{
	if (!now->max_entries)
		return CTPRESSURE_NORMAL;
	if (now->entries >= now->max_entries ||
	    (old && (now->evicted > old->evicted ||
		     now->dropped > old->dropped)))
		return CTPRESSURE_FULL;
	if ((uint64_t)now->entries * 100 >=
	    (uint64_t)now->max_entries * CTPRESSURE_PERCENT)
		return CTPRESSURE_HIGH;
	return CTPRESSURE_NORMAL;
}

/* What becomes of the answers, one for each CPU. */
struct answer {
	struct ctpressure *pressure;
	bool events;
};

/* A kernel that counts what it evicts, by reason, has the events as well. */
static int take_cpu(const struct nlmsghdr *nlh, void *data)
{
	struct answer *answer = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != ctflush_type(IPCTNL_MSG_CT_GET_STATS_CPU))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == CTA_STATS_EARLY_DROP)
			answer->pressure->evicted += nl_be32(attr);
		else if (type == CTA_STATS_DROP)
			answer->pressure->dropped += nl_be32(attr);
		else if (type >= CTA_STATS_EVICT_UNREPLIED)
			answer->events = true;
	}
	return MNL_CB_OK;
}

int ctpressure_ask(struct nl *nl, const struct ctpressure *old,
		   struct ctpressure *pressure, bool *events)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct answer answer = { .pressure = pressure };
	struct nlmsghdr *nlh;
	struct cttable table;
	int err;

	memset(pressure, 0, sizeof(*pressure));
	err = cttable_ask(nl, &table);
	if (err)
		return err;
	pressure->entries = table.entries;
	pressure->max_entries = table.max_entries;
	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_GET_STATS_CPU),
		       NLM_F_DUMP, AF_UNSPEC, 0);
	err = nl_talk(nl, nlh, take_cpu, &answer);
	*events = answer.events;
	pressure->level = ctpressure_judge(old, pressure);
	return err;
}
