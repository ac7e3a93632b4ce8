// SPDX-License-Identifier: GPL-2.0-only
/* Who fills the conntrack table: counts of entries. */
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <string.h>

#include "cttop.h"
#include "main.h"
#include "unit.h"

static struct cttop top;

static struct ctentry make_entry(uint32_t src)
{
	struct ctentry entry = {
		.family = AF_INET, .proto = IPPROTO_UDP,
		.dir[CTENTRY_ORIG].dst = { 192, 0, 2, 1 },
		.has_timeout = true,
	};

	src = htonl(src);
	memcpy(entry.dir[CTENTRY_ORIG].src, &src, sizeof(src));
	return entry;
}

/* More than there is room for at first; source n has n entries, up to 4. */
static void test_addrs(void)
{
	struct ctentry entry;
	uint32_t src, n;
	bool good = true;

	cttop_begin(&top);
	for (src = 1; src <= 2000; src++) {
		entry = make_entry(src);
		for (n = 0; n < (src < 4 ? src : 4); n++)
			good &= !cttop_add(&top, &entry);
	}
	entry.family = AF_INET6;
	good &= !cttop_add(&top, &entry);
	ok(good && top.entries == 1 + 2 + 3 + 4 * 1997 + 1, "all are counted");
	ok(top.srcs.count == 2001 && top.dsts.count == 2, "each address once");
	cttop_sort(&top.srcs);
	cttop_sort(&top.dsts);
	ok(top.srcs.place[0].entries == 4 && top.srcs.place[0].addr[3] == 4 &&
	   top.srcs.place[1996].entries == 4 &&
	   top.srcs.place[1997].entries == 3, "most entries first");
	ok(top.srcs.place[1999].addr[3] == 1 &&
	   top.srcs.place[2000].family == AF_INET6 &&
	   !top.srcs.place[2001].entries, "then by family, free places last");
	ok(top.dsts.place[0].entries == top.entries - 1, "destinations");
	cttop_free(&top);
	ok(!top.srcs.place && !top.entries, "nothing is left");
}

static void test_states(void)
{
	struct ctentry entry = make_entry(1);

	cttop_begin(&top);
	cttop_add(&top, &entry);
	entry.status = IPS_SEEN_REPLY;
	cttop_add(&top, &entry);
	entry.status |= IPS_ASSURED;
	cttop_add(&top, &entry);
	entry.has_state = true;
	entry.tcp_state = 7;
	cttop_add(&top, &entry);
	entry.tcp_state = 200;
	cttop_add(&top, &entry);
	entry.status |= IPS_OFFLOAD;
	cttop_add(&top, &entry);
	ok(top.states[CTTOP_UNREPLIED] == 1 &&
	   top.states[CTTOP_REPLIED] == 1 && top.states[CTTOP_ASSURED] == 2 &&
	   top.states[7] == 1 && top.states[CTTOP_OFFLOAD] == 1, "states");
	ok(!strcmp(cttop_state(7), "time-wait") &&
	   !strcmp(cttop_state(CTTOP_OFFLOAD), "offload"), "their names");
	cttop_free(&top);
}

static void test_lives(void)
{
	static const uint32_t seconds[] = {
		0, 9, 10, 86399, 86400, UINT32_MAX,
	};
	struct ctentry entry = make_entry(1);
	unsigned int i;
	bool named = true;

	cttop_begin(&top);
	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		entry.timeout = seconds[i];
		cttop_add(&top, &entry);
	}
	entry.has_timeout = false;
	cttop_add(&top, &entry);
	ok(top.lives[0] == 2 && top.lives[1] == 1 &&
	   top.lives[CTTOP_LIVES - 2] == 1 && top.lives[CTTOP_LIVES - 1] == 2 &&
	   top.nolife == 1, "lifetimes");
	for (i = 0; i < CTTOP_STATES; i++)
		named &= cttop_state(i) != NULL;
	ok(named, "each state has a name");
	cttop_free(&top);
}

int main(void)
{
	test_addrs();
	test_states();
	test_lives();
	return unit_finish();
}
