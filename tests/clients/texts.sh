#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Texts for `kallmodsyms annotate`: at least ten of each kind, written by the programs that people use.
# The host compares each mark with the addresses of this boot (tests/harness/src/clients/texts.rs).

client texts bpftrace dtrace linux-perf util-linux

texts=/tmp/out/texts
work='sh /tmp/read'
mkdir -p "$texts"

# text KIND COMMAND: keeps the last 400 lines that a command prints as the next text of this kind.
text() {
	kind=$1
	mkdir -p "$texts/$kind"
	run "$2"
	number=$(find "$texts/$kind" -type f | wc -l)
	tail -n 400 /tmp/last >"$texts/$kind/$number.txt"
	[ -s "$texts/$kind/$number.txt" ]
	result "text $number of $kind"
}

# One process waits in the driver of the port to the host, which is a built-in module.
cat /dev/vport* >/dev/null &
waiting=$!
sleep 1
for process in /proc/[0-9]*; do
	! grep -q + "$process/stack" || text stack "cat $process/stack"
done
kill $waiting

# record EVENTS OPTIONS: keeps the stacks of these events twice, as `perf script` prints them with these
# options, and in the form that the host can fold.
record() {
	run "perf record -q -g -o /tmp/perf.data $1 -- $work"
	text perf "perf script -i /tmp/perf.data $2 | head -n 400"
	text script 'perf script -i /tmp/perf.data -F comm,tid,time,event,ip,sym,symoff,dso | head -n 400'
}
record '-e block:block_bio_queue' ''
record '-e cpu-clock' ''
record '-e cpu-clock -a' '-F ip,sym,symoff,dso'
record '-e page-faults' '-F +symoff'
record '-e kmem:kmalloc' '-F comm,tid,time,event,ip,sym'
record '-e sched:sched_switch -a' '-F comm,ip,sym,symoff'
record '-e ext4:ext4_da_write_begin -e ext4:ext4_readpage -e ext4:ext4_read_folio' ''
record '-e syscalls:sys_enter_openat' '-F ip,sym --header'
record '-e timer:hrtimer_start -a' '-F ip,sym,symoff,dso,trace'
record '-e context-switches -a' ''
record '-e irq:softirq_entry -a' '-G -F comm,ip,sym,symoff'

# trace PROBE ACTION: stacks that bpftrace prints.
trace() {
	text bpftrace "bpftrace -e '$1 { $2 }' -c '/bin/sh /tmp/read'"
}
trace kprobe:submit_bio '@[kstack] = count();'
trace kprobe:submit_bio '@[kstack(perf, 6)] = count();'
trace kprobe:submit_bio 'printf("%s", kstack(raw));'
trace kprobe:ext4_file_open '@[kstack, comm] = count();'
trace kprobe:ext4_read_folio '@[kstack(5)] = count();'
trace kprobe:vfs_read '@[kstack(3)] = count();'
trace kretprobe:vfs_open 'printf("%s\n", kstack(4));'
trace kprobe:alloc_inode '@[kstack(perf)] = count();'
trace tracepoint:block:block_bio_queue '@[kstack(8)] = count();'
trace profile:hz:49 '@[kstack] = count();'
trace kprobe:ext4_lookup 'printf("%s %s\n", ksym(reg("ip")), func);'

# stacks PROBE ACTION: stacks that DTrace prints without the files by which it finds built-in modules.
cat >/tmp/without <<'EOF'
mount --bind /tmp/nothing /proc/kallmodsyms
mount --bind /tmp/nothing "/lib/modules/$(uname -r)/modules.builtin.ranges"
exec "$@"
EOF
stacks() {
	text dtrace "unshare -m sh /tmp/without dtrace -qn '$1 { $2 }' -c '$work'"
}
stacks fbt::submit_bio:entry '@[stack()] = count();'
stacks fbt::submit_bio:entry 'stack(6);'
stacks fbt::submit_bio:entry '@[sym(caller)] = count();'
stacks fbt::ext4_file_open:entry 'stack();'
stacks fbt::ext4_lookup:entry '@[execname, stack(5)] = count();'
stacks fbt::vfs_read:entry '@[stack(3)] = count();'
stacks fbt::vfs_open:return '@[stack(4)] = count();'
stacks fbt::alloc_inode:entry '@[func(caller)] = count();'
stacks io:::start '@[stack()] = count();'
stacks profile-97 '@[func(arg0)] = count();'
stacks profile-97 '@[stack()] = count();'

# Crashes that the kernel offers for tests: most of them kill the shell that asks for one.
dmesg -C
for crash in BUG EXCEPTION EXEC_DATA EXEC_STACK EXEC_KMALLOC EXEC_VMALLOC EXEC_RODATA EXEC_USERSPACE \
	ACCESS_NULL ACCESS_USERSPACE WRITE_RO WRITE_KERN; do
	run "(echo $crash >/sys/kernel/debug/provoke-crash/DIRECT)"
	text oops 'dmesg -ct'
done

# A crash and the stacks of all processors, in ten forms of dmesg, and as /dev/kmsg has them.
run '(echo EXCEPTION >/sys/kernel/debug/provoke-crash/DIRECT)'
echo l >/proc/sysrq-trigger
for options in '' -T -x -r -d -t -J --color=always --time-format=iso '-H --nopager'; do
	text dmesg "dmesg $options"
done
text dmesg 'dd if=/dev/kmsg bs=8k iflag=nonblock 2>&1'

# The addresses of this boot.
cat /proc/kallmodsyms >/tmp/out/kallmodsyms
