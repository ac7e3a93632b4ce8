// SPDX-License-Identifier: GPL-2.0
/*
 * ct_flush fill COUNT	insert that many flows, 1024 of each network: 10.0.0/24
 *			is number 0
 * ct_flush network NR	delete the flows of a network, the fastest way there is
 * ct_flush address NR	delete those of its first address, by CT_DELETE
 * ct_flush gone NR	fail if there is a flow of that network
 * ct_flush send COUNT	send a packet of each of as many flows: no replies
 * ct_flush lazy	have flows without replies start anew; if the kernel
 *			cannot, delete them. Prints how long it took, in us
 * ct_flush many	how many times longer it takes to look for 64 addresses
 *			than for one
 */

#define _GNU_SOURCE

#include "ct_flush.h"

#define FILTERS		64
#define NETWORK_BITS	24
#define ROUNDS		3
/* Of one address, in each round: half of them before the many, half after */
#define ONES		6
/* No further round after that time */
#define ENOUGH		(60 * NSEC)

static struct flow found[NETWORK_FLOWS];
static unsigned int found_count;

static struct flow found_flow(uint32_t nr)
{
	return found[nr];
}

static uint32_t network_address(uint32_t nr)
{
	return net_flow(nr * NETWORK_FLOWS).src;
}

static void check(int err, const char *what)
{
	if (!err)
		return;
	errno = err;
	die(what);
}

/* One request: only IPCTNL_MSG_CT_FLUSH knows networks. */
static void flush_network(struct mnl_socket *nl, uint32_t nr)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_FLUSH, NLM_F_ACK);
	struct nlattr *list = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTERS);
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTER);
	struct nlattr *filter = mnl_attr_nest_start(nlh, CTA_FILTER);
	struct nlattr *dir = mnl_attr_nest_start(nlh, CTA_FILTER_ORIG);

	mnl_attr_put_u32(nlh, CTA_FILTER_DIR_SRC, htonl(network_address(nr)));
	mnl_attr_put_u8(nlh, CTA_FILTER_DIR_SRC_PREFIXLEN,
			NETWORK_BITS);
	mnl_attr_nest_end(nlh, dir);
	mnl_attr_nest_end(nlh, filter);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, list);
	check(ask(nl, nlh), "IPCTNL_MSG_CT_FLUSH");
}

static const struct nlattr *get_nested(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	errno = EBADMSG;
	die("dump");
	return NULL;
}

static struct flow tuple_flow(const struct nlattr *tuple)
{
	const struct nlattr *ip = get_nested(tuple, CTA_TUPLE_IP);
	const struct nlattr *l4 = get_nested(tuple, CTA_TUPLE_PROTO);

#define GET(nest, type, size)	\
	mnl_attr_get_u##size(get_nested(nest, type))
	return (struct flow){
		.src = ntohl(GET(ip, CTA_IP_V4_SRC, 32)),
		.dst = ntohl(GET(ip, CTA_IP_V4_DST, 32)),
		.sport = ntohs(GET(l4, CTA_PROTO_SRC_PORT, 16)),
		.dport = ntohs(GET(l4, CTA_PROTO_DST_PORT, 16)),
	};
#undef GET
}

static bool in_network(uint32_t addr, uint32_t network)
{
	return !((addr ^ network) >> (32 - NETWORK_BITS));
}

static int add_found(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *src;
	const uint32_t *network = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != CTA_TUPLE_ORIG)
			continue;
		src = get_nested(get_nested(attr, CTA_TUPLE_IP),
				 CTA_IP_V4_SRC);
		if (in_network(ntohl(mnl_attr_get_u32(src)), *network) &&
		    found_count < NETWORK_FLOWS)
			found[found_count++] = tuple_flow(attr);
		break;
	}

	return MNL_CB_OK;
}

/* As conntrack does it, but with a larger buffer, a look at nothing but the
 * address, and one system call for all deletions.
 */
static void dump_and_delete(struct mnl_socket *nl, uint32_t network)
{
	static char buf[1 << 16];
	struct mnl_socket *dump = queue_socket();
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	ssize_t len;
	int ret;

	send_buf(dump, buf, nlh->nlmsg_len);
	do {
		len = mnl_socket_recvfrom(dump, buf, sizeof(buf));
		if (len < 0)
			die("dump");
		ret = mnl_cb_run(buf, len, 0, 0, add_found, &network);
		if (ret < 0)
			die("dump");
	} while (ret > 0);
	mnl_socket_close(dump);
	delete_flows(nl, found_flow, 0, found_count);
}

static void delete_network(struct mnl_socket *nl, uint32_t nr)
{
	if (has_flush(nl))
		flush_network(nl, nr);
	else
		dump_and_delete(nl, network_address(nr));
}

static void delete_address(struct mnl_socket *nl, uint32_t nr)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];

	check(ask(nl, put_delete(buf, network_address(nr))),
	      "IPCTNL_MSG_CT_DELETE");
}

static void check_gone(struct mnl_socket *nl, uint32_t nr)
{
	static char buf[NETWORK_FLOWS * 128];
	struct nlmsghdr *nlh;
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < NETWORK_FLOWS; i++) {
		struct flow f = net_flow(nr * NETWORK_FLOWS + i);

		nlh = put_ct_msg(buf + len, IPCTNL_MSG_CT_GET, 0);
		put_tuple(nlh, CTA_TUPLE_ORIG, f.src, f.dst, f.sport, f.dport);
		len += nlh->nlmsg_len;
	}
	send_buf(nl, buf, len);
	if (read_errors(nl, ENOENT) != NETWORK_FLOWS)
		die("some are left");
}

/* Through d0, which has no peer */
static void send_packets(unsigned int count)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned int i;

	sin.sin_port = htons(PORT);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("sender");
	for (i = 0; i < count; i++) {
		sin.sin_addr.s_addr = htonl(0x0a090101 + i / 32768);
		sin.sin_port = htons(1024 + i % 32768);
		if (sendto(fd, "", 1, 0, (struct sockaddr *)&sin,
			   sizeof(sin)) != 1)
			die("sendto");
	}
	close(fd);
}

static void delete_unreplied(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_DELETE,
					  NLM_F_ACK);

	mnl_attr_put_u32(nlh, CTA_STATUS, 0);
	mnl_attr_put_u32(nlh, CTA_STATUS_MASK, htonl(IPS_SEEN_REPLY));
	check(ask(nl, nlh), "IPCTNL_MSG_CT_DELETE");
}

static void lazy_flush(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_FLUSH, NLM_F_ACK);
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	nfg->nfgen_family = AF_UNSPEC;
	mnl_attr_put_u32(nlh, CTA_FLUSH_FLAGS, htonl(CTA_FLUSH_F_LAZY));
	check(ask(nl, nlh), "CTA_FLUSH_F_LAZY");
}

static void forget_unreplied(struct mnl_socket *nl)
{
	bool lazy = has_flush(nl);
	uint64_t start = now_ns();

	if (lazy)
		lazy_flush(nl);
	else
		delete_unreplied(nl);
	printf("%.1f\n", (now_ns() - start) / 1e3);
}

/* Look for @count addresses that no flow has, return how long it takes. */
static uint64_t look_for(struct mnl_socket *nl, bool flush, int count)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	uint64_t start = now_ns();
	int i;

	if (flush) {
		check(ask(nl, put_flush(buf, CTA_FLUSH_F_DRY_RUN, NOWHERE,
					count)), "IPCTNL_MSG_CT_FLUSH");
		return now_ns() - start;
	}
	for (i = 0; i < count; i++)
		check(ask(nl, put_delete(buf, NOWHERE + i)),
		      "IPCTNL_MSG_CT_DELETE");

	return now_ns() - start;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median_ms(const char *name, uint64_t *times, int count)
{
	double ms;

	qsort(times, count, sizeof(*times), compare);
	ms = times[count / 2] / 1e6;
	fprintf(stderr, "%s: median of %d %.1f ms, least %.1f ms\n", name,
		count, ms, times[0] / 1e6);

	return ms;
}

static void look_for_many(struct mnl_socket *nl)
{
	uint64_t one[ROUNDS * ONES], many[ROUNDS], begin = now_ns();
	bool flush = has_flush(nl);
	int i, round = 0, ones = 0;

	do {
		for (i = 0; i < ONES / 2; i++)
			one[ones++] = look_for(nl, flush, 1);
		many[round] = look_for(nl, flush, FILTERS);
		for (i = 0; i < ONES / 2; i++)
			one[ones++] = look_for(nl, flush, 1);
	} while (++round < ROUNDS && now_ns() - begin < ENOUGH);
	printf("%.2f\n", median_ms("many", many, round) /
			 median_ms("one", one, ones));
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = ct_socket();
	const char *what = argc > 1 ? argv[1] : "";
	uint32_t number = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "fill"))
		insert_flows(nl, net_flow, 0, number, 0);
	else if (!strcmp(what, "network"))
		delete_network(nl, number);
	else if (!strcmp(what, "address"))
		delete_address(nl, number);
	else if (!strcmp(what, "gone"))
		check_gone(nl, number);
	else if (!strcmp(what, "send"))
		send_packets(number);
	else if (!strcmp(what, "lazy"))
		forget_unreplied(nl);
	else if (!strcmp(what, "many"))
		look_for_many(nl);
	else
		return 2;

	return 0;
}
