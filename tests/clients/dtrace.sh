#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# DTrace opens /proc/kallmodsyms by itself, and also works without the file.

client dtrace dtrace

# Its libraries for network probes need IPv6 and network namespaces, which this kernel does not have.
libraries=$(echo /usr/lib/*/dtrace)
cp -r "$libraries" /tmp/libraries
find /tmp/libraries '(' -name ip.d -o -name tcp.d -o -name udp.d ')' -delete
mount --bind /tmp/libraries "$libraries"

run "dtrace -ln 'fbt:ext4:ext4_file_*:entry'"
expect 'lists probes in a built-in module' ' fbt +ext4 +ext4_file_open entry'
run "dtrace -ln 'fbt:romfs::entry'"
expect 'lists probes in a loaded module' ' fbt +romfs +romfs_fill_super entry'
run "dtrace -ln 'fbt::vfs_read:entry'"
expect 'lists probes in no module' ' fbt +vmlinux +vfs_read entry'

run "dtrace -qn 'fbt::submit_bio:entry { @[mod(caller), sym(caller)] = count(); }' -c 'sh /tmp/read'"
expect 'mod() and sym() name a built-in module' '^ +ext4 +ext4`ext4_[a-z_]+'
run "dtrace -qn 'fbt::submit_bio:entry { stack(6); exit(0); }' -c 'sh /tmp/read'"
expect 'stack() names built-in modules' '^ +ext4`ext4_[a-z_]+\+0x'

# For an object file in two modules, DTrace reads the first module.
for function in ext4_file_open dpaa2_mac_close vfs_read romfs_fill_super; do
	run "dtrace -qn 'BEGIN { mod(0x$(awk -v f=$function '$4 == f { print $1 }' /proc/kallmodsyms)); exit(0); }'"
	want=$(awk -v f=$function '$4 == f { print $5 ~ /^\[/ ? $5 : "[vmlinux]" }' /proc/kallmodsyms)
	want=${want#[}
	[ "$want" ] || want='what the file has no line of'
	expect "mod() of $function" "^ *${want%]} *\$"
done

# Compares DTrace with the file for every function with a unique name.
cat >/tmp/same.awk <<'EOF'
NR == FNR { times[$4]++; module[$4] = $5 ~ /^\[/ ? $5 : "[vmlinux]"; next }
$5 == "entry" && times[$4] == 1 { if (module[$4] == "[" $3 "]") same++; else { other++; if (other <= 4) print } }
END { printf "%d functions in the same module, %d in another one\n", same, other }
EOF
run "dtrace -lP fbt >/tmp/fbt; awk -f /tmp/same.awk /proc/kallmodsyms /tmp/fbt"
expect 'all of its fbt probes are in the modules that the file names' '^[1-9][0-9]{3,} functions in the same module, 0 in another one'
run "awk '\$5 == \"entry\" { print \$3 }' /tmp/fbt | sort | uniq -c | sort -rn | head -n 12"

# The same without the file: with upstream's list of ranges, and with /proc/kallsyms alone.
modules=/lib/modules/$(uname -r)
hide='mount --bind /tmp/nothing /proc/kallmodsyms'
run "unshare -m sh -c '$hide; dtrace -lP fbt' >/tmp/fbt; awk -f /tmp/same.awk /proc/kallmodsyms /tmp/fbt"
expect 'with modules.builtin.ranges instead it also names built-in modules' '^[1-9][0-9]{3,} functions in the same module, [0-9]+ in another one'
hide="$hide; mount --bind /tmp/nothing $modules/modules.builtin.ranges"
run "unshare -m sh -c '$hide; dtrace -lP fbt' >/tmp/fbt; awk -f /tmp/same.awk /proc/kallmodsyms /tmp/fbt"
expect 'with /proc/kallsyms alone it names none' 'functions in the same module, [1-9][0-9]{3,} in another one'
run "unshare -m sh -c '$hide; dtrace -ln fbt::ext4_file_open:entry'"
expect 'with /proc/kallsyms alone ext4 is in vmlinux' ' fbt +vmlinux +ext4_file_open entry'
