// SPDX-License-Identifier: GPL-2.0

//! The selection of symbols by address, or by object file.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use crate::format::objects::{ObjectId, ObjectTables};
use crate::link_ranges::LinkRanges;
use crate::request::Show;

/// The selected symbols: those of the ranges, and those of the numbers.
pub(crate) struct Selection {
    is_all: bool,
    ranges: Vec<Range<u64>>,
    /// By number: true if the object file of the symbol is selected. Empty if the kernel stores no object files.
    numbers: Vec<bool>,
}

/// The sources that tell the object files of a kernel.
pub(crate) enum ObjectSource<'a, F> {
    /// The tables of the kernel `path`, which has this number of symbols.
    Tables(&'a ObjectTables<'a>, u32, &'a Path),
    /// A function that reads the ranges of the object files.
    Ranges(F),
}

impl Selection {
    /// The symbols that `request` selects.
    pub(crate) fn of<F>(request: &Show, source: ObjectSource<'_, F>) -> Result<Self>
    where
        F: FnOnce() -> Result<LinkRanges>,
    {
        let mut selection = Self {
            is_all: request.ranges.is_empty() && request.objects.is_empty(),
            ranges: request.ranges.clone(),
            numbers: Vec::new(),
        };
        if request.objects.is_empty() {
            return Ok(selection);
        }
        match source {
            ObjectSource::Tables(tables, symbols, path) => {
                selection.numbers = numbers(tables, symbols, path, &request.objects)?;
            }
            ObjectSource::Ranges(of_link) => {
                let of_link = of_link()?;
                for object in &request.objects {
                    selection.ranges.extend(of_link.of_object(object)?);
                }
            }
        }
        Ok(selection)
    }

    /// Return: true if all symbols are selected.
    pub(crate) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Return: true if symbol number `number`, which begins at `address`, is selected.
    pub(crate) fn has(&self, number: usize, address: u64) -> bool {
        self.is_all
            || self.ranges.iter().any(|range| range.contains(&address))
            || self.numbers.get(number) == Some(&true)
    }
}

/// Return: true if `wanted` is the path `object`, or ends in a slash and is a directory of it.
pub(crate) fn is_selected(object: &[u8], wanted: &str) -> bool {
    let wanted = wanted.strip_prefix("./").unwrap_or(wanted).as_bytes();
    object == wanted || wanted.ends_with(b"/") && object.starts_with(wanted)
}

/// The failure that no `what` of the kernel is from the object file or the directory `wanted`.
pub(crate) fn no_such_object(path: &Path, what: &str, wanted: &str) -> Error {
    Error::in_file(
        path,
        format!(
            "no {what} of the kernel is from '{}'",
            wanted.escape_debug()
        ),
        "Give the path of an object file from the top of the build, such as fs/ext4/super.o, or of a directory, such as fs/ext4/.",
    )
}

/// By number: true if the symbol is of one of the object files `wanted`.
fn numbers(
    tables: &ObjectTables<'_>,
    symbols: u32,
    path: &Path,
    wanted: &[String],
) -> Result<Vec<bool>> {
    let paths: Vec<Vec<u8>> = (0..tables.len())
        .filter_map(|number| Some(tables.path(ObjectId(number))?.parts().concat()))
        .collect();
    for wanted in wanted {
        if !paths.iter().any(|object| is_selected(object, wanted)) {
            return Err(no_such_object(path, "symbol", wanted));
        }
    }
    let is_object = |object: &Vec<u8>| wanted.iter().any(|wanted| is_selected(object, wanted));
    let selected: Vec<bool> = paths.iter().map(is_object).collect();
    let (runs, _) = tables.runs_from(0);
    let numbers = runs.flat_map(|run| {
        let number = run.object.map(|ObjectId(number)| number as usize);
        let is_selected = number.and_then(|number| selected.get(number)) == Some(&true);
        std::iter::repeat_n(is_selected, run.symbols as usize)
    });
    Ok(numbers.take(symbols as usize).collect())
}
