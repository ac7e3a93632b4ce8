/* SPDX-License-Identifier: GPL-2.0-only */
/* nfnetlink_queue: configuration, packets, verdicts, counters. */
#ifndef NFX_NFQUEUE_H
#define NFX_NFQUEUE_H

#include <linux/netfilter/nfnetlink_queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl.h"

/* Verdicts that are sent at once at most. */
#define NFQ_VERDICTS_MAX 256

/* Of one NFQNL_MSG_VERDICT with its id, verdict and mark. */
#define NFQ_VERDICT_SIZE						\
	(NLMSG_HDRLEN + sizeof(struct nfgenmsg) +			\
	 2 * MNL_ATTR_HDRLEN + sizeof(struct nfqnl_msg_verdict_hdr) +	\
	 sizeof(uint32_t))

/**
 * struct nfq_conf - configuration of a queue, all in host byte order
 * @num:    number of the queue
 * @range:  bytes of each packet to copy, 0 for none
 * @maxlen: packets it holds, 0 for the kernel's default
 * @flags:  NFQA_CFG_F_*
 */
struct nfq_conf {
	uint16_t num;
	uint32_t range;
	uint32_t maxlen;
	uint32_t flags;
};

/**
 * nfq_bind() - bind and configure a queue by one message
 * @cb: called for packets that are queued before the answer is there, as they
 *      need a verdict; with NFQA_CFG_F_RING they may come through the socket
 *      all the same
 *
 * Return: 0 or -errno: -EINVAL or -EOPNOTSUPP without nfnetlink_queue or one
 * of the flags, -EBUSY if another socket has the queue, -EPERM; what the
 * kernel says about it is in nl->ext.
 */
int nfq_bind(struct nl *nl, const struct nfq_conf *conf, mnl_cb_t cb,
	     void *data);

/**
 * nfq_unbind() - let a queue go, its packets are dropped; no answer is read
 *
 * Return: 0 or -errno of the send.
 */
int nfq_unbind(struct nl *nl, uint16_t num);

/**
 * nfq_has_vector() - does the kernel take vectored verdicts?
 * @num: a queue bound to @nl
 * @cb:  as for nfq_bind()
 *
 * Return: 1 yes, 0 no, or -errno.
 */
int nfq_has_vector(struct nl *nl, uint16_t num, mnl_cb_t cb, void *data);

/**
 * struct nfq_packet - a packet of a queue, all in host byte order
 * @id:       for the verdict
 * @len:      bytes of the packet
 * @payload:  the packet from the network header on, NULL if not copied; part of
 *            the message
 * @copied:   bytes at @payload
 * @mark:     mark of the packet
 * @indev:    interface index, 0 for none, as the three that follow
 * @outdev:   where it is going to
 * @physin:   bridge port it came from
 * @physout:  bridge port it is going to
 * @hw_proto: ethertype
 * @family:   NFPROTO_* of the rule
 * @hook:     NF_INET_*
 */
struct nfq_packet {
	uint32_t id;
	uint32_t len;
	const uint8_t *payload;
	uint32_t copied;
	uint32_t mark;
	uint32_t indev;
	uint32_t outdev;
	uint32_t physin;
	uint32_t physout;
	uint16_t hw_proto;
	uint8_t family;
	uint8_t hook;
};

/** nfq_parse() - read a packet message; 0, or -EBADMSG if it is none */
int nfq_parse(const struct nlmsghdr *nlh, struct nfq_packet *packet);

/**
 * struct nfq_verdicts - verdicts that are sent together
 * @nl:     socket the queue is bound to
 * @num:    number of the queue
 * @vector: one message with a vector; else one message for each packet, in one
 *          send
 * @count:  verdicts not sent yet
 * @len:    bytes of @buf in use
 * @seq:    of the messages; an answer has that of its message
 */
struct nfq_verdicts {
	struct nl *nl;
	uint16_t num;
	bool vector;
	unsigned int count;
	size_t len;
	char buf[NFQ_VERDICTS_MAX * NFQ_VERDICT_SIZE]
		__attribute__((aligned(8)));
};

void nfq_verdicts_init(struct nfq_verdicts *verdicts, struct nl *nl,
		       uint16_t num, bool vector);

/**
 * nfq_verdict() - add the verdict for a packet, send all if there are many
 * @id:      of the packet
 * @verdict: NF_ACCEPT, NF_DROP, ...
 * @mark:    new mark of the packet, NULL to keep it
 *
 * Errors of the kernel come with the packets as messages: -ENOENT for a packet
 * that is not queued, but none for one of a vector.
 * Return: 0 or -errno of the send.
 */
int nfq_verdict(struct nfq_verdicts *verdicts, uint32_t id, uint32_t verdict,
		const uint32_t *mark);

/** nfq_verdicts_send() - send what was added. Return: 0 or -errno. */
int nfq_verdicts_send(struct nfq_verdicts *verdicts);

/**
 * nfq_verdict_upto() - the same verdict for all packets up to an id
 * @id: of the last packet; ids of packets that are not there yet are fine
 *
 * Return: 0 or -errno of the send.
 */
int nfq_verdict_upto(struct nl *nl, uint16_t num, uint32_t id,
		     uint32_t verdict, const uint32_t *mark);

/**
 * struct nfq_stat - a line of /proc/net/netfilter/nfnetlink_queue
 * @num:          number of the queue
 * @portid:       netlink port of its reader, mostly the process id
 * @waiting:      packets without verdict
 * @copy_mode:    NFQNL_COPY_*
 * @copy_range:   bytes of a packet that are copied
 * @dropped:      packets dropped as the queue was full
 * @user_dropped: packets dropped as the reader had no room
 * @last_id:      id of the last packet
 */
struct nfq_stat {
	uint32_t num;
	uint32_t portid;
	uint32_t waiting;
	uint32_t copy_mode;
	uint32_t copy_range;
	uint32_t dropped;
	uint32_t user_dropped;
	uint32_t last_id;
};

/** nfq_stat_parse() - read one line. Return: 0 or -EINVAL. */
int nfq_stat_parse(const char *line, struct nfq_stat *stat);

/**
 * nfq_stats() - call @cb for each queue of this network namespace
 *
 * Return: 0 or -errno; -ENOENT without nfnetlink_queue.
 */
int nfq_stats(void (*cb)(const struct nfq_stat *stat, void *data), void *data);

#endif /* NFX_NFQUEUE_H */
