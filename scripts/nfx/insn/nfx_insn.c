// SPDX-License-Identifier: GPL-2.0
/*
 * nfx_insn - QEMU plugin: kernel instructions between two marks
 *
 * Theory of operation
 *
 *   guest program            translated block         this plugin
 *   -------------            ----------------         -----------
 *   insn_start(7)            user block with mark     start[7] = counter
 *   sendmsg() -> kernel      kernel block, n insns    counter += n (inline)
 *   insn_stop(7)             user block with mark     write "7 <difference>"
 *
 * An address in the upper half is kernel code; a translated block never spans
 * both halves, so one inline addition per kernel block is enough. The marks
 * (insn.h) are executed in user mode, where the counter stands still: their
 * place inside a block does not matter. A block left early by an exception
 * counts in full and its rest again: some instructions per page fault.
 *
 * With profile=FILE each kernel block has a count of its own as well. A closing
 * mark adds what each has grown by since the opening one to the profile of that
 * mark, which is written at the end: "mark address instructions".
 *
 * The counter is one global that vCPUs add to without a lock, so the machine
 * must have a single one (guest.py sees to it).
 *
 * Debian's QEMU 7.2 ships no qemu-plugin.h. What is used of interface version
 * 1 is declared here; a QEMU that no longer offers it refuses the plugin.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"

#define EXPORT __attribute__((visibility("default")))
#define KERNEL_HALF	(UINT64_C(1) << 63)
#define MARKS		32768
#define MARK_SIZE	7
#define BLOCKS		(1 << 20)

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS,
	QEMU_PLUGIN_CB_R_REGS,
	QEMU_PLUGIN_CB_RW_REGS,
};

enum qemu_plugin_op {
	QEMU_PLUGIN_INLINE_ADD_U64,
};

typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*vcpu_udata_cb)(unsigned int vcpu, void *userdata);

typedef void (*udata_cb)(qemu_plugin_id_t id, void *userdata);

void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, udata_cb cb,
				    void *userdata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   tb_trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
					      enum qemu_plugin_op op,
					      void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    vcpu_udata_cb cb,
					    enum qemu_plugin_cb_flags flags,
					    void *userdata);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

static uint64_t counter;
static uint64_t start[MARKS];
static FILE *out;

/* Kernel blocks as they were translated; the same code can be there twice */
static struct block {
	uint64_t vaddr;
	uint64_t insns;
	uint64_t at_start;
} *blocks;
static size_t nblocks;
static uint64_t *profile[MARKS];
static FILE *profile_out;

static void profile_start(void)
{
	size_t i;

	for (i = 0; i < nblocks; i++)
		blocks[i].at_start = blocks[i].insns;
}

/* A block that was translated in between started at 0. */
static void profile_stop(unsigned int mark)
{
	size_t i;

	if (!profile[mark])
		profile[mark] = calloc(BLOCKS, sizeof(**profile));
	if (!profile[mark])
		abort();
	for (i = 0; i < nblocks; i++)
		profile[mark][i] += blocks[i].insns - blocks[i].at_start;
}

static void profile_write(qemu_plugin_id_t id, void *userdata)
{
	unsigned int mark;
	size_t i;

	(void)id;
	(void)userdata;
	for (mark = 0; mark < MARKS; mark++)
		for (i = 0; profile[mark] && i < nblocks; i++)
			if (profile[mark][i])
				fprintf(profile_out,
					"%u %" PRIx64 " %" PRIu64 "\n", mark,
					blocks[i].vaddr, profile[mark][i]);
	fclose(profile_out);
}

static void profile_block(struct qemu_plugin_tb *tb, size_t insns)
{
	if (nblocks == BLOCKS)
		abort();
	blocks[nblocks].vaddr = qemu_plugin_tb_vaddr(tb);
	qemu_plugin_register_vcpu_tb_exec_inline(
		tb, QEMU_PLUGIN_INLINE_ADD_U64, &blocks[nblocks].insns, insns);
	nblocks++;
}

static void mark_executed(unsigned int vcpu, void *userdata)
{
	uint32_t disp = (uintptr_t)userdata;
	unsigned int mark = (disp & 0xffff) >> 1;

	(void)vcpu;
	if (!(disp & 1)) {
		if (profile_out)
			profile_start();
		start[mark] = counter;
		return;
	}
	fprintf(out, "%u %" PRIu64 "\n", mark, counter - start[mark]);
	fflush(out);
	if (profile_out)
		profile_stop(mark);
}

static bool is_mark(const struct qemu_plugin_insn *insn, uint32_t *disp)
{
	static const uint8_t opcode[] = { 0x0f, 0x1f, 0x80 };
	const uint8_t *code;

	if (qemu_plugin_insn_size(insn) != MARK_SIZE)
		return false;
	code = qemu_plugin_insn_data(insn);
	if (memcmp(code, opcode, sizeof(opcode)))
		return false;
	memcpy(disp, code + sizeof(opcode), sizeof(*disp));
	return (*disp & 0xffff0000) == INSN_MAGIC;
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (qemu_plugin_tb_vaddr(tb) & KERNEL_HALF) {
		qemu_plugin_register_vcpu_tb_exec_inline(
			tb, QEMU_PLUGIN_INLINE_ADD_U64, &counter, n);
		if (profile_out)
			profile_block(tb, n);
		return;
	}
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t disp;

		if (is_mark(insn, &disp))
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, mark_executed, QEMU_PLUGIN_CB_NO_REGS,
				(void *)(uintptr_t)disp);
	}
}

static FILE *open_for(const char *arg, const char *name)
{
	size_t len = strlen(name);
	FILE *file;

	if (strncmp(arg, name, len) || arg[len] != '=') {
		fprintf(stderr, "nfx_insn: the arguments are out=FILE and profile=FILE\n");
		return NULL;
	}
	file = fopen(arg + len + 1, "w");
	if (!file)
		perror(arg);
	return file;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info,
			       int argc, char **argv)
{
	(void)info;
	if (argc < 1)
		return -1;
	out = open_for(argv[0], "out");
	if (!out)
		return -1;
	if (argc > 1) {
		profile_out = open_for(argv[1], "profile");
		blocks = calloc(BLOCKS, sizeof(*blocks));
		if (!profile_out || !blocks)
			return -1;
		qemu_plugin_register_atexit_cb(id, profile_write, NULL);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	return 0;
}
