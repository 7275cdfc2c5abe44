#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# perf reads /proc/kallsyms, or a file of that form.

client perf linux-perf

# The stacks of callers that send work to the disk.
run 'perf record -q -g -e block:block_bio_queue -o /tmp/perf.data -- sh /tmp/read'
script='perf script -i /tmp/perf.data -F ip,sym,symoff,dso'
run "$script | head -n 12"
expect 'does not tell built-in modules from the kernel' ' ext4_[a-z_]+\+0x[0-9a-f]+ \(\[kernel.kallsyms\]\)'
never 'names no built-in module' 'ext4\]'
run "$script --kallsyms /proc/kallmodsyms | head -n 12"
never 'cannot read /proc/kallmodsyms itself' ' ext4_'
run "$script --kallsyms /tmp/kallsyms.tabs | head -n 12"
never 'leaves out symbols of modules that are not loaded' ' ext4_'
run "$script --kallsyms /tmp/kallsyms.named | head -n 12"
expect 'shows modules if it reads kallsyms.named' ' ext4_[a-z_]+\[ext4\]\+0x[0-9a-f]+ '
