// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms sizes`: the bytes of a kernel by module, object file or directory, and by class.
//!
//! A [request](Sizes) comes in, and a table or a web page goes out. `read` makes the `contents` of a kernel:
//! the bytes of each origin and class. An origin is the object file or the symbols that bytes are from.
//! `class_ranges` and `marked_ranges` decide the classes. `rows` groups the origins into rows; `table` writes
//! the rows of one kernel, `diff` the differences of two. `page` makes a web page that draws the contents.
//! Other modules of the crate parse ELF files and tables.

mod class;
mod class_ranges;
mod contents;
mod diff;
mod marked_ranges;
mod page;
mod read;
mod request;
mod rows;
mod table;
pub(crate) mod text_columns;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::kernel_file::KernelFile;
use crate::output::Output;
use contents::ImageContents;
pub(crate) use read::knows_objects;
pub use request::{By, Sizes, TableFormat};

/// Writes the bytes of a kernel, or the differences of two kernels, to `out` or to the file `html` of the
/// request.
///
/// Return: an empty list. A closed pipe `out` is no failure: its reader has read enough.
///
/// ```no_run
/// let request = kallmodsyms::Sizes {
///     file: Some("build".into()),
///     by: kallmodsyms::By::Object,
///     ..Default::default()
/// };
/// kallmodsyms::sizes(&request, &mut std::io::stdout())?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn sizes(request: &Sizes, out: &mut dyn Write) -> Result<Vec<Error>> {
    let Sizes {
        by, format, color, ..
    } = *request;
    let open = |path: Option<&Path>| -> Result<KernelFile> {
        let file = KernelFile::open(path)?;
        match by == By::Module || read::knows_objects(&file) {
            true => Ok(file),
            false => Err(Error::in_file(
                file.path(),
                "the object files are not known: there is no .tmp_vmlinux.ranges beside it",
                "Give the build directory of the kernel, or leave out --by.",
            )),
        }
    };
    let file = open(request.file.as_deref())?;
    let Some(second) = &request.diff else {
        let by_object = read::knows_objects(&file);
        let contents = of_file(&file, by_object, request.html.is_some())?;
        if let Some(html) = &request.html {
            return write_page(&page::page(None, named(&file, &contents))?, html, out);
        }
        return Output::with(out, |out| {
            table::write(&rows::rows(&contents, by), by, format, out)?;
            Ok(Vec::new())
        });
    };
    let second = open(Some(second))?;
    // Count both kernels in the same way: symbols have fewer bytes than object files, which also have strings.
    let by_object = read::knows_objects(&file) && read::knows_objects(&second);
    let [old, new] = [&file, &second].map(|file| of_file(file, by_object, true));
    let (old, new) = (old?, new?);
    if let Some(html) = &request.html {
        let page = page::page(Some(named(&file, &old)), named(&second, &new))?;
        return write_page(&page, html, out);
    }
    Output::with(out, |out| {
        diff::write(&old, &new, (by, format, color), out)?;
        Ok(Vec::new())
    })
}

/// The contents of a file, with the name that the page shows for the file.
fn named<'f>(
    file: &'f KernelFile,
    contents: &'f ImageContents,
) -> (Cow<'f, str>, &'f ImageContents) {
    (file.path().to_string_lossy(), contents)
}

/// Writes a page to a file, or to `out` for `-`.
fn write_page(page: &str, html: &Path, out: &mut dyn Write) -> Result<Vec<Error>> {
    if html != Path::new("-") {
        page::replace(html, page)?;
        return Ok(Vec::new());
    }
    Output::with(out, |out| {
        out.write(page.as_bytes())?;
        Ok(Vec::new())
    })
}

/// The number of bytes of each built-in module in a kernel, by module name.
pub(crate) fn bytes_of_modules(file: &KernelFile) -> Result<BTreeMap<String, u64>> {
    let contents = of_file(file, read::knows_objects(file), false)?;
    let mut bytes = BTreeMap::<String, u64>::new();
    for byte_count in &contents.byte_counts {
        for module in contents.origins.get(byte_count.origin).modules() {
            match bytes.get_mut(module) {
                Some(sum) => *sum += byte_count.bytes,
                None => drop(bytes.insert(module.clone(), byte_count.bytes)),
            }
        }
    }
    Ok(bytes)
}

fn of_file(file: &KernelFile, by_object: bool, with_symbols: bool) -> Result<ImageContents> {
    match by_object {
        true => read::by_object(file, with_symbols),
        false => read::by_symbol(file),
    }
}
