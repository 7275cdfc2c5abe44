// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms annotate` and `kallmodsyms count`: the modules of the symbols in a text.
//!
//! A text comes in, such as an oops, a profile or a trace. `annotate` writes the same text with a mark, such as
//! ` [ext4]`, behind each symbol of a module; `count` writes a table of the modules. Each line takes these
//! steps: `filter` reads the line, `token` and `suffix` find its symbols and addresses, `boot` knows the KASLR
//! offset of the addresses, `resolve` finds the modules, and `marks` or `count` makes the output. For
//! `count`, `stack` finds which lines form one call stack.

mod boot;
mod count;
mod filter;
mod marks;
mod request;
pub(crate) mod resolve;
mod stack;
mod suffix;
pub(crate) mod token;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use filter::{Filter, Sink};

use crate::error::{Error, Result};

pub use count::count;
pub use marks::annotate;
pub use request::{Annotate, Count, CountBy, Texts};

/// Reads the texts of a request through `filter`. Reads standard input for `-`, and if the request names no text.
fn read_texts<S: Sink>(
    texts: &Texts,
    stdin: &mut dyn Read,
    filter: &mut Filter<'_, '_, S>,
) -> Result<()> {
    let read = &texts.read;
    let mut stdin = Counted { input: stdin, read };
    if texts.files.is_empty() {
        filter.read("standard input", &mut stdin)?;
    }
    for path in &texts.files {
        if path == Path::new("-") {
            filter.read("standard input", &mut stdin)?;
            continue;
        }
        let input = File::open(path).map_err(|error| {
            Error::in_file(
                path,
                error.to_string(),
                "Give the files of text after the kernel, or no file to read standard input.",
            )
        })?;
        filter.read(&path.to_string_lossy(), &mut Counted { input, read })?;
    }
    filter.end()
}

/// An input that counts its bytes in `read`.
struct Counted<'r, R> {
    input: R,
    read: &'r AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
