// SPDX-License-Identifier: GPL-2.0

//! The help texts.

/// Of the program.
pub(crate) const PROGRAM: &str = "\
Usage: kallmodsyms COMMAND [ARGUMENT]...

Shows what /proc/kallmodsyms says of a kernel, without booting it.

Commands:
  show FILE            Write the lines of /proc/kallmodsyms of a kernel
  lookup FILE QUERY... Tell the symbol and the modules of an address, or what a symbol is
  modules [SOURCE]     List the built-in modules of a kernel
  sizes [SOURCE]       Show the bytes of a kernel by module and by class
  annotate [FILE]      Write the modules behind the symbols in a text
  count [FILE]         Count the modules of the symbols in a text
  help                 Show this text; `kallmodsyms COMMAND --help` tells more

FILE is a vmlinux, with symbols or stripped, or a vmlinuz (bzImage) of x86.

Exit codes: 0 all is well, 1 FILE cannot be read (the message says why and what
to do), 2 the command line is wrong, 3 what was asked for is not there.
";

/// Of `show`.
pub(crate) const SHOW: &str = "\
Usage: kallmodsyms show FILE [OPTION]...

Write the lines that /proc/kallmodsyms has for the kernel's own symbols, and for
those of what is built in, without booting the kernel.

FILE is a vmlinux, with symbols or stripped, or a vmlinuz (bzImage) of x86.

Options:
  --range START-END  Only symbols at START or above and below END, in hexadecimal
  --object PATH      Only symbols in what this object file brought, for example
                     fs/ext4/super.o; reads .tmp_vmlinux.ranges beside FILE
  --format FORMAT    kallmodsyms      address size type name<tab>[module] [module]
                     kallsyms         address type name, as in /proc/kallsyms:
                                      for perf and what else knows no more
                     kallsyms-modules address type name<tab>[module], with the
                                      first of the modules
                     json             an array of an object for each symbol
  --json             The same as --format json
  --offset HEX       Show addresses of a kernel that was moved by so much:
                     KERNELOFFSET in VMCOREINFO; 0 with nokaslr
  --help             Show this text

--range and --object can be given several times: what any of them selects is shown.

Exit codes: 0 all is well, 1 FILE cannot be read (the message says why and what
to do), 2 the command line is wrong, 3 no symbol is where --range or --object say.
";

/// Of `lookup`.
pub(crate) const LOOKUP: &str = "\
Usage: kallmodsyms lookup FILE [OPTION]... QUERY...

Tell which symbol and which modules an address is in, or what a symbol is, without
booting the kernel.

FILE is a vmlinux, with symbols or stripped, or a vmlinuz (bzImage) of x86.

QUERY is one of
  ADDRESS      0x and hexadecimal digits, or 16 digits. Answer:
               address symbol+0xoffset/0xsize<tab>[module] [module]
               An offset that is not below the size is in the padding behind it.
  SYMBOL+0xN   the address N bytes behind a symbol, as in a stack trace
  SYMBOL       its lines, as in /proc/kallmodsyms; several can have one name

Options:
  --json        An array of an object for each answer
  --offset HEX  Addresses are those of a kernel that was moved by so much:
                KERNELOFFSET in VMCOREINFO; 0 with nokaslr
  --help        Show this text

Exit codes: 0 all were found, 1 FILE cannot be read (the message says why and what
to do), 2 the command line is wrong, 3 some were not found.
";

/// Of `annotate`.
pub(crate) const ANNOTATE: &str = "\
Usage: kallmodsyms annotate [OPTION]... [FILE [TEXT]...]
       kallmodsyms annotate [OPTION]... --kernel FILE [TEXT]...

Write TEXT, or standard input, with ` [module]` behind each symbol and address of
the kernel that is in a module. Nothing else of the text changes.

FILE is a vmlinux, a vmlinuz of x86 or a saved /proc/kallmodsyms. Without FILE, the
text is of the running kernel.

The text has symbols and addresses in these forms:
  name+0x1f/0x40  name+0x1f  name+31  ? name  => name  name_[k]  vmlinux`name
  [<ffffffff81234567>]  ffffffff81234567  0xffffffff81234567

Where a name has several symbols, the address before it, the size and the offset
decide. If they do not, the mark has every possibility: ` [a]|[b]`, with [vmlinux]
for a symbol in no module.

Options:
  --kernel FILE  The kernel; every other argument is a TEXT
  --objects      Add the object file: ` [module] {fs/ext4/super.o}`; a vmlinux needs
                 .tmp_vmlinux.ranges beside it
  --offset HEX   The kernel of the text was moved by so much. Without it, the line
                 `Kernel Offset` tells, or two symbols behind their addresses.
  --help         Show this text

Exit codes: 0 all is well, 1 a file cannot be read (the message says why and what
to do), 2 the command line is wrong.
";

/// Of `count`.
pub(crate) const COUNT: &str = "\
Usage: kallmodsyms count [OPTION]... [FILE [TEXT]...]
       kallmodsyms count [OPTION]... --kernel FILE [TEXT]...

Count the modules of the symbols in TEXT, or in standard input. FILE, --kernel and
--offset are those of `kallmodsyms annotate`.

What counts as one is a folded stack, the lines of a stack below each other, or any
other line with a symbol. A stack with a number, as in folded stacks and bpftrace,
counts so often. `self` counts stacks by their innermost frame, `total` by all of
their frames. [vmlinux] are the symbols in no module.

Options:
  --by module    A row for the modules of a symbol; the default
  --by object    A row for an object file; - if it is not known; a vmlinux needs
                 .tmp_vmlinux.ranges beside it
  --json         An array of an object for each row
  --kernel FILE  The kernel; every other argument is a TEXT
  --offset HEX   The kernel of the text was moved by so much
  --help         Show this text

Exit codes: 0 all is well, 1 a file cannot be read (the message says why and what
to do), 2 the command line is wrong, 3 the text has no symbol of the kernel.
";
