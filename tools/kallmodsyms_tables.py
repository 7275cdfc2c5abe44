# SPDX-License-Identifier: GPL-2.0
"""Decodes the tables of kallsyms and kallmodsyms in the memory of a kernel.

Documentation/kbuild/tables.rst describes the tables. This module knows no
debugger: drgn/kallmodsyms.py and gdb/kallmodsyms.py give it the memory and
the addresses of the tables.
"""

import bisect
import collections
import re
import struct

# The tables that the decoder needs and that every kernel with
# CONFIG_KALLMODSYMS has.
NAMES = (
    "kallsyms_num_syms",
    "kallsyms_names",
    "kallsyms_token_table",
    "kallsyms_token_index",
    "kallsyms_offsets",
    "kallsyms_num_modules",
    "kallsyms_module_base",
    "kallsyms_module_offsets",
    "kallsyms_modules",
    "kallsyms_num_module_exceptions",
    "kallsyms_module_exceptions",
    "kallsyms_exception_modules",
    "kallsyms_module_names_len",
    "kallsyms_module_names",
)

# Linux 7.2 and 7.3 have no kallsyms_relative_base. A kernel without
# CONFIG_KALLMODSYMS_SIZES has no kallsyms_size_counts, and a kernel without
# CONFIG_KALLMODSYMS_OBJECTS has no kallsyms_object_counts.
OPTIONAL = (
    "kallsyms_relative_base",
    "kallsyms_size_counts",
    "kallsyms_object_counts",
)

# The first address of the upper half of the address space. The image is there.
IMAGE = 1 << 63

TOKENS = 256
RANK_STEP = 512
NO_SIZE = 0xFFFFFFFF
NIBBLE_ESCAPE = 15
BYTE_ESCAPE = 255
MARKER_STEP = 256
NAME_STEP = 4
WHOLE_PATH = 255

Location = collections.namedtuple("Location", "symbol offset size modules")
Module = collections.namedtuple("Module", "symbols bytes")


class TablesError(Exception):
    """The kernel has no tables, or they cannot be decoded."""


class Symbol(
    collections.namedtuple(
        "Symbol", "address size type name modules object braces"
    )
):
    """A symbol of the kernel; modules is a tuple of names.

    object is the path of the object file that defines the symbol, and braces
    the end of this path in the line of the symbol. object is None if the path
    is not known, and braces is None if the line has no braces.
    """

    def __str__(self):
        """The line of the symbol in /proc/kallmodsyms."""
        line = f"{self.address:016x} {self.size:x} {self.type} {self.name}"
        line += brackets(self.modules)
        if self.braces is None:
            return line
        separator = " " if self.modules else "\t"
        return f"{line}{separator}{{{self.braces}}}"


def brackets(modules):
    """The end of a line of /proc/kallmodsyms: a tab and the modules."""
    if not modules:
        return ""
    return "\t" + " ".join(f"[{module}]" for module in modules)


class Tables:
    """The symbols and the built-in modules of a kernel.

    read(address, size) returns memory of the kernel. addresses has the address
    of each table in NAMES, and of each table in OPTIONAL that the kernel has.
    offset is the number of bytes that KASLR moved the kernel: KERNELOFFSET in
    VMCOREINFO.
    """

    def __init__(self, read, addresses, offset):
        for name in NAMES:
            if name not in addresses:
                raise TablesError(
                    f"there is no table {name}: build the kernel with "
                    "CONFIG_KALLMODSYMS"
                )
        self._read = read
        self._addresses = addresses
        self._linked_text = self._number("kallsyms_module_base", "Q")
        self._text = self._linked_text + offset
        self._read_modules()
        self.symbols = self._symbols()
        # sorted() is stable: symbols at one address keep their order.
        self._sorted = sorted(self.symbols, key=lambda one: one.address)
        self._starts = [symbol.address for symbol in self._sorted]

    def named(self, name):
        """The symbols of this name, sorted by address."""
        return [symbol for symbol in self._sorted if symbol.name == name]

    def at(self, address):
        """The Location of an address, or None outside of the kernel.

        The symbol of the Location is the one that the kernel prints: of the
        symbols with the highest start that is not above the address, the
        first. If that symbol has no size, the size of the Location is the
        distance to the next symbol, or 0 if no symbol follows. The modules of
        padding are those of the object file before the padding.
        """
        after = bisect.bisect_right(self._starts, address)
        if after == 0 or (self._starts[after - 1] ^ address) & IMAGE:
            return None
        first = bisect.bisect_left(self._starts, self._starts[after - 1])
        symbol = self._sorted[first]
        offset = address - symbol.address
        here = self._sorted[first:after]
        around = [one for one in here if offset < one.size]
        is_last = after == len(self._starts) or bool(
            (self._starts[after] ^ address) & IMAGE
        )
        if is_last and not around:
            return None
        size = symbol.size
        if size == 0 and not is_last:
            size = self._starts[after] - symbol.address
        if around:
            return Location(symbol, offset, size, around[0].modules)
        text = self._text if address & IMAGE else self._linked_text
        modules = self._modules_at((address - text) % (1 << 32))
        return Location(symbol, offset, size, modules)

    def modules(self):
        """The number of symbols and of bytes of each module, by module name.

        A byte in several symbols is counted for the first of these symbols.
        """
        symbols = collections.Counter()
        size = collections.Counter()
        covered = 0
        for symbol in self._sorted:
            end = symbol.address + symbol.size
            new = max(0, end - max(symbol.address, covered))
            covered = max(covered, end) if symbol.size else covered
            for module in symbol.modules:
                symbols[module] += 1
                size[module] += new
        return {
            name: Module(symbols[name], size[name]) for name in sorted(symbols)
        }

    def _bytes(self, name, size):
        return self._read(self._addresses[name], size) if size else b""

    def _numbers(self, name, count, kind="I"):
        size = struct.calcsize("<" + kind) * count
        return struct.unpack(f"<{count}{kind}", self._bytes(name, size))

    def _number(self, name, kind="I"):
        return self._numbers(name, 1, kind)[0]

    def _read_modules(self):
        """Reads the ranges, the exceptions and the names of modules."""
        ranges = self._number("kallsyms_num_modules")
        self._range_starts = self._numbers("kallsyms_module_offsets", ranges)
        self._range_modules = self._numbers("kallsyms_modules", ranges)
        count = self._number("kallsyms_num_module_exceptions")
        symbols = self._numbers("kallsyms_module_exceptions", count)
        modules = self._numbers("kallsyms_exception_modules", count)
        self._exceptions = dict(zip(symbols, modules))
        size = self._number("kallsyms_module_names_len")
        self._module_names = self._bytes("kallsyms_module_names", size)
        self._lists = {}

    def _modules_named(self, offset):
        """The modules at a name offset, an offset in kallsyms_module_names."""
        if offset not in self._lists:
            names = self._module_names
            count = 0 if offset == 0 else 1
            start = offset
            if count and names[offset] == 0:
                count = names[offset + 1]
                start += 2
            ended = names[start:].split(b"\0", count)[:count]
            self._lists[offset] = tuple(name.decode() for name in ended)
        return self._lists[offset]

    def _modules_at(self, offset):
        """The modules of the range that contains this offset from _text."""
        index = bisect.bisect_right(self._range_starts, offset)
        if index == 0:
            return ()
        return self._modules_named(self._range_modules[index - 1])

    def _symbols(self):
        """All symbols, in the order of the tables."""
        count = self._number("kallsyms_num_syms")
        places = self._places(count)
        sizes = self._sizes(gaps(places))
        symbols = []
        names = self._names(count)
        objects = self._objects(count)
        for index, (address, is_absolute) in enumerate(places):
            text = self._linked_text if is_absolute else self._text
            if index in self._exceptions:
                modules = self._modules_named(self._exceptions[index])
            else:
                modules = self._modules_at((address - text) % (1 << 32))
            kind, name = names[index]
            symbols.append(
                Symbol(
                    address, sizes[index], kind, name, modules, *objects[index]
                )
            )
        return symbols

    def _names(self, count):
        """The type and the name of each symbol."""
        names = self._addresses["kallsyms_names"]
        table = self._addresses["kallsyms_token_table"]
        index = self._addresses["kallsyms_token_index"]
        strings = self._read(table, index - table)
        starts = self._numbers("kallsyms_token_index", TOKENS, "H")
        tokens = [strings[at : strings.index(b"\0", at)] for at in starts]
        # This data also has the markers, between the names and the tokens.
        data = self._read(names, table - names)
        at = 0
        decoded = []
        for _ in range(count):
            size = data[at]
            at += 1
            if size & 0x80:
                size = (size & 0x7F) | data[at] << 7
                at += 1
            text = b"".join([tokens[one] for one in data[at : at + size]])
            at += size
            text = text.decode(errors="replace")
            decoded.append((text[0], text[1:]))
        return decoded

    def _places(self, count):
        """The address of each symbol, and whether it is absolute."""
        rows = self._numbers("kallsyms_offsets", count, "i")
        if "kallsyms_relative_base" not in self._addresses:
            first = self._addresses["kallsyms_offsets"]
            return [
                (first + 4 * index + row, False)
                for index, row in enumerate(rows)
            ]
        base = self._number("kallsyms_relative_base", "Q")
        # With CONFIG_KALLSYMS_ABSOLUTE_PERCPU, as on x86_64 with SMP, a row
        # that is not negative is the absolute address of a per-cpu symbol.
        if min(rows, default=0) < 0:
            return [
                (row, True) if row >= 0 else (base - 1 - row, False)
                for row in rows
            ]
        return [(base + row, False) for row in rows]

    def _sizes(self, distances):
        """The size of each symbol; without size tables, its distance.

        A distance is the number of bytes to the next higher symbol.
        """
        if "kallsyms_size_counts" not in self._addresses:
            return distances
        levels = self._size_levels(len(distances))
        bits, nibbles, values, padding, words = levels
        escapes = iter(nibble for pair in nibbles for nibble in halves(pair))
        padding = iter(padding)
        words = iter(words)
        sizes = []
        for index, gap in enumerate(distances):
            size = gap
            if bits[index // 8] >> index % 8 & 1:
                nibble = next(escapes)
                if nibble != NIBBLE_ESCAPE:
                    value = values[nibble]
                    size = 0 if value == NO_SIZE else gap - value
                else:
                    value = next(padding)
                    is_escape = value == BYTE_ESCAPE
                    size = next(words) if is_escape else gap - value
            sizes.append(size)
        return sizes

    def _tables_from(self, name):
        """A function that reads the table `name` first, then the tables after.

        Only the first table has a known address. Each other table begins at
        the next multiple of 8 behind the previous table and its room.
        """
        at = self._addresses[name]

        def table(size):
            nonlocal at
            data = self._read(at, size) if size else b""
            at += aligned(size)
            mark, room = struct.unpack("<4sI", self._read(at, 8))
            at += aligned(room) if mark == b"room" else 0
            return data

        return table

    def _size_levels(self, count):
        """The four levels of sizes, and the values of the nibbles."""
        table = self._tables_from("kallsyms_size_counts")

        def ranks(entries):
            table(4 * divided(entries, RANK_STEP))

        nibble_count, byte_count, word_count = struct.unpack("<3I", table(12))
        bits = table(8 * divided(count, 64))
        ranks(count)
        nibbles = table(divided(nibble_count, 2))
        ranks(nibble_count)
        values = struct.unpack("<15I", table(60))
        padding = table(byte_count)
        ranks(byte_count)
        words = struct.unpack(f"<{word_count}Q", table(8 * word_count))
        return bits, nibbles, values, padding, words

    def _objects(self, count):
        """The object file and the braces of each symbol, as in Symbol."""
        if "kallsyms_object_counts" not in self._addresses:
            return [(None, None)] * count
        table = self._tables_from("kallsyms_object_counts")
        counts = struct.unpack("<5I", table(20))
        objects, run_bytes, name_bytes, entries, directory_bytes = counts
        runs = table(run_bytes)
        table(4 * divided(count, MARKER_STEP))
        names = table(name_bytes)
        table(4 * divided(objects, NAME_STEP))
        starts = struct.unpack(f"<{entries}I", table(4 * entries))
        offsets = struct.unpack(f"<{entries}I", table(4 * entries))
        directories = table(directory_bytes)
        paths = object_paths(names, starts, offsets, directories)
        decoded = []
        for symbols, number, components in object_runs(runs, count):
            path = None if number is None else paths[number]
            decoded += [(path, end_of_path(path, components))] * symbols
        return decoded


def gaps(places):
    """The distance from each place to the next higher place.

    The distance is 0 for the last places of the image, and for the last
    absolute places.
    """
    distances = []
    after = 0
    for index, (address, is_absolute) in enumerate(places):
        after = max(after, index + 1)
        while after < len(places) and places[after] == places[index]:
            after += 1
        gap = 0
        if after < len(places) and places[after][1] == is_absolute:
            gap = places[after][0] - address
        distances.append(gap)
    return distances


def object_paths(names, starts, offsets, directories):
    """The paths of the object files."""
    paths = []
    at = 0
    while at < len(names):
        end = at
        while names[end] > 1:
            end += 1
        entry = bisect.bisect_right(starts, len(paths)) - 1
        offset = offsets[entry]
        directory = directories[offset : directories.index(b"\0", offset)]
        name = names[at:end] + (b".o" if names[end] == 0 else b"")
        path = directory + b"/" + name if directory else name
        paths.append(path.decode(errors="replace"))
        at = end + 1
    return paths


def object_runs(runs, count):
    """The runs of `count` symbols.

    A run is a number of symbols, the index of their object file or None, and
    the number of path components in braces, or WHOLE_PATH.
    """
    at = 0
    done = 0
    previous = 0

    def number(size, is_signed=False):
        nonlocal at
        at += size
        return int.from_bytes(runs[at - size : at], "little", signed=is_signed)

    while done < count:
        if done % MARKER_STEP == 0:
            previous = 0
        head = number(1)
        symbols = head >> 5 or number(1) + 1
        components = head >> 4 & 1
        code = head & 0xF
        if code == 12:
            yield symbols, None, 0
        else:
            if code == 13:
                previous += number(1, is_signed=True)
            elif code == 14:
                previous = number(2)
            elif code == 15:
                previous = number(4)
                components = number(1)
            else:
                previous += code
            yield symbols, previous, components
        done += symbols


def end_of_path(path, components):
    """The part of a path in braces; None for a line without braces."""
    if path is None or components == 0:
        return None
    if components == WHOLE_PATH:
        return path
    return "/".join(path.split("/")[-components:])


def halves(pair):
    """The two nibbles of a byte."""
    return pair & 0xF, pair >> 4


def divided(count, by):
    """The quotient of two numbers, rounded up."""
    return -(-count // by)


def aligned(size):
    """The size, rounded up to a multiple of 8."""
    return divided(size, 8) * 8


def answer(tables, query):
    """The lines that answer a query: an address or a symbol.

    An address has 16 digits or begins with 0x. The lines have the form that
    `kallmodsyms lookup` prints.
    """
    if re.fullmatch("0x[0-9a-fA-F]+|[0-9a-fA-F]{16}", query):
        address = int(query, 16)
        found = tables.at(address)
        if found is None:
            return []
        place = f"{found.symbol.name}+{found.offset:#x}/{found.size:#x}"
        return [f"{address:016x} {place}{brackets(found.modules)}"]
    return [str(symbol) for symbol in tables.named(query)]


def modules_table(tables):
    """The lines of a table of all built-in modules."""
    lines = [f"{'symbols':>7} {'bytes':>9} module"]
    for name, module in tables.modules().items():
        lines.append(f"{module.symbols:7} {module.bytes:9} {name}")
    return lines
