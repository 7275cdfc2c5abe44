# SPDX-License-Identifier: GPL-2.0
# An object of a library. No object needs it, although its symbols are similar to the linked symbols.
	.file "main.c"
	.text
	.globl start_unused
	.type start_unused, %function
start_unused: .quad 0
	.size start_unused, 8
	.type init_once, %function
init_once: .quad 1
	.size init_once, 8
