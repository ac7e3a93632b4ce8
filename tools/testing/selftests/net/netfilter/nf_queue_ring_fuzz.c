// SPDX-License-Identifier: GPL-2.0
/*
 * Two senders, a reader that gives verdicts, and one that does what no program
 * should, with a queue and a log that share a receive ring. All choices are
 * random. Nothing is compared: the kernel has to stay quiet, what is in the
 * ring has to be records, and it all has to come to an end.
 *
 * nf_queue_ring_fuzz [operations [seed [seconds]]], whatever ends first
 */

#define _GNU_SOURCE

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/udp.h>

#include "../../kselftest.h"
#include "nf_queue_lib.h"
#include "../netlink_ring.h"

#define QUEUE_NUM	7
#define UDP_PORT	12345
#define RING_SIZE	(256 * 1024)
#define OPERATIONS	20000
#define MESSAGE_MAX	2048
#define LARGE		32

static const char ruleset[] =
	"nft 'table ip t { chain c {"
	" type filter hook input priority 0;"
	" udp dport 12345 log group 7 queue num 7;"
	" udp dport 12346 queue num 8; }; }'";

/* The socket and its ring; taken for reading by its users, for writing by who
 * replaces it.
 */
static struct {
	pthread_rwlock_t lock;
	struct mnl_socket *nl;
	struct ring ring;
} target = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static long operations = OPERATIONS;
static long done;
static unsigned int seed;
static time_t end;

static bool more(void)
{
	if (__atomic_load_n(&done, __ATOMIC_RELAXED) >= operations ||
	    (end && time(NULL) >= end))
		return false;
	__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);

	return true;
}

static uint32_t below(unsigned int *state, uint32_t limit)
{
	return rand_r(state) % limit;
}

static uint32_t any_u32(unsigned int *state)
{
	return (uint32_t)rand_r(state) << 16 ^ rand_r(state);
}

static void send_msg(struct nlmsghdr *nlh)
{
	/* An ack or an error may be queued: ring_abuse() reads them. */
	send(mnl_socket_get_fd(target.nl), nlh, nlh->nlmsg_len, MSG_DONTWAIT);
}

static struct nlmsghdr *config_msg(void *buf, uint16_t num, uint8_t command,
				   uint32_t flags)
{
	struct nfqnl_msg_config_params params = {
		.copy_mode = NFQNL_COPY_PACKET,
		.copy_range = htonl(0xffff),
	};
	struct nfqnl_msg_config_cmd cmd = {
		.command = command,
		.pf = htons(AF_INET),
	};
	struct nlmsghdr *nlh = nfq_put_msg(buf, NFQNL_MSG_CONFIG, num);

	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(flags));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(flags));

	return nlh;
}

static struct nlmsghdr *log_msg(void *buf, uint8_t command, uint16_t flags)
{
	struct nfulnl_msg_config_cmd cmd = { .command = command };
	struct nlmsghdr *nlh = nfq_put_msg(buf, NFULNL_MSG_CONFIG, QUEUE_NUM);

	nlh->nlmsg_type = (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG;
	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put_u16(nlh, NFULA_CFG_FLAGS, htons(flags));

	return nlh;
}

static void target_open(unsigned int *state)
{
	uint32_t flags = below(state, 4) ? NFQA_CFG_F_RING : 0;
	uint32_t all = below(state, 2) ? NL_RING_F_ALL : 0;
	char buf[MNL_SOCKET_BUFFER_SIZE];

	target.nl = nfq_open();
	if (!target.nl)
		ksft_exit_fail_perror("netlink socket");
	if (ring_map(&target.ring, mnl_socket_get_fd(target.nl), RING_SIZE,
		     all))
		ksft_exit_fail_msg("no ring\n");
	send_msg(config_msg(buf, QUEUE_NUM, NFQNL_CFG_CMD_BIND, flags));
	send_msg(config_msg(buf, QUEUE_NUM + 1, NFQNL_CFG_CMD_BIND, flags));
	send_msg(log_msg(buf, NFULNL_CFG_CMD_BIND,
			 flags ? NFULNL_CFG_F_RING : 0));
}

static void target_close(void)
{
	mnl_socket_close(target.nl);
	ring_unmap(&target.ring);
}

static void *send_packets(void *arg)
{
	unsigned int state = seed + (long)arg;
	int fd = udp_connect(UDP_PORT + (long)arg);
	char buf[UINT16_MAX] = {};
	int gso_size;

	while (more()) {
		/* Most are small: large ones take the time of many. */
		if (!below(&state, LARGE)) {
			gso_size = below(&state, 2) * below(&state, 1400);
			setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &gso_size,
				   sizeof(gso_size));
			send(fd, buf, below(&state, 60000), MSG_DONTWAIT);
		} else {
			send(fd, buf, below(&state, 1400), MSG_DONTWAIT);
		}
	}
	close(fd);

	return NULL;
}

static void verdict_vec(unsigned int *state, uint32_t last_id)
{
	struct nfqnl_msg_verdict_vec vec[64];
	char buf[MNL_SOCKET_BUFFER_SIZE];
	int i, count = 1 + below(state, ARRAY_SIZE(vec));
	struct nlmsghdr *nlh;

	for (i = 0; i < count; i++) {
		vec[i] = (struct nfqnl_msg_verdict_vec){
			.id = htonl(last_id - below(state, 128)),
			.verdict = htonl(below(state, 8) ? NF_DROP : NF_REPEAT),
		};
		if (below(state, 2)) {
			vec[i].flags = htonl(NFQNL_VERDICT_VEC_F_MARK);
			vec[i].mark = any_u32(state);
		}
	}
	nlh = nfq_put_msg(buf, NFQNL_MSG_VERDICT_BATCH,
			  QUEUE_NUM + below(state, 2));
	mnl_attr_put(nlh, NFQA_VERDICT_VEC, count * sizeof(*vec), vec);
	send_msg(nlh);
}

static void verdict_hdr(unsigned int *state, uint32_t last_id)
{
	struct nfqnl_msg_verdict_hdr vh = {
		.verdict = htonl(below(state, 2) ? NF_DROP : NF_ACCEPT),
		.id = htonl(last_id - below(state, 128)),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = nfq_put_msg(buf, below(state, 2) ? NFQNL_MSG_VERDICT :
						 NFQNL_MSG_VERDICT_BATCH,
			  QUEUE_NUM + below(state, 2));
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(vh), &vh);
	send_msg(nlh);
}

/* What a message of the queue begins with */
struct head {
	struct nlmsghdr nlh;
	struct nfgenmsg nfg;
	struct nlattr attr;
	struct nfqnl_msg_packet_hdr packet;
};

/* Reads what is there, with positions that abuse_positions() may have made up:
 * the head of a record is copied before it is looked at, as it can change.
 */
static uint32_t read_ring(void)
{
	const struct ring *ring = &target.ring;
	uint32_t last = __atomic_load_n(&ring->prod->pos, __ATOMIC_ACQUIRE);
	uint32_t pos = ring->cons->pos, last_id = 0;

	while (last - pos - 1 < RING_SIZE && pos % NL_RING_ALIGNTO == 0) {
		const char *from = ring->data + pos % RING_SIZE;
		size_t max = RING_SIZE - pos % RING_SIZE;
		struct nl_ring_rec rec;
		struct head head;

		memcpy(&rec, from, sizeof(rec));
		if (rec.len > max - sizeof(rec))
			break;
		pos += NL_RING_ALIGN(sizeof(rec) + rec.len);
		if (rec.flags & NL_RING_REC_PAD)
			continue;
		if (rec.len < sizeof(struct nlmsghdr))
			break;
		if (rec.len < sizeof(head))
			continue;
		memcpy(&head, from + sizeof(rec), sizeof(head));
		if (head.attr.nla_type == NFQA_PACKET_HDR)
			last_id = ntohl(head.packet.packet_id);
	}
	__atomic_store_n(&ring->cons->pos, last, __ATOMIC_RELEASE);

	return last_id;
}

static void *give_verdicts(void *arg)
{
	unsigned int state = seed + (long)arg;
	uint32_t last_id = 0, id;

	while (more()) {
		pthread_rwlock_rdlock(&target.lock);
		id = read_ring();
		last_id = id ?: last_id + below(&state, 4);
		if (below(&state, 2))
			verdict_vec(&state, last_id);
		else
			verdict_hdr(&state, last_id);
		pthread_rwlock_unlock(&target.lock);
	}

	return NULL;
}

/* A message of the queue's with attributes of any type, length and content */
static void send_garbage(unsigned int *state)
{
	char buf[MESSAGE_MAX], data[256];
	struct nlmsghdr *nlh;
	int i, count;
	size_t len;

	nlh = nfq_put_msg(buf, 1 + below(state, 3),
			  QUEUE_NUM + below(state, 3));
	if (!below(state, 8))
		nlh->nlmsg_type = (NFNL_SUBSYS_ULOG << 8) | below(state, 3);
	if (!below(state, 4))
		nlh->nlmsg_flags |= NLM_F_ACK;
	for (count = below(state, 6); count; count--) {
		len = below(state, sizeof(data));
		for (i = 0; i < (int)len; i++)
			data[i] = below(state, 4) ? 0 : rand_r(state);
		mnl_attr_put(nlh, below(state, NFQA_MAX + 2), len, data);
	}
	send_msg(nlh);
}

static void abuse_mapping(unsigned int *state)
{
	int fd = mnl_socket_get_fd(target.nl);
	long page = getpagesize();
	size_t len = page * (1 + below(state, RING_SIZE / page + 4));
	int prot = below(state, 2) ? PROT_READ : PROT_READ | PROT_WRITE;
	char *addr;

	addr = mmap(NULL, len, prot,
		    below(state, 8) ? MAP_SHARED : MAP_PRIVATE, fd,
		    page * below(state, RING_SIZE / page + 4));
	if (addr == MAP_FAILED)
		return;
	mprotect(addr, len, PROT_READ | PROT_WRITE);
	madvise(addr, len, below(state, 32));
	if (below(state, 2)) {
		size_t longer = len + page * below(state, 3);
		char *moved = mremap(addr, len, longer, MREMAP_MAYMOVE);

		if (moved != MAP_FAILED) {
			addr = moved;
			len = longer;
		}
	}
	munmap(addr, len);
}

static void abuse_socket(unsigned int *state)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, any_u32(state));
	struct sock_fprog prog = { .len = 1, .filter = &code };
	int fd = mnl_socket_get_fd(target.nl), on = below(state, 2);
	struct nl_ring_req req = { any_u32(state), below(state, 4) };
	char buf[MESSAGE_MAX];

	switch (below(state, 5)) {
	case 0:
		setsockopt(fd, SOL_NETLINK, NETLINK_RX_RECRING, &req,
			   sizeof(req));
		break;
	case 1:
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
			   sizeof(prog));
		break;
	case 2:
		setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof(on));
		break;
	case 3:
		setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on,
			   sizeof(on));
		break;
	default:
		recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
}

/* Unbinds, binds, and changes whatever can be changed of a queue. */
static void abuse_queue(unsigned int *state)
{
	static const uint32_t maxlen[] = { 0, 1, 100, 5000, 70000, UINT32_MAX };
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nlh = config_msg(buf, QUEUE_NUM + below(state, 2), below(state, 4),
			 below(state, NFQA_CFG_F_MAX));
	if (below(state, 2))
		mnl_attr_put_u32(nlh, NFQA_CFG_QUEUE_MAXLEN,
				 htonl(maxlen[below(state, 6)]));
	send_msg(nlh);
	if (!below(state, 4))
		send_msg(log_msg(buf, below(state, 4), below(state, 16)));
}

static void abuse_positions(unsigned int *state)
{
	target.ring.cons->pos = below(state, 2) ? any_u32(state) :
		target.ring.prod->pos - below(state, RING_SIZE + 64);
	target.ring.cons->need_wakeup = below(state, 2);
}

static void *abuse(void *arg)
{
	static void (*const how[])(unsigned int *state) = {
		abuse_mapping, abuse_socket, abuse_queue, abuse_positions,
		send_garbage,
	};
	unsigned int state = seed + (long)arg;

	while (more()) {
		if (!below(&state, 64)) {
			pthread_rwlock_wrlock(&target.lock);
			target_close();
			target_open(&state);
		} else {
			pthread_rwlock_rdlock(&target.lock);
			how[below(&state, ARRAY_SIZE(how))](&state);
		}
		pthread_rwlock_unlock(&target.lock);
	}

	return NULL;
}

/* Packets of a device that goes are dropped while all of the above happens. */
static void *flap_device(void *arg)
{
	(void)arg;
	while (more()) {
		struct ifreq ifr = { .ifr_name = "lo" };
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		ioctl(fd, SIOCSIFFLAGS, &ifr);
		ifr.ifr_flags = IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &ifr);
		close(fd);
		poll(NULL, 0, 50);
	}

	return NULL;
}

int main(int argc, char **argv)
{
	static void *(*const start[])(void *arg) = {
		send_packets, send_packets, give_verdicts, abuse, flap_device,
	};
	pthread_t thread[ARRAY_SIZE(start)];
	unsigned long i;

	ksft_print_header();
	ksft_set_plan(1);
	if (argc > 1)
		operations = atol(argv[1]);
	seed = argc > 2 ? atoi(argv[2]) : getpid();
	end = argc > 3 ? time(NULL) + atol(argv[3]) : 0;

	if (unshare(CLONE_NEWNET))
		ksft_exit_skip("needs CAP_SYS_ADMIN for a network namespace\n");
	target.nl = nfq_open();
	if (!target.nl ||
	    ring_map(&target.ring, mnl_socket_get_fd(target.nl), RING_SIZE,
		     NL_RING_F_ALL))
		ksft_exit_skip("kernel without NL_RING_F_ALL\n");
	if (system(ruleset))
		ksft_exit_skip("needs nft and nft_queue\n");
	if (loopback_up())
		ksft_exit_fail_perror("loopback");

	ksft_print_msg("seed %u, %ld operations\n", seed, operations);
	for (i = 0; i < ARRAY_SIZE(start); i++)
		if (pthread_create(&thread[i], NULL, start[i], (void *)i))
			ksft_exit_fail_msg("no thread\n");
	for (i = 0; i < ARRAY_SIZE(start); i++)
		pthread_join(thread[i], NULL);
	target_close();

	ksft_test_result_pass("%ld operations\n", done);
	ksft_finished();
}
