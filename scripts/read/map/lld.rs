// SPDX-License-Identifier: GPL-2.0

//! The map of LLD (`-Map`).
//!
//! A line has four numbers (address, load address, size, alignment) and a column of text. The indentation
//! of the text tells the kind of the line. Output sections, and statements outside of output sections, have
//! none. Input sections, and statements inside of output sections, have eight spaces. Symbols have sixteen.

use std::path::Path;

use super::link_map::{Contribution, LinkMap, OutputSection, Parsed, ScriptSymbol};
use super::object_name::ObjectName;
use super::script_statement::{assigned_symbol, indent, word};
use crate::common::error::{Error, Result};
use crate::common::hexadecimal;
use crate::common::lines;

/// Return: true if `line` is the first line of an LLD map.
///
/// ```text
///              VMA              LMA     Size Align Out     In      Symbol
/// ```
pub(super) fn is_header(line: &[u8]) -> bool {
    let mut words = line
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty());
    words.next() == Some(b"VMA") && words.next_back() == Some(b"Symbol")
}

/// Parses a map; `path` is for messages.
pub(super) fn parse<'m>(path: &Path, text: &'m [u8]) -> Result<LinkMap<'m>> {
    let mut map = LinkMap::default();
    for (number, text) in lines::numbered(text)
        .skip(1)
        .filter(|(_, line)| !line.is_empty())
    {
        let parsed = split(text)
            .ok_or("not four numbers and a name")
            .and_then(|line| add(&mut map, line));
        map.note(number, text, parsed);
    }
    // No line marks the end of the map. But every link has the sections `.shstrtab` and `.strtab`, after all
    // sections that are part of the running image.
    let has = |name: &[u8]| map.sections.iter().any(|section| section.name == name);
    if !text.ends_with(b"\n") || !has(b".shstrtab") || !has(b".strtab") {
        return Err(Error::in_file(
            path,
            "the map is cut short",
            "Remove the map, vmlinux.o and vmlinux, and build again.",
        ));
    }
    Ok(map)
}

/// The columns of a line.
struct Line<'m> {
    address: u64,
    load_address: u64,
    size: u64,
    indent: usize,
    rest: &'m [u8],
}

fn split(line: &[u8]) -> Option<Line<'_>> {
    let (address, rest) = word(line);
    let (load_address, rest) = word(rest);
    let (size, rest) = word(rest);
    let (align, rest) = word(rest);
    if !align.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let rest = rest.strip_prefix(b" ")?;
    let (spaces, rest) = rest.split_at(indent(rest));
    Some(Line {
        address: hexadecimal::parse(address)?,
        load_address: hexadecimal::parse(load_address)?,
        size: hexadecimal::parse(size)?,
        indent: spaces.len(),
        rest,
    })
}

fn add<'m>(map: &mut LinkMap<'m>, line: Line<'m>) -> Parsed {
    match line.indent {
        // An assertion of the linker script has no text.
        _ if line.rest.is_empty() => return Ok(()),
        // A symbol in the input section that an earlier line named.
        16.. => return Ok(()),
        // ffffffff81000000          1000000   11f2d8    64
        // vmlinux.a(arch/x86/kernel/head_64.o):(.head.text)
        8.. => {
            if let Some((file, section)) = input_section(line.rest) {
                let (address, size, object) = (line.address, line.size, ObjectName::from_lld(file));
                // The name of a member ends with its path in parentheses. Any other object file is on the
                // command line.
                if !file.ends_with(b")") && map.objects.last() != Some(&object) {
                    map.given.insert(object);
                }
                return map.add(Contribution {
                    address,
                    size,
                    section,
                    object,
                });
            }
        }
        // ffffffff81000000          1000000  1402ca2  4096 .text
        0 if !line.rest.contains(&b' ') => {
            let (address, load_address) = (line.address, Some(line.load_address));
            let section = OutputSection::new(line.rest, address, line.size, load_address);
            map.sections.push(section);
            return Ok(());
        }
        0 => {}
        _ => return Err("indented as no line of this map is"),
    }
    // ffffffff81000000          1000000        0     1         _text = .
    //                0                0        0     1         . = ALIGN ( 4096 )
    //                0                0        1     1         BYTE ( 0 )
    // ffff800080910000 ffff800080910000        0     1 PROVIDE ( __pi__text = _text )
    if let Some((name, target)) = assigned_symbol(line.rest) {
        map.script_symbols.push(ScriptSymbol {
            address: line.address,
            name,
            target,
        });
    } else if !is_statement(line.rest) {
        if line.indent == 0 {
            map.sections.push(OutputSection::default());
        }
        return Err("neither a section nor a statement of the linker script");
    }
    Ok(())
}

/// Splits `file:(section)`.
fn input_section(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_suffix(b")")?;
    let colon = inner.windows(2).rposition(|pair| pair == b":(")?;
    Some((inner.get(..colon)?, inner.get(colon + 2..)?))
}

/// Return: true if `text` is an assignment, an assertion or data of the linker script.
fn is_statement(text: &[u8]) -> bool {
    let (first, rest) = word(text);
    let operator = word(rest).0;
    let begins = [
        &b"BYTE"[..],
        b"SHORT",
        b"LONG",
        b"QUAD",
        b"ASSERT",
        b"PROVIDE",
        b"HIDDEN",
    ];
    operator.ends_with(b"=") || begins.iter().any(|keyword| first.starts_with(keyword))
}
