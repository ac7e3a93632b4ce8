// SPDX-License-Identifier: GPL-2.0-only
/* How full the conntrack table is: events, and what counters tell. */
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "ctflush.h"
#include "ctpressure.h"
#include "main.h"
#include "unit.h"

static struct nlmsghdr *make_event(void *buf)
{
	struct nlmsghdr *nlh;

	memset(buf, 0, NL_MSG_SIZE);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = ctflush_type(IPCTNL_MSG_CT_PRESSURE);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	return nlh;
}

static void test_parse(void)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = make_event(buf);
	struct ctpressure pressure;

	ok(ctpressure_parse(nlh, &pressure), "an event has a level");
	mnl_attr_put_u8(nlh, CTA_PRESSURE_LEVEL, 2);
	mnl_attr_put_u32(nlh, CTA_PRESSURE_ENTRIES, htonl(65000));
	mnl_attr_put_u32(nlh, CTA_PRESSURE_MAX_ENTRIES, htonl(65536));
	mnl_attr_put_u32(nlh, CTA_PRESSURE_EVICTED, htonl(12));
	ok(!ctpressure_parse(nlh, &pressure) &&
	   pressure.level == CTPRESSURE_FULL && pressure.entries == 65000 &&
	   pressure.max_entries == 65536 && pressure.evicted == 12 &&
	   !pressure.dropped, "what an event tells");
	mnl_attr_put_u32(nlh, 200, 0);
	ok(!ctpressure_parse(nlh, &pressure), "what it may tell one day");
	nlh->nlmsg_type = ctflush_type(IPCTNL_MSG_CT_NEW);
	ok(ctpressure_parse(nlh, &pressure), "others are no events of it");
	ok(!strcmp(ctpressure_level(1), "high") &&
	   !strcmp(ctpressure_level(3), "unknown"), "names of levels");
}

static unsigned int judge(uint32_t entries, uint32_t max, uint64_t more)
{
	const struct ctpressure old = { .evicted = 5, .dropped = 7 };
	const struct ctpressure now = {
		.entries = entries, .max_entries = max,
		.evicted = 5, .dropped = 7 + more,
	};

	return ctpressure_judge(&old, &now);
}

static void test_judge(void)
{
	const struct ctpressure now = {
		.entries = 1, .max_entries = 100, .evicted = 3,
	};

	ok(judge(89, 100, 0) == CTPRESSURE_NORMAL, "89 % are normal");
	ok(judge(90, 100, 0) == CTPRESSURE_HIGH, "90 % are high");
	ok(judge(100, 100, 0) == CTPRESSURE_FULL, "100 % are full");
	ok(judge(50, 100, 1) == CTPRESSURE_FULL, "and so is what drops");
	ok(judge(UINT32_MAX, 0, 1) == CTPRESSURE_NORMAL, "without a limit");
	ok(judge(4000000000u, 4200000000u, 0) == CTPRESSURE_HIGH,
	   "large numbers");
	ok(ctpressure_judge(NULL, &now) == CTPRESSURE_NORMAL,
	   "what was before the start does not count");
}

int main(void)
{
	test_parse();
	test_judge();
	return unit_finish();
}
