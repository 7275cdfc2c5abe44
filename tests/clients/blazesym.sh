#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# blazesym reads /proc/kallsyms, or a file of that form, and ignores the column of modules.

client blazesym
run 'blazecli --version'

address=$(awk '$4 == "ext4_file_open" { print $1 }' /proc/kallmodsyms)
run "grep 'ext4_file_open' /tmp/kallsyms.named"
expect 'kallsyms.named has the module in the name of the symbol' "^$address t ext4_file_open\\[ext4\\]\$"
run "blazecli symbolize kernel --vmlinux '' 0x$address"
expect 'names the function' 'ext4_file_open @ '
run "blazecli symbolize kernel --vmlinux '' --kallsyms /proc/kallmodsyms 0x$address"
run "blazecli symbolize kernel --vmlinux '' --kallsyms /tmp/kallsyms.named 0x$address"
expect 'shows the module if it reads kallsyms.named' 'ext4_file_open\[ext4\] @ '
