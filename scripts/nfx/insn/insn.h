/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks for the kernel instruction counter (see nfx_insn.c).
 *
 * A mark is a seven-byte no-operation whose displacement carries the magic,
 * the number of the mark and whether it starts or stops the interval:
 *
 *	0f 1f 80 <disp32>	nopl disp32(%rax)
 *	disp32 = 0x4e46 << 16 | mark << 1 | stop
 *
 * It does nothing on a machine without the counter. @mark is a compile-time
 * constant below 32768; for a number known at run time, see nfx-mark.c.
 */
#ifndef NFX_INSN_H
#define NFX_INSN_H

#define INSN_MAGIC	0x4e460000u
#define INSN_DISP(mark, stop) \
	(INSN_MAGIC | ((unsigned int)(mark) & 0x7fff) << 1 | (stop))

#define insn_mark(mark, stop) \
	__asm__ __volatile__(".byte 0x0f, 0x1f, 0x80\n\t.long %c0" \
			     : : "i" (INSN_DISP(mark, stop)) : "memory")

#define insn_start(mark)	insn_mark(mark, 0)
#define insn_stop(mark)		insn_mark(mark, 1)

#endif /* NFX_INSN_H */
