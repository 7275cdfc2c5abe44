# SPDX-License-Identifier: GPL-2.0
# An object of b-mod and of a module that is not built in. It has no file mark. Its label loop is in
# shared/work.o too.
	.text
	.globl b_late
	.type b_late, %function
b_late:	.quad 0
	.size b_late, 8
loop:	.quad 1
