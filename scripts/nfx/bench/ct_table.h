/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of conntrack: entries by ctnetlink, many per system call, and its
 * size.
 */
#ifndef NFX_BENCH_CT_TABLE_H
#define NFX_BENCH_CT_TABLE_H

#include <time.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "queue.h"

#define INSERT_BATCH	1024
#define INSERT_TIMEOUT	86400
/* Open: nf_conntrack_buckets of the initial namespace, others cannot write it */
#define BUCKETS_FD	3
#define NSEC		1000000000ull

/* One flow of UDP, host byte order */
struct flow {
	uint32_t	src;
	uint32_t	dst;
	uint16_t	sport;
	uint16_t	dport;
};

/* The entries that only fill the table: no two are the same. */
static inline struct flow fill_flow(uint32_t nr)
{
	return (struct flow){
		.src = 0x0a000000 + nr / 32768,
		.dst = 0xc0000201,
		.sport = 1024 + nr % 32768,
		.dport = 80,
	};
}

/* The flows that have packets: as many ports of one source */
static inline struct flow packet_flow(uint32_t nr)
{
	return (struct flow){
		.src = 0x0a090101,
		.dst = 0x0a090001,
		.sport = 1024 + nr,
		.dport = PORT,
	};
}

typedef struct flow (*flow_fn)(uint32_t nr);

static inline void write_packet(int tun, struct flow flow)
{
	send_udp(tun, flow.src, flow.dst, flow.sport, flow.dport, 1,
		 PACKET_LEN);
}

static inline void put_tuple(struct nlmsghdr *nlh, int type, uint32_t src,
			     uint32_t dst, uint16_t sport, uint16_t dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type);
	struct nlattr *part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(src));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, htonl(dst));
	mnl_attr_nest_end(nlh, part);

	part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, tuple);
}

static inline struct nlmsghdr *put_ct_msg(void *buf, int type, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;

	return nlh;
}

/* An established flow: both directions were seen. */
static inline size_t put_insert(void *buf, struct flow flow)
{
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_NEW,
					  NLM_F_CREATE | NLM_F_EXCL);

	put_tuple(nlh, CTA_TUPLE_ORIG, flow.src, flow.dst, flow.sport,
		  flow.dport);
	put_tuple(nlh, CTA_TUPLE_REPLY, flow.dst, flow.src, flow.dport,
		  flow.sport);
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(IPS_CONFIRMED |
						IPS_SEEN_REPLY | IPS_ASSURED));
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(INSERT_TIMEOUT));

	return nlh->nlmsg_len;
}

/* A socket that has room for a batch, and for an error for each of it. */
static inline struct mnl_socket *ct_socket(void)
{
	struct mnl_socket *nl = queue_socket();
	int fd = mnl_socket_get_fd(nl), size = 16 << 20, on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)))
		die("ctnetlink");

	return nl;
}

/* Read the errors of a batch, return their number.  All are @expected. */
static inline unsigned int read_errors(struct mnl_socket *nl, int expected)
{
	static struct {
		struct nlmsghdr	nlh;
		struct nlmsgerr	err;
	} errors[INSERT_BATCH];
	static struct mmsghdr msgs[INSERT_BATCH];
	static struct iovec iov[INSERT_BATCH];
	int i, count;

	for (i = 0; i < INSERT_BATCH; i++) {
		iov[i].iov_base = &errors[i];
		iov[i].iov_len = sizeof(errors[i]);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(mnl_socket_get_fd(nl), msgs, INSERT_BATCH,
			 MSG_DONTWAIT, NULL);
	if (count < 0 && errno != EAGAIN)
		die("ctnetlink");

	for (i = 0; i < count; i++) {
		errno = -errors[i].err.error;
		if (errors[i].nlh.nlmsg_type != NLMSG_ERROR ||
		    errno != expected)
			die("insert");
	}

	return count < 0 ? 0 : count;
}

/* Insert flows @first to @first + @count - 1, return how many were refused;
 * @refusal: the error they may be refused with, or 0
 */
static inline unsigned int insert_flows(struct mnl_socket *nl, flow_fn flow,
					uint32_t first, uint32_t count,
					int refusal)
{
	static char buf[INSERT_BATCH * 256];
	unsigned int refused = 0;
	uint32_t nr, end = first + count;

	for (nr = first; nr < end; ) {
		uint32_t batch = nr + INSERT_BATCH < end ? nr + INSERT_BATCH :
							   end;
		size_t len = 0;

		for (; nr < batch; nr++)
			len += put_insert(buf + len, flow(nr));
		send_buf(nl, buf, len);
		refused += read_errors(nl, refusal);
	}

	return refused;
}

/* Delete flows @first to @first + @count - 1, at most INSERT_BATCH. */
static inline void delete_flows(struct mnl_socket *nl, flow_fn flow,
				uint32_t first, uint32_t count)
{
	static char buf[INSERT_BATCH * 128];
	struct nlmsghdr *nlh;
	size_t len = 0;
	uint32_t nr;

	for (nr = first; nr < first + count; nr++) {
		struct flow f = flow(nr);

		nlh = put_ct_msg(buf + len, IPCTNL_MSG_CT_DELETE, 0);
		put_tuple(nlh, CTA_TUPLE_ORIG, f.src, f.dst, f.sport, f.dport);
		len += nlh->nlmsg_len;
	}
	send_buf(nl, buf, len);
	read_errors(nl, 0);
}

/* Delete all entries of this network namespace. */
static inline void flush_flows(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_DELETE,
					  NLM_F_ACK);
	ssize_t len;

	send_buf(nl, nlh, nlh->nlmsg_len);
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0)
		die("flush");
}

static inline void set_buckets(unsigned int buckets)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", buckets);

	if (pwrite(BUCKETS_FD, text, len, 0) != len)
		die("nf_conntrack_buckets");
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return ts.tv_sec * NSEC + ts.tv_nsec;
}

#endif /* NFX_BENCH_CT_TABLE_H */
