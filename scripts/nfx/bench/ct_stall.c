// SPDX-License-Identifier: GPL-2.0
/*
 * ct_stall ENTRIES: how long packets of established flows are held up by a
 * resize of the table, with ENTRIES in it, in us.
 *
 *	CPU 0	this program: resizes the table, does something else meanwhile
 *	CPU 1	pktgen: as many packets as it can, one after another
 *
 * A packet is timed by two BPF programs, on its arrival at d0 and when a socket
 * is about to get it. In between are the lookup and nothing that is scheduled.
 *
 * The host stops a virtual CPU several times a second, for longer than what is
 * to be seen here, but at random. What a resize does to packets it does in
 * each of several rounds, and at the same stage. Each resize is divided into
 * STAGES, a packet counts for all those it was held up in, and what counts of a
 * stage is the round with the shortest delay in it and in its neighbours: no
 * two resizes take the same time. The worst stage is the result, less that of
 * as much time without a resize.
 */

#define _GNU_SOURCE

#include <stddef.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/bpf.h>

#include "ct_table.h"

#define FLOWS		128
#define ROUNDS		6
/* No further round after that time */
#define ENOUGH		(100 * NSEC)
#define STAGES		32
#define SLOT_SHIFT	22
#define SLOTS		4096

/* Shared with the BPF programs: the worst delay by time of delivery, in ns */
struct delays {
	uint64_t	start;
	uint64_t	arrival;
	uint64_t	count;
	uint64_t	worst[SLOTS];
};

enum { RESIZE, QUIET, WINDOWS };

static const unsigned int sizes[] = { 262144, 524288, 1048576 };

#define SIZES	(sizeof(sizes) / sizeof(*sizes))

static volatile struct delays *delays;
/* The least of all rounds */
static uint64_t least[WINDOWS][SIZES][STAGES];

#define INSN(op, dst, src, offset, value)				\
	((struct bpf_insn){ .code = (op), .dst_reg = (dst),		\
			    .src_reg = (src), .off = (offset),		\
			    .imm = (value) })
#define CALL(func)							\
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##func)
#define DELAYS(dst, map)						\
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_VALUE, 0, map), \
	INSN(0, 0, 0, 0, 0)
#define LOAD(dst, src, offset)						\
	INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, offset, 0)
#define STORE(dst, offset, src)						\
	INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, offset, 0)
#define MOVE(dst, src)							\
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ALU(op, dst, src)						\
	INSN(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define ALU_IMM(op, dst, value)						\
	INSN(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, value)
#define RETURN_0							\
	ALU_IMM(BPF_MOV, BPF_REG_0, 0),					\
	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MEMBER(name)	offsetof(struct delays, name)

static long sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int map_delays(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(struct delays),
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};
	int map = sys_bpf(BPF_MAP_CREATE, &attr);

	if (map < 0)
		die("BPF_MAP_CREATE");
	delays = mmap(NULL, sizeof(*delays), PROT_READ | PROT_WRITE,
		      MAP_SHARED, map, 0);
	if (delays == MAP_FAILED)
		die("mmap");

	return map;
}

/* The program sees each packet for @sock, and has it dropped. */
static void attach(int sock, const struct bpf_insn *insns, size_t size)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)insns,
		.insn_cnt = size / sizeof(*insns),
		.license = (uintptr_t)"GPL",
	};
	int prog = sys_bpf(BPF_PROG_LOAD, &attr);

	if (prog < 0)
		die("BPF_PROG_LOAD");
	if (setsockopt(sock, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)))
		die("SO_ATTACH_BPF");
}

static void time_arrival(int map)
{
	const struct bpf_insn insns[] = {
		CALL(ktime_get_ns),
		DELAYS(BPF_REG_1, map),
		STORE(BPF_REG_1, MEMBER(arrival), BPF_REG_0),
		RETURN_0,
	};
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("d0"),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("AF_PACKET");
	attach(fd, insns, sizeof(insns));
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)))
		die("d0");
}

static void time_delivery(int map)
{
	const struct bpf_insn insns[] = {
		CALL(ktime_get_ns),
		DELAYS(BPF_REG_1, map),
		/* r2 = delay, r0 = time since start */
		MOVE(BPF_REG_2, BPF_REG_0),
		LOAD(BPF_REG_3, BPF_REG_1, MEMBER(arrival)),
		ALU(BPF_SUB, BPF_REG_2, BPF_REG_3),
		LOAD(BPF_REG_3, BPF_REG_1, MEMBER(start)),
		ALU(BPF_SUB, BPF_REG_0, BPF_REG_3),
		/* count++ */
		LOAD(BPF_REG_3, BPF_REG_1, MEMBER(count)),
		ALU_IMM(BPF_ADD, BPF_REG_3, 1),
		STORE(BPF_REG_1, MEMBER(count), BPF_REG_3),
		/* r1 = slot of that time, or the last */
		ALU_IMM(BPF_RSH, BPF_REG_0, SLOT_SHIFT),
		INSN(BPF_JMP | BPF_JLT | BPF_K, BPF_REG_0, 0, 1, SLOTS),
		ALU_IMM(BPF_MOV, BPF_REG_0, SLOTS - 1),
		ALU_IMM(BPF_LSH, BPF_REG_0, 3),
		ALU(BPF_ADD, BPF_REG_1, BPF_REG_0),
		/* worst[slot] = max(worst[slot], delay) */
		LOAD(BPF_REG_3, BPF_REG_1, MEMBER(worst)),
		INSN(BPF_JMP | BPF_JGE | BPF_X, BPF_REG_3, BPF_REG_2, 1, 0),
		STORE(BPF_REG_1, MEMBER(worst), BPF_REG_2),
		RETURN_0,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("receiver");
	attach(fd, insns, sizeof(insns));
}

static void start_window(void)
{
	int i;

	/* Until it starts, packets get into the last slot, which is ignored. */
	delays->start = UINT64_MAX;
	for (i = 0; i < SLOTS; i++)
		delays->worst[i] = 0;
	delays->start = now_ns();
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Fill in the worst delay in each stage of a window, return that of all. */
static uint64_t read_window(uint64_t length, uint64_t worst[STAGES])
{
	uint64_t all = 0, slot;

	memset(worst, 0, STAGES * sizeof(*worst));
	for (slot = 0; slot <= length >> SLOT_SHIFT && slot < SLOTS - 1;
	     slot++) {
		uint64_t delay = delays->worst[slot];
		uint64_t end = (slot + 1) << SLOT_SHIFT;
		uint64_t first = (end > delay ? end - delay : 0) * STAGES /
				 length;
		uint64_t last = end * STAGES / length, i;

		for (i = first; i <= last && i < STAGES; i++)
			worst[i] = max_u64(worst[i], delay);
		all = max_u64(all, delay);
	}

	return all;
}

static void end_window(int window, int size, int round)
{
	static const char * const names[] = { "resize", "quiet" };
	uint64_t length = now_ns() - delays->start;
	uint64_t worst[STAGES], all;
	int i;

	all = read_window(length, worst);
	fprintf(stderr, "%u: %s %.0f ms, worst %.1f us\n", sizes[size],
		names[window], length / 1e6, all / 1e3);
	for (i = 0; i < STAGES; i++) {
		uint64_t near = worst[i];

		if (i > 0)
			near = max_u64(near, worst[i - 1]);
		if (i < STAGES - 1)
			near = max_u64(near, worst[i + 1]);
		if (!round || near < least[window][size][i])
			least[window][size][i] = near;
	}
}

static void resize(int size, int round)
{
	start_window();
	set_buckets(sizes[size]);
	end_window(RESIZE, size, round);
}

/* As long as the resize, the CPU as busy */
static void keep_quiet(uint64_t length, int size, int round)
{
	static char zeroes[1 << 20];
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/zero", O_RDONLY);
	start_window();
	while (now_ns() - delays->start < length) {
		if (read(fd, zeroes, sizeof(zeroes)) < 0)
			die("/dev/zero");
	}
	end_window(QUIET, size, round);
}

static uint64_t worst_stage(int window)
{
	uint64_t worst = 0;
	size_t size;
	int i;

	for (size = 0; size < SIZES; size++) {
		for (i = 0; i < STAGES; i++)
			worst = max_u64(worst, least[window][size][i]);
	}

	return worst;
}

static void measure(void)
{
	uint64_t begin = now_ns(), start, resized, quiet;
	size_t size;
	int round;

	for (round = 0; round < ROUNDS && now_ns() - begin < ENOUGH; round++) {
		for (size = 0; size < SIZES; size++) {
			start = now_ns();
			resize(size, round);
			keep_quiet(now_ns() - start, size, round);
		}
	}

	resized = worst_stage(RESIZE);
	quiet = worst_stage(QUIET);
	fprintf(stderr, "%d rounds, worst stage %.1f us, quiet %.1f us\n",
		round, resized / 1e3, quiet / 1e3);
	printf("%.1f\n", resized > quiet ? (resized - quiet) / 1e3 : 0);
}

static void use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = ct_socket();
	uint64_t start = now_ns();
	int map;

	if (argc != 2)
		return 2;
	use_cpu(0);
	insert_flows(nl, packet_flow, 0, FLOWS, 0);
	insert_flows(nl, fill_flow, 0, atoi(argv[1]), 0);
	fprintf(stderr, "filled in %.1f s\n", (now_ns() - start) / 1e9);

	map = map_delays();
	time_arrival(map);
	time_delivery(map);
	while (!delays->count)
		sched_yield();
	measure();
	start = now_ns();
	flush_flows(nl);
	fprintf(stderr, "flushed in %.1f s\n", (now_ns() - start) / 1e9);

	return 0;
}
