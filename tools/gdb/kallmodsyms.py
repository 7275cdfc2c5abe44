# SPDX-License-Identifier: GPL-2.0
"""Commands of gdb for the built-in modules of a kernel.

    (gdb) source tools/gdb/kallmodsyms.py
    (gdb) lx-kallmodsyms ext4_fill_super
    (gdb) lx-kallmodsyms 0xffffffff81252690
    (gdb) lx-builtin-modules

The script finds the tables by the symbols of vmlinux, and reads them from the
target of gdb. The tests use a vmlinux without a running kernel; QEMU's gdb
stub and a vmcore were not tried yet. If the target is a running kernel, gdb
must know how far KASLR moved the kernel: boot with "nokaslr", or load the
symbols with symbol-file -o OFFSET vmlinux.
"""

import pathlib
import sys

import gdb

# The decoder is in the directory above this one.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

import kallmodsyms_tables  # noqa: E402


def address_of(name):
    """The address of a symbol of vmlinux, or None if there is none."""
    try:
        # The cast is needed if vmlinux has no debugging information: the
        # symbol then has no type.
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
    except gdb.error:
        return None


def read(address, size):
    """Reads size bytes at address in the memory of the target."""
    return bytes(gdb.selected_inferior().read_memory(address, size))


def tables():
    """Reads the tables of the kernel that gdb debugs."""
    names = kallmodsyms_tables.NAMES + kallmodsyms_tables.OPTIONAL
    addresses = {name: address_of(name) for name in names}
    addresses = {
        name: address
        for name, address in addresses.items()
        if address is not None
    }
    text = address_of("_text")
    if text is None or "kallsyms_module_base" not in addresses:
        raise gdb.GdbError(
            "there are no tables: give gdb the vmlinux of a kernel with "
            "CONFIG_KALLMODSYMS"
        )
    base = int.from_bytes(read(addresses["kallsyms_module_base"], 8), "little")
    try:
        return kallmodsyms_tables.Tables(read, addresses, text - base)
    except kallmodsyms_tables.TablesError as error:
        raise gdb.GdbError(str(error)) from error


class LxKallmodsyms(gdb.Command):
    """Show the built-in modules of addresses or symbols.

    lx-kallmodsyms ADDRESS|SYMBOL...

    An address has 16 digits or begins with 0x.
    """

    def __init__(self):
        super().__init__("lx-kallmodsyms", gdb.COMMAND_DATA)

    def invoke(self, arguments, from_tty):
        """Answers each query."""
        queries = gdb.string_to_argv(arguments)
        if not queries:
            raise gdb.GdbError("usage: lx-kallmodsyms ADDRESS|SYMBOL...")
        kernel = tables()
        for query in queries:
            lines = kallmodsyms_tables.answer(kernel, query)
            if not lines:
                raise gdb.GdbError(f"no symbol for '{query}'")
            gdb.write("\n".join(lines) + "\n")


class LxBuiltinModules(gdb.Command):
    """List the built-in modules with their symbols and bytes."""

    def __init__(self):
        super().__init__("lx-builtin-modules", gdb.COMMAND_DATA)

    def invoke(self, arguments, from_tty):
        """Prints a line for each module."""
        lines = kallmodsyms_tables.modules_table(tables())
        gdb.write("\n".join(lines) + "\n")


LxKallmodsyms()
LxBuiltinModules()
