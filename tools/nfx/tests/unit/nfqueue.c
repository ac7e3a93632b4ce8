// SPDX-License-Identifier: GPL-2.0-only
/* Queues: packets read, verdicts written, lines of /proc. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "main.h"
#include "nfqueue.h"
#include "unit.h"

#define PACKET_TYPE	(NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)

static struct nl nl;
static struct nfq_verdicts verdicts;
static char msg[NL_MSG_SIZE] __attribute__((aligned(8)));

static struct nlmsghdr *packet_msg(void)
{
	const struct nfqnl_msg_packet_hdr hdr = {
		.packet_id = htonl(7), .hw_protocol = htons(0x86dd),
		.hook = NF_INET_FORWARD,
	};
	struct nlmsghdr *nlh = nl_nfmsg(&nl, msg, PACKET_TYPE, 0,
					NFPROTO_IPV6, 1);

	mnl_attr_put(nlh, NFQA_PACKET_HDR, sizeof(hdr), &hdr);
	return nlh;
}

static void test_parse(void)
{
	struct nlmsghdr *nlh = packet_msg();
	struct nfq_packet packet;

	ok(!nfq_parse(nlh, &packet) && packet.id == 7 && !packet.payload &&
	   packet.hw_proto == 0x86dd && packet.hook == NF_INET_FORWARD &&
	   packet.family == NFPROTO_IPV6 && !packet.len && !packet.mark,
	   "a packet with its head alone");
	mnl_attr_put_u32(nlh, NFQA_MARK, htonl(0x17));
	mnl_attr_put_u32(nlh, NFQA_IFINDEX_OUTDEV, htonl(3));
	mnl_attr_put(nlh, NFQA_PAYLOAD, 5, "12345");
	ok(!nfq_parse(nlh, &packet) && packet.mark == 0x17 &&
	   packet.outdev == 3 && packet.copied == 5 && packet.len == 5 &&
	   !memcmp(packet.payload, "12345", 5), "a packet with payload");
	mnl_attr_put_u32(nlh, NFQA_CAP_LEN, htonl(1500));
	ok(!nfq_parse(nlh, &packet) && packet.copied == 5 &&
	   packet.len == 1500, "a packet that was cut");
}

static void test_bad(void)
{
	struct nlmsghdr *nlh = packet_msg();
	struct nfq_packet packet;

	mnl_attr_put(nlh, NFQA_MARK, 2, "ab");
	ok(!nfq_parse(nlh, &packet) && !packet.mark, "a mark that is short");
	nlh->nlmsg_type = PACKET_TYPE + 1;
	ok(nfq_parse(nlh, &packet) == -EBADMSG, "another message");
	nlh = nl_nfmsg(&nl, msg, PACKET_TYPE, 0, NFPROTO_IPV6, 1);
	ok(nfq_parse(nlh, &packet) == -EBADMSG, "a packet without its head");
	mnl_attr_put(nlh, NFQA_PACKET_HDR, 4, "abcd");
	ok(nfq_parse(nlh, &packet) == -EBADMSG, "a head that is short");
	nlh = nl_msg(&nl, msg, PACKET_TYPE, 0);
	ok(nfq_parse(nlh, &packet) == -EBADMSG, "no room for anything");
}

static void test_vector(void)
{
	const struct nfqnl_msg_verdict_vec want[] = {
		{ .id = htonl(7), .verdict = htonl(NF_DROP) },
		{ .id = htonl(5), .verdict = htonl(NF_ACCEPT),
		  .mark = htonl(0x17),
		  .flags = htonl(NFQNL_VERDICT_VEC_F_MARK) },
	};
	const struct nlmsghdr *nlh = (void *)verdicts.buf;
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh,
					sizeof(struct nfgenmsg));
	uint32_t mark = 0x17;

	nfq_verdicts_init(&verdicts, &nl, 3, true);
	nfq_verdict(&verdicts, 7, NF_DROP, NULL);
	nfq_verdict(&verdicts, 5, NF_ACCEPT, &mark);
	ok(verdicts.count == 2 && verdicts.len == nlh->nlmsg_len &&
	   mnl_nlmsg_ok(nlh, (int)verdicts.len), "a vector is one message");
	ok(mnl_attr_get_type(attr) == NFQA_VERDICT_VEC &&
	   mnl_attr_get_payload_len(attr) == sizeof(want) &&
	   !memcmp(mnl_attr_get_payload(attr), want, sizeof(want)),
	   "with all verdicts in it");
}

/* The mark of the verdict for @id, which has @verdict; 0 without one. */
static uint32_t mark_of(const struct nlmsghdr *nlh, uint32_t id,
			uint32_t verdict)
{
	const struct nfqnl_msg_verdict_hdr *hdr;
	const struct nlattr *tb[NFQA_MAX + 1];

	nl_attrs(nlh, sizeof(struct nfgenmsg), tb, NFQA_MAX);
	if (!tb[NFQA_VERDICT_HDR])
		return UINT32_MAX;
	hdr = mnl_attr_get_payload(tb[NFQA_VERDICT_HDR]);
	if (hdr->id != htonl(id) || hdr->verdict != htonl(verdict))
		return UINT32_MAX;
	return tb[NFQA_MARK] ? ntohl(mnl_attr_get_u32(tb[NFQA_MARK])) : 0;
}

static void test_singles(void)
{
	const struct nlmsghdr *nlh = (void *)verdicts.buf;
	uint32_t mark = 0x17, n;
	int left;

	nfq_verdicts_init(&verdicts, &nl, 3, false);
	nfq_verdict(&verdicts, 7, NF_DROP, NULL);
	nfq_verdict(&verdicts, 5, NF_ACCEPT, &mark);
	left = (int)verdicts.len;
	ok(mnl_nlmsg_ok(nlh, left) && !mark_of(nlh, 7, NF_DROP),
	   "without vectors each has its message");
	nlh = mnl_nlmsg_next(nlh, &left);
	ok(mnl_nlmsg_ok(nlh, left) && mark_of(nlh, 5, NF_ACCEPT) == mark,
	   "with its own mark");
	for (n = 3; n < NFQ_VERDICTS_MAX; n++)
		nfq_verdict(&verdicts, n, NF_ACCEPT, &mark);
	ok(verdicts.count == NFQ_VERDICTS_MAX - 1 &&
	   verdicts.len < sizeof(verdicts.buf), "there is room for all");
}

static void test_lines(void)
{
	static const char line[] =
		"    7   1234    12 2 65531     3     4 4294967295  1\n";
	struct nfq_stat stat;

	ok(!nfq_stat_parse(line, &stat) &&
	   stat.num == 7 && stat.portid == 1234 && stat.waiting == 12 &&
	   stat.copy_mode == NFQNL_COPY_PACKET && stat.copy_range == 65531 &&
	   stat.dropped == 3 && stat.user_dropped == 4 &&
	   stat.last_id == UINT32_MAX, "a line of /proc");
	ok(nfq_stat_parse("    7   1234\n", &stat) == -EINVAL, "half of it");
	ok(nfq_stat_parse("", &stat) == -EINVAL, "nothing");
}

int main(void)
{
	test_parse();
	test_bad();
	test_vector();
	test_singles();
	test_lines();
	return unit_finish();
}
