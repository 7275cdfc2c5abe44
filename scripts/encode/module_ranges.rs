// SPDX-License-Identifier: GPL-2.0

//! Ranges: consecutive pieces of the layout that are in the same modules.
//!
//! Only an output section that has a symbol of a module, or ends at one, is divided into ranges. All other
//! output sections are in no module. For example, `.smp_locks` and `.altinstructions` have only symbols of
//! the linker script. Without `CONFIG_KALLSYMS_ALL`, kallsyms lists no symbols of data, so all sections of
//! data are in no module.

use super::offset;
use crate::attribute::module_sets::SetId;
use crate::attribute::object_modules::ObjectModules;
use crate::attribute::piece::Piece;
use crate::common::error::Result;
use crate::common::hash::FastSet;
use crate::read::elf::Symbol;

/// The beginning of a range. The range ends where the next range begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    /// The distance from `_text` in bytes, modulo 2^32.
    pub(crate) offset: u32,
    /// The modules of the whole range.
    pub(crate) modules: SetId,
    /// The first piece in the range, for the comment in the row of the range. `None` if the range begins at
    /// the end of an output section.
    pub(crate) first: Option<&'a Piece<'a>>,
}

/// Turns `pieces` into ranges by rising offset. Neighbouring pieces in the same modules become one range.
/// `sets` has the modules of each of `symbols`, in the same order; `symbols` are sorted by address.
///
/// The space between two pieces is padding. Padding inside an output section is in the range of the piece
/// before the padding. Padding after the last piece of an output section is in no module.
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
                // If the modules are not known, the list of unattributed object files has this object file.
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
    // Sort, because addresses below _text have offsets above the image. Two starts have the same offset if an
    // output section ends where the next output section begins. The sort is stable, so the start for the
    // next output section comes last, and the loop keeps it alone.
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

/// The output sections that have a symbol in a module, or end at the address of such a symbol.
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
