#!/usr/bin/env drgn
# SPDX-License-Identifier: GPL-2.0
"""The built-in modules of a kernel in drgn, live or in a dump.

As a script, this file answers queries. Without a query, it lists all built-in
modules:

    drgn -c vmcore kallmodsyms.py ext4_fill_super 0xffffffff9aa52690
    drgn -k kallmodsyms.py

In a session or in another script, with this directory in sys.path:

    import kallmodsyms
    tables = kallmodsyms.tables(prog)
    tables.at(0xffffffff9aa52690).modules
    tables.modules()["ext4"].bytes

The script needs no debugging information, because VMCOREINFO has the addresses
of the tables.
"""

import pathlib
import re
import signal
import sys

# The decoder is in the directory above this one.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

import kallmodsyms_tables  # noqa: E402


def tables(prog):
    """Reads the tables of the kernel that prog debugs."""
    note = prog["VMCOREINFO"].string_().decode()
    lines = re.findall(r"^SYMBOL\((kallsyms_\w+)\)=([0-9a-f]+)$", note, re.M)
    addresses = {name: int(address, 16) for name, address in lines}
    moved = re.search(r"^KERNELOFFSET=([0-9a-f]+)$", note, re.M)
    offset = int(moved[1], 16) if moved else 0
    return kallmodsyms_tables.Tables(prog.read, addresses, offset)


def main(prog, queries):
    """Prints the answer to each query, or all modules."""
    try:
        kernel = tables(prog)
    except kallmodsyms_tables.TablesError as error:
        sys.exit(f"kallmodsyms: {error}")
    if not queries:
        print(*kallmodsyms_tables.modules_table(kernel), sep="\n")
    missing = False
    for query in queries:
        lines = kallmodsyms_tables.answer(kernel, query)
        if lines:
            print(*lines, sep="\n")
        else:
            print(f"kallmodsyms: no symbol for '{query}'", file=sys.stderr)
            missing = True
    return 3 if missing else 0


if __name__ == "__main__":
    from drgn import get_default_prog

    # If the reader of a pipe closes it, as `head` does, end without a message.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(get_default_prog(), sys.argv[1:]))
