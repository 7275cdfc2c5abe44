// SPDX-License-Identifier: GPL-2.0

//! The map of GNU ld (`-Map`), from the line `Linker script and memory map` on.
//!
//! The indentation of a line tells its kind. Output sections, and commands such as `LOAD`, have none. Input
//! sections, and patterns of the linker script, have one space. Other lines have sixteen or more. A name that
//! is too long for its column has a line of its own.

use std::path::Path;

use super::link_map::{Contribution, LinkMap, OutputSection, Parsed, ScriptSymbol};
use super::object_name::ObjectName;
use super::script_statement::{assigned_symbol, indent, word};
use crate::common::error::{Error, Result};
use crate::common::hexadecimal;
use crate::common::lines::{self, find};

/// The line before the part that the parser reads.
const HEADER: &[u8] = b"Linker script and memory map";

/// Parses a map; `path` is for messages.
pub(super) fn parse<'m>(path: &Path, text: &'m [u8]) -> Result<LinkMap<'m>> {
    let mut parser = Parser::default();
    parser.map.hides_merging = true;
    let mut body = lines::numbered(text);
    body.find(|(_, line)| *line == HEADER).ok_or_else(|| {
        Error::in_file(
            path,
            "no link map of GNU ld in English, nor of LLD",
            "Link with GNU ld or LLD. If GNU ld made it, remove it, vmlinux.o and vmlinux, and build again.",
        )
    })?;
    for (number, line) in body {
        let parsed = parser.line(line);
        parser.map.note(number, line, parsed);
    }
    if !parser.complete {
        return Err(Error::in_file(
            path,
            "the map is cut short",
            "Remove the map, vmlinux.o and vmlinux, and build again.",
        ));
    }
    Ok(parser.map)
}

#[derive(Default)]
struct Parser<'m> {
    map: LinkMap<'m>,
    /// True once the parser has found the line `OUTPUT(...)`, which follows all sections.
    complete: bool,
    /// The name on the line before, if that line has only a name. The current line may have the address and
    /// the size of the section of that name.
    pending: Option<Pending<'m>>,
}

#[derive(Clone, Copy)]
enum Pending<'m> {
    Output(&'m [u8]),
    Input(&'m [u8]),
}

impl<'m> Parser<'m> {
    fn line(&mut self, line: &'m [u8]) -> Parsed {
        let pending = self.pending.take();
        if is_symbol(line) {
            return Ok(());
        }
        let (spaces, text) = line.split_at(indent(line));
        match (spaces.len(), text) {
            (_, b"") => Ok(()),
            (0, text) => self.top(text),
            (1, text) => self.input(text),
            (_, text) => self.indented(text, pending),
        }
    }

    /// ```text
    /// .text           0xffffffff81000000  0x1402ca2
    /// .data..percpu   0x0000000000000000    0x34000 load address 0x0000000003a5d000
    /// LOAD vmlinux.a
    /// ```
    fn top(&mut self, line: &'m [u8]) -> Parsed {
        let (name, rest) = word(line);
        match name {
            // An object file, or an archive. An archive in `given` does no harm: no object file has its name.
            b"LOAD" => {
                self.map
                    .given
                    .insert(ObjectName::from_path(rest.trim_ascii()));
                return Ok(());
            }
            // `START GROUP`, `END GROUP`, `Address of section .x set to 0x0`.
            b"START" | b"END" | b"Address" => return Ok(()),
            _ if name.starts_with(b"TARGET(") => return Ok(()),
            // `OUTPUT(vmlinux elf64-x86-64)`, after all sections.
            _ if name.starts_with(b"OUTPUT(") => {
                self.complete = line.ends_with(b")");
                return Ok(());
            }
            _ => {}
        }
        if rest.trim_ascii().is_empty() {
            self.section(name, 0, 0, None);
            self.pending = Some(Pending::Output(name));
            return Ok(());
        }
        self.section_addresses(name, rest)
    }

    /// Parses the addresses and the size of the output section `name`. In the map, they follow the name on
    /// the same line or on the next line.
    fn section_addresses(&mut self, name: &'m [u8], rest: &'m [u8]) -> Parsed {
        let (address, rest) = word(rest);
        let (size, rest) = word(rest);
        let load = rest.trim_ascii().strip_prefix(b"load address ");
        let load = load.map(|load| hexadecimal::parse_prefixed(load.trim_ascii()));
        match (
            hexadecimal::parse_prefixed(address),
            hexadecimal::parse_prefixed(size),
            load,
        ) {
            (Some(address), Some(size), None) if rest.trim_ascii().is_empty() => {
                self.section(name, address, size, None);
            }
            (Some(address), Some(size), Some(Some(load))) => {
                self.section(name, address, size, Some(load));
            }
            _ => {
                self.map.sections.push(OutputSection::default());
                return Err("not the line of an output section");
            }
        }
        Ok(())
    }

    fn section(&mut self, name: &'m [u8], address: u64, size: u64, load_address: Option<u64>) {
        let section = OutputSection::new(name, address, size, load_address);
        self.map.sections.push(section);
    }

    /// ```text
    ///  .text          0xffffffff810001c0      0x5d7 arch/x86/kernel/head_64.o
    ///  .rodata.__func__.0
    ///  *fill*         0xffffffff81000797        0x9 cc
    ///  *(.text.hot .text.hot.*)
    /// ```
    fn input(&mut self, line: &'m [u8]) -> Parsed {
        let (name, rest) = word(line);
        if rest.is_empty() {
            // The name of an input section with its address on the next line, or a pattern of the linker
            // script.
            self.pending = Some(Pending::Input(name));
            return Ok(());
        }
        let first = word(rest).0;
        if name == b"*fill*" || hexadecimal::parse_prefixed(first).is_none() {
            // A fill, or a pattern of the linker script that has spaces.
            let is_pattern = name.starts_with(b"*") || name.contains(&b'(');
            let is_command = matches!(name, b"FILL" | b"KEEP" | b"SORT" | b"CONSTRUCTORS");
            return match is_pattern || is_command {
                true => Ok(()),
                false => Err("neither an input section nor a pattern of the linker script"),
            };
        }
        self.contribution(name, rest)
    }

    fn contribution(&mut self, section: &'m [u8], rest: &'m [u8]) -> Parsed {
        let (address, rest) = word(rest);
        let (size, rest) = word(rest);
        let object = rest.trim_ascii();
        let (Some(address), Some(size), false) = (
            hexadecimal::parse_prefixed(address),
            hexadecimal::parse_prefixed(size),
            object.is_empty(),
        ) else {
            return Err("not an address, a size and an object");
        };
        let object = ObjectName::from_path(object);
        self.map.add(Contribution {
            address,
            size,
            section,
            object,
        })
    }

    /// ```text
    ///                 0xffffffff81000000                _text = .
    ///                 0xffffffff81000230                secondary_startup_64
    ///                 0xffffffff82012340       0x10 crypto/sha256_generic.o
    ///                                 0x18 (size before relaxing)
    ///                 [!provide]                        PROVIDE (_sdata = .)
    ///                 0xffffffff8223f000        0x1 BYTE 0x0
    ///                 0x0000000000000001                ASSERT ((_text < _end), message)
    /// ```
    fn indented(&mut self, line: &'m [u8], pending: Option<Pending<'m>>) -> Parsed {
        let (first, rest) = word(line);
        let (second, remainder) = word(rest);
        if first == b"[!provide]" || first == b"*undef*" {
            return Ok(());
        }
        let Some(address) = hexadecimal::parse_prefixed(first).or_else(|| bracketed_hex(first))
        else {
            return Err("not an address");
        };
        if hexadecimal::parse_prefixed(second).is_some() {
            return match pending {
                _ if is_data(remainder) => Ok(()),
                Some(Pending::Output(name)) => {
                    self.map.sections.pop();
                    self.section_addresses(name, line)
                }
                Some(Pending::Input(name)) => self.contribution(name, line),
                None => Err("addresses that belong to no section"),
            };
        }
        if remainder.is_empty() {
            // A symbol of an object file.
            return Ok(());
        }
        // `(size before relaxing)` defines no symbol.
        if let Some((name, target)) = assigned_symbol(rest.trim_ascii()) {
            self.map.script_symbols.push(ScriptSymbol {
                address,
                name,
                target,
            });
        }
        Ok(())
    }
}

/// Return: true if `line` is a symbol of an object file, in the usual form for 64-bit targets. Most lines are
/// symbols in this form, and the parser needs none of them.
///
/// ```text
///                 0xffffffff81000230                secondary_startup_64
/// ```
fn is_symbol(line: &[u8]) -> bool {
    const SPACES: &[u8; 16] = &[b' '; 16];
    let address = line.strip_prefix(SPACES);
    let address = address.and_then(|address| address.strip_prefix(b"0x"));
    let Some((address, rest)) = address.and_then(|rest| rest.split_first_chunk::<16>()) else {
        return false;
    };
    let Some(name) = rest.strip_prefix(SPACES) else {
        return false;
    };
    let is_name = !name.is_empty() && !name.starts_with(b"0x") && find(name, b' ').is_none();
    is_name && hexadecimal::parse(address).is_some()
}

/// Parses `[0x0000000000000000]`, the address of a symbol that the linker script does not provide.
fn bracketed_hex(word: &[u8]) -> Option<u64> {
    hexadecimal::parse(word.strip_prefix(b"[0x")?.strip_suffix(b"]")?)
}

/// Return: true if `rest` is a statement of the linker script that puts data into a section.
fn is_data(rest: &[u8]) -> bool {
    matches!(
        word(rest).0,
        b"BYTE" | b"SHORT" | b"LONG" | b"QUAD" | b"SQUAD"
    )
}
