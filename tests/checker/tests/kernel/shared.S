# SPDX-License-Identifier: GPL-2.0
# An object of the modules a and b-mod, without a file mark.
	.text
	.globl shared_work
	.type shared_work, %function
shared_work: .quad 0
	.size shared_work, 8
loop:	.quad 1
