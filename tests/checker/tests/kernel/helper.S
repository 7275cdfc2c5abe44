# SPDX-License-Identifier: GPL-2.0
# Of a library, for core/main.o.
	.file "helper.c"
	.text
	.globl helper
	.type helper, %function
helper:	.quad 0
	.size helper, 8
