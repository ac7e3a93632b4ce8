/* SPDX-License-Identifier: GPL-2.0 */
/* Rules that look at the reverse path, and packets for them. */
#ifndef _RPFILTER_LIB_H
#define _RPFILTER_LIB_H

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_rpf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>

#define TABLE		"rpf"
#define CHAIN		"c"
#define BATCH_SIZE	65536
#define MAX_RULES	64
#define WAIT_MS		2000

/* Ports of the packets */
#define SPORT		1111
#define DPORT		2222

#define CLASS(name)	(1u << NF_RPF_##name)
#define MODE_STRICT	(CLASS(EXEMPT) | CLASS(STRICT))
#define MODE_FEASIBLE	(MODE_STRICT | CLASS(FEASIBLE))
#define MODE_LOOSE	(MODE_FEASIBLE | CLASS(LOOSE))

/* One netlink batch of nf_tables */
struct batch {
	char			buf[BATCH_SIZE];
	struct mnl_nlmsg_batch	*b;
	int			family;
	unsigned int		seq;
};

static inline struct nlmsghdr *batch_msg(struct batch *batch, int type,
					 int flags, int family, int res_id)
{
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;

	nlh = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch->b));
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++batch->seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(res_id);

	return nlh;
}

static inline void batch_begin(struct batch *batch, int family)
{
	batch->family = family;
	batch->seq = 0;
	batch->b = mnl_nlmsg_batch_start(batch->buf, sizeof(batch->buf));
	batch_msg(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC,
		  NFNL_SUBSYS_NFTABLES);
	mnl_nlmsg_batch_next(batch->b);
}

static inline struct nlmsghdr *batch_put(struct batch *batch, int type,
					 int flags)
{
	return batch_msg(batch, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
			 batch->family, 0);
}

/* Returns 0, or -1 and errno of the first message that was refused. */
static inline int batch_commit(struct batch *batch, struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	ssize_t len;

	nlh = batch_msg(batch, NFNL_MSG_BATCH_END, NLM_F_ACK, AF_UNSPEC,
			NFNL_SUBSYS_NFTABLES);
	nlh->nlmsg_seq = 0;
	mnl_nlmsg_batch_next(batch->b);
	len = mnl_socket_sendto(nl, mnl_nlmsg_batch_head(batch->b),
				mnl_nlmsg_batch_size(batch->b));
	mnl_nlmsg_batch_stop(batch->b);
	if (len < 0)
		return -1;

	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0)
		return -1;

	return mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0 ? -1 : 0;
}

static inline struct nlattr *expr_begin(struct nlmsghdr *nlh, const char *name,
					struct nlattr **elem)
{
	*elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, name);

	return mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
}

static inline void expr_end(struct nlmsghdr *nlh, struct nlattr *data,
			    struct nlattr *elem)
{
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, elem);
}

static inline void put_counter(struct nlmsghdr *nlh)
{
	struct nlattr *elem, *data = expr_begin(nlh, "counter", &elem);

	expr_end(nlh, data, elem);
}

/* What of the packet @key is, to the register */
static inline void put_meta(struct nlmsghdr *nlh, uint32_t key)
{
	struct nlattr *elem, *data = expr_begin(nlh, "meta", &elem);

	mnl_attr_put_u32(nlh, NFTA_META_DREG, htonl(NFT_REG32_00));
	mnl_attr_put_u32(nlh, NFTA_META_KEY, htonl(key));
	expr_end(nlh, data, elem);
}

/* The same for fib */
static inline void put_fib(struct nlmsghdr *nlh, uint32_t result,
			   uint32_t flags)
{
	struct nlattr *elem, *data = expr_begin(nlh, "fib", &elem);

	mnl_attr_put_u32(nlh, NFTA_FIB_DREG, htonl(NFT_REG32_00));
	mnl_attr_put_u32(nlh, NFTA_FIB_RESULT, htonl(result));
	mnl_attr_put_u32(nlh, NFTA_FIB_FLAGS, htonl(flags));
	expr_end(nlh, data, elem);
}

/* Go on if the register is @value, of @len bytes. */
static inline void put_cmp(struct nlmsghdr *nlh, const void *value, size_t len)
{
	struct nlattr *elem, *data = expr_begin(nlh, "cmp", &elem);
	struct nlattr *nest;

	mnl_attr_put_u32(nlh, NFTA_CMP_SREG, htonl(NFT_REG32_00));
	mnl_attr_put_u32(nlh, NFTA_CMP_OP, htonl(NFT_CMP_EQ));
	nest = mnl_attr_nest_start(nlh, NFTA_CMP_DATA);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(nlh, nest);
	expr_end(nlh, data, elem);
}

static inline void put_match(struct nlmsghdr *nlh, uint32_t revision,
			     const void *info, size_t len)
{
	struct nlattr *elem, *data = expr_begin(nlh, "match", &elem);

	mnl_attr_put_strz(nlh, NFTA_MATCH_NAME, "rpfilter");
	mnl_attr_put_u32(nlh, NFTA_MATCH_REV, htonl(revision));
	mnl_attr_put(nlh, NFTA_MATCH_INFO, len, info);
	expr_end(nlh, data, elem);
}

static inline struct nlattr *rule_begin(struct batch *batch,
					struct nlmsghdr **nlh)
{
	*nlh = batch_put(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	mnl_attr_put_strz(*nlh, NFTA_RULE_TABLE, TABLE);
	mnl_attr_put_strz(*nlh, NFTA_RULE_CHAIN, CHAIN);

	return mnl_attr_nest_start(*nlh, NFTA_RULE_EXPRESSIONS);
}

static inline void rule_end(struct batch *batch, struct nlmsghdr *nlh,
			    struct nlattr *exprs)
{
	put_counter(nlh);
	mnl_attr_nest_end(nlh, exprs);
	mnl_nlmsg_batch_next(batch->b);
}

/* A rule for packets of make_packet(), others are about as well. */
static inline struct nlattr *udp_rule_begin(struct batch *batch,
					    struct nlmsghdr **nlh)
{
	struct nlattr *exprs = rule_begin(batch, nlh);
	uint8_t udp = IPPROTO_UDP;

	put_meta(*nlh, NFT_META_L4PROTO);
	put_cmp(*nlh, &udp, sizeof(udp));

	return exprs;
}

/* A table of one base chain, of a device in the family NETDEV; not any more
 * what was there
 */
static inline void put_chain_dev(struct batch *batch, int hook,
				 const char *dev)
{
	int types[] = { NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE };
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		nlh = batch_put(batch, types[i],
				types[i] == NFT_MSG_NEWTABLE ? NLM_F_CREATE :
							       0);
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, TABLE);
		mnl_nlmsg_batch_next(batch->b);
	}
	nlh = batch_put(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, CHAIN);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, "filter");
	nest = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(hook));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl(0));
	if (dev)
		mnl_attr_put_strz(nlh, NFTA_HOOK_DEV, dev);
	mnl_attr_nest_end(nlh, nest);
	mnl_nlmsg_batch_next(batch->b);
}

static inline void put_chain(struct batch *batch, int hook)
{
	put_chain_dev(batch, hook, NULL);
}

/* Packets that reached the end of each rule, in the order of the rules */
struct counters {
	uint64_t	packets[MAX_RULES];
	unsigned int	count;
};

static inline uint64_t counter_packets(const struct nlattr *elem)
{
	const struct nlattr *attr, *data;

	mnl_attr_for_each_nested(data, elem) {
		if (mnl_attr_get_type(data) != NFTA_EXPR_DATA)
			continue;
		mnl_attr_for_each_nested(attr, data)
			if (mnl_attr_get_type(attr) == NFTA_COUNTER_PACKETS)
				return be64toh(mnl_attr_get_u64(attr));
	}

	return 0;
}

static inline int counters_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *elem, *last = NULL;
	struct counters *counters = arg;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_RULE_EXPRESSIONS)
			continue;
		mnl_attr_for_each_nested(elem, attr)
			last = elem;
	}
	if (last && counters->count < MAX_RULES)
		counters->packets[counters->count++] = counter_packets(last);

	return MNL_CB_OK;
}

/* Returns 0 or -1 and errno. */
static inline int counters_read(struct mnl_socket *nl, int family,
				struct counters *counters)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;
	ssize_t len;
	int ret;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, TABLE);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;

	counters->count = 0;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -1;
		ret = mnl_cb_run(buf, len, 0, 0, counters_cb, counters);
	} while (ret > 0);

	return ret;
}

/* Returns the length of the header, 0 if an address is none. */
static inline size_t make_header(void *buf, int family, const char *src,
				 const char *dst, uint8_t protocol,
				 size_t payload)
{
	struct ip6_hdr ip6 = {
		.ip6_plen = htons(payload),
		.ip6_nxt  = protocol,
		.ip6_hlim = 64,
	};
	struct iphdr ip = {
		.version  = 4,
		.ihl	  = sizeof(ip) / 4,
		.tot_len  = htons(sizeof(ip) + payload),
		.ttl	  = 64,
		.protocol = protocol,
	};
	uint16_t words[sizeof(ip) / 2];
	uint32_t sum = 0;
	unsigned int i;

	if (family == NFPROTO_IPV6) {
		ip6.ip6_vfc = 6 << 4;
		if (inet_pton(AF_INET6, src, &ip6.ip6_src) != 1 ||
		    inet_pton(AF_INET6, dst, &ip6.ip6_dst) != 1)
			return 0;
		memcpy(buf, &ip6, sizeof(ip6));
		return sizeof(ip6);
	}

	if (inet_pton(AF_INET, src, &ip.saddr) != 1 ||
	    inet_pton(AF_INET, dst, &ip.daddr) != 1)
		return 0;
	memcpy(words, &ip, sizeof(ip));
	for (i = 0; i < ARRAY_SIZE(words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = ~(sum + (sum >> 16));
	memcpy(buf, &ip, sizeof(ip));
	return sizeof(ip);
}

/* Returns the length of the packet, 0 if an address is none. */
static inline size_t make_packet(void *buf, int family, const char *src,
				 const char *dst)
{
	struct udphdr udp = {
		.source	= htons(SPORT),
		.dest	= htons(DPORT),
		.len	= htons(sizeof(udp)),
	};
	size_t len = make_header(buf, family, src, dst, IPPROTO_UDP,
				 sizeof(udp));

	if (!len)
		return 0;
	memcpy(buf + len, &udp, sizeof(udp));

	return len + sizeof(udp);
}

/* A device that is a file: IFF_TUN or IFF_TAP. Returns the file, or -1. */
static inline int tun_open(const char *name, int type)
{
	struct ifreq ifr = { .ifr_flags = type | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}

	return fd;
}

#endif /* _RPFILTER_LIB_H */
