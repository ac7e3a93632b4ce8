// SPDX-License-Identifier: GPL-2.0
/* Make the stack receive IPv4/UDP packets in lists of a known content.
 *
 * usage: rx_batch IFACE ROUNDS DADDR SADDR...
 *
 * Each of the ROUNDS is one list for ip_list_rcv(): one packet per SADDR, in
 * that order, all to DADDR, as if one NAPI poll of IFACE had received them.
 * Prints the time spent per packet.
 *
 * XDP live frames give exact lists: the frames of one batch which the program
 * passes are handed to netif_receive_skb_list() together. All frames are made
 * from one template, and their pages are used again as the stack left them, so
 * the program writes each frame anew.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"

#define MAX_BATCH	64	/* The kernel takes up to 256 frames */

#pragma pack(push, 1)
struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	char payload[22];	/* up to the minimum length of a frame */
};

#pragma pack(pop)

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static __sum16 ip_checksum(struct iphdr ip)
{
	const uint8_t *p = (const uint8_t *)&ip;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < sizeof(ip); i += 2)
		sum += p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);

	return htons(~sum);
}

static void frame_init(struct frame *frame, const char *ifname,
		       const char *daddr)
{
	struct ifreq ifr = {};
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		error(KSFT_FAIL, errno, "socket");
	strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		error(KSFT_FAIL, errno, "address of %s", ifname);
	close(fd);

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->eth.h_dest, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	frame->eth.h_source[0] = 2;
	frame->eth.h_proto = htons(ETH_P_IP);

	frame->ip.version = 4;
	frame->ip.ihl = sizeof(frame->ip) / 4;
	frame->ip.ttl = 64;
	frame->ip.protocol = IPPROTO_UDP;
	frame->ip.tot_len = htons(sizeof(*frame) - sizeof(frame->eth));
	if (inet_pton(AF_INET, daddr, &frame->ip.daddr) != 1)
		error(KSFT_FAIL, 0, "%s is not an IPv4 address", daddr);

	frame->udp.source = htons(1000);
	frame->udp.dest = htons(9);
	frame->udp.len = htons(sizeof(frame->udp) + sizeof(frame->payload));
}

/* Entry 0 is the program's counter of frames, the others are the frames. */
static int frames_map(struct frame frame, int n, char **saddr)
{
	union bpf_attr attr = {};
	uint32_t key;
	int fd;

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(key);
	attr.value_size = sizeof(frame);
	attr.max_entries = n + 1;
	fd = bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		error(KSFT_SKIP, errno, "BPF_MAP_CREATE");

	for (key = 1; key <= (uint32_t)n; key++) {
		if (inet_pton(AF_INET, saddr[key - 1], &frame.ip.saddr) != 1)
			error(KSFT_FAIL, 0, "%s is not an IPv4 address",
			      saddr[key - 1]);
		frame.ip.check = 0;
		frame.ip.check = ip_checksum(frame.ip);

		memset(&attr, 0, sizeof(attr));
		attr.map_fd = fd;
		attr.key = (uintptr_t)&key;
		attr.value = (uintptr_t)&frame;
		if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
			error(KSFT_FAIL, errno, "BPF_MAP_UPDATE_ELEM");
	}

	return fd;
}

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), \
			    .off = (o), .imm = (i) })
#define MOV_REG(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD_IMM(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define MOD_IMM(d, i)	INSN(BPF_ALU64 | BPF_MOD | BPF_K, d, 0, 0, i)
#define LOAD(sz, d, s, o)	INSN(BPF_LDX | (sz) | BPF_MEM, d, s, o, 0)
#define STORE(sz, d, o, s)	INSN(BPF_STX | (sz) | BPF_MEM, d, s, o, 0)
#define STORE_IMM(sz, d, o, i)	INSN(BPF_ST | (sz) | BPF_MEM, d, 0, o, i)
#define JEQ_IMM(d, i, o)	INSN(BPF_JMP | BPF_JEQ | BPF_K, d, 0, o, i)
#define LOAD_MAP(d, fd) \
	INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd)
#define CALL(func)	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, func)
#define EXIT()		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MAP_KEY		(-4)	/* on the stack */

static int prog_load(int map, int n)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		/* R1 = 1 + counter++ % n */
		STORE_IMM(BPF_W, BPF_REG_10, MAP_KEY, 0),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, MAP_KEY),
		LOAD_MAP(BPF_REG_1, map),
		INSN(0, 0, 0, 0, 0),
		CALL(BPF_FUNC_map_lookup_elem),
		JEQ_IMM(BPF_REG_0, 0, 20),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0),
		MOV_REG(BPF_REG_2, BPF_REG_1),
		ADD_IMM(BPF_REG_2, 1),
		STORE(BPF_W, BPF_REG_0, 0, BPF_REG_2),
		MOD_IMM(BPF_REG_1, n),
		ADD_IMM(BPF_REG_1, 1),
		/* bpf_xdp_store_bytes(ctx, 0, &map[R1], sizeof(frame)) */
		STORE(BPF_W, BPF_REG_10, MAP_KEY, BPF_REG_1),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, MAP_KEY),
		LOAD_MAP(BPF_REG_1, map),
		INSN(0, 0, 0, 0, 0),
		CALL(BPF_FUNC_map_lookup_elem),
		JEQ_IMM(BPF_REG_0, 0, 7),
		MOV_REG(BPF_REG_1, BPF_REG_6),
		MOV_IMM(BPF_REG_2, 0),
		MOV_REG(BPF_REG_3, BPF_REG_0),
		MOV_IMM(BPF_REG_4, sizeof(struct frame)),
		CALL(BPF_FUNC_xdp_store_bytes),
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT(),
		MOV_IMM(BPF_REG_0, XDP_ABORTED),
		EXIT(),
	};
	union bpf_attr attr = {};
	static char log[16384];
	int fd;

	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = (uintptr_t)"GPL";
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		error(KSFT_FAIL, errno, "BPF_PROG_LOAD: %s", log);

	return fd;
}

int main(int argc, char **argv)
{
	union bpf_attr attr = {};
	struct xdp_md ctx = {};
	struct frame frame;
	int n, rounds, prog;

	n = argc - 4;
	if (n < 1 || n > MAX_BATCH)
		error(KSFT_FAIL, 0, "usage: %s IFACE ROUNDS DADDR SADDR...",
		      argv[0]);
	rounds = atoi(argv[2]);
	if (rounds < 1)
		error(KSFT_FAIL, 0, "%s is not a number of rounds", argv[2]);

	frame_init(&frame, argv[1], argv[3]);
	prog = prog_load(frames_map(frame, n, argv + 4), n);

	ctx.data_end = sizeof(frame);
	ctx.ingress_ifindex = if_nametoindex(argv[1]);

	attr.test.prog_fd = prog;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	attr.test.repeat = n * rounds;
	attr.test.batch_size = n;
	attr.test.data_in = (uintptr_t)&frame;
	attr.test.data_size_in = sizeof(frame);
	attr.test.ctx_in = (uintptr_t)&ctx;
	attr.test.ctx_size_in = sizeof(ctx);
	if (bpf(BPF_PROG_TEST_RUN, &attr))
		error(errno == EINVAL ? KSFT_SKIP : KSFT_FAIL, errno,
		      "BPF_PROG_TEST_RUN");

	printf("%u ns per packet\n", attr.test.duration);

	return 0;
}
