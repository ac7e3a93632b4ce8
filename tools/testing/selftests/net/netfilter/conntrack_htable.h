/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers of the tests of the conntrack hash table. */
#ifndef _CONNTRACK_HTABLE_H
#define _CONNTRACK_HTABLE_H

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define SYSCTL		"/proc/sys/net/netfilter/nf_conntrack_"
#define PROC		"/proc/net/nf_conntrack"
#define BATCH		64

/* Entry number n is 10.n.n.n:1 > 192.0.2.1:53, so far */
#define FIRST_ADDR	0x0a000000u
#define SERVER_ADDR	0xc0000201u

static inline bool slow_machine(void)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");

	return slow && !strcmp(slow, "yes");
}

static inline int sysctl_write(const char *name, unsigned long value)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), SYSCTL "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%lu\n", value) < 0)
		err = -errno;
	close(fd);

	return err;
}

static inline long sysctl_read(const char *name)
{
	char path[128];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), SYSCTL "%s", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);

	return value;
}

static inline struct nlmsghdr *ct_put_msg(void *buf, int type, int flags,
					  int seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (NFNL_SUBSYS_CTNETLINK << 8) | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;

	return nlh;
}

static inline void ct_put_tuple(struct nlmsghdr *nlh, int type,
				uint32_t saddr, uint32_t daddr,
				uint16_t sport, uint16_t dport)
{
	struct nlattr *tuple, *nest;

	tuple = mnl_attr_nest_start(nlh, type);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(saddr));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, htonl(daddr));
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static inline struct mnl_socket *ct_open(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1;

	if (!nl)
		return NULL;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on))) {
		mnl_socket_close(nl);
		return NULL;
	}

	return nl;
}

/* Reads the answers up to that to @last, returns how many are errors. */
static inline int ct_read_acks(struct mnl_socket *nl, unsigned int last)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	int failed = 0;

	for (;;) {
		int len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		struct nlmsghdr *nlh = (void *)buf;

		if (len < 0)
			return -errno;
		while (mnl_nlmsg_ok(nlh, len)) {
			struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

			failed += nlh->nlmsg_type == NLMSG_ERROR && e->error;
			if (nlh->nlmsg_seq == last)
				return failed;
			nlh = mnl_nlmsg_next(nlh, &len);
		}
	}
}

/* Inserts @count entries from @first on, returns how many were refused. */
static inline int ct_insert(struct mnl_socket *nl, unsigned int first,
			    unsigned int count)
{
	static char buf[BATCH * 512];
	unsigned int i, n, failed = 0;
	uint32_t addr;

	for (i = 0; i < count; i += n) {
		char *p = buf;
		int ret;

		for (n = 0; n < BATCH && i + n < count; n++) {
			int flags = NLM_F_CREATE | NLM_F_EXCL;
			struct nlmsghdr *nlh;

			if (n + 1 == BATCH || i + n + 1 == count)
				flags |= NLM_F_ACK;
			nlh = ct_put_msg(p, IPCTNL_MSG_CT_NEW, flags,
					 i + n + 1);
			addr = FIRST_ADDR + first + i + n;
			ct_put_tuple(nlh, CTA_TUPLE_ORIG, addr, SERVER_ADDR, 1,
				     53);
			ct_put_tuple(nlh, CTA_TUPLE_REPLY, SERVER_ADDR, addr,
				     53, 1);
			mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(3600));
			p += nlh->nlmsg_len;
		}
		if (mnl_socket_sendto(nl, buf, p - buf) < 0)
			return -errno;
		ret = ct_read_acks(nl, i + n);
		if (ret < 0)
			return ret;
		failed += ret;
	}

	return failed;
}

static inline int ct_flush(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = ct_put_msg(buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, 1);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;

	return ct_read_acks(nl, 1);
}

/* What one of the statistics of the initial namespace says, -1 if nothing */
static inline long ct_stat(int init_net, unsigned int type)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	int self = open("/proc/self/ns/net", O_RDONLY);
	struct mnl_socket *nl = NULL;
	struct nlmsghdr *nlh;
	struct nlattr *attr;
	long value = -1;

	if (self < 0 || setns(init_net, CLONE_NEWNET))
		goto out;
	nl = ct_open();
	if (setns(self, CLONE_NEWNET) || !nl)
		goto out;

	nlh = ct_put_msg(buf, IPCTNL_MSG_CT_GET_STATS, 0, 1);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(nl, buf, sizeof(buf)) < 0)
		goto out;

	mnl_attr_for_each(attr, (struct nlmsghdr *)buf, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			value = ntohl(mnl_attr_get_u32(attr));
out:
	if (nl)
		mnl_socket_close(nl);
	if (self >= 0)
		close(self);
	return value;
}

/* How often entries have clashed in this namespace, -1 if unknown */
static inline long ct_clashes(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	struct nlattr *a;
	long clashes = 0;
	int len;

	nlh = ct_put_msg(buf, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP, 1);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;

	for (;;) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -1;
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type == NLMSG_DONE)
				return clashes;
			mnl_attr_for_each(a, nlh, sizeof(struct nfgenmsg))
				if (mnl_attr_get_type(a) ==
				    CTA_STATS_CLASH_RESOLVE)
					clashes += ntohl(mnl_attr_get_u32(a));
		}
	}
}

struct seen {
	unsigned int	*times;		/* by number of the entry */
	unsigned int	count;
	unsigned int	other;
	uint64_t	packets;	/* sum of the counters */
};

static inline void seen_addr(struct seen *seen, uint32_t addr)
{
	if (addr - FIRST_ADDR < seen->count)
		seen->times[addr - FIRST_ADDR]++;
	else
		seen->other++;
}

/* Returns the number of entries that were not seen, or more than once. */
static inline unsigned int seen_wrong(struct seen *seen)
{
	unsigned int i, wrong = seen->other;

	for (i = 0; i < seen->count; i++) {
		wrong += seen->times[i] != 1;
		seen->times[i] = 0;
	}
	seen->other = 0;

	return wrong;
}

static inline int dump_ip(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_IP_V4_SRC)
		seen_addr(data, ntohl(mnl_attr_get_u32(attr)));

	return MNL_CB_OK;
}

static inline int dump_tuple(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
		return mnl_attr_parse_nested(attr, dump_ip, data);

	return MNL_CB_OK;
}

static inline int dump_counter(const struct nlattr *attr, void *data)
{
	struct seen *seen = data;

	if (mnl_attr_get_type(attr) == CTA_COUNTERS_PACKETS)
		seen->packets += be64toh(mnl_attr_get_u64(attr));

	return MNL_CB_OK;
}

static inline int dump_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_COUNTERS_ORIG)
		return mnl_attr_parse_nested(attr, dump_counter, data);
	if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
		return mnl_attr_parse_nested(attr, dump_tuple, data);

	return MNL_CB_OK;
}

static inline int dump_msg(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct nfgenmsg), dump_attr, data);
}

/* @type: IPCTNL_MSG_CT_GET or IPCTNL_MSG_CT_GET_CTRZERO */
static inline int ct_dump(struct mnl_socket *nl, int type, struct seen *seen)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;
	int len, ret;

	nlh = ct_put_msg(buf, type, NLM_F_DUMP, 1);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;

	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		ret = mnl_cb_run(buf, len, 1, mnl_socket_get_portid(nl),
				 dump_msg, seen);
	} while (ret > MNL_CB_STOP);

	return ret < 0 ? -errno : 0;
}

/* Small reads, so that the table is resized between them */
static inline int proc_dump(struct seen *seen)
{
	char line[512], *src;
	unsigned char ip[4];
	FILE *f = fopen(PROC, "r");

	if (!f)
		return -errno;
	setvbuf(f, NULL, _IOFBF, 1024);

	while (fgets(line, sizeof(line), f)) {
		src = strstr(line, "src=");
		if (src && sscanf(src, "src=%hhu.%hhu.%hhu.%hhu", &ip[0],
				  &ip[1], &ip[2], &ip[3]) == 4)
			seen_addr(seen, (uint32_t)ip[0] << 24 | ip[1] << 16 |
					ip[2] << 8 | ip[3]);
	}
	fclose(f);

	return 0;
}

static inline uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

#endif
