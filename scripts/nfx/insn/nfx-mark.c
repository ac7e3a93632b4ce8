// SPDX-License-Identifier: GPL-2.0
/*
 * nfx-mark - set a mark of the kernel instruction counter from a shell script
 *
 * The number is part of the instruction, so the instruction is written at run
 * time. The interval also holds the exit of this process after the start and
 * the fork and exec of the next one: subtract an empty interval.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "insn.h"

static int usage(void)
{
	fprintf(stderr, "usage: nfx-mark NUMBER start|stop\n");
	return 2;
}

static int execute_mark(uint32_t disp)
{
	uint8_t code[] = { 0x0f, 0x1f, 0x80, 0, 0, 0, 0, 0xc3 /* ret */ };
	void *page;

	memcpy(code + 3, &disp, sizeof(disp));
	page = mmap(NULL, sizeof(code), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		perror("nfx-mark: mmap");
		return 1;
	}
	memcpy(page, code, sizeof(code));
	if (mprotect(page, sizeof(code), PROT_READ | PROT_EXEC)) {
		perror("nfx-mark: mprotect");
		return 1;
	}
	((void (*)(void))page)();
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long mark;
	char *end;
	int stop;

	if (argc != 3)
		return usage();
	mark = strtoul(argv[1], &end, 10);
	if (*end || end == argv[1] || mark > 0x7fff)
		return usage();
	stop = !strcmp(argv[2], "stop");
	if (!stop && strcmp(argv[2], "start"))
		return usage();
	return execute_mark(INSN_DISP(mark, stop));
}
