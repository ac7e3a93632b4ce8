// SPDX-License-Identifier: GPL-2.0-only
/* Flushing conntrack entries: messages, entries of a dump, progress. */
#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <string.h>

#include "ctflush.h"
#include "ctfilter_uapi.h"
#include "main.h"
#include "progress.h"
#include "unit.h"

#define SIZE 4096

static char buf[SIZE] __attribute__((aligned(8)));

static struct nlmsghdr *start(uint8_t family)
{
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;

	memset(buf, 0, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	return nlh;
}

static struct ctfilter_range one(uint32_t number)
{
	return (struct ctfilter_range){ true, number, number };
}

/* The attributes of all parts of a filter, set to something. */
static struct ctfilter make_full(int family)
{
	struct ctfilter filter = {
		.family = family, .has_proto = true, .proto = IPPROTO_TCP,
		.nat = CTA_FILTER_NAT_SRC, .tcp_states = 0x102,
		.expires = { true, 10, 20 }, .mark = 1, .mark_mask = 0xff,
		.status_mask = IPS_SEEN_REPLY, .has_zone = true, .zone = 3,
		.has_labels = true,
	};
	int i;

	for (i = 0; i < CTENTRY_DIRS; i++) {
		struct ctfilter_dir *dir = &filter.dir[i];

		memset(dir->src.addr, 0x0a, 16);
		dir->src.prefixlen = 30;
		dir->dst = dir->src;
		dir->sport = (struct ctfilter_range){ true, 1000, 2000 };
		dir->dport = one(53);
	}
	return filter;
}

static const struct nlattr *only_attr(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
}

static void test_message(void)
{
	const struct nlattr *top[CTA_MAX + 1];
	const struct nlattr *tb[CTA_FILTER_EXPIRES_MAX + 1];
	const struct nlattr *dir[CTA_FILTER_DIR_DPORT_MAX + 1];
	struct ctfilter filter = make_full(AF_INET);
	struct nlmsghdr *nlh = start(AF_UNSPEC);

	ctflush_msg_put(nlh, &filter);
	nl_nested(only_attr(nlh), top, CTA_MAX);
	ok(mnl_attr_get_type(only_attr(nlh)) == CTA_FLUSH_FILTER &&
	   nl_be32(top[CTA_MARK]) == 1 && nl_be32(top[CTA_MARK_MASK]) == 255 &&
	   nl_be32(top[CTA_STATUS]) == 0 &&
	   nl_be32(top[CTA_STATUS_MASK]) == IPS_SEEN_REPLY &&
	   top[CTA_LABELS] && top[CTA_LABELS_MASK] && top[CTA_ZONE],
	   "message: attributes of the entry");
	ok(top[CTA_FILTER] && top[CTA_FILTER]->nla_type & NLA_F_NESTED &&
	   !top[CTA_TUPLE_ORIG], "message: CTA_FILTER is a nest");
	nl_nested(top[CTA_FILTER], tb, CTA_FILTER_EXPIRES_MAX);
	ok(mnl_attr_get_u8(tb[CTA_FILTER_L3PROTO]) == AF_INET &&
	   mnl_attr_get_u8(tb[CTA_FILTER_L4PROTO]) == IPPROTO_TCP &&
	   nl_be32(tb[CTA_FILTER_NAT]) == 1 &&
	   nl_be32(tb[CTA_FILTER_TCP_STATES]) == 0x102 &&
	   nl_be32(tb[CTA_FILTER_EXPIRES_MIN]) == 10 &&
	   nl_be32(tb[CTA_FILTER_EXPIRES_MAX]) == 20, "message: the filter");
	nl_nested(tb[CTA_FILTER_REPLY], dir, CTA_FILTER_DIR_DPORT_MAX);
	ok(mnl_attr_get_payload_len(dir[CTA_FILTER_DIR_SRC]) == 4 &&
	   mnl_attr_get_u8(dir[CTA_FILTER_DIR_DST_PREFIXLEN]) == 30 &&
	   mnl_attr_get_u16(dir[CTA_FILTER_DIR_SPORT_MAX]) == htons(2000) &&
	   mnl_attr_get_u16(dir[CTA_FILTER_DIR_DPORT_MIN]) == htons(53),
	   "message: a direction");
}

static void test_message_sizes(void)
{
	struct ctfilter filter = make_full(AF_INET6), empty = {};
	struct nlmsghdr *nlh = start(AF_UNSPEC);
	uint32_t len = nlh->nlmsg_len;

	ctflush_msg_put(nlh, &filter);
	ok(nlh->nlmsg_len - len <= 512, "message: 64 filters have room");
	nlh = start(AF_UNSPEC);
	ctflush_msg_put(nlh, &empty);
	ok(mnl_attr_get_payload_len(only_attr(nlh)) == 0,
	   "message: a filter without conditions is an empty nest");
	nlh = start(AF_UNSPEC);
	filter.expires = (struct ctfilter_range){ true, 0, 30 };
	ctflush_msg_put(nlh, &filter);
	filter.expires = (struct ctfilter_range){ true, 30, UINT32_MAX };
	len = nlh->nlmsg_len;
	nlh = start(AF_UNSPEC);
	ctflush_msg_put(nlh, &filter);
	ok(nlh->nlmsg_len == len, "message: an open end is not sent");
}

static bool lacks(const struct ctfilter *filter, const char *want)
{
	const char *got = ctflush_filter_lacks(filter);

	return want ? got && !strcmp(got, want) : !got;
}

static void test_lacks(void)
{
	struct ctfilter filter = { .family = AF_INET };
	struct ctfilter_dir *dir = &filter.dir[CTENTRY_REPLY];

	ok(lacks(&filter, NULL), "filter: a family");
	dir->src.prefixlen = 32;
	ok(lacks(&filter, NULL), "filter: an address");
	dir->src.prefixlen = 31;
	ok(lacks(&filter, "prefixes"), "filter: no prefixes");
	dir->src.prefixlen = 0;
	filter.has_proto = true;
	filter.proto = IPPROTO_SCTP;
	ok(lacks(&filter, NULL), "filter: a protocol");
	dir->sport = one(80);
	ok(lacks(&filter, "ports of this protocol"), "filter: ports of TCP");
	filter.proto = IPPROTO_TCP;
	ok(lacks(&filter, NULL), "filter: a port");
	dir->sport.max++;
	ok(lacks(&filter, "ranges of ports"), "filter: no ranges");
	dir->sport.set = false;
	filter.nat = CTA_FILTER_NAT_NONE;
	ok(lacks(&filter, NULL), "filter: no NAT");
	filter.nat |= CTA_FILTER_NAT_DST;
	ok(lacks(&filter, "several kinds of NAT"), "filter: one kind of NAT");
	filter.nat = 0;
	filter.tcp_states = 1;
	ok(lacks(&filter, "TCP states"), "filter: no states");
	filter.tcp_states = 0;
	filter.expires.set = true;
	ok(lacks(&filter, "lifetimes"), "filter: no lifetimes");
	filter.expires.set = false;
	filter.has_labels = true;
	ok(lacks(&filter, "labels"), "filter: no labels");
}

static void test_filter(void)
{
	struct ctfilter filter = {
		.family = AF_INET6, .has_proto = true, .proto = IPPROTO_UDP,
		.nat = CTA_FILTER_NAT_NONE,
		.dir[CTENTRY_ORIG] = {
			.src = { .addr = { 0x20 }, .prefixlen = 128 },
			.dport = one(53),
		},
	};
	const struct nlattr *top[CTA_MAX + 1], *tb[CTA_FILTER_MAX + 1];
	const struct nlattr *tuple[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1];
	struct nlmsghdr *nlh = start(AF_INET6);

	ctflush_filter_put(nlh, &filter);
	nl_attrs(nlh, sizeof(struct nfgenmsg), top, CTA_MAX);
	ok(top[CTA_FILTER] && nl_be32(top[CTA_STATUS]) == 0 &&
	   nl_be32(top[CTA_STATUS_MASK]) == IPS_NAT_MASK && !top[CTA_MARK],
	   "filter: NAT is a status");
	nl_nested(top[CTA_FILTER], tb, CTA_FILTER_MAX);
	ok(mnl_attr_get_u32(tb[CTA_FILTER_ORIG_FLAGS]) ==
	   (CTA_FILTER_F_CTA_IP_SRC | CTA_FILTER_F_CTA_PROTO_NUM |
	    CTA_FILTER_F_CTA_PROTO_DST_PORT) &&
	   mnl_attr_get_u32(tb[CTA_FILTER_REPLY_FLAGS]) ==
	   CTA_FILTER_F_CTA_PROTO_NUM, "filter: flags name the fields");
	nl_nested(top[CTA_TUPLE_ORIG], tuple, CTA_TUPLE_MAX);
	nl_nested(tuple[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	ok(ip[CTA_IP_V6_SRC] && !ip[CTA_IP_V6_DST], "filter: the fields");
}

static void put_tuple(struct nlmsghdr *nlh, uint16_t type, bool ports)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type), *nest;

	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(0x0a000001));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, htonl(0x0a000002));
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_TCP);
	if (ports) {
		mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(1000));
		mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(80));
	}
	mnl_attr_nest_end(nlh, nest);
	if (type == CTA_TUPLE_REPLY)
		mnl_attr_put_u16(nlh, CTA_TUPLE_ZONE, htons(9));
	mnl_attr_nest_end(nlh, tuple);
}

static void test_entry(void)
{
	struct nlmsghdr *nlh = start(AF_INET);
	struct nlattr *info, *tcp;
	struct ctentry entry;

	nlh->nlmsg_type = ctflush_type(IPCTNL_MSG_CT_NEW);
	put_tuple(nlh, CTA_TUPLE_ORIG, true);
	put_tuple(nlh, CTA_TUPLE_REPLY, false);
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(IPS_CONFIRMED));
	ok(ctentry_parse(nlh, &entry), "an entry needs a number");
	mnl_attr_put_u32(nlh, CTA_ID, htonl(77));
	ok(!ctentry_parse(nlh, &entry) && !entry.has_timeout &&
	   !entry.has_state && entry.status == IPS_CONFIRMED,
	   "and has no lifetime if it is offloaded");
	ok(entry.dir[0].ports && entry.dir[0].sport == 1000 &&
	   entry.dir[0].dport == 80 && entry.dir[0].dst[3] == 2 &&
	   !entry.dir[1].ports && entry.proto == IPPROTO_TCP, "tuples");
	ok(entry.zone == 9, "the zone of one direction");
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(30));
	info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
	tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE, 7);
	mnl_attr_nest_end(nlh, tcp);
	mnl_attr_nest_end(nlh, info);
	mnl_attr_put_u16(nlh, CTA_LABELS, 3);
	ok(!ctentry_parse(nlh, &entry) && entry.timeout == 30 &&
	   entry.has_state && entry.tcp_state == 7, "state and lifetime");
	ok(entry.labels[0] == 3 && !entry.labels[1], "few labels");
	nlh = start(AF_UNIX);
	nlh->nlmsg_type = ctflush_type(IPCTNL_MSG_CT_NEW);
	ok(ctentry_parse(nlh, &entry), "other families are no entries");
}

static void test_progress(void)
{
	char text[128];

	progress_text(text, sizeof(text), 250, 1000, 1000, 60);
	ok(!strcmp(text, " 25% #####............... 250/s, 3 s left"),
	   "progress: a bar");
	progress_text(text, sizeof(text), 250, 1000, 0, 10);
	ok(!strcmp(text, " 25%  0/s, 0 s left"), "progress: no room");
	progress_text(text, sizeof(text), 2000, 1000, 1000, 60);
	ok(!strcmp(text, "2000 entries, 2000/s"),
	   "progress: more than expected");
}

int main(void)
{
	test_message();
	test_message_sizes();
	test_lacks();
	test_filter();
	test_entry();
	test_progress();
	return unit_finish();
}
