// SPDX-License-Identifier: GPL-2.0
/* Ask bpf_fib_lookup() for the route of a packet.
 *
 * usage: bpf_fib_lookup IFACE SADDR DADDR
 *
 * Prints the output device of a packet from SADDR to DADDR that is received
 * on IFACE, or "none" if it would not be forwarded.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int params_map(void)
{
	union bpf_attr attr = {};
	int fd;

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = sizeof(struct bpf_fib_lookup);
	attr.max_entries = 1;
	fd = bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		error(KSFT_SKIP, errno, "BPF_MAP_CREATE");

	return fd;
}

/* return bpf_fib_lookup(skb, &map[0], sizeof(map[0]), flags) */
static int prog_load(int map)
{
	const struct bpf_insn insns[] = {
		{ BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_VALUE,
		  0, map },
		{ 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0,
		  sizeof(struct bpf_fib_lookup) },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_4, 0, 0,
		  BPF_FIB_LOOKUP_SKIP_NEIGH },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_fib_lookup },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	static char log[16384];
	union bpf_attr attr = {};
	int fd;

	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
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

static void map_access(int cmd, int map, struct bpf_fib_lookup *params)
{
	union bpf_attr attr = {};
	uint32_t key = 0;

	attr.map_fd = map;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)params;
	if (bpf(cmd, &attr))
		error(KSFT_FAIL, errno, "map access");
}

int main(int argc, char **argv)
{
	struct bpf_fib_lookup params = {};
	union bpf_attr attr = {};
	char ifname[IFNAMSIZ];
	char packet[64] = {};
	int map;

	if (argc != 4)
		error(KSFT_FAIL, 0, "usage: %s IFACE SADDR DADDR", argv[0]);

	params.family = strchr(argv[2], ':') ? AF_INET6 : AF_INET;
	params.ifindex = if_nametoindex(argv[1]);
	if (inet_pton(params.family, argv[2], params.ipv6_src) != 1 ||
	    inet_pton(params.family, argv[3], params.ipv6_dst) != 1)
		error(KSFT_FAIL, 0, "wrong address");

	map = params_map();
	map_access(BPF_MAP_UPDATE_ELEM, map, &params);

	attr.test.prog_fd = prog_load(map);
	attr.test.data_in = (uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	if (bpf(BPF_PROG_TEST_RUN, &attr))
		error(KSFT_FAIL, errno, "BPF_PROG_TEST_RUN");
	if ((int)attr.test.retval < 0)
		error(KSFT_FAIL, -(int)attr.test.retval, "bpf_fib_lookup");

	map_access(BPF_MAP_LOOKUP_ELEM, map, &params);
	if (attr.test.retval == BPF_FIB_LKUP_RET_SUCCESS)
		puts(if_indextoname(params.ifindex, ifname) ?: "?");
	else
		puts("none");

	return KSFT_PASS;
}
