# SPDX-License-Identifier: GPL-2.0
# Of the kernel, twice: nothing in vmlinux tells the two objects apart.
	.file "twin.c"
	.section .rodata.twin, "a"
	.type twin, %object
twin:	.quad 6
	.size twin, 8
