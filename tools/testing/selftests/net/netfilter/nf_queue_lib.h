/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers of the tests that talk to nfnetlink_queue by libmnl. */
#ifndef _NF_QUEUE_LIB_H
#define _NF_QUEUE_LIB_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

static inline struct nlmsghdr *nfq_put_msg(void *buf, int type, uint16_t num)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (NFNL_SUBSYS_QUEUE << 8) | type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(num);

	return nlh;
}

static inline struct mnl_socket *nfq_open(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1;

	if (!nl)
		return NULL;
	/* An error must not repeat the request, which may be large. */
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on))) {
		mnl_socket_close(nl);
		return NULL;
	}

	return nl;
}

/* Sends a request with an ack; there must be no unread packet before it. */
static inline int nfq_request(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	ssize_t ret;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;

	ret = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (ret < 0 || mnl_cb_run(buf, ret, 0, 0, NULL, NULL) < 0)
		return -errno;

	return 0;
}

static inline int nfq_bind(struct mnl_socket *nl, uint16_t num,
			   uint32_t maxlen)
{
	struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND,
		.pf = htons(AF_INET),
	};
	struct nfqnl_msg_config_params params = {
		.copy_mode = NFQNL_COPY_META,
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, NFQNL_MSG_CONFIG, num);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN, htonl(maxlen));

	return nfq_request(nl, nlh);
}

static inline uint32_t nfq_packet_id(const struct nlmsghdr *nlh)
{
	const struct nfqnl_msg_packet_hdr *ph;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFQA_PACKET_HDR)
			continue;
		ph = mnl_attr_get_payload(attr);
		return ntohl(ph->packet_id);
	}

	return 0;
}

/* Takes what the queue has sent; returns how many packets that were. */
static inline int nfq_read(struct mnl_socket *nl, uint32_t *last_id)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	int count = 0;
	ssize_t ret;

	for (;;) {
		ret = recv(mnl_socket_get_fd(nl), buf, sizeof(buf),
			   MSG_DONTWAIT);
		if (ret < 0)
			return errno == EAGAIN ? count : -errno;
		*last_id = nfq_packet_id((void *)buf);
		count++;
	}
}

static inline int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, ret;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);

	return ret;
}

static inline int udp_connect(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		close(fd);
		return -1;
	}

	return fd;
}

/* Sends a packet whose bytes are all the same. */
static inline bool send_fill(int fd, unsigned char byte, size_t len)
{
	char buf[UINT16_MAX];

	memset(buf, byte, len);

	return send(fd, buf, len, 0) == (ssize_t)len;
}

/* Is the attribute @type an IPv4 packet with @len bytes of @byte in UDP? */
static inline bool udp_filled(const struct nlmsghdr *nlh, uint16_t type,
			      unsigned char byte, size_t len)
{
	const size_t headers = 28;
	const struct nlattr *attr;
	const unsigned char *data;
	size_t i;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != type)
			continue;
		if (mnl_attr_get_payload_len(attr) != headers + len)
			return false;
		data = mnl_attr_get_payload(attr);
		for (i = 0; i < len; i++)
			if (data[headers + i] != byte)
				return false;
		return true;
	}

	return false;
}

#endif /* _NF_QUEUE_LIB_H */
