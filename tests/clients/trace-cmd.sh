#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# trace-cmd reads /proc/kallsyms, and stores it in its output file. The kernel chooses the functions
# to trace. It knows only loaded modules by name, so the functions of built-in modules must be listed.

client trace-cmd trace-cmd

filter=/sys/kernel/tracing/set_ftrace_filter
run "echo :mod:romfs >$filter; head -n 3 $filter"
expect 'the kernel finds the functions of a loaded module' '^romfs_'
run "echo :mod:ext4 >$filter; head -n 3 $filter"
never 'the kernel finds no function of a built-in module' '^ext4_'
echo >$filter

functions="awk '\$3 ~ /[tT]/ && \$5 == \"[ext4]\" { print \$4 }' /proc/kallmodsyms"
run "$functions | grep ^ext4_file | grep -Fxf - /sys/kernel/tracing/available_filter_functions >$filter; cat $filter"
expect 'the file has the functions of a built-in module' '^ext4_file_open'
echo 'trace-cmd start -p function; sh /tmp/read; trace-cmd stop' >/tmp/trace
run 'sh /tmp/trace; trace-cmd extract -o /tmp/trace.dat; trace-cmd report -i /tmp/trace.dat | grep -m 4 ext4_'
expect 'names functions' 'function: +ext4_file_'
never 'names no built-in module' 'ext4\]'
run "sh /tmp/trace; unshare -m sh -c 'mount --bind /tmp/kallsyms.named /proc/kallsyms; trace-cmd extract -o /tmp/trace.dat'; trace-cmd report -i /tmp/trace.dat | grep -m 4 ext4_"
expect 'names modules, given another /proc/kallsyms' 'function: +ext4_file_[a-z_]+\[ext4\]'
echo >$filter
