// SPDX-License-Identifier: GPL-2.0

//! Ranges: the pieces of the layout as the tables hold them, by modules instead of by objects.
//!
//! Only output sections that have a symbol of some module are told apart by module. The others, such
//! as the addresses of lock prefixes and the tables of alternatives, have no symbols but those of the
//! linker script; without `CONFIG_KALLSYMS_ALL`, so have all sections of data.

use crate::elf::Symbol;
use crate::error::Result;
use crate::hash::FastSet;
use crate::layout::Piece;
use crate::objects::{Objects, SetId};

/// Where a range of the tables begins; it ends where the next begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'l, 'm> {
    /// Bytes from `_text`, modulo 2^32.
    pub offset: u32,
    /// The modules of all of the range.
    pub modules: SetId,
    /// The first piece in the range, for the comment beside its row; `None` for what lies between
    /// sections.
    pub first: Option<&'l Piece<'m>>,
}

/// Turns `pieces` into ranges of rising offset, neighbours of the same modules fused. `symbols`, which
/// are sorted by address, are in the given `modules`.
///
/// What is between two pieces is padding: inside an output section it goes with the piece before
/// it, and behind the last piece of a section it is in no module.
pub(crate) fn fuse<'l, 'm>(
    pieces: &'l [Piece<'m>],
    text: u64,
    objects: &Objects<'m>,
    symbols: &[Symbol<'_>],
    modules: &[SetId],
) -> Result<Vec<Range<'l, 'm>>> {
    let has_symbols = outputs_with_symbols(pieces, symbols, modules);
    let mut objects = objects.recent();
    let mut starts = Vec::with_capacity(pieces.len());
    let next_outputs = pieces
        .iter()
        .skip(1)
        .map(|next| Some(next.output))
        .chain([None]);
    for (piece, next_output) in pieces.iter().zip(next_outputs) {
        let modules = match piece.object() {
            Some(object) if has_symbols.contains(&piece.output) => {
                objects.modules_of(object)?.unwrap_or(SetId::NONE)
            }
            _ => SetId::NONE,
        };
        let (Some(start), Some(end)) = (offset(piece.start, text), offset(piece.end, text)) else {
            continue;
        };
        starts.push(Range {
            offset: start,
            modules,
            first: Some(piece),
        });
        if next_output != Some(piece.output) && modules != SetId::NONE {
            starts.push(Range {
                offset: end,
                modules: SetId::NONE,
                first: None,
            });
        }
    }
    // Addresses below _text have offsets above the image. The sort is stable, so of two starts
    // at one offset, the end of a section and the piece behind it, the later counts.
    starts.sort_by_key(|start| start.offset);
    let mut ranges: Vec<Range<'l, 'm>> = Vec::new();
    for start in starts {
        if ranges
            .last()
            .is_some_and(|last| last.offset == start.offset)
        {
            ranges.pop();
        }
        if ranges
            .last()
            .is_none_or(|last| last.modules != start.modules)
        {
            ranges.push(start);
        }
    }
    // Below the first range there is no module anyway.
    if ranges
        .first()
        .is_some_and(|first| first.modules == SetId::NONE)
    {
        ranges.remove(0);
    }
    Ok(ranges)
}

/// The output sections that have a symbol of a module, or end at one.
fn outputs_with_symbols(
    pieces: &[Piece<'_>],
    symbols: &[Symbol<'_>],
    modules: &[SetId],
) -> FastSet<usize> {
    let in_modules = symbols.iter().zip(modules);
    let in_modules = in_modules.filter(|(_, &modules)| modules != SetId::NONE);
    let mut addresses = in_modules.map(|(symbol, _)| symbol.value).peekable();
    let mut outputs = FastSet::default();
    for section in pieces.chunk_by(|one, other| one.output == other.output) {
        let (Some(first), Some(last)) = (section.first(), section.last()) else {
            continue;
        };
        while addresses
            .next_if(|&address| address < first.start)
            .is_some()
        {}
        if addresses.peek().is_some_and(|&address| address <= last.end) {
            outputs.insert(first.output);
        }
    }
    outputs
}

/// So many bytes of an image may be before `_text`: riscv's first code is.
const BEFORE_TEXT: u64 = 1 << 28;

/// The place of `address` in the tables: bytes from `_text`, modulo 2^32, where what is before it ends
/// up behind the image, and so do x86_64's per-cpu symbols, counted from 0. `None` if it is so far away
/// that it would not be told apart from another: what is there is in no range, and its symbols that are
/// in modules are exceptions.
fn offset(address: u64, text: u64) -> Option<u32> {
    let offset = address.wrapping_sub(text);
    u32::try_from(offset.wrapping_add(BEFORE_TEXT)).ok()?;
    Some(offset as u32)
}
