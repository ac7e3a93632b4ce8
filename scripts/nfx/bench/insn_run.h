/* SPDX-License-Identifier: GPL-2.0 */
/* Marks of the kernel instruction counter with a number known at run time. */
#ifndef NFX_INSN_RUN_H
#define NFX_INSN_RUN_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "insn.h"

/* Functions that set a mark: the number is part of the instruction. */
struct insn_run {
	void	(*start)(void);
	void	(*stop)(void);
};

/**
 * insn_run_init - write the functions that set a mark
 * @run: where they go, for the life of the process
 * @mark: below 32768
 *
 * Return: 0, or -1 and errno if there is no memory to execute
 */
static inline int insn_run_init(struct insn_run *run, unsigned int mark)
{
	/* nopl disp32(%rax), ret */
	uint8_t code[2][8] = {
		{ 0x0f, 0x1f, 0x80, [7] = 0xc3 },
		{ 0x0f, 0x1f, 0x80, [7] = 0xc3 },
	};
	uint8_t *page;
	int stop;

	for (stop = 0; stop < 2; stop++) {
		uint32_t disp = INSN_DISP(mark, stop);

		memcpy(&code[stop][3], &disp, sizeof(disp));
	}
	page = mmap(NULL, sizeof(code), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -1;
	memcpy(page, code, sizeof(code));
	run->start = (void *)page;
	run->stop = (void *)(page + sizeof(code[0]));

	return mprotect(page, sizeof(code), PROT_READ | PROT_EXEC);
}

#endif /* NFX_INSN_RUN_H */
