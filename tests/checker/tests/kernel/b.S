# SPDX-License-Identifier: GPL-2.0
# Of b-mod, and of a module that is not built in. Assembler, with a label that shared/work.o has
# too.
	.text
	.globl b_late
	.type b_late, %function
b_late:	.quad 0
	.size b_late, 8
loop:	.quad 1
