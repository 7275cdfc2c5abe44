# SPDX-License-Identifier: GPL-2.0
# Two objects in no module have this source. Nothing in vmlinux distinguishes the two objects.
	.file "twin.c"
	.section .rodata.twin, "a"
	.type twin, %object
twin:	.quad 6
	.size twin, 8
