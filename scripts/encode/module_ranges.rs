// SPDX-License-Identifier: GPL-2.0

//! Ranges: consecutive pieces of the layout that are in the same modules.
//!
//! Only output sections with a symbol of some module are divided into ranges. The other output sections,
//! such as `.smp_locks` and `.altinstructions`, have only symbols of the linker script. Without
//! `CONFIG_KALLSYMS_ALL`, no section of data has other symbols.

use super::offset;
use crate::attribute::module_sets::SetId;
use crate::attribute::object_modules::ObjectModules;
use crate::attribute::piece::Piece;
use crate::common::error::Result;
use crate::common::hash::FastSet;
use crate::read::elf::Symbol;

/// The beginning of a range. The range ends where the next one begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    /// The distance from `_text` in bytes, modulo 2^32.
    pub(crate) offset: u32,
    /// The modules of the whole range.
    pub(crate) modules: SetId,
    /// The first piece in the range, for the comment in its row; `None` for the space between sections.
    pub(crate) first: Option<&'a Piece<'a>>,
}

/// Turns `pieces` into ranges by rising offset; neighbours of the same modules become one range. Each of
/// `symbols`, which are sorted by address, is in the modules at its index in `sets`.
///
/// The space between two pieces is padding. Inside an output section it goes with the piece before it.
/// After the last piece of an output section it is in no module.
pub(super) fn fuse<'a>(
    pieces: &'a [Piece<'a>],
    text: u64,
    objects: &ObjectModules<'a>,
    symbols: &[Symbol<'_>],
    sets: &[SetId],
) -> Result<Vec<Range<'a>>> {
    let has_symbols = outputs_with_symbols(pieces, symbols, sets);
    let mut objects = objects.lookup();
    let mut starts = Vec::with_capacity(pieces.len());
    let next_outputs = pieces
        .iter()
        .skip(1)
        .map(|next| Some(next.output))
        .chain([None]);
    for (piece, next_output) in pieces.iter().zip(next_outputs) {
        let modules = match piece.object() {
            Some(object) if has_symbols.contains(&piece.output) => {
                // The list of unattributed objects names this one if its modules are not known.
                objects.modules_of(object)?.unwrap_or(SetId::EMPTY)
            }
            _ => SetId::EMPTY,
        };
        let start = offset::unique_from_text(piece.start, text);
        let end = offset::unique_from_text(piece.end, text);
        let (Some(start), Some(end)) = (start, end) else {
            continue;
        };
        starts.push(Range {
            offset: start,
            modules,
            first: Some(piece),
        });
        if next_output != Some(piece.output) && modules != SetId::EMPTY {
            starts.push(Range {
                offset: end,
                modules: SetId::EMPTY,
                first: None,
            });
        }
    }
    // Addresses below _text have offsets above the image. The sort is stable: if a section ends where
    // another one begins, the beginning comes later and replaces the end.
    starts.sort_by_key(|start| start.offset);
    let mut ranges: Vec<Range<'_>> = Vec::new();
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
    // Addresses below the first range are in no module.
    if ranges
        .first()
        .is_some_and(|first| first.modules == SetId::EMPTY)
    {
        ranges.remove(0);
    }
    Ok(ranges)
}

/// The output sections that have a symbol of a module, or end at one.
fn outputs_with_symbols(
    pieces: &[Piece<'_>],
    symbols: &[Symbol<'_>],
    sets: &[SetId],
) -> FastSet<usize> {
    let in_modules = symbols.iter().zip(sets);
    let in_modules = in_modules.filter(|(_, &set)| set != SetId::EMPTY);
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
