#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bpftrace reads /proc/kallsyms, and accepts no other file.

client bpftrace bpftrace

run "bpftrace -l 'fentry:*:ext4_file_open'"
expect 'lists a built-in function as one of vmlinux' '^fentry:vmlinux:ext4_file_open$'
run "bpftrace -l 'fentry:ext4:*'"
run "bpftrace -e 'kprobe:submit_bio { @[kstack(5)] = count(); }' -c '/bin/sh /tmp/read'"
expect 'names functions in stacks' '^ +ext4_[a-z_]+\+[0-9]+$'
run "unshare -m sh -c 'mount --bind /tmp/kallsyms.named /proc/kallsyms; bpftrace -e \"kprobe:submit_bio { @[kstack(5)] = count(); }\" -c \"/bin/sh /tmp/read\"'"
expect 'names modules in stacks, given another /proc/kallsyms' '^ +ext4_[a-z_]+\[ext4\]\+[0-9]+$'
