// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms show`: the lines of a saved listing, or of an image's own symbols. The same code makes the
//! lines of own symbols here and in the kernel.

use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::format::braces::Objects;
use crate::format::walk::{Places, Tables, Walk};
use crate::image::DAMAGED;
use crate::kernel_file::KernelFile;
use crate::link_ranges::LinkRanges;
use crate::listed_symbols::{self, moved};
use crate::object_files::ObjectFiles;
use crate::output::Output;
use crate::request::{Format, Show};
use crate::selection::{ObjectSource, Selection};
use crate::symbol;
use crate::tables::KernelTables;

/// A bound on the length of a line before the name is shortened: 512 tokens of 512 bytes, and 255 modules.
const BUFFER: usize = 1 << 20;

/// Makes all lines of `kernel`, and passes them to `take`, several whole lines at a time.
pub(crate) fn lines<'a, P: Places, O: Objects<'a>>(
    kernel: &KernelTables<'_>,
    tables: &Tables<'_, 'a, P, O>,
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

/// All lines of `kernel`.
pub(crate) fn text<'a, P: Places, O: Objects<'a>>(
    kernel: &KernelTables<'_>,
    tables: &Tables<'_, 'a, P, O>,
) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    lines(kernel, tables, |lines| {
        text.extend_from_slice(lines);
        Ok(())
    })?;
    Ok(text)
}

/// Writes the selected lines of a kernel to `out`. An image and a dump have lines of the kernel's own symbols
/// only; a saved listing can also have lines of loaded modules.
///
/// Return: one failure to report if the selection has no symbol, otherwise an empty list. A reader may close
/// the pipe `out` early; a closed pipe is no failure.
///
/// ```no_run
/// let request = kallmodsyms::Show::of("vmlinux");
/// let mut lines = Vec::new();
/// kallmodsyms::show(&request, &mut lines)?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn show(request: &Show, out: &mut dyn Write) -> Result<Vec<Error>> {
    let file = KernelFile::open(Some(&request.source.file))?;
    let offset = request.source.offset;
    let Some(image) = file.image()? else {
        return show_saved(request, &file, out);
    };
    let kernel = KernelTables::read(image, offset)?;
    Output::with(out, |out| {
        kernel.checked(|tables| {
            let objects = tables.objects;
            let objects = objects.map(|objects| ObjectFiles::of(objects, kernel.len()));
            let source = match &objects {
                Some(objects) => ObjectSource::Tables(objects, kernel.path()),
                None => ObjectSource::Ranges(|| LinkRanges::read(&kernel)),
            };
            let selected = Selected {
                selection: Selection::of(request, source)?,
                objects: objects.as_ref(),
            };
            let all = |take: Take<'_>| lines(&kernel, tables, take);
            write(request, kernel.path(), all, &selected, out)
        })
    })
}

/// Writes the lines of a saved listing.
fn show_saved(request: &Show, file: &KernelFile, out: &mut dyn Write) -> Result<Vec<Error>> {
    let text = file.listing()?;
    listed_symbols::symbols(file.path(), &text).try_for_each(|symbol| symbol.map(drop))?;
    let text = moved(file.path(), &text, request.source.offset)?;
    let source = ObjectSource::Ranges(|| {
        Err(Error::in_file(
            file.path(),
            "a listing does not tell the object file of each byte",
            "For --object, give the vmlinux of the build directory.",
        ))
    });
    let selected = Selected {
        selection: Selection::of(request, source)?,
        objects: None,
    };
    Output::with(out, |out| {
        let all = |take: Take<'_>| take(&text);
        write(request, file.path(), all, &selected, out)
    })
}

/// The selected symbols, and the object files of all symbols.
struct Selected<'a> {
    selection: Selection<'a>,
    /// `None` for a saved listing, and if the kernel does not store object files.
    objects: Option<&'a ObjectFiles>,
}

/// A function that takes several whole lines.
type Take<'t> = &'t mut dyn FnMut(&[u8]) -> Result<()>;

/// Writes the selected lines. `all` passes all lines of the kernel in the file `path` to its argument.
fn write(
    request: &Show,
    path: &Path,
    all: impl FnOnce(Take<'_>) -> Result<()>,
    selected: &Selected<'_>,
    out: &mut Output<'_>,
) -> Result<Vec<Error>> {
    let Selected { selection, objects } = selected;
    if selection.is_all() && request.format == Format::Kallmodsyms {
        all(&mut |lines| out.write(lines))?;
        return Ok(Vec::new());
    }
    let mut is_empty = true;
    let mut numbers = 0..;
    let is_array = request.format == Format::Json;
    out.begin(is_array)?;
    all(&mut |text| {
        let lines = symbol::parse(text).zip(&mut numbers);
        let lines = lines.filter(|(line, number)| selection.has(*number, line.address));
        for (line, number) in lines {
            is_empty = false;
            let object = objects.and_then(|objects| objects.path(number));
            out.line(&line, object.or(line.object()), request.format)?;
        }
        Ok(())
    })?;
    out.end(is_array)?;
    Ok(match is_empty {
        true => vec![Error::in_file(
            path,
            "--range and --object select no symbol",
            "Give addresses of the kernel that was moved by --offset; some objects have no symbol.",
        )],
        false => Vec::new(),
    })
}
