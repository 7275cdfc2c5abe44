// SPDX-License-Identifier: GPL-2.0

//! The selection of symbols by address, or by object file.

use std::ops::Range;
use std::path::Path;

use crate::error::{Error, Result};
use crate::link_ranges::LinkRanges;
use crate::object_files::ObjectFiles;
use crate::request::Show;

/// The selected symbols: those in the ranges, and those of the object files.
pub(crate) struct Selection<'a> {
    is_all: bool,
    ranges: Vec<Range<u64>>,
    /// The object files of the kernel, and the selected paths and directories; `None` if no object file is
    /// selected, or if `ranges` has the ranges of the selected object files.
    objects: Option<(&'a ObjectFiles, &'a [String])>,
}

/// A source of the object files of a kernel.
pub(crate) enum ObjectSource<'a, F> {
    /// The object files of a kernel, and the path of the kernel's file for messages.
    Tables(&'a ObjectFiles, &'a Path),
    /// A function that reads the ranges of the object files.
    Ranges(F),
}

impl<'a> Selection<'a> {
    /// The symbols that `request` selects.
    pub(crate) fn of<F>(request: &'a Show, source: ObjectSource<'a, F>) -> Result<Self>
    where
        F: FnOnce() -> Result<LinkRanges>,
    {
        let mut selection = Self {
            is_all: request.ranges.is_empty() && request.objects.is_empty(),
            ranges: request.ranges.clone(),
            objects: None,
        };
        if request.objects.is_empty() {
            return Ok(selection);
        }
        match source {
            ObjectSource::Tables(files, path) => {
                for wanted in &request.objects {
                    if !files.paths().any(|object| is_selected(object, wanted)) {
                        return Err(no_such_object(path, "symbol", wanted));
                    }
                }
                selection.objects = Some((files, &request.objects));
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
            || self.objects.is_some_and(|(files, wanted)| {
                let object = files.path(number);
                let is_wanted = |object| wanted.iter().any(|wanted| is_selected(object, wanted));
                object.is_some_and(is_wanted)
            })
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
