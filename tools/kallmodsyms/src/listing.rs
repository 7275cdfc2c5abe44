// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms show`: the lines of a kernel's own symbols, made by the kernel's own code.

use std::io::Write;

use crate::addresses::Addresses;
use crate::error::{Error, Result};
use crate::format::walk::{Places, Tables, Walk};
use crate::image::{Image, DAMAGED};
use crate::line;
use crate::output::Output;
use crate::request::{Format, Show};
use crate::selection::Selection;
use crate::source::Vmlinux;
use crate::tables::Kernel;

/// A length above any line before its name is cut off: 512 tokens of 512 bytes, and 255 modules.
const BUFFER: usize = 1 << 20;

/// Makes all lines, and passes them to `take`, several whole lines at a time.
pub(crate) fn lines<P: Places>(
    kernel: &Kernel<'_>,
    tables: &Tables<'_, '_, P>,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut walk = Walk::new(tables, 0);
    let mut buffer = vec![0; BUFFER];
    let mut filled = 0;
    while walk.index() < kernel.len() {
        let before = walk.index();
        let free = buffer.get_mut(filled..).unwrap_or_default();
        let wanted = free.len();
        filled += walk.lines(tables, free, wanted, true);
        if walk.index() == before {
            if filled == 0 {
                return Err(kernel.failure(
                    format!("the line of symbol number {before} is too long"),
                    DAMAGED,
                ));
            }
            take(buffer.get(..filled).unwrap_or_default())?;
            filled = 0;
        }
    }
    take(buffer.get(..filled).unwrap_or_default())
}

/// Writes the lines of a kernel's own symbols to `out`, as in its `/proc/kallmodsyms`.
///
/// Return: the requests without an answer, each as a failure to report. A reader may close the pipe `out`
/// early; a closed pipe is no failure.
///
/// ```no_run
/// let request = kallmodsyms::Show::of("vmlinux");
/// let mut lines = Vec::new();
/// kallmodsyms::show(&request, &mut lines)?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn show(request: &Show, out: &mut dyn Write) -> Result<Vec<Error>> {
    let vmlinux = Vmlinux::open(&request.source.file)?;
    let image = Image::find(&request.source.file, vmlinux.bytes())?;
    let kernel = Kernel::read(image, request.source.offset)?;
    let selection = Selection::of(request, &kernel)?;
    Output::with(out, |out| {
        kernel.checked(|tables| write(request, &kernel, tables, &selection, out))
    })
}

fn write(
    request: &Show,
    kernel: &Kernel<'_>,
    tables: &Tables<'_, '_, Addresses<'_>>,
    selection: &Selection,
    out: &mut Output<'_>,
) -> Result<Vec<Error>> {
    if selection.is_all() && request.format == Format::Kallmodsyms {
        lines(kernel, tables, |lines| out.write(lines))?;
        return Ok(Vec::new());
    }
    let mut is_empty = true;
    let is_array = request.format == Format::Json;
    out.begin(is_array)?;
    lines(kernel, tables, |text| {
        let lines = line::parse(text).filter(|line| selection.has(line.address));
        for line in lines {
            is_empty = false;
            out.line(&line, request.format)?;
        }
        Ok(())
    })?;
    out.end(is_array)?;
    Ok(match is_empty {
        true => vec![kernel.failure(
            "--range and --object select no symbol",
            "Give addresses of the kernel that was moved by --offset; some objects have no symbol.",
        )],
        false => Vec::new(),
    })
}
