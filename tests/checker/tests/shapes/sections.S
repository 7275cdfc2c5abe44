# SPDX-License-Identifier: GPL-2.0
# Defines symbols in sections whose numbers do not fit in 16 bits, because 70,000 sections precede them.
	.file "main.c"
	.altmacro
	.macro fill number
	.section .fill.\number, "ax"
	.quad 0
	.endm
	.set number, 0
	.rept 70000
	fill %number
	.set number, number + 1
	.endr
	.section .text.work, "ax"
	.globl anchor
anchor:	.quad 1
	.type init_once, %function
init_once: .quad 1
	.size init_once, 8
	.section .rodata.high, "aM", %progbits, 16
	.type SHUFFLE, %object
SHUFFLE: .quad 4, 5
	.size SHUFFLE, 16
