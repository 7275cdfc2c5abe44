// SPDX-License-Identifier: GPL-2.0

//! Encodes the tables of object files as the kernel reads them, and checks that the tables decode to the
//! object file of each symbol. rust/format/tables/objects.rs describes the tables.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::braces;
use crate::attribute::object_modules::{ObjectIndex, ObjectModules};
use crate::attribute::Attribution;
use crate::common::error::{show, Error, Result};
use crate::format::object_layout::{ObjectCounts, NAME_STEP};
use crate::format::object_paths::{EXTENSION, WITHOUT_EXTENSION, WITH_EXTENSION};
use crate::format::objects::{self, code, ObjectId, RawObjects, Run, BLOCK, BRACES_IN_BLOCK};
use crate::read::elf::Symbol;
use crate::read::table_rooms::previous_assembler_file;
use crate::read::Inputs;

/// The tables of object files; see [`RawObjects`].
#[derive(Debug, Default)]
pub(crate) struct ObjectTables {
    pub(crate) runs: Vec<u8>,
    pub(crate) markers: Vec<u32>,
    pub(crate) names: Vec<u8>,
    pub(crate) name_offsets: Vec<u32>,
    pub(crate) directory_starts: Vec<u32>,
    pub(crate) directory_offsets: Vec<u32>,
    pub(crate) directories: Vec<u8>,
    /// The paths of the object files that define symbols.
    pub(crate) paths: Vec<Vec<u8>>,
}

impl ObjectTables {
    /// Encodes the object files of the symbols of `inputs`, and checks the result.
    pub(super) fn encode(inputs: &Inputs<'_>, attribution: &Attribution<'_>) -> Result<Self> {
        let (symbols, of_symbols) = (&inputs.symbols, &attribution.objects_of_symbols);
        let mut numbering = Numbering::new(&attribution.objects, of_symbols)?;
        numbering.rename_tables(&inputs.stem);
        let components = braces::components(symbols, attribution);
        let mut tables = Self::default();
        tables.add_paths(&numbering.paths)?;
        let wanted: Vec<Run> = of_symbols
            .iter()
            .zip(components)
            .map(|(object, components)| Run {
                symbols: 1,
                object: object.and_then(|object| numbering.id(object)),
                components,
            })
            .collect();
        for block in wanted.chunks(BLOCK as usize) {
            let has_braces = block.iter().any(|run| run.components != 0);
            let flag = if has_braces { BRACES_IN_BLOCK } else { 0 };
            tables.markers.push(length(&tables.runs)? | flag);
            let mut previous = 0;
            for run in block.chunk_by(|one, next| one == next) {
                if let Some(first) = run.first() {
                    // A block has at most 256 symbols, so the number fits.
                    let run = Run {
                        symbols: run.len() as u32,
                        ..*first
                    };
                    add_run(&mut tables.runs, run, previous);
                    previous = run.object.map_or(previous, |ObjectId(number)| number);
                }
            }
        }
        tables.paths = numbering.paths;
        tables.check(symbols, &wanted)?;
        Ok(tables)
    }

    fn add_paths(&mut self, paths: &[Vec<u8>]) -> Result<()> {
        let mut offsets: Vec<(&[u8], u32)> = Vec::new();
        let mut last = None;
        for (path, number) in paths.iter().zip(0..) {
            let (directory, name) = split(path);
            if last != Some(directory) {
                let known = offsets.iter().find(|(known, _)| *known == directory);
                let offset = match known {
                    Some(&(_, offset)) => offset,
                    None => {
                        let offset = length(&self.directories)?;
                        self.directories.extend(directory);
                        self.directories.push(0);
                        offsets.push((directory, offset));
                        offset
                    }
                };
                self.directory_starts.push(number);
                self.directory_offsets.push(offset);
                last = Some(directory);
            }
            if number % NAME_STEP == 0 {
                self.name_offsets.push(length(&self.names)?);
            }
            match name.strip_suffix(EXTENSION) {
                Some(stem) if !stem.is_empty() => {
                    self.names.extend(stem);
                    self.names.push(WITH_EXTENSION);
                }
                _ => {
                    self.names.extend(name);
                    self.names.push(WITHOUT_EXTENSION);
                }
            }
        }
        Ok(())
    }

    /// The lengths of the tables.
    pub(super) fn counts(&self) -> Result<ObjectCounts> {
        Ok(ObjectCounts {
            objects: length(&self.paths)?,
            runs: length(&self.runs)?,
            names: length(&self.names)?,
            entries: length(&self.directory_starts)?,
            directories: length(&self.directories)?,
        })
    }

    /// Decodes the tables with the kernel's own decoder, and compares the decoded object file, path and
    /// number of components of each symbol with those of `wanted`. Decodes every 61st symbol alone, too.
    fn check(&self, symbols: &[Symbol<'_>], wanted: &[Run]) -> Result<()> {
        let wrong = |what: String| {
            Error::new(
                format!("the object files do not decode to what was encoded: {what}"),
                "This is a defect of this program. Turn CONFIG_KALLMODSYMS_OBJECTS off, and please \
                 report it.",
            )
        };
        let raw = RawObjects {
            objects: length(&self.paths)?,
            runs: &self.runs,
            markers: &self.markers,
            names: &self.names,
            name_offsets: &self.name_offsets,
            directory_starts: &self.directory_starts,
            directory_offsets: &self.directory_offsets,
            directories: &self.directories,
        };
        let tables = objects::ObjectTables::new(raw, length(symbols)?);
        let tables = tables.map_err(|error| wrong(error.to_string()))?;
        for (path, number) in self.paths.iter().zip(0..) {
            let decoded = tables.path(ObjectId(number));
            if decoded.map(|path| path.parts().concat()).as_ref() != Some(path) {
                return Err(wrong(format!("object {}", show(path))));
            }
        }
        let runs = tables.runs_from(0);
        let decoded = runs.flat_map(|run| {
            let one = Run { symbols: 1, ..run };
            std::iter::repeat_n(one, run.symbols as usize)
        });
        for ((decoded, wanted), index) in decoded.zip(wanted).zip(0..) {
            let alone = |index| tables.run_of(index).map(|run| Run { symbols: 1, ..run });
            if decoded != *wanted || index % 61 == 0 && alone(index) != Some(*wanted) {
                let symbol = symbols.get(index as usize);
                let name = symbol.map(|symbol| show(symbol.name));
                return Err(wrong(format!("symbol {}", name.unwrap_or_default())));
            }
        }
        Ok(())
    }
}

/// The numbers of the object files that define symbols. They are in the order of the link, without gaps.
struct Numbering {
    /// By [`ObjectIndex`]: the number; `None` if the object file defines no symbol of the listing.
    ids: Vec<Option<ObjectId>>,
    /// By number: the path.
    paths: Vec<Vec<u8>>,
}

impl Numbering {
    fn new(objects: &ObjectModules<'_>, of_symbols: &[Option<ObjectIndex>]) -> Result<Self> {
        let mut used: Vec<ObjectIndex> = of_symbols.iter().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        let mut numbering = Self {
            ids: vec![
                None;
                used.last()
                    .map_or(0, |ObjectIndex(last)| *last as usize + 1)
            ],
            paths: Vec::with_capacity(used.len()),
        };
        for (object, number) in used.into_iter().zip(0..) {
            let name = objects.name(object);
            let name = name.ok_or_else(|| Error::defect("an object file has no name"))?;
            if let Some(id) = numbering.ids.get_mut(object.0 as usize) {
                *id = Some(ObjectId(number));
            }
            numbering.paths.push(name.path().into_owned());
        }
        Ok(numbering)
    }

    /// Renames the object file that has these tables, because each pass makes a new one. For example, the map
    /// of `.tmp_vmlinux2` names `.tmp_vmlinux1.kallsyms.o`, and the next link uses `.tmp_vmlinux2.kallsyms.o`.
    fn rename_tables(&mut self, stem: &Path) {
        let Some(previous) = previous_assembler_file(stem) else {
            return;
        };
        let linked = previous.with_extension("o");
        let next = stem.with_extension("kallsyms.o");
        let mut paths = self.paths.iter_mut();
        if let Some(path) = paths.find(|path| **path == linked.as_os_str().as_bytes()) {
            *path = next.as_os_str().as_bytes().to_vec();
        }
    }

    fn id(&self, ObjectIndex(index): ObjectIndex) -> Option<ObjectId> {
        self.ids.get(index as usize).copied().flatten()
    }
}

/// The directory and the name of a path.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        None => (&[], path),
        Some(slash) => {
            let (directory, name) = path.split_at(slash);
            (directory, name.strip_prefix(b"/").unwrap_or(name))
        }
    }
}

/// Adds the bytes of a run. `previous` is the number of the previous object file in the block, or 0.
fn add_run(bytes: &mut Vec<u8>, run: Run, previous: u32) {
    let (object, rest) = object_of(run, previous);
    let braces = if run.components == 0 { 0 } else { code::BRACES };
    match u8::try_from(run.symbols) {
        Ok(symbols) if symbols <= code::MOST_SYMBOLS => {
            bytes.push((symbols << code::SYMBOLS_SHIFT) | braces | object);
        }
        _ => {
            bytes.push(braces | object);
            // A block has at most 256 symbols, so the number less 1 fits into a byte.
            bytes.push((run.symbols - 1) as u8);
        }
    }
    bytes.extend(rest);
}

/// The code of the object file of a run, and the bytes after the first byte and the number of symbols.
fn object_of(run: Run, previous: u32) -> (u8, Vec<u8>) {
    let Some(ObjectId(number)) = run.object else {
        return (code::NONE, Vec::new());
    };
    let difference = i64::from(number) - i64::from(previous);
    let fits = (u8::try_from(difference), i8::try_from(difference));
    match (fits, u16::try_from(number)) {
        _ if run.components > 1 => {}
        ((Ok(difference), _), _) if difference < code::NONE => return (difference, Vec::new()),
        ((_, Ok(difference)), _) => return (code::DIFFERENCE, difference.to_le_bytes().to_vec()),
        (_, Ok(number)) => return (code::NUMBER, number.to_le_bytes().to_vec()),
        _ => {}
    }
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.push(run.components);
    (code::LONG, bytes)
}

/// The length of a table.
fn length<T>(table: &[T]) -> Result<u32> {
    u32::try_from(table.len()).map_err(|_| {
        Error::new(
            "a table of object files has more than 2^32 elements",
            "Build a smaller kernel.",
        )
    })
}
