# SPDX-License-Identifier: GPL-2.0
# What objtool adds to vmlinux.o: a symbol that no object defines, on the space before init_once.
	.section .text.pfx, "ax"
	.type __pfx_init_once, %function
__pfx_init_once: .quad 0
	.size __pfx_init_once, 8
