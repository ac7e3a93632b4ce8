// SPDX-License-Identifier: GPL-2.0-only
/* Conntrack entries as JSON, and which event a message is. */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "ctview.h"
#include "main.h"
#include "nl.h"
#include "unit.h"

static bool is(const json_t *doc, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(doc, key));

	return got && !strcmp(got, want);
}

static json_int_t number(const json_t *doc, const char *key)
{
	return json_integer_value(json_object_get(doc, key));
}

static void test_tcp(void)
{
	struct nf_conntrack *ct = nfct_new();
	const json_t *tuple, *status;
	json_t *doc;

	nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, 6);
	nfct_set_attr_u32(ct, ATTR_IPV4_SRC, htonl(0xc6336407));
	nfct_set_attr_u16(ct, ATTR_PORT_SRC, htons(40000));
	nfct_set_attr_u32(ct, ATTR_STATUS, 1U << 1 | 1U << 3 | 1U << 30);
	nfct_set_attr_u8(ct, ATTR_TCP_STATE, 3);
	nfct_set_attr_u32(ct, ATTR_MARK, UINT32_MAX);
	doc = ctview_json(NFCT_T_UPDATE, ct);
	tuple = json_object_get(doc, "tuple-orig");
	status = json_object_get(doc, "status");
	ok(is(doc, "event", "update") && is(doc, "family", "ipv4") &&
	   is(doc, "protocol", "tcp"), "what it is");
	ok(is(tuple, "src", "198.51.100.7") && number(tuple, "sport") == 40000,
	   "an address and a port");
	ok(!json_object_get(tuple, "dst") &&
	   !json_object_get(doc, "tuple-reply") &&
	   !json_object_get(doc, "timeout"), "absent is absent");
	ok(json_array_size(status) == 2 &&
	   !strcmp(json_string_value(json_array_get(status, 1)), "confirmed"),
	   "status bits that have a name");
	ok(is(doc, "tcp-state", "established"), "state of TCP");
	ok(number(doc, "mark") == UINT32_MAX, "a mark");
	json_decref(doc);
	nfct_destroy(ct);
}

static void test_icmp6(void)
{
	const struct in6_addr addr = { .s6_addr = { [15] = 1 } };
	struct nf_conntrack *ct = nfct_new();
	const json_t *icmp;
	json_t *doc;

	nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET6);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, 58);
	nfct_set_attr(ct, ATTR_IPV6_DST, &addr);
	nfct_set_attr_u8(ct, ATTR_ICMP_TYPE, 128);
	nfct_set_attr_u16(ct, ATTR_ICMP_ID, htons(7));
	nfct_set_attr_u8(ct, ATTR_TCP_STATE, 200);
	doc = ctview_json(NFCT_T_DESTROY, ct);
	icmp = json_object_get(doc, "icmp");
	ok(is(doc, "event", "destroy") && is(doc, "family", "ipv6") &&
	   is(doc, "protocol", "icmpv6"), "IPv6");
	ok(is(json_object_get(doc, "tuple-orig"), "dst", "::1"),
	   "an IPv6 address");
	ok(number(icmp, "type") == 128 && number(icmp, "id") == 7, "ICMP");
	ok(!json_object_get(doc, "tcp-state"), "no name, no state");
	json_decref(doc);
	nfct_destroy(ct);
}

/* Counters cannot be set, but parsed. */
static void test_counters(void)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nf_conntrack *ct = nfct_new();
	const json_t *counters;
	struct nlattr *nest;
	json_t *doc;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	nest = mnl_attr_nest_start(nlh, CTA_COUNTERS_REPLY);
	mnl_attr_put_u64(nlh, CTA_COUNTERS_BYTES, htobe64(1ULL << 40));
	mnl_attr_put_u64(nlh, CTA_COUNTERS_PACKETS, htobe64(3));
	mnl_attr_nest_end(nlh, nest);
	ok(!nfct_nlmsg_parse(nlh, ct), "a message is parsed");
	doc = ctview_json(NFCT_T_DESTROY, ct);
	counters = json_object_get(doc, "counters-reply");
	ok(number(counters, "bytes") == 1LL << 40 &&
	   number(counters, "packets") == 3, "64 bits");
	json_decref(doc);
	nfct_destroy(ct);
}

static int event_of(uint16_t type, uint16_t flags)
{
	const struct nlmsghdr nlh = {
		.nlmsg_type = type, .nlmsg_flags = flags,
	};

	return ctview_event(&nlh);
}

static void test_events(void)
{
	const uint16_t ct = NFNL_SUBSYS_CTNETLINK << 8;

	ok(event_of(ct | IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL) ==
	   NFCT_T_NEW, "new");
	ok(event_of(ct | IPCTNL_MSG_CT_NEW, 0) == NFCT_T_UPDATE, "update");
	ok(event_of(ct | IPCTNL_MSG_CT_DELETE, 0) == NFCT_T_DESTROY,
	   "destroy");
	ok(event_of(ct | IPCTNL_MSG_CT_GET, 0) == NFCT_T_UNKNOWN &&
	   event_of(NFNL_SUBSYS_QUEUE << 8, 0) == NFCT_T_UNKNOWN,
	   "other messages");
}

int main(void)
{
	test_tcp();
	test_icmp6();
	test_counters();
	test_events();
	return unit_finish();
}
