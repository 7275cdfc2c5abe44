# SPDX-License-Identifier: GPL-2.0
# An object of module a. It has the same file mark as core/main.o and replaces the weak function of
# core/main.o. The symbol a_end has no size and is at the start of the next object.
	.file "main.c"
	.text
	.globl a_open
	.type a_open, %function
a_open:	.quad 0
	.size a_open, 8
	.globl hook
	.type hook, %function
hook:	.quad 2
	.size hook, 8
a_end:
	.section .text.once, "ax"
	.type init_once, %function
init_once: .quad 1
	.size init_once, 8
	.section .rodata, "a"
	.type __func__.0, %object
__func__.0: .quad 3
	.size __func__.0, 8
	.section .rodata.cst16, "aM", %progbits, 16
SHUFFLE: .quad 4, 5
