# SPDX-License-Identifier: GPL-2.0
# An object in no module. a/main.o defines the same static function, string and constant.
	.file "main.c"
	.text
	.globl start
	.type start, %function
start:	.quad helper
	.size start, 8
	.type init_once, %function
init_once: .quad 1
	.size init_once, 8
	.weak hook
	.type hook, %function
hook:	.quad 2
	.size hook, 8
	.section .rodata, "a"
	.type __func__.0, %object
__func__.0: .quad 3
	.size __func__.0, 8
	.section .rodata.cst16, "aM", %progbits, 16
SHUFFLE: .quad 4, 5
