// SPDX-License-Identifier: GPL-2.0
/* Self test of the instruction counter: CALLS getppid() per interval. */
#include <sys/syscall.h>
#include <unistd.h>

#include "insn.h"

#define INTERVALS 5

int main(void)
{
	int i, n;

	for (n = 0; n < INTERVALS; n++) {
		insn_start(MARK);
		for (i = 0; i < CALLS; i++)
			syscall(SYS_getppid);
		insn_stop(MARK);
	}
	return 0;
}
