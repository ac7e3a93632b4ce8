// SPDX-License-Identifier: GPL-2.0-only
/* nfnetlink_queue: capacity of a queue, verdict vector. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lab.h"
#include "main.h"
#include "nft.h"
#include "probes.h"
#include "rtnl.h"

/* nfnetlink_queue.c: rhashtable max_size 32768 allows twice as many entries. */
#define OLD_CAPACITY	65536
#define QUEUE_MAXLEN	70000
#define SEGMENTS	64	/* UDP_MAX_SEGMENTS before 6.8 */
#define SENDS		(OLD_CAPACITY / SEGMENTS + 1)

/* About 1.5 KiB for each packet, twice. */
#define NEEDED_KIB	(200L * 1024)

static struct nlmsghdr *config_msg(struct nl *nl, void *buf)
{
	return nl_nfmsg(nl, buf, NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG, 0,
			AF_UNSPEC, 0);
}

static int bind_queue(struct nl *nl)
{
	const struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = config_msg(nl, buf);

	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	return nl_talk(nl, nlh, NULL, NULL);
}

static int set_flag(struct nl *nl, uint32_t flag)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = config_msg(nl, buf);

	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flag));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flag));
	return nl_talk(nl, nlh, NULL, NULL);
}

static int set_limits(struct nl *nl)
{
	const struct nfqnl_msg_config_params params = {
		.copy_mode = NFQNL_COPY_META,
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = config_msg(nl, buf);

	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(QUEUE_MAXLEN));
	return nl_talk(nl, nlh, NULL, NULL);
}

/* Queue by the nft expression, or by the x_tables target where it is absent. */
static int queue_rule(struct nl *nf, bool xt)
{
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);

	if (nft) {
		nft_table(nft);
		nft_chain(nft, "in", "filter", NF_INET_LOCAL_IN, 0);
		nft_rule(nft, "in");
		nft_queue(nft, 0, xt);
		nft_end(nft);
	}
	return nft_commit(nft);
}

static int make_queue(struct nl *nl)
{
	int err = bind_queue(nl);

	if (!err)
		err = set_limits(nl);
	/* Fail open: a refused packet is passed on instead of logged. */
	if (!err)
		err = set_flag(nl, NFQA_CFG_F_FAIL_OPEN);
	return err;
}

static int make_rule(void)
{
	NL_AUTO nf = nl_open(NETLINK_NETFILTER);
	int err;

	if (!nf)
		return -errno;
	err = queue_rule(nf, false);
	if (err == -ENOENT)
		err = queue_rule(nf, true);
	return err;
}

/* Counts the datagrams that wait on @fd without reading them in. */
static unsigned int drain(int fd)
{
	static char byte[SEGMENTS];
	struct mmsghdr msgs[SEGMENTS];
	struct iovec iov[SEGMENTS];
	unsigned int count = 0;
	int i, n;

	memset(msgs, 0, sizeof(msgs));
	for (i = 0; i < SEGMENTS; i++) {
		iov[i].iov_base = &byte[i];
		iov[i].iov_len = 1;
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	do {
		n = recvmmsg(fd, msgs, SEGMENTS, MSG_DONTWAIT | MSG_TRUNC,
			     NULL);
		if (n > 0)
			count += (unsigned int)n;
	} while (n > 0);
	return count;
}

/*
 * One UDP GSO send is cut into SEGMENTS packets when it is queued. Returns
 * the packets queued, or -errno.
 */
static int fill_queue(int queue_fd)
{
	static const char data[SEGMENTS];
	struct sockaddr_in to = {
		.sin_family	 = AF_INET,
		.sin_port	 = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int queued = 0;
	int i, size = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size,
				 sizeof(size)))
		return -errno;
	for (i = 0; i < SENDS; i++) {
		if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			return -errno;
		queued += drain(queue_fd);
	}
	return (int)queued;
}

void probe_queue_over_64k(struct finding *f)
{
	NL_AUTO rt = lab_open(f, NETLINK_ROUTE);
	NL_AUTO nl = rt ? lab_open(f, NETLINK_NETFILTER) : NULL;
	int queued;

	if (!nl)
		return;
	if (lab_available_kib() < NEEDED_KIB) {
		finding_unknown(f, 0, "less than %ld MiB of memory to spare",
				NEEDED_KIB / 1024);
		return;
	}
	if (setup_failed(f, rtnl_up(rt, "lo"), "the loopback link") ||
	    setup_failed(f, make_queue(nl), "a queue") ||
	    setup_failed(f, make_rule(), "a queue rule"))
		return;
	queued = fill_queue(mnl_socket_get_fd(nl->sock));
	if (setup_failed(f, queued < 0 ? queued : 0, "the packets"))
		return;
	if (queued > OLD_CAPACITY)
		finding_yes(f, "%d packets were queued", queued);
	else if (queued == OLD_CAPACITY)
		finding_no(f, 0, "packet %d was refused", queued + 1);
	else
		finding_unknown(f, 0, "only %d packets arrived", queued);
}

void probe_queue_verdict_vec(struct finding *f)
{
	const struct nfqnl_msg_verdict_vec vec = {
		.id = htonl(1), .verdict = htonl(NF_DROP),
	};
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	struct nlmsghdr *nlh;
	int err;

	if (!nl || setup_failed(f, bind_queue(nl), "a queue"))
		return;
	nlh = nl_nfmsg(nl, buf,
		       NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH, 0,
		       AF_UNSPEC, 0);
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, sizeof(vec), &vec);
	err = nl_talk(nl, nlh, NULL, NULL);
	if (err == -ENOENT)
		finding_yes(f, "the packet was looked for");
	else if (err == -EINVAL)
		finding_no(f, err, "the vector was not taken for a verdict");
	else
		finding_unknown(f, err, "no answer to the vector");
}
