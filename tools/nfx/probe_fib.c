// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft fib, asked with real packets:
 *
 *   raw socket -> a ---veth--- b -> prerouting: rule 0  saddr TEST counter
 *                                               rule 1  saddr TEST fib counter
 *                                               rule 2  saddr GOOD fib counter
 *
 * fib is "saddr . iif oif exists": the strict reverse path holds. GOOD is a
 * source for which it holds on every kernel: it proves the set-up.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include "lab.h"
#include "main.h"
#include "nft.h"
#include "packet.h"
#include "probes.h"
#include "rtnl.h"

#define SADDR4_OFFSET	12	/* RFC 791 3.1 */
#define SADDR6_OFFSET	8	/* RFC 8200 3 */
#define PREF_MAIN	100
#define PREF_SECOND	200
#define SECOND_TABLE	51

enum { SEEN_TEST, FIB_TEST, FIB_GOOD, RULES };

struct source {
	uint8_t family;		/* NFPROTO_* */
	uint32_t offset;	/* of saddr in the network header */
	uint32_t len;		/* of an address in bytes */
	const void *test;
	const void *good;
};

static int install_rules(struct nl *nf, const struct source *src)
{
	struct nft *nft = nft_begin(nf, src->family);
	int rule;

	if (nft) {
		nft_table(nft);
		nft_chain(nft, "pre", "filter", NF_INET_PRE_ROUTING, -300);
	}
	for (rule = 0; nft && rule < RULES; rule++) {
		nft_rule(nft, "pre");
		nft_match(nft, src->offset,
			  rule == FIB_GOOD ? src->good : src->test, src->len);
		if (rule != SEEN_TEST)
			nft_fib(nft);
		nft_counter(nft);
		nft_end(nft);
	}
	return nft_commit(nft);
}

static int send_from(const struct source *src, const void *saddr)
{
	static const uint8_t daddr6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 };
	uint8_t frame[PACKET_SIZE];
	size_t len;

	if (src->family == NFPROTO_IPV4)
		len = packet_udp4(frame, rtnl_mac_b, *(const uint32_t *)saddr,
				  htonl(0x0a010101));
	else
		len = packet_udp6(frame, rtnl_mac_b, saddr, daddr6);
	return packet_send("a", frame, len);
}

/* Veth delivers in softirq context; give a loaded machine half a second. */
static int count_packets(struct nl *nf, uint8_t family, uint64_t *packets)
{
	int tries, err;

	for (tries = 0; tries < 500; tries++) {
		err = nft_packets(nf, family, packets, RULES);
		if (err || (packets[SEEN_TEST] && packets[FIB_GOOD]))
			return err;
		usleep(1000);
	}
	return 0;
}

/* Returns false when @f has been set to "unknown". */
static bool ask_fib(struct finding *f, const struct source *src,
		    uint64_t *packets)
{
	NL_AUTO nf = lab_open(f, NETLINK_NETFILTER);

	if (!nf)
		return false;
	if (setup_failed(f, install_rules(nf, src), "nft fib rules") ||
	    setup_failed(f, send_from(src, src->good), "a packet") ||
	    setup_failed(f, send_from(src, src->test), "a packet") ||
	    setup_failed(f, count_packets(nf, src->family, packets),
			 "a counter dump"))
		return false;
	if (packets[SEEN_TEST] && packets[FIB_GOOD])
		return true;
	finding_unknown(f, 0, "the test packets did not arrive");
	return false;
}

void probe_fib4_bcast(struct finding *f)
{
	const uint32_t addr = htonl(0x0a010101);
	const uint32_t test = htonl(0x0a0101ff);
	const uint32_t good = htonl(0x0a010107);
	const struct source src = {
		.family	= NFPROTO_IPV4,
		.offset	= SADDR4_OFFSET,
		.len	= sizeof(test),
		.test	= &test,
		.good	= &good,
	};
	NL_AUTO rt = lab_veth(f);
	uint64_t packets[RULES];

	if (!rt || setup_failed(f, rtnl_addr_add(rt, AF_INET, "b", &addr, 24),
				"an address"))
		return;
	if (!ask_fib(f, &src, packets))
		return;
	if (packets[FIB_TEST])
		finding_no(f, 0, "source 10.1.1.255 passed");
	else
		finding_yes(f, "source 10.1.1.255 was rejected");
}

/*
 * The main table has a default route to "a", the second one to "b". With
 * suppress_prefixlength 0 on the first rule the second table decides.
 */
static int second_table(struct nl *rt, const uint8_t *good)
{
	int err;

	err = rtnl_route_add(rt, AF_INET6, RT_TABLE_MAIN, NULL, 0, "a");
	if (!err)
		err = rtnl_route_add(rt, AF_INET6, RT_TABLE_MAIN, good, 128,
				     "b");
	if (!err)
		err = rtnl_route_add(rt, AF_INET6, SECOND_TABLE, NULL, 0, "b");
	if (!err)
		err = rtnl_rule_add(rt, AF_INET6, PREF_MAIN, RT_TABLE_MAIN, 0);
	if (!err)
		err = rtnl_rule_add(rt, AF_INET6, PREF_SECOND, SECOND_TABLE,
				    -1);
	return err;
}

void probe_fib6_suppress(struct finding *f)
{
	static const uint8_t test[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 9 };
	static const uint8_t good[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 8 };
	const struct source src = {
		.family	= NFPROTO_IPV6,
		.offset	= SADDR6_OFFSET,
		.len	= sizeof(test),
		.test	= test,
		.good	= good,
	};
	NL_AUTO rt = lab_veth(f);
	uint64_t packets[RULES];

	if (!rt || setup_failed(f, second_table(rt, good),
				"IPv6 routes and rules"))
		return;
	if (!ask_fib(f, &src, packets))
		return;
	if (packets[FIB_TEST])
		finding_yes(f, "the second table decided");
	else
		finding_no(f, 0, "the suppressed default route decided");
}
