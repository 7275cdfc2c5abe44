// SPDX-License-Identifier: GPL-2.0

//! A saved listing: the text of `/proc/kallmodsyms`, in a file or from the running kernel.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::line;

/// The listing of the running kernel.
pub(crate) const RUNNING: &str = "/proc/kallmodsyms";

/// More bytes than the fields in front of a name have.
const BEGINNING: usize = 64;

/// Bytes of the first read from the running kernel, which is quicker in large reads.
const LARGE: usize = 1 << 20;

/// Reads the listing in the file `path`; `None` if the file does not begin like one.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let failed = |error: std::io::Error| {
        Error::in_file(
            path,
            error.to_string(),
            match path == Path::new(RUNNING) {
                true => {
                    "The running kernel has no such file without CONFIG_KALLMODSYMS: name a vmlinux, \
                     a vmlinuz or a saved /proc/kallmodsyms."
                }
                false => "Give the vmlinux, the vmlinuz or the saved /proc/kallmodsyms of a kernel.",
            },
        )
    };
    // Opening a pipe waits for a writer; the reader of images refuses it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut text = Vec::with_capacity(LARGE);
    let mut beginning = (&mut file).take(BEGINNING as u64);
    beginning.read_to_end(&mut text).map_err(failed)?;
    if !line::begins_listing(&text) {
        return match is_text(&text) {
            true => Err(Error::in_file(
                path,
                "this is neither a kernel nor a saved /proc/kallmodsyms",
                "Name the kernel first: its vmlinux, its vmlinuz, or a copy of its /proc/kallmodsyms.",
            )),
            false => Ok(None),
        };
    }
    file.read_to_end(&mut text).map_err(failed)?;
    Ok(Some(text))
}

/// Tells whether these first bytes are of a text for people.
fn is_text(beginning: &[u8]) -> bool {
    let is_printed = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    !beginning.is_empty() && beginning.iter().all(is_printed)
}
