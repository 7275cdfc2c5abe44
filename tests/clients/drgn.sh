#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# drgn reads the memory of the live kernel by way of /proc/kcore. The script in tools/drgn
# decodes the tables there; it does not read /proc/kallmodsyms.

client drgn python3-drgn
live='drgn -k --no-default-symbols'
script=/mnt/tools/drgn/kallmodsyms.py

run "$live $script | grep -E 'module\$|ext4\$'"
expect 'lists a built-in module' '^ *[0-9]+ +[0-9]+ ext4$'

address=$(awk '$4 == "ext4_fill_super" { print $1 }' /proc/kallmodsyms)
run "$live $script ext4_fill_super 0x$address"
expect 'finds a name' "^$address [0-9a-f]+ t ext4_fill_super	\\[ext4\\]\$"
expect 'finds an address' "^$address ext4_fill_super\\+0x0/0x[0-9a-f]+	\\[ext4\\]\$"

cat >/tmp/symbols.py <<'EOF'
import sys
sys.path.append("/mnt/tools/drgn")
import kallmodsyms
print(*kallmodsyms.tables(prog).symbols, sep="\n")
EOF
run "$live /tmp/symbols.py >/tmp/symbols; cmp /proc/kallmodsyms /tmp/symbols"
# In /proc/kallmodsyms, the symbols of loaded modules follow.
expect 'reads the symbols of the kernel as the file has them' "^cmp: EOF on '?/tmp/symbols'? after byte"
run "tail -n +\$((\$(wc -l </tmp/symbols) + 1)) /proc/kallmodsyms"
never 'reads all symbols of the kernel' '^[^[]*$'
