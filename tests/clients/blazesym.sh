#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# blazesym reads /proc/kallsyms, or a file of that form, and ignores the modules in it.

client blazesym
run 'blazecli --version'

address=$(awk '$4 == "ext4_file_open" { print $1 }' /proc/kallmodsyms)
run "grep 'ext4_file_open' /tmp/kallsyms.named"
expect 'the file that is made has the module in the name' "^$address t ext4_file_open\\[ext4\\]\$"
run "blazecli symbolize kernel --vmlinux '' 0x$address"
expect 'names the function' 'ext4_file_open @ '
run "blazecli symbolize kernel --vmlinux '' --kallsyms /proc/kallmodsyms 0x$address"
run "blazecli symbolize kernel --vmlinux '' --kallsyms /tmp/kallsyms.named 0x$address"
expect 'shows the module in a file made for it' 'ext4_file_open\[ext4\] @ '
