# SPDX-License-Identifier: GPL-2.0
# An object of a library. core/main.o needs the object.
	.file "helper.c"
	.text
	.globl helper
	.type helper, %function
helper:	.quad 0
	.size helper, 8
