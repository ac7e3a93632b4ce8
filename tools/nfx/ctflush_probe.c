// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does this kernel filter what CT_DELETE deletes?
 *
 * To ask with a filter that matches nothing would not do: a kernel that passes
 * over the filter gives the same answer, and has emptied the table. So this
 * makes entries in a throw-away network namespace, each of which differs in one
 * thing, flushes with filters, and looks which are left.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "ctflush.h"
#include "main.h"
#include "netns.h"

/* Each flush and each dump walks the table of all namespaces. */
#define TIMEOUT_MS	30000
#define LIFE_S		600

/* Type of an attribute that is in no kernel's CTA_FILTER. */
#define UNKNOWN_ATTR	4000

/* Bits of a mark from here on tell the entries apart. */
#define ID_SHIFT	8

#define MARK		1
#define ZONE		1

/*
 * What the filters ask for. Of entries with these ports each has addresses of
 * its own, and of those with these addresses each has ports of its own: two
 * entries cannot have the same tuple.
 */
#define SPORT		1000
#define DPORT		2000
#define SRC		10
#define DST		20

/* An entry that fits one filter, or would if it were not for one thing. */
struct sample {
	bool addrs;		/* those of the filter, else the ports */
	bool ip6, tcp, no_mark, no_reply, assured, other_zone;
	struct delta {
		uint8_t src, dst, sport, dport;
	} delta[CTENTRY_DIRS];
};

/* Of those that fit the filter with ports and mark, and the other filter. */
enum { PORTS_FIT = 0, ADDRS_FIT = 10, SAMPLES = 16 };

static const struct sample samples[SAMPLES] = {
	[PORTS_FIT]	= { .addrs = false },
	[1]		= { .tcp = true },
	[2]		= { .ip6 = true },
	[3]		= { .no_mark = true },
	[4]		= { .no_reply = true },
	[5]		= { .other_zone = true },
	[6]		= { .delta[CTENTRY_ORIG].sport = 1 },
	[7]		= { .delta[CTENTRY_ORIG].dport = 1 },
	[8]		= { .delta[CTENTRY_REPLY].sport = 1 },
	[9]		= { .delta[CTENTRY_REPLY].dport = 1 },
	[ADDRS_FIT]	= { .addrs = true },
	[11]		= { .addrs = true, .assured = true },
	[12]		= { .addrs = true, .delta[CTENTRY_ORIG].src = 1 },
	[13]		= { .addrs = true, .delta[CTENTRY_ORIG].dst = 1 },
	[14]		= { .addrs = true, .delta[CTENTRY_REPLY].src = 1 },
	[15]		= { .addrs = true, .delta[CTENTRY_REPLY].dst = 1 },
};

#define ALL	((1u << SAMPLES) - 1)

/* Documentation addresses: 192.0.2.0/24, 2001:db8::/32. */
static void set_addr(uint8_t *addr, bool ip6, uint8_t last)
{
	static const uint8_t ip6_net[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	static const uint8_t ip4_net[16] = { 192, 0, 2 };

	memcpy(addr, ip6 ? ip6_net : ip4_net, 16);
	addr[ip6 ? 15 : 3] = last;
}

static void set_dir(struct ctentry_dir *dir, unsigned int id, bool reply)
{
	const struct sample *sample = &samples[id];
	const struct delta *delta = &sample->delta[reply];
	uint8_t src = sample->addrs ? SRC : (uint8_t)(100 + id);
	uint8_t dst = sample->addrs ? DST : (uint8_t)(200 + id);
	uint16_t sport = sample->addrs ? (uint16_t)(3000 + id) : SPORT;
	uint16_t dport = sample->addrs ? (uint16_t)(4000 + id) : DPORT;

	set_addr(dir->src, sample->ip6, (reply ? dst : src) + delta->src);
	set_addr(dir->dst, sample->ip6, (reply ? src : dst) + delta->dst);
	dir->sport = (reply ? dport : sport) + delta->sport;
	dir->dport = (reply ? sport : dport) + delta->dport;
}

static void put_tuple(struct nlmsghdr *nlh, unsigned int id, bool reply)
{
	const struct sample *sample = &samples[id];
	unsigned int len = ctentry_addr_len(sample->ip6 ? AF_INET6 : AF_INET);
	struct nlattr *tuple, *nest;
	struct ctentry_dir dir;

	set_dir(&dir, id, reply);
	tuple = mnl_attr_nest_start(nlh, reply ? CTA_TUPLE_REPLY :
						 CTA_TUPLE_ORIG);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put(nlh, sample->ip6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, len,
		     dir.src);
	mnl_attr_put(nlh, sample->ip6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, len,
		     dir.dst);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM,
			sample->tcp ? IPPROTO_TCP : IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(dir.sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dir.dport));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static int add_sample(struct nl *nl, unsigned int id)
{
	const struct sample *sample = &samples[id];
	uint32_t status = IPS_CONFIRMED, mark = (id + 1) << ID_SHIFT;
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	if (!sample->no_reply)
		status |= IPS_SEEN_REPLY;
	if (sample->assured)
		status |= IPS_ASSURED;
	if (!sample->no_mark && !sample->addrs)
		mark |= MARK;
	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_NEW),
		       NLM_F_CREATE | NLM_F_EXCL,
		       sample->ip6 ? AF_INET6 : AF_INET, 0);
	put_tuple(nlh, id, false);
	put_tuple(nlh, id, true);
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(status));
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(LIFE_S));
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(mark));
	mnl_attr_put_u16(nlh, CTA_ZONE, htons(ZONE + sample->other_zone));
	return nl_talk(nl, nlh, NULL, NULL);
}

static int add_samples(struct nl *nl)
{
	unsigned int id;
	int err = 0;

	for (id = 0; id < SAMPLES && !err; id++)
		err = add_sample(nl, id);
	return err;
}

static int take_entry(const struct nlmsghdr *nlh, void *data)
{
	uint32_t *left = data, id;
	struct ctentry entry;

	if (ctentry_parse(nlh, &entry))
		return MNL_CB_OK;
	id = (entry.mark >> ID_SHIFT) - 1;
	if (id < SAMPLES)
		*left |= 1u << id;
	return MNL_CB_OK;
}

/* Are those of @mask left, and no others? */
static bool are_left(struct nl *nl, uint32_t mask)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	uint32_t left = 0;

	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP,
		       AF_UNSPEC, 0);
	return !nl_talk(nl, nlh, take_entry, &left) && left == mask;
}

static int flush(struct nl *nl, const struct ctfilter *filter)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_DELETE), 0,
		       (uint8_t)filter->family, 0);
	ctflush_filter_put(nlh, filter);
	return nl_talk(nl, nlh, NULL, NULL);
}

/* An attribute it does not know inside of CTA_FILTER has to be an error. */
static bool is_strict(struct nl *nl)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_DELETE), 0,
		       AF_UNSPEC, 0);
	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, UNKNOWN_ATTR, 0);
	mnl_attr_nest_end(nlh, nest);
	return nl_talk(nl, nlh, NULL, NULL) == -EINVAL;
}

static void set_ports(struct ctfilter_dir *dir, uint16_t sport, uint16_t dport)
{
	dir->sport = (struct ctfilter_range){ true, sport, sport };
	dir->dport = (struct ctfilter_range){ true, dport, dport };
}

static int flush_ports(struct nl *nl)
{
	struct ctfilter filter = {
		.family = AF_INET, .has_proto = true, .proto = IPPROTO_UDP,
		.mark = MARK, .mark_mask = MARK,
		.status = IPS_SEEN_REPLY, .status_mask = IPS_SEEN_REPLY,
		.has_zone = true, .zone = ZONE,
	};

	set_ports(&filter.dir[CTENTRY_ORIG], SPORT, DPORT);
	set_ports(&filter.dir[CTENTRY_REPLY], DPORT, SPORT);
	return flush(nl, &filter);
}

static void set_addrs(struct ctfilter_dir *dir, uint8_t src, uint8_t dst)
{
	set_addr(dir->src.addr, false, src);
	set_addr(dir->dst.addr, false, dst);
	dir->src.prefixlen = 32;
	dir->dst.prefixlen = 32;
}

/* A status that has to be 0, this time. */
static int flush_addrs(struct nl *nl)
{
	struct ctfilter filter = {
		.family = AF_INET, .status_mask = IPS_ASSURED,
	};

	set_addrs(&filter.dir[CTENTRY_ORIG], SRC, DST);
	set_addrs(&filter.dir[CTENTRY_REPLY], DST, SRC);
	return flush(nl, &filter);
}

static int try_all(struct nl *nl)
{
	int err = add_samples(nl);

	if (err)
		return err;
	if (is_strict(nl) && !flush_ports(nl) &&
	    are_left(nl, ALL & ~(1u << PORTS_FIT)) && !flush_addrs(nl) &&
	    are_left(nl, ALL & ~(1u << PORTS_FIT | 1u << ADDRS_FIT)))
		return 0;
	return -ENOSYS;
}

/* Runs in a namespace of its own. */
static void child(void *data)
{
	struct nl *nl = nl_open(NETLINK_NETFILTER);
	int *err = data;

	*err = nl ? try_all(nl) : -errno;
	nl_close(nl);
}

int ctflush_probe(void)
{
	int result = -EIO, err;
	const struct netns_job job = {
		.func		= child,
		.data		= &result,
		.size		= sizeof(result),
		.timeout_ms	= TIMEOUT_MS,
		.private_ns	= true,
	};

	err = netns_run(&job);
	return err ? err : result;
}
