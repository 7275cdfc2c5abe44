// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms annotate`: a text with marks.

use std::io::{Read, Write};

use super::filter::{Filter, Sink};
use super::read_texts;
use super::request::Annotate;
use super::resolve::Found;
use crate::color;
use crate::error::{Error, Result};
use crate::kernel::{Kernel, ReadRanges};
use crate::output::Output;
use crate::request::Source;

/// The output of `annotate`.
struct Marks<'o, 'w> {
    out: &'o mut Output<'w>,
    mark: Vec<u8>,
    color: bool,
}

/// Copies texts to `out`, with a mark behind each symbol of a module. `stdin` is the text if the request names
/// no text.
///
/// Return: an empty list. A closed pipe `out` is no failure: its reader has read enough.
///
/// ```no_run
/// let request = kallmodsyms::Annotate::default();
/// let mut text = &b" ext4_fill_super+0x10/0x2b3a\n"[..];
/// kallmodsyms::annotate(&request, &mut text, &mut std::io::stdout())?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn annotate(
    request: &Annotate,
    stdin: &mut dyn Read,
    out: &mut dyn Write,
) -> Result<Vec<Error>> {
    let ranges = match request.objects {
        true => ReadRanges::ForObjects,
        false => ReadRanges::Never,
    };
    let texts = &request.texts;
    let kernel = Kernel::read(&Source::of(&texts.kernel), ranges)?;
    let symbols = kernel.symbols()?;
    Output::with(out, |out| {
        let sink = Marks {
            out,
            mark: Vec::new(),
            color: request.color,
        };
        let mut filter = Filter::new(&symbols, texts.offset, request.objects, sink);
        read_texts(texts, stdin, &mut filter)?;
        Ok(Vec::new())
    })
}

impl Sink for Marks<'_, '_> {
    fn line(&mut self, line: &[u8], found: &[Found<'_>]) -> Result<()> {
        let mut written = 0;
        for place in found.iter().filter(|place| !place.is_marked) {
            self.mark.clear();
            place.append_to(&mut self.mark);
            let before = line.get(written..place.end).unwrap_or_default();
            self.out.write(before)?;
            let (color, plain) = match self.color && !self.mark.is_empty() {
                true => (color::MARK, color::PLAIN),
                false => ("", ""),
            };
            self.out.write(color.as_bytes())?;
            self.out.write(&self.mark)?;
            self.out.write(plain.as_bytes())?;
            written = place.end;
        }
        self.out.write(line.get(written..).unwrap_or_default())
    }

    fn pause(&mut self) -> Result<()> {
        self.out.flush()
    }

    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}
