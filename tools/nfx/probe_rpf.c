// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reverse path check of forwarded packets that are received as one list.
 *
 * BPF_PROG_TEST_RUN with live frames hands BATCH copies of a frame to
 * netif_receive_skb_list(). The XDP program lets the first copy pass as it
 * is and gives the others a source that has no route. It swaps the halves of
 * the address, so the header checksum stays right.
 *
 *   XDP live frames -> lo (rp_filter=1) -> forward: counters -> a
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab.h"
#include "main.h"
#include "nft.h"
#include "packet.h"
#include "probes.h"
#include "procfile.h"
#include "rtnl.h"

#define BATCH		8
#define SADDR_OFFSET	12		/* RFC 791 3.1 */
#define ETH_LEN		14
#define VALID		0xc6336407U	/* 198.51.100.7, RFC 5737 */
#define VALID_NET	0xc6336400U
#define SPOOFED		0x6407c633U	/* VALID with its halves swapped */
#define TARGET		0xcb007101U	/* 203.0.113.1, RFC 5737 */
#define TARGET_NET	0xcb007100U

static int bpf(int cmd, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

/* One counter, at 0. */
static int counter_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = sizeof(uint32_t);
	attr.max_entries = 1;
	return bpf(BPF_MAP_CREATE, &attr);
}

static struct bpf_insn insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off,
			    int32_t imm)
{
	return (struct bpf_insn){
		.code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf,
		.off = off, .imm = imm,
	};
}

static struct bpf_insn mov(uint8_t dst, uint8_t src)
{
	return insn(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static struct bpf_insn add(uint8_t dst, int32_t imm)
{
	return insn(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm);
}

static struct bpf_insn load(uint8_t dst, uint8_t src, int16_t off)
{
	return insn(BPF_LDX | BPF_MEM | BPF_W, dst, src, off, 0);
}

static struct bpf_insn store(uint8_t dst, int16_t off, uint8_t src)
{
	return insn(BPF_STX | BPF_MEM | BPF_W, dst, src, off, 0);
}

static struct bpf_insn store_imm(uint8_t dst, int16_t off, uint32_t imm)
{
	return insn(BPF_ST | BPF_MEM | BPF_W, dst, 0, off, (int32_t)imm);
}

static struct bpf_insn jump_eq(uint8_t dst, int32_t imm, int16_t off)
{
	return insn(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, off, imm);
}

static struct bpf_insn jump_gt(uint8_t dst, uint8_t src, int16_t off)
{
	return insn(BPF_JMP | BPF_JGT | BPF_X, dst, src, off, 0);
}

static int spoof_program(int map)
{
	static const char license[] = "GPL";
	const struct bpf_insn insns[] = {
		mov(6, 1),
		store_imm(10, -4, 0),
		insn(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map),
		insn(0, 0, 0, 0, 0),
		mov(2, 10),
		add(2, -4),
		insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		jump_eq(0, 0, 11),			/* no counter: pass */
		load(7, 0, 0),
		mov(8, 7),
		add(8, 1),
		store(0, 0, 8),
		jump_eq(7, 0, 6),			/* first frame: pass */
		load(2, 6, offsetof(struct xdp_md, data)),
		load(3, 6, offsetof(struct xdp_md, data_end)),
		mov(1, 2),
		add(1, ETH_LEN + SADDR_OFFSET + 4),
		jump_gt(1, 3, 1),
		store_imm(2, ETH_LEN + SADDR_OFFSET, htonl(SPOOFED)),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS),
		insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = (uintptr_t)license;
	return bpf(BPF_PROG_LOAD, &attr);
}

/* All copies go into one list: the batch is as large as the repetition. */
static int receive_list(int prog)
{
	static const uint8_t lo_mac[6];
	uint8_t frame[PACKET_SIZE];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog;
	attr.test.data_in = (uintptr_t)frame;
	attr.test.data_size_in = (uint32_t)packet_udp4(frame, lo_mac,
						       htonl(VALID),
						       htonl(TARGET));
	attr.test.repeat = BATCH;
	attr.test.batch_size = BATCH;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	return bpf(BPF_PROG_TEST_RUN, &attr);
}

/* Forwarding with strict reverse path filter, VALID being routed to lo. */
static int make_router(struct nl *rt)
{
	static const char * const on[] = {
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/net/ipv4/conf/all/rp_filter",
		"/proc/sys/net/ipv4/conf/lo/rp_filter",
	};
	const uint32_t valid = htonl(VALID_NET), target = htonl(TARGET_NET);
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(on) && !err; i++)
		err = procfile_write(on[i], "1");
	if (!err)
		err = rtnl_route_add(rt, AF_INET, RT_TABLE_MAIN, &valid, 24,
				     "lo");
	if (!err)
		err = rtnl_route_add(rt, AF_INET, RT_TABLE_MAIN, &target, 24,
				     "a");
	return err;
}

enum { FWD_VALID, FWD_SPOOFED, RULES };

static int count_forwarded(struct nl *nf)
{
	const uint32_t source[RULES] = { htonl(VALID), htonl(SPOOFED) };
	struct nft *nft = nft_begin(nf, NFPROTO_IPV4);
	int rule;

	if (nft) {
		nft_table(nft);
		nft_chain(nft, "fwd", "filter", NF_INET_FORWARD, 0);
	}
	for (rule = 0; nft && rule < RULES; rule++) {
		nft_rule(nft, "fwd");
		nft_match(nft, SADDR_OFFSET, &source[rule], 4);
		nft_counter(nft);
		nft_end(nft);
	}
	return nft_commit(nft);
}

/* Returns false when @f has been set to "unknown". */
static bool run_batch(struct finding *f)
{
	int map = counter_map();
	int prog = map < 0 ? map : spoof_program(map);

	if (prog == -EPERM) {
		finding_unknown(f, prog, "loading an XDP program needs root");
		return false;
	}
	if (setup_failed(f, prog < 0 ? prog : 0, "an XDP program"))
		return false;
	return !setup_failed(f, receive_list(prog), "XDP live frames");
}

void probe_rpf_list(struct finding *f)
{
	NL_AUTO rt = lab_veth(f);
	NL_AUTO nf = rt ? lab_open(f, NETLINK_NETFILTER) : NULL;
	uint64_t packets[RULES];

	if (!nf || setup_failed(f, make_router(rt), "a router") ||
	    setup_failed(f, count_forwarded(nf), "counters") ||
	    !run_batch(f) ||
	    setup_failed(f, nft_packets(nf, NFPROTO_IPV4, packets, RULES),
			 "a counter dump"))
		return;
	if (packets[FWD_VALID] != 1)
		finding_unknown(f, 0, "the valid packet was not forwarded");
	else if (packets[FWD_SPOOFED])
		finding_no(f, 0, "%u of %d spoofed packets were forwarded",
			   (unsigned int)packets[FWD_SPOOFED], BATCH - 1);
	else
		finding_yes(f, "no spoofed packet was forwarded");
}
