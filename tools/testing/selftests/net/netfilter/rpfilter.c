// SPDX-License-Identifier: GPL-2.0
/* What the reverse path of a packet is, for rules of iptables and nftables.
 *
 * Packets enter through the devices a, b and c, which are files of this
 * process. There is a rule for each class, by xt_rpfilter and by nft_fib, and
 * one for each way to say that a packet is valid.
 */

#define _GNU_SOURCE

#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "rpfilter_lib.h"

#define MARK		7
#define DEVICES		3

#define CLASSES		NF_RPF_MAX

static const uint32_t modes[] = { MODE_STRICT, MODE_FEASIBLE, MODE_LOOSE };

/* What both front ends can be told */
#define F_MARK		0x1
#define F_NO_DEFAULT	0x2
#define F_ACCEPT_LOCAL	0x4
#define F_L4		0x8
/* What makes a fib expression a reverse path lookup */
#define F_FIB		(F_NO_DEFAULT | F_ACCEPT_LOCAL | F_L4)

FIXTURE(rpf) {
	struct mnl_socket *nl;
	int fds[DEVICES];
	const char *vrf;
	enum nf_rpf_class second;	/* of ports of a VRF, in its round */
	unsigned int hook;
	bool tap;
	uint8_t dst_mac[ETH_ALEN];
};

FIXTURE_VARIANT(rpf) {
	int family;
	const char *ip;		/* command */
	const char *src;	/* of most packets */
	const char *dst;
	const char *net;	/* of src */
	const char *subnet;	/* of src, in net */
	const char *any;	/* default route */
	const char *gateway[2];
};

FIXTURE_VARIANT_ADD(rpf, ipv4) {
	.family	= NFPROTO_IPV4,
	.ip	= "ip -4",
	.src	= "192.0.2.1",
	.dst	= "198.51.100.1",
	.net	= "192.0.2.0/24",
	.subnet	= "192.0.2.0/28",
	.any	= "0.0.0.0/0",
	.gateway = { "203.0.113.1", "203.0.113.2" },
};

FIXTURE_VARIANT_ADD(rpf, ipv6) {
	.family	= NFPROTO_IPV6,
	.ip	= "ip -6",
	.src	= "2001:db8:1::1",
	.dst	= "2001:db8:2::1",
	.net	= "2001:db8:1::/48",
	.subnet	= "2001:db8:1::/64",
	.any	= "::/0",
	.gateway = { "fe80::a", "fe80::b" },
};

#define SELF	FIXTURE_DATA(rpf)
#define VARIANT	FIXTURE_VARIANT(rpf)

/* Returns the exit status of a shell command. */
static int run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);

	return system(command);
}

/* One command of ip(8) of the family */
#define IP(fmt, ...) \
	ASSERT_EQ(0, run("%s " fmt, variant->ip, ##__VA_ARGS__))

static int sysctl_write(const char *name, const char *value)
{
	return run("sysctl -qw %s=%s", name, value);
}

static struct xt_rpfilter_info_v1 xt_info(const SELF *self, uint32_t flags,
					  uint32_t classes)
{
	struct xt_rpfilter_info_v1 info = { .classes = classes };

	if (flags & F_MARK)
		info.flags |= XT_RPFILTER_VALID_MARK;
	if (flags & F_NO_DEFAULT)
		info.flags |= XT_RPFILTER_NO_DEFAULT;
	if (flags & F_ACCEPT_LOCAL)
		info.flags |= XT_RPFILTER_ACCEPT_LOCAL;
	if (flags & F_L4)
		info.flags |= XT_RPFILTER_L4;
	if (self->vrf)
		snprintf(info.vrf, sizeof(info.vrf), "%s", self->vrf);

	return info;
}

static uint32_t fib_flags(uint32_t flags)
{
	uint32_t ret = NFTA_FIB_F_SADDR;

	if (flags & F_MARK)
		ret |= NFTA_FIB_F_MARK;
	if (flags & F_NO_DEFAULT)
		ret |= NFTA_FIB_F_NO_DEFAULT;
	if (flags & F_ACCEPT_LOCAL)
		ret |= NFTA_FIB_F_ACCEPT_LOCAL;
	if (flags & F_L4)
		ret |= NFTA_FIB_F_L4;

	return ret;
}

static void put_xt_rule(struct batch *batch, struct xt_rpfilter_info_v1 info)
{
	struct nlmsghdr *nlh;
	struct nlattr *exprs = udp_rule_begin(batch, &nlh);

	put_match(nlh, 1, &info, sizeof(info));
	rule_end(batch, nlh, exprs);
}

static void put_class_rule(struct batch *batch, uint32_t flags, uint32_t class)
{
	struct nlmsghdr *nlh;
	struct nlattr *exprs = udp_rule_begin(batch, &nlh);

	put_fib(nlh, NFT_FIB_RESULT_RPF, flags | NFTA_FIB_F_IIF);
	put_cmp(nlh, &class, sizeof(class));
	rule_end(batch, nlh, exprs);
}

static void put_present_rule(struct batch *batch, uint32_t flags)
{
	struct nlmsghdr *nlh;
	struct nlattr *exprs = udp_rule_begin(batch, &nlh);
	uint8_t present = 1;

	put_fib(nlh, NFT_FIB_RESULT_OIF, flags | NFTA_FIB_F_PRESENT);
	put_cmp(nlh, &present, sizeof(present));
	rule_end(batch, nlh, exprs);
}

/* A rule that counts all packets, and rules as in rules_expected() */
static int put_rules(SELF *self, const VARIANT *variant, uint32_t flags)
{
	struct xt_rpfilter_info_v1 info;
	static struct batch batch;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;
	uint32_t class;
	unsigned int i;

	batch_begin(&batch, variant->family);
	put_chain(&batch, self->hook);
	exprs = udp_rule_begin(&batch, &nlh);
	rule_end(&batch, nlh, exprs);

	for (class = 1; class <= CLASSES; class++) {
		put_class_rule(&batch, fib_flags(flags), class);
		put_xt_rule(&batch, xt_info(self, flags, 1u << class));
	}
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		info = xt_info(self, flags, modes[i]);
		put_xt_rule(&batch, info);
		info.flags |= XT_RPFILTER_INVERT;
		put_xt_rule(&batch, info);
	}
	put_present_rule(&batch, fib_flags(flags) | NFTA_FIB_F_IIF |
				 NFTA_FIB_F_FEASIBLE);
	/* without a flag, it would not be a reverse path lookup */
	if (flags & F_FIB) {
		put_present_rule(&batch, fib_flags(flags) | NFTA_FIB_F_IIF);
		put_present_rule(&batch, fib_flags(flags));
	}

	return batch_commit(&batch, self->nl);
}

/* Which of put_rules() match packets of @class, returns their number. */
static unsigned int rules_expected(bool *match, uint32_t flags, uint32_t class)
{
	uint32_t bit = 1u << class, c;
	unsigned int i, n = 0;

	for (c = 1; c <= CLASSES; c++) {
		match[n++] = c == class;
		match[n++] = c == class;
	}
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		match[n++] = modes[i] & bit;
		match[n++] = !(modes[i] & bit);
	}
	match[n++] = MODE_FEASIBLE & bit;
	if (flags & F_FIB) {
		match[n++] = MODE_STRICT & bit;
		match[n++] = MODE_LOOSE & bit;
	}

	return n;
}

static int send_packet(SELF *self, const VARIANT *variant, char dev,
		       const char *src, const char *dst)
{
	struct ether_header eth = {
		.ether_shost = { 2, 0, 0, 0, 0, 1 },
		.ether_type = htons(variant->family == NFPROTO_IPV4 ?
				    ETHERTYPE_IP : ETHERTYPE_IPV6),
	};
	size_t head = self->tap ? sizeof(eth) : 0, len;
	char buf[256];

	memcpy(eth.ether_dhost, self->dst_mac, ETH_ALEN);
	memcpy(buf, &eth, head);
	len = make_packet(buf + head, variant->family, src, dst);
	if (!len)
		return -1;
	len += head;

	return write(self->fds[dev - 'a'], buf, len) == (ssize_t)len ? 0 : -1;
}

/* Wait until the first rule of the table has counted @packets. Returns 0 or -1.
 */
static int wait_counters(SELF *self, int family, unsigned int packets,
			 struct counters *counters)
{
	unsigned int ms;

	for (ms = 0; ms < WAIT_MS; ms++) {
		if (counters_read(self->nl, family, counters))
			return -1;
		if (counters->packets[0] >= packets)
			return 0;
		usleep(1000);
	}

	return -1;
}

static int wait_packets(SELF *self, const VARIANT *variant,
			unsigned int packets, struct counters *counters)
{
	return wait_counters(self, variant->family, packets, counters);
}

static void expect_class(struct __test_metadata *_metadata, SELF *self,
			 const VARIANT *variant, char dev, const char *src,
			 const char *dst, uint32_t flags,
			 enum nf_rpf_class class)
{
	unsigned int packets = self->second ? 2 : 1, i, n;
	bool match[MAX_RULES], second[MAX_RULES] = {};
	struct counters counters;

	ASSERT_EQ(0, put_rules(self, variant, flags));
	ASSERT_EQ(0, send_packet(self, variant, dev, src, dst));
	ASSERT_EQ(0, wait_packets(self, variant, packets, &counters)) {
		TH_LOG("%s from %c: no packet", src, dev);
	}
	n = rules_expected(match, flags, class);
	if (self->second)
		rules_expected(second, flags, self->second);
	ASSERT_EQ(1 + n, counters.count);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(match[i] + second[i], counters.packets[1 + i]) {
			TH_LOG("%s from %c, flags %x: not class %u, rule %u",
			       src, dev, flags, class, i);
		}
	}
}

/* The class of a packet, which enters by dev */
#define EXPECT_SRC(dev, src, dst, flags, class)				\
	expect_class(_metadata, self, variant, dev, src, dst, flags,	\
		     NF_RPF_##class)

#define EXPECT_CLASS(dev, flags, class)					\
	EXPECT_SRC(dev, variant->src, variant->dst, flags, class)

/* Returns 0, -EOPNOTSUPP without either of the front ends, or -errno. */
static int probe(SELF *self, const VARIANT *variant)
{
	if (!put_rules(self, variant, 0))
		return 0;

	return errno == ENOENT ? -EOPNOTSUPP : -errno;
}

static int open_devices(SELF *self, int type)
{
	char name[2] = "";
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		name[0] = 'a' + i;
		self->fds[i] = tun_open(name, type);
		if (self->fds[i] < 0)
			return -1;
	}
	self->tap = type == IFF_TAP;

	return run("for d in a b c; do ip link set dev $d up || exit; done");
}

FIXTURE_SETUP(rpf)
{
	int err;

	if (geteuid())
		SKIP(return, "needs root");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	if (run("ip link set lo up"))
		SKIP(return, "needs ip(8)");
	self->hook = NF_INET_PRE_ROUTING;
	self->nl = mnl_socket_open(NETLINK_NETFILTER);
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, mnl_socket_bind(self->nl, 0, MNL_SOCKET_AUTOPID));

	err = probe(self, variant);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no rpfilter revision 1, or no such fib result");
	ASSERT_EQ(0, err);

	sysctl_write("net.ipv4.conf.all.rp_filter", "0");
	sysctl_write("net.ipv4.conf.default.rp_filter", "0");
	sysctl_write("net.ipv6.conf.default.accept_dad", "0");
	if (open_devices(self, IFF_TUN))
		SKIP(return, "no tun devices");
}

FIXTURE_TEARDOWN(rpf)
{
	if (self->nl)
		mnl_socket_close(self->nl);
}

TEST_F(rpf, one_route)
{
	IP("route add %s dev a", variant->net);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, LOOSE);
	EXPECT_CLASS('a', F_NO_DEFAULT, STRICT);

	IP("route del %s dev a", variant->net);
	EXPECT_CLASS('a', 0, NONE);
}

/* IPv6 has no nexthops that are only a device. */
static void add_gateways(struct __test_metadata *_metadata,
			 const VARIANT *variant)
{
	IP("route add %s dev a", variant->gateway[0]);
	IP("route add %s dev b", variant->gateway[1]);
}

TEST_F(rpf, multipath)
{
	add_gateways(_metadata, variant);
	IP("route add %s nexthop via %s dev a nexthop via %s dev b",
	   variant->net, variant->gateway[0], variant->gateway[1]);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, STRICT);
	EXPECT_CLASS('c', 0, LOOSE);
}

TEST_F(rpf, nexthop_group)
{
	add_gateways(_metadata, variant);
	IP("nexthop add id 1 via %s dev a", variant->gateway[0]);
	IP("nexthop add id 2 via %s dev b", variant->gateway[1]);
	ASSERT_EQ(0, run("ip nexthop add id 3 group 1/2"));
	IP("route add %s nhid 3", variant->net);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, STRICT);
	EXPECT_CLASS('c', 0, LOOSE);

	IP("nexthop add id 4 dev c");
	IP("route add %s nhid 4 metric 9999", variant->net);
	EXPECT_CLASS('c', 0, FEASIBLE);
}

TEST_F(rpf, two_metrics)
{
	IP("route add %s dev a metric 10", variant->net);
	IP("route add %s dev b metric 20", variant->net);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, FEASIBLE);
	EXPECT_CLASS('c', 0, LOOSE);

	if (variant->family == NFPROTO_IPV4) {
		/* for packets of another DSCP */
		IP("route add %s dev c tos 0x10 metric 5", variant->net);
		EXPECT_CLASS('c', 0, LOOSE);
	}

	IP("route del %s dev b metric 20", variant->net);
	EXPECT_CLASS('b', 0, LOOSE);
}

/* A route to a shorter prefix is no feasible path. */
TEST_F(rpf, more_specific)
{
	IP("route add %s dev a", variant->subnet);
	IP("route add %s dev b", variant->net);
	IP("route add %s dev c", variant->any);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, LOOSE);
	EXPECT_CLASS('c', 0, LOOSE);
}

TEST_F(rpf, default_route)
{
	IP("route add %s dev a metric 10", variant->any);
	IP("route add %s dev b metric 20", variant->any);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, FEASIBLE);
	EXPECT_CLASS('c', 0, LOOSE);
	EXPECT_CLASS('a', F_NO_DEFAULT, DEFAULT);
	EXPECT_CLASS('b', F_NO_DEFAULT, DEFAULT);
	EXPECT_CLASS('c', F_NO_DEFAULT, DEFAULT);
}

TEST_F(rpf, drop_nexthop)
{
	static const char * const types[] = {
		"blackhole", "prohibit", "unreachable",
	};
	unsigned int i;

	IP("route add %s dev a", variant->net);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		IP("route add %s %s", types[i], variant->subnet);
		EXPECT_CLASS('a', 0, DROP_NEXTHOP);
		IP("route del %s %s", types[i], variant->subnet);
	}

	IP("nexthop add id 1 blackhole");
	IP("route add %s nhid 1", variant->subnet);
	EXPECT_CLASS('a', 0, DROP_NEXTHOP);
	IP("route del %s nhid 1", variant->subnet);

	if (variant->family == NFPROTO_IPV6) {
		/* another way to say it */
		IP("route add %s dev lo", variant->subnet);
		EXPECT_CLASS('a', 0, DROP_NEXTHOP);
		IP("route del %s dev lo", variant->subnet);
	}

	IP("rule add pref 10 blackhole");
	EXPECT_CLASS('a', 0, DROP_NEXTHOP);
	IP("rule add pref 9 prohibit");
	EXPECT_CLASS('a', 0, DROP_NEXTHOP);
}

/* The route of the next rule, or none */
TEST_F(rpf, throw)
{
	IP("route add throw %s", variant->subnet);
	EXPECT_CLASS('a', 0, NONE);
	IP("route del throw %s", variant->subnet);

	IP("route add throw %s table 10", variant->subnet);
	IP("route add %s dev a table 10", variant->net);
	IP("rule add pref 10 table 10");
	EXPECT_CLASS('a', 0, NONE);

	IP("route add %s dev b", variant->any);
	EXPECT_CLASS('a', 0, LOOSE);
	EXPECT_CLASS('b', 0, STRICT);
}

TEST_F(rpf, local)
{
	IP("addr add %s dev a", variant->src);
	EXPECT_CLASS('a', 0, LOCAL);
	EXPECT_CLASS('b', 0, LOCAL);
	EXPECT_CLASS('a', F_ACCEPT_LOCAL, STRICT);
	EXPECT_CLASS('b', F_ACCEPT_LOCAL, LOOSE);
}

TEST_F(rpf, not_unicast)
{
	IP("route add %s dev a", variant->any);
	if (variant->family == NFPROTO_IPV6) {
		/* other multicast does not get as far as that */
		EXPECT_SRC('a', "::", variant->dst, 0, MARTIAN);
		IP("addr add 2001:db8:1::1/64 dev a");
		ASSERT_EQ(0, sysctl_write("net.ipv6.conf.all.forwarding", "1"));
		EXPECT_SRC('a', "2001:db8:1::", variant->dst, 0, MARTIAN);
		return;
	}

	EXPECT_SRC('a', "224.0.0.1", variant->dst, 0, MARTIAN);
	EXPECT_SRC('a', "255.255.255.255", variant->dst, 0, MARTIAN);
	EXPECT_SRC('a', "0.0.0.0", variant->dst, 0, MARTIAN);
	IP("addr add 192.0.2.2/24 broadcast 192.0.2.255 dev a");
	EXPECT_SRC('a', "192.0.2.255", variant->dst, 0, MARTIAN);
}

/* Hosts that do not have an address yet */
TEST_F(rpf, no_address)
{
	if (variant->family == NFPROTO_IPV4) {
		EXPECT_SRC('a', "0.0.0.0", "255.255.255.255", 0, EXEMPT);
		EXPECT_SRC('a', "0.0.0.0", "224.0.0.22", 0, EXEMPT);
		EXPECT_SRC('a', "0.0.0.0", "224.0.1.1", 0, MARTIAN);
	} else {
		EXPECT_SRC('a', "::", "ff02::1:ff00:1", 0, EXEMPT);
		EXPECT_SRC('a', "::", "ff02::16", 0, EXEMPT);
		EXPECT_SRC('a', "::", "ff05::2", 0, MARTIAN);
	}
}

TEST_F(rpf, link_local)
{
	if (variant->family == NFPROTO_IPV4) {
		/* there these are as others */
		IP("route add 169.254.0.0/16 dev a");
		EXPECT_SRC('a', "169.254.0.1", variant->dst, 0, STRICT);
		EXPECT_SRC('b', "169.254.0.1", variant->dst, 0, LOOSE);
		return;
	}

	ASSERT_EQ(0, run("ip addr flush dev c"));
	EXPECT_SRC('a', "fe80::1", "ff02::1", 0, STRICT);
	EXPECT_SRC('b', "fe80::1", "ff02::1", 0, STRICT);
	EXPECT_SRC('c', "fe80::1", "ff02::1", 0, NONE);
}

static int send_loopback(const VARIANT *variant)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(DPORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(DPORT),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	bool ipv4 = variant->family == NFPROTO_IPV4;
	int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0), ret;

	ret = sendto(fd, "x", 1, 0, ipv4 ? (void *)&sin : (void *)&sin6,
		     ipv4 ? sizeof(sin) : sizeof(sin6));
	close(fd);

	return ret == 1 ? 0 : -1;
}

TEST_F(rpf, loopback)
{
	struct counters counters;
	bool match[MAX_RULES];
	unsigned int i, n;

	ASSERT_EQ(0, put_rules(self, variant, 0));
	ASSERT_EQ(0, send_loopback(variant));
	ASSERT_EQ(0, wait_packets(self, variant, 1, &counters));
	n = rules_expected(match, 0, NF_RPF_EXEMPT);
	for (i = 0; i < n; i++)
		EXPECT_EQ(match[i] ? counters.packets[0] : 0,
			  counters.packets[1 + i]);
}

TEST_F(rpf, vrf)
{
	if (run("ip link add vrf0 type vrf table 10"))
		SKIP(return, "no VRF");
	ASSERT_EQ(0, run("ip link set dev vrf0 up"));
	ASSERT_EQ(0, run("ip link set dev a master vrf0"));
	ASSERT_EQ(0, run("ip link set dev b master vrf0"));
	IP("route add %s dev a table 10 metric 10", variant->net);
	IP("route add %s dev b table 10 metric 20", variant->net);
	IP("route add %s dev c", variant->net);

	/* For the VRF, all its ports are as good. */
	self->second = NF_RPF_STRICT;
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, FEASIBLE);
	self->second = 0;
	EXPECT_CLASS('c', 0, STRICT);
}

/* The option is that of rpfilter only. */
TEST_F(rpf, other_vrf)
{
	struct xt_rpfilter_info_v1 info = {
		.classes = CLASS(LOOSE),
		.vrf = "vrf0",
	};
	static struct batch batch;
	struct counters counters;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;

	if (run("ip link add vrf1 type vrf table 10"))
		SKIP(return, "no VRF");
	ASSERT_EQ(0, run("ip link set dev vrf1 up"));
	IP("route add %s dev b table 10", variant->net);

	batch_begin(&batch, variant->family);
	put_chain(&batch, self->hook);
	exprs = udp_rule_begin(&batch, &nlh);
	rule_end(&batch, nlh, exprs);
	put_xt_rule(&batch, info);
	info.classes = CLASS(NONE);
	put_xt_rule(&batch, info);
	ASSERT_EQ(0, batch_commit(&batch, self->nl));

	/* There is none of that name, then there is. */
	ASSERT_EQ(0, send_packet(self, variant, 'a', variant->src,
				 variant->dst));
	ASSERT_EQ(0, wait_packets(self, variant, 1, &counters));
	EXPECT_EQ(0, counters.packets[1]);
	EXPECT_EQ(1, counters.packets[2]);

	ASSERT_EQ(0, run("ip link set dev vrf1 down"));
	ASSERT_EQ(0, run("ip link set dev vrf1 name vrf0 up"));
	IP("route replace %s dev b table 10", variant->net);
	ASSERT_EQ(0, send_packet(self, variant, 'a', variant->src,
				 variant->dst));
	ASSERT_EQ(0, wait_packets(self, variant, 2, &counters));
	EXPECT_EQ(1, counters.packets[1]);
	EXPECT_EQ(1, counters.packets[2]);

	/* One that is none is no better. */
	ASSERT_EQ(0, run("ip link del dev vrf0"));
	ASSERT_EQ(0, run("ip link set dev b down"));
	ASSERT_EQ(0, run("ip link set dev b name vrf0 up"));
	ASSERT_EQ(0, send_packet(self, variant, 'a', variant->src,
				 variant->dst));
	ASSERT_EQ(0, wait_packets(self, variant, 3, &counters));
	EXPECT_EQ(1, counters.packets[1]);
	EXPECT_EQ(2, counters.packets[2]);
}

TEST_F(rpf, mark_rule)
{
	IP("route add %s dev a", variant->net);
	IP("route add %s dev b table 10", variant->net);
	IP("rule add fwmark %d table 10", MARK);
	if (run("nft add table inet m; nft 'add chain inet m c { %s; }'",
		"type filter hook prerouting priority -1") ||
	    run("nft add rule inet m c meta mark set %d", MARK))
		SKIP(return, "needs nft(8)");
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('a', F_MARK, LOOSE);
	EXPECT_CLASS('b', F_MARK, STRICT);
}

/* With @rule, the route is by b. */
static void expect_rule(struct __test_metadata *_metadata, SELF *self,
			const VARIANT *variant, const char *rule)
{
	IP("rule add %s table 10", rule);
	EXPECT_CLASS('a', 0, LOOSE);
	EXPECT_CLASS('b', 0, STRICT);
	IP("rule del %s table 10", rule);
}

/* What a rule can match on without being asked for */
TEST_F(rpf, rule_keys)
{
	char from[128];

	snprintf(from, sizeof(from), "from %s", variant->dst);
	IP("route add %s dev a", variant->net);
	IP("route add %s dev b table 10", variant->net);
	expect_rule(_metadata, self, variant, from);
	expect_rule(_metadata, self, variant, "iif lo");
	expect_rule(_metadata, self, variant, "uidrange 0-0");
}

TEST_F(rpf, no_carrier)
{
	sysctl_write("net.ipv4.conf.all.ignore_routes_with_linkdown", "1");
	sysctl_write("net.ipv6.conf.all.ignore_routes_with_linkdown", "1");
	IP("route add %s dev b", variant->net);
	if (run("ip link set dev b carrier off"))
		SKIP(return, "no carrier to change");
	EXPECT_CLASS('a', 0, LOOSE);
}

/* The reverse flow comes from the port the packet goes to. */
TEST_F(rpf, port_rule)
{
	IP("route add %s dev a", variant->net);
	IP("route add %s dev b table 10", variant->net);
	IP("rule add ipproto udp sport %d dport %d table 10", DPORT, SPORT);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, LOOSE);
	EXPECT_CLASS('b', F_L4, STRICT);

	IP("rule del ipproto udp sport %d dport %d table 10", DPORT, SPORT);
	IP("rule add ipproto udp table 10");
	EXPECT_CLASS('b', 0, STRICT);
}

TEST_F(rpf, suppressed)
{
	IP("route add %s dev a", variant->any);
	IP("route add %s dev b table 10", variant->any);
	IP("rule add pref 10 table 10");
	IP("rule add pref 9 table main suppress_prefixlength 0");
	EXPECT_CLASS('a', 0, LOOSE);
	EXPECT_CLASS('b', 0, STRICT);

	IP("route add %s dev a", variant->net);
	EXPECT_CLASS('a', 0, STRICT);
}

/* To be forwarded, the reverse flow would come from the output device. */
TEST_F(rpf, forward)
{
	self->hook = NF_INET_FORWARD;
	sysctl_write("net.ipv4.ip_forward", "1");
	sysctl_write("net.ipv6.conf.all.forwarding", "1");
	IP("route add %s dev b", variant->dst);
	IP("route add %s dev a table 10", variant->net);
	EXPECT_CLASS('a', 0, NONE);
	IP("rule add iif b table 10");
	EXPECT_CLASS('a', 0, STRICT);
}

TEST_F(rpf, input)
{
	self->hook = NF_INET_LOCAL_IN;
	IP("addr add %s dev b", variant->dst);
	IP("route add %s dev a", variant->net);
	EXPECT_CLASS('a', 0, STRICT);
	EXPECT_CLASS('b', 0, LOOSE);
}

/* What a bridge hands to the IP hooks, and is not for this host */
TEST_F(rpf, bridged)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		close(self->fds[i]);
	ASSERT_EQ(0, open_devices(self, IFF_TAP));
	if (run("modprobe -q br_netfilter; ip link add br0 type bridge") ||
	    sysctl_write("net.bridge.bridge-nf-call-iptables", "1") ||
	    sysctl_write("net.bridge.bridge-nf-call-ip6tables", "1"))
		SKIP(return, "no br_netfilter");
	ASSERT_EQ(0, run("ip link set dev br0 up address 02:00:00:00:00:aa"));
	ASSERT_EQ(0, run("ip link set dev a master br0"));
	ASSERT_EQ(0, run("ip link set dev b master br0"));
	IP("route add %s dev c", variant->net);

	memcpy(self->dst_mac, "\x02\0\0\0\0\x99", ETH_ALEN);
	EXPECT_CLASS('a', 0, EXEMPT);
	memcpy(self->dst_mac, "\x02\0\0\0\0\xaa", ETH_ALEN);
	EXPECT_CLASS('a', 0, LOOSE);
	memcpy(self->dst_mac, "\xff\xff\xff\xff\xff\xff", ETH_ALEN);
	EXPECT_CLASS('a', 0, LOOSE);

	IP("route add %s dev br0 metric 10", variant->subnet);
	EXPECT_CLASS('a', 0, STRICT);

	self->hook = NF_INET_FORWARD;
	memcpy(self->dst_mac, "\x02\0\0\0\0\x99", ETH_ALEN);
	EXPECT_CLASS('a', 0, EXEMPT);

	/* routed, not bridged */
	IP("route del %s dev br0", variant->subnet);
	IP("route add %s dev c", variant->dst);
	sysctl_write("net.ipv4.ip_forward", "1");
	sysctl_write("net.ipv6.conf.all.forwarding", "1");
	memcpy(self->dst_mac, "\x02\0\0\0\0\xaa", ETH_ALEN);
	EXPECT_CLASS('a', 0, LOOSE);
}

static const char esp[] = "proto esp spi 0x100 mode tunnel";
static const char auth[] = "hmac(sha256)";
static const char enc[] = "cbc(aes)";
static const char key[] = "0x0123456789abcdef0123456789abcdef";
static const char state[] =
	"%s xfrm state add src %s dst %s %s auth '%s' %s enc '%s' %s";
static const char policy[] =
	"%s xfrm policy add dir out src %s dst %s tmpl src %s dst %s %s";

/* What both hosts have to know, for packets from @peer */
static int ipsec_state(const VARIANT *variant, const char *ip, const char *peer)
{
	return run(state, ip, peer, variant->dst, esp, auth, key, enc, key);
}

/* A host behind veth that sends from variant->src, by ESP from @peer. */
static int ipsec_peer(const VARIANT *variant, const char *ns, const char *peer)
{
	char ip[64];

	snprintf(ip, sizeof(ip), "ip -n %s", ns);

	return run("ip netns add %s", ns) ||
	       run("ip link add v type veth peer name v netns %s", ns) ||
	       run("ip link set dev v up") ||
	       run("%s addr add %s dev v", variant->ip, variant->dst) ||
	       run("%s route add %s dev v", variant->ip, peer) ||
	       ipsec_state(variant, "ip", peer) ||
	       run("%s link set dev lo up", ip) ||
	       run("%s link set dev v up", ip) ||
	       run("%s addr add %s dev lo", ip, variant->src) ||
	       run("%s addr add %s dev v", ip, peer) ||
	       run("%s route add %s dev v", ip, variant->dst) ||
	       ipsec_state(variant, ip, peer) ||
	       run(policy, ip, variant->src, variant->dst, peer, variant->dst,
		   esp);
}

/* A rule for what came by IPsec */
static void put_secpath_rule(struct batch *batch,
			     const struct xt_rpfilter_info_v1 *info,
			     uint32_t class)
{
	struct nlattr *exprs;
	struct nlmsghdr *nlh;
	uint8_t exists = 1;

	exprs = rule_begin(batch, &nlh);
	put_meta(nlh, NFT_META_SECPATH);
	put_cmp(nlh, &exists, sizeof(exists));
	if (info)
		put_match(nlh, 1, info, sizeof(*info));
	if (class) {
		put_fib(nlh, NFT_FIB_RESULT_RPF,
			NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF);
		put_cmp(nlh, &class, sizeof(class));
	}
	rule_end(batch, nlh, exprs);
}

/* What is within ESP has no route back. */
TEST_F(rpf, ipsec)
{
	const char *peer = variant->family == NFPROTO_IPV4 ? "203.0.113.1" :
							     "2001:db8:3::1";
	struct xt_rpfilter_info_v1 info = {};
	static struct batch batch;
	struct counters counters;
	char ns[32];
	int err;

	snprintf(ns, sizeof(ns), "rpf-%d", getpid());
	err = ipsec_peer(variant, ns, peer);
	if (err) {
		run("ip netns del %s", ns);
		SKIP(return, "no IPsec");
	}

	batch_begin(&batch, variant->family);
	put_chain(&batch, self->hook);
	put_secpath_rule(&batch, NULL, 0);
	info.classes = CLASS(EXEMPT);
	put_secpath_rule(&batch, &info, 0);
	info.classes = CLASS(NONE);
	put_secpath_rule(&batch, &info, 0);
	info.flags = XT_RPFILTER_NO_IPSEC_EXEMPT;
	put_secpath_rule(&batch, &info, 0);
	put_secpath_rule(&batch, NULL, NF_RPF_NONE);
	EXPECT_EQ(0, batch_commit(&batch, self->nl));

	run("ip netns exec %s ping -q -c 1 -W 1 -I %s %s >/dev/null", ns,
	    variant->src, variant->dst);
	EXPECT_EQ(0, wait_packets(self, variant, 1, &counters));
	run("ip netns del %s", ns);
	EXPECT_EQ(counters.packets[0], counters.packets[1]);
	EXPECT_EQ(0, counters.packets[2]);
	EXPECT_EQ(counters.packets[0], counters.packets[3]);
	EXPECT_EQ(counters.packets[0], counters.packets[4]);
}

/* Send a packet from src by a through rules of fib only: of class STRICT, and
 * of all paths that are feasible.
 */
static void expect_family(struct __test_metadata *_metadata, SELF *self,
			  const VARIANT *variant, int family, int hook,
			  const char *dev)
{
	static struct batch batch;
	struct counters counters;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;

	batch_begin(&batch, family);
	put_chain_dev(&batch, hook, dev);
	exprs = udp_rule_begin(&batch, &nlh);
	rule_end(&batch, nlh, exprs);
	put_class_rule(&batch, NFTA_FIB_F_SADDR, NF_RPF_STRICT);
	put_class_rule(&batch, NFTA_FIB_F_SADDR, NF_RPF_LOOSE);
	put_present_rule(&batch, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF |
				 NFTA_FIB_F_FEASIBLE);
	ASSERT_EQ(0, batch_commit(&batch, self->nl));
	ASSERT_EQ(0, send_packet(self, variant, 'a', variant->src,
				 variant->dst));
	ASSERT_EQ(0, wait_counters(self, family, 1, &counters));
	EXPECT_EQ(1, counters.packets[1]);
	EXPECT_EQ(0, counters.packets[2]);
	EXPECT_EQ(1, counters.packets[3]);
}

TEST_F(rpf, inet)
{
	IP("route add %s dev a", variant->net);
	expect_family(_metadata, self, variant, NFPROTO_INET,
		      NF_INET_PRE_ROUTING, NULL);
}

TEST_F(rpf, netdev)
{
	IP("route add %s dev a", variant->net);
	expect_family(_metadata, self, variant, NFPROTO_NETDEV,
		      NF_NETDEV_INGRESS, "a");
}

/* The interface that fib returns: that of the packet, or that of the route */
TEST_F(rpf, interface)
{
	const uint32_t flags = NFTA_FIB_F_SADDR | NFTA_FIB_F_NO_DEFAULT;
	uint32_t a = if_nametoindex("a"), b = if_nametoindex("b");
	static struct batch batch;
	char name[IFNAMSIZ] = "b";
	struct counters counters;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;

	IP("route add %s dev b", variant->net);
	batch_begin(&batch, variant->family);
	put_chain(&batch, self->hook);
	exprs = udp_rule_begin(&batch, &nlh);
	rule_end(&batch, nlh, exprs);
	exprs = udp_rule_begin(&batch, &nlh);
	put_fib(nlh, NFT_FIB_RESULT_OIF, flags);
	put_cmp(nlh, &b, sizeof(b));
	rule_end(&batch, nlh, exprs);
	exprs = udp_rule_begin(&batch, &nlh);
	put_fib(nlh, NFT_FIB_RESULT_OIFNAME, flags);
	put_cmp(nlh, name, sizeof(name));
	rule_end(&batch, nlh, exprs);
	exprs = udp_rule_begin(&batch, &nlh);
	put_fib(nlh, NFT_FIB_RESULT_OIF, flags | NFTA_FIB_F_IIF);
	put_cmp(nlh, &b, sizeof(b));
	rule_end(&batch, nlh, exprs);
	exprs = udp_rule_begin(&batch, &nlh);
	put_fib(nlh, NFT_FIB_RESULT_OIF, flags);
	put_cmp(nlh, &a, sizeof(a));
	rule_end(&batch, nlh, exprs);
	ASSERT_EQ(0, batch_commit(&batch, self->nl));

	ASSERT_EQ(0, send_packet(self, variant, 'a', variant->src,
				 variant->dst));
	ASSERT_EQ(0, send_packet(self, variant, 'b', variant->src,
				 variant->dst));
	ASSERT_EQ(0, wait_packets(self, variant, 2, &counters));
	EXPECT_EQ(2, counters.packets[1]);
	EXPECT_EQ(2, counters.packets[2]);
	EXPECT_EQ(1, counters.packets[3]);
	EXPECT_EQ(0, counters.packets[4]);
}

/* Whether a rule is taken: 0 or the error */
static int try_xt(SELF *self, const VARIANT *variant,
		  struct xt_rpfilter_info_v1 info)
{
	static struct batch batch;

	batch_begin(&batch, variant->family);
	put_chain(&batch, self->hook);
	put_xt_rule(&batch, info);

	return batch_commit(&batch, self->nl) ? errno : 0;
}

static int try_fib(SELF *self, const VARIANT *variant, uint32_t result,
		   uint32_t flags)
{
	static struct batch batch;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;

	batch_begin(&batch, variant->family);
	put_chain(&batch, self->hook);
	exprs = rule_begin(&batch, &nlh);
	put_fib(nlh, result, flags);
	rule_end(&batch, nlh, exprs);

	return batch_commit(&batch, self->nl) ? errno : 0;
}

TEST_F(rpf, xt_refused)
{
	struct xt_rpfilter_info_v1 info = { .classes = MODE_STRICT };

	ASSERT_EQ(0, try_xt(self, variant, info));
	info.flags = XT_RPFILTER_LOOSE;
	EXPECT_EQ(EINVAL, try_xt(self, variant, info));
	info.flags = 1 << 7;
	EXPECT_EQ(EINVAL, try_xt(self, variant, info));
	info.flags = 0;

	info.classes = 0;
	EXPECT_EQ(EINVAL, try_xt(self, variant, info));
	info.classes = CLASS(UNSPEC);
	EXPECT_EQ(EINVAL, try_xt(self, variant, info));
	info.classes = MODE_STRICT | 1u << (CLASSES + 1);
	EXPECT_EQ(EINVAL, try_xt(self, variant, info));
	info.classes = MODE_STRICT;

	memset(info.vrf, 'v', sizeof(info.vrf));
	EXPECT_EQ(ENAMETOOLONG, try_xt(self, variant, info));

	memset(info.vrf, 0, sizeof(info.vrf));
	self->hook = NF_INET_LOCAL_OUT;
	EXPECT_EQ(EINVAL, try_xt(self, variant, info));
}

TEST_F(rpf, fib_refused)
{
	const uint32_t in = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF;
	const uint32_t flags[] = {
		NFTA_FIB_F_FEASIBLE, NFTA_FIB_F_NO_DEFAULT,
		NFTA_FIB_F_ACCEPT_LOCAL, NFTA_FIB_F_L4,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(0, try_fib(self, variant, NFT_FIB_RESULT_OIF,
				     in | flags[i]));
		EXPECT_EQ(0, try_fib(self, variant, NFT_FIB_RESULT_OIFNAME,
				     in | flags[i]));
		EXPECT_EQ(EINVAL, try_fib(self, variant, NFT_FIB_RESULT_OIF,
					  NFTA_FIB_F_DADDR | NFTA_FIB_F_IIF |
					  flags[i]));
		EXPECT_EQ(EINVAL, try_fib(self, variant,
					  NFT_FIB_RESULT_ADDRTYPE,
					  in | flags[i]));
	}
	EXPECT_EQ(EINVAL, try_fib(self, variant, NFT_FIB_RESULT_OIF,
				  NFTA_FIB_F_SADDR | NFTA_FIB_F_FEASIBLE));

	EXPECT_EQ(0, try_fib(self, variant, NFT_FIB_RESULT_RPF, in));
	EXPECT_EQ(EINVAL, try_fib(self, variant, NFT_FIB_RESULT_RPF,
				  NFTA_FIB_F_SADDR));
	EXPECT_EQ(EINVAL, try_fib(self, variant, NFT_FIB_RESULT_RPF,
				  NFTA_FIB_F_DADDR | NFTA_FIB_F_IIF));
	EXPECT_EQ(EINVAL, try_fib(self, variant, NFT_FIB_RESULT_RPF,
				  in | NFTA_FIB_F_FEASIBLE));
	EXPECT_EQ(EINVAL, try_fib(self, variant, NFT_FIB_RESULT_RPF,
				  in | NFTA_FIB_F_PRESENT));
	EXPECT_NE(0, try_fib(self, variant, NFT_FIB_RESULT_RPF + 1, in));
	EXPECT_NE(0, try_fib(self, variant, 256 | NFT_FIB_RESULT_OIF,
			     in | NFTA_FIB_F_FEASIBLE));
	EXPECT_NE(0, try_fib(self, variant, NFT_FIB_RESULT_OIF, in | 1 << 10));
}

TEST_HARNESS_MAIN
