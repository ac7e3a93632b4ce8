// SPDX-License-Identifier: GPL-2.0-only
/* Conntrack entries, for printing. */
#include <arpa/inet.h>
#include <endian.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <stdio.h>

#include "ctview.h"
#include "ipview.h"
#include "main.h"

int ctview_event(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_CTNETLINK)
		return NFCT_T_UNKNOWN;
	switch (nlh->nlmsg_type & 0xff) {
	case IPCTNL_MSG_CT_NEW:
		return nlh->nlmsg_flags & NLM_F_CREATE ? NFCT_T_NEW :
							 NFCT_T_UPDATE;
	case IPCTNL_MSG_CT_DELETE:
		return NFCT_T_DESTROY;
	default:
		return NFCT_T_UNKNOWN;
	}
}

const char *ctview_name(int event)
{
	switch (event) {
	case NFCT_T_NEW:
		return "new";
	case NFCT_T_UPDATE:
		return "update";
	case NFCT_T_DESTROY:
		return "destroy";
	default:
		return "unknown";
	}
}

/* The attributes of one direction. */
struct direction {
	const char *tuple;
	const char *counters;
	enum nf_conntrack_attr src4, dst4, src6, dst6, sport, dport;
	enum nf_conntrack_attr packets, bytes;
};

static const struct direction orig = {
	.tuple		= "tuple-orig",
	.counters	= "counters-orig",
	.src4		= ATTR_ORIG_IPV4_SRC,
	.dst4		= ATTR_ORIG_IPV4_DST,
	.src6		= ATTR_ORIG_IPV6_SRC,
	.dst6		= ATTR_ORIG_IPV6_DST,
	.sport		= ATTR_ORIG_PORT_SRC,
	.dport		= ATTR_ORIG_PORT_DST,
	.packets	= ATTR_ORIG_COUNTER_PACKETS,
	.bytes		= ATTR_ORIG_COUNTER_BYTES,
};

static const struct direction reply = {
	.tuple		= "tuple-reply",
	.counters	= "counters-reply",
	.src4		= ATTR_REPL_IPV4_SRC,
	.dst4		= ATTR_REPL_IPV4_DST,
	.src6		= ATTR_REPL_IPV6_SRC,
	.dst6		= ATTR_REPL_IPV6_DST,
	.sport		= ATTR_REPL_PORT_SRC,
	.dport		= ATTR_REPL_PORT_DST,
	.packets	= ATTR_REPL_COUNTER_PACKETS,
	.bytes		= ATTR_REPL_COUNTER_BYTES,
};

static void add_addr(json_t *doc, const char *key,
		     const struct nf_conntrack *ct, int family,
		     enum nf_conntrack_attr attr)
{
	char text[INET6_ADDRSTRLEN];

	if (nfct_attr_is_set(ct, attr) > 0 &&
	    inet_ntop(family, nfct_get_attr(ct, attr), text, sizeof(text)))
		json_object_set_new(doc, key, json_string(text));
}

/* How an attribute is stored; ports are in network byte order. */
enum width { U8, U16, BE16, U32, U64 };

static uint64_t get_number(const struct nf_conntrack *ct,
			   enum nf_conntrack_attr attr, enum width width)
{
	switch (width) {
	case U8:
		return nfct_get_attr_u8(ct, attr);
	case U16:
		return nfct_get_attr_u16(ct, attr);
	case BE16:
		return ntohs(nfct_get_attr_u16(ct, attr));
	case U32:
		return nfct_get_attr_u32(ct, attr);
	default:
		return nfct_get_attr_u64(ct, attr);
	}
}

static void add_number(json_t *doc, const char *key,
		       const struct nf_conntrack *ct,
		       enum nf_conntrack_attr attr, enum width width)
{
	json_int_t number;

	if (nfct_attr_is_set(ct, attr) <= 0)
		return;
	number = (json_int_t)get_number(ct, attr, width);
	json_object_set_new(doc, key, json_integer(number));
}

/* Adds @part if there is anything in it. */
static void add_part(json_t *doc, const char *key, json_t *part)
{
	if (json_object_size(part))
		json_object_set_new(doc, key, part);
	else
		json_decref(part);
}

static void add_direction(json_t *doc, const struct nf_conntrack *ct,
			  const struct direction *dir)
{
	json_t *tuple = json_object(), *counters = json_object();

	add_addr(tuple, "src", ct, AF_INET, dir->src4);
	add_addr(tuple, "dst", ct, AF_INET, dir->dst4);
	add_addr(tuple, "src", ct, AF_INET6, dir->src6);
	add_addr(tuple, "dst", ct, AF_INET6, dir->dst6);
	add_number(tuple, "sport", ct, dir->sport, BE16);
	add_number(tuple, "dport", ct, dir->dport, BE16);
	add_part(doc, dir->tuple, tuple);
	add_number(counters, "packets", ct, dir->packets, U64);
	add_number(counters, "bytes", ct, dir->bytes, U64);
	add_part(doc, dir->counters, counters);
}

static void add_protocol(json_t *doc, const struct nf_conntrack *ct)
{
	const char *family = "unknown", *name;
	char number[8];

	if (nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO) == AF_INET)
		family = "ipv4";
	else if (nfct_get_attr_u8(ct, ATTR_ORIG_L3PROTO) == AF_INET6)
		family = "ipv6";
	json_object_set_new(doc, "family", json_string(family));
	name = ipview_proto(nfct_get_attr_u8(ct, ATTR_ORIG_L4PROTO), number,
			    sizeof(number));
	json_object_set_new(doc, "protocol", json_string(name));
}

/* nf-ct-status of Documentation/netlink/specs/conntrack.yaml, by bit. */
static const char * const status_names[] = {
	"expected", "seen-reply", "assured", "confirmed", "src-nat", "dst-nat",
	"seq-adj", "src-nat-done", "dst-nat-done", "dying", "fixed-timeout",
	"template", "nat-clash", "helper", "offload", "hw-offload",
};

static void add_status(json_t *doc, const struct nf_conntrack *ct)
{
	uint32_t status = nfct_get_attr_u32(ct, ATTR_STATUS);
	json_t *list = json_array();
	unsigned int bit;

	for (bit = 0; bit < ARRAY_SIZE(status_names); bit++)
		if (status & 1U << bit)
			json_array_append_new(list,
					      json_string(status_names[bit]));
	json_object_set_new(doc, "status", list);
}

/* enum tcp_conntrack of linux/netfilter/nf_conntrack_tcp.h */
static const char * const tcp_names[] = {
	[TCP_CONNTRACK_NONE]		= "none",
	[TCP_CONNTRACK_SYN_SENT]	= "syn-sent",
	[TCP_CONNTRACK_SYN_RECV]	= "syn-recv",
	[TCP_CONNTRACK_ESTABLISHED]	= "established",
	[TCP_CONNTRACK_FIN_WAIT]	= "fin-wait",
	[TCP_CONNTRACK_CLOSE_WAIT]	= "close-wait",
	[TCP_CONNTRACK_LAST_ACK]	= "last-ack",
	[TCP_CONNTRACK_TIME_WAIT]	= "time-wait",
	[TCP_CONNTRACK_CLOSE]		= "close",
	[TCP_CONNTRACK_LISTEN]		= "syn-sent2",
};

const char *ctview_tcp_state(uint8_t state)
{
	return state < ARRAY_SIZE(tcp_names) ? tcp_names[state] : NULL;
}

static void add_tcp_state(json_t *doc, const struct nf_conntrack *ct)
{
	const char *name;

	if (nfct_attr_is_set(ct, ATTR_TCP_STATE) <= 0)
		return;
	name = ctview_tcp_state(nfct_get_attr_u8(ct, ATTR_TCP_STATE));
	if (name)
		json_object_set_new(doc, "tcp-state", json_string(name));
}

static void add_icmp(json_t *doc, const struct nf_conntrack *ct)
{
	json_t *icmp = json_object();

	add_number(icmp, "type", ct, ATTR_ICMP_TYPE, U8);
	add_number(icmp, "code", ct, ATTR_ICMP_CODE, U8);
	add_number(icmp, "id", ct, ATTR_ICMP_ID, BE16);
	add_part(doc, "icmp", icmp);
}

static void add_times(json_t *doc, const struct nf_conntrack *ct)
{
	json_t *times = json_object();

	add_number(times, "start", ct, ATTR_TIMESTAMP_START, U64);
	add_number(times, "stop", ct, ATTR_TIMESTAMP_STOP, U64);
	add_part(doc, "timestamp", times);
}

json_t *ctview_json(int event, const struct nf_conntrack *ct)
{
	json_t *doc = json_pack("{s:s}", "event", ctview_name(event));

	if (!doc)
		return NULL;
	add_protocol(doc, ct);
	add_direction(doc, ct, &orig);
	add_direction(doc, ct, &reply);
	add_icmp(doc, ct);
	add_tcp_state(doc, ct);
	if (nfct_attr_is_set(ct, ATTR_STATUS) > 0)
		add_status(doc, ct);
	add_number(doc, "timeout", ct, ATTR_TIMEOUT, U32);
	add_number(doc, "mark", ct, ATTR_MARK, U32);
	add_number(doc, "zone", ct, ATTR_ZONE, U16);
	add_number(doc, "id", ct, ATTR_ID, U32);
	add_times(doc, ct);
	return doc;
}
