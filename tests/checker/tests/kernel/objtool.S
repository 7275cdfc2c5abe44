# SPDX-License-Identifier: GPL-2.0
# Stands for the symbols that objtool adds to vmlinux.o: no object defines the symbol for the padding
# before init_once.
	.section .text.pfx, "ax"
	.type __pfx_init_once, %function
__pfx_init_once: .quad 0
	.size __pfx_init_once, 8
