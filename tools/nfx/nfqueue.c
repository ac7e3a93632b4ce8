// SPDX-License-Identifier: GPL-2.0-only
/* nfnetlink_queue: configuration, packets, verdicts, counters. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "main.h"
#include "nfqueue.h"

#define PROC_FILE "/proc/net/netfilter/nfnetlink_queue"

static struct nlmsghdr *start_msg(struct nl *nl, void *buf, uint16_t num,
				  uint16_t type)
{
	return nl_nfmsg(nl, buf, NFNL_SUBSYS_QUEUE << 8 | type, 0, AF_UNSPEC,
			num);
}

int nfq_bind(struct nl *nl, const struct nfq_conf *conf, mnl_cb_t cb,
	     void *data)
{
	const struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
	};
	const struct nfqnl_msg_config_params params = {
		.copy_range	= htonl(conf->range),
		.copy_mode	= conf->range ? NFQNL_COPY_PACKET :
						NFQNL_COPY_META,
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = start_msg(nl, buf, conf->num, NFQNL_MSG_CONFIG);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	if (conf->maxlen)
		mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN,
				 htonl(conf->maxlen));
	if (conf->flags) {
		mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(conf->flags));
		mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(conf->flags));
	}
	return nl_talk(nl, nlh, cb, data);
}

int nfq_unbind(struct nl *nl, uint16_t num)
{
	const struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_UNBIND,
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = start_msg(nl, buf, num, NFQNL_MSG_CONFIG);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	return nl_send(nl, nlh, nlh->nlmsg_len);
}

int nfq_has_vector(struct nl *nl, uint16_t num, mnl_cb_t cb, void *data)
{
	/* Flags that cannot all be known: refused, but by whom? */
	const struct nfqnl_msg_verdict_vec vec = { .flags = UINT32_MAX };
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	int err;

	nlh = start_msg(nl, buf, num, NFQNL_MSG_VERDICT_BATCH);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(vec), &vec);
	err = nl_talk(nl, nlh, cb, data);
	if (err == -EOPNOTSUPP)
		return 1;
	return err == -EINVAL || !err ? 0 : err;
}

static void get_payload(const struct nlattr **tb, struct nfq_packet *packet)
{
	const struct nlattr *attr = tb[NFQA_PAYLOAD];

	if (attr) {
		packet->payload = mnl_attr_get_payload(attr);
		packet->copied = mnl_attr_get_payload_len(attr);
	}
	packet->len = tb[NFQA_CAP_LEN] ? nl_be32(tb[NFQA_CAP_LEN]) :
					 packet->copied;
}

int nfq_parse(const struct nlmsghdr *nlh, struct nfq_packet *packet)
{
	const struct nfqnl_msg_packet_hdr *hdr;
	const struct nlattr *tb[NFQA_MAX + 1];
	const struct nfgenmsg *nfg;

	memset(packet, 0, sizeof(*packet));
	if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg))
		return -EBADMSG;
	nl_attrs(nlh, sizeof(*nfg), tb, NFQA_MAX);
	hdr = nl_payload(tb[NFQA_PACKET_HDR], sizeof(*hdr));
	if (!hdr)
		return -EBADMSG;
	nfg = mnl_nlmsg_get_payload(nlh);
	packet->family = nfg->nfgen_family;
	packet->id = ntohl(hdr->packet_id);
	packet->hw_proto = ntohs(hdr->hw_protocol);
	packet->hook = hdr->hook;
	packet->mark = nl_be32(tb[NFQA_MARK]);
	packet->indev = nl_be32(tb[NFQA_IFINDEX_INDEV]);
	packet->outdev = nl_be32(tb[NFQA_IFINDEX_OUTDEV]);
	packet->physin = nl_be32(tb[NFQA_IFINDEX_PHYSINDEV]);
	packet->physout = nl_be32(tb[NFQA_IFINDEX_PHYSOUTDEV]);
	get_payload(tb, packet);
	return 0;
}

void nfq_verdicts_init(struct nfq_verdicts *verdicts, struct nl *nl,
		       uint16_t num, bool vector)
{
	verdicts->nl = nl;
	verdicts->num = num;
	verdicts->vector = vector;
	verdicts->count = 0;
	verdicts->len = 0;
}

/* Not nl_msg(): that one clears more than a verdict has. */
static struct nlmsghdr *put_header(struct nfq_verdicts *verdicts,
				   uint8_t type)
{
	struct nlmsghdr *nlh = (void *)(verdicts->buf + verdicts->len);
	struct nfgenmsg *nfg;

	mnl_nlmsg_put_header(nlh);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++verdicts->nl->seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(verdicts->num);
	return nlh;
}

static void put_single(struct nfq_verdicts *verdicts, uint32_t id,
		       uint32_t verdict, const uint32_t *mark)
{
	const struct nfqnl_msg_verdict_hdr hdr = {
		.verdict = htonl(verdict), .id = htonl(id),
	};
	struct nlmsghdr *nlh = put_header(verdicts, NFQNL_MSG_VERDICT);

	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(hdr), &hdr);
	if (mark)
		mnl_attr_put_u32(nlh, NFQA_MARK, htonl(*mark));
	verdicts->len += nlh->nlmsg_len;
}

/* The first element brings the message and the head of its one attribute. */
static void put_element(struct nfq_verdicts *verdicts, uint32_t id,
			uint32_t verdict, const uint32_t *mark)
{
	struct nlmsghdr *nlh = (void *)verdicts->buf;
	const struct nfqnl_msg_verdict_vec vec = {
		.verdict = htonl(verdict),
		.id = htonl(id),
		.mark = mark ? htonl(*mark) : 0,
		.flags = mark ? htonl(NFQNL_VERDICT_VEC_F_MARK) : 0,
	};
	struct nlattr *attr;

	if (!verdicts->count) {
		put_header(verdicts, NFQNL_MSG_VERDICT_BATCH);
		mnl_attr_put(nlh, NFQA_VERDICT_VEC, 0, NULL);
	}
	attr = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	memcpy(verdicts->buf + nlh->nlmsg_len, &vec, sizeof(vec));
	attr->nla_len = (uint16_t)(attr->nla_len + sizeof(vec));
	nlh->nlmsg_len += sizeof(vec);
	verdicts->len = nlh->nlmsg_len;
}

int nfq_verdict(struct nfq_verdicts *verdicts, uint32_t id, uint32_t verdict,
		const uint32_t *mark)
{
	if (verdicts->vector)
		put_element(verdicts, id, verdict, mark);
	else
		put_single(verdicts, id, verdict, mark);
	if (++verdicts->count < NFQ_VERDICTS_MAX)
		return 0;
	return nfq_verdicts_send(verdicts);
}

int nfq_verdicts_send(struct nfq_verdicts *verdicts)
{
	size_t len = verdicts->len;

	if (!verdicts->count)
		return 0;
	verdicts->count = 0;
	verdicts->len = 0;
	return nl_send(verdicts->nl, verdicts->buf, len);
}

int nfq_verdict_upto(struct nl *nl, uint16_t num, uint32_t id,
		     uint32_t verdict, const uint32_t *mark)
{
	const struct nfqnl_msg_verdict_hdr hdr = {
		.verdict = htonl(verdict), .id = htonl(id),
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = start_msg(nl, buf, num, NFQNL_MSG_VERDICT_BATCH);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(hdr), &hdr);
	if (mark)
		mnl_attr_put_u32(nlh, NFQA_MARK, htonl(*mark));
	return nl_send(nl, nlh, nlh->nlmsg_len);
}

int nfq_stat_parse(const char *line, struct nfq_stat *stat)
{
	int n = sscanf(line, "%u %u %u %u %u %u %u %u", &stat->num,
		       &stat->portid, &stat->waiting, &stat->copy_mode,
		       &stat->copy_range, &stat->dropped, &stat->user_dropped,
		       &stat->last_id);

	return n == 8 ? 0 : -EINVAL;
}

int nfq_stats(void (*cb)(const struct nfq_stat *stat, void *data), void *data)
{
	FILE *f = fopen(PROC_FILE, "re");
	struct nfq_stat stat;
	char line[256];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (!nfq_stat_parse(line, &stat))
			cb(&stat, data);
	fclose(f);
	return 0;
}
