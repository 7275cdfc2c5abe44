// SPDX-License-Identifier: GPL-2.0

//! Decodes the tables of object files in vmlinux. This code is not shared with the kernel or the generator.
//!
//! The runs are a stream of bytes. A run begins with a byte: its three high bits are the number of symbols, or
//! 0 if the next byte is that number less 1. The four low bits select the object file. The bit between them is
//! the number of path components in braces. If the low bits are 15, a later byte has this number instead.
//! Every 256 symbols, the runs start again from object file 0.

use anyhow::{bail, ensure, Context, Result};

use crate::image::Image;

/// The object file of a symbol, as the tables tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownObject {
    /// `None` if the tables have no object file for the symbol.
    pub path: Option<String>,
    /// The text in braces; `None` for a line without braces.
    pub braces: Option<String>,
}

/// The entry of a symbol: the number that selects its object file, and the count of path components in braces.
/// The count is 0 for no braces, and 255 for the whole path.
pub type Stored = (Option<u32>, u8);

/// The object files of all symbols.
pub struct ObjectTables {
    paths: Vec<String>,
    symbols: Vec<Stored>,
    /// The number of bytes of all tables.
    pub bytes: usize,
    /// The number of bytes of the counts, the runs and the markers.
    pub bytes_of_runs: usize,
}

impl ObjectTables {
    /// Reads the tables of a kernel with `symbols` symbols; `None` if the kernel has no such tables.
    pub fn read(image: &Image, symbols: usize) -> Result<Option<Self>> {
        if image.address("kallsyms_object_counts").is_none() {
            return Ok(None);
        }
        let counts = image.table("kallsyms_object_counts")?.u32s(5)?;
        let [objects, runs, names, entries, directories] =
            [0, 1, 2, 3, 4].map(|index| counts[index] as usize);
        let bytes = |table: &str, count| -> Result<Vec<u8>> {
            let table = format!("kallsyms_object_{table}");
            Ok(image.table(&table)?.take(count)?.to_vec())
        };
        let words = |table: &str, count| {
            image
                .table(&format!("kallsyms_object_{table}"))?
                .u32s(count)
        };
        let markers = words("markers", symbols.div_ceil(256))?;
        let name_offsets = words("name_offsets", objects.div_ceil(4))?;
        let starts = words("dir_starts", entries)?;
        let offsets = words("dir_offsets", entries)?;
        let all = bytes("dirs", directories)?;
        let paths = paths(
            &bytes("names", names)?,
            &name_offsets,
            &starts,
            &offsets,
            &all,
        )?;
        ensure!(
            paths.len() == objects,
            "{} names of {objects} object files",
            paths.len()
        );
        Ok(Some(Self {
            paths,
            symbols: decode(&bytes("runs", runs)?, &markers, symbols)?,
            bytes: 20
                + runs
                + names
                + directories
                + 4 * (markers.len() + name_offsets.len() + 2 * entries),
            bytes_of_runs: 20 + runs + 4 * markers.len(),
        }))
    }

    /// The object file of symbol number `index`.
    pub fn shown(&self, index: usize) -> Result<ShownObject> {
        let &(object, components) = self.symbols.get(index).context("no run has the symbol")?;
        let path = object.map(|object| {
            let path = self.paths.get(object as usize);
            path.with_context(|| format!("no object file {object}"))
        });
        let path = path.transpose()?;
        let braces = path.filter(|_| components != 0).map(|path| {
            let parts: Vec<&str> = path.split('/').collect();
            let kept = match components {
                u8::MAX => parts.len(),
                count => parts.len().min(count.into()),
            };
            parts[parts.len() - kept..].join("/")
        });
        Ok(ShownObject {
            path: path.cloned(),
            braces,
        })
    }

    /// The entries, by symbol.
    pub fn symbols(&self) -> &[Stored] {
        &self.symbols
    }

    /// The paths of the object files.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The number of object files.
    pub fn len(&self) -> usize {
        self.paths.len()
    }
}

/// The paths of all object files.
fn paths(
    names: &[u8],
    name_offsets: &[u32],
    starts: &[u32],
    offsets: &[u32],
    directories: &[u8],
) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let number = paths.len();
        if number % 4 == 0 {
            let offset = name_offsets.get(number / 4);
            ensure!(
                offset == Some(&(at as u32)),
                "a wrong offset of name {number}"
            );
        }
        let length = names[at..].iter().position(|&byte| byte < 2);
        let end = at + length.context("a name does not end")?;
        let entry = starts.iter().rposition(|&start| start as usize <= number);
        let entry = entry.context("an object file has no directory")?;
        let directory = directories[offsets[entry] as usize..]
            .split(|&byte| byte == 0)
            .next();
        let directory = String::from_utf8(directory.unwrap_or_default().to_vec())?;
        let mut path = match directory.is_empty() {
            true => String::new(),
            false => directory + "/",
        };
        path += std::str::from_utf8(&names[at..end])?;
        if names[end] == 0 {
            path += ".o";
        }
        paths.push(path);
        at = end + 1;
    }
    Ok(paths)
}

/// Decodes the entries, by symbol.
fn decode(runs: &[u8], markers: &[u32], symbols: usize) -> Result<Vec<Stored>> {
    let mut decoded = Vec::with_capacity(symbols);
    let mut bytes = runs.iter().copied();
    let mut previous: u32 = 0;
    while decoded.len() < symbols {
        if decoded.len() % 256 == 0 {
            let at = runs.len() - bytes.len();
            let marker = markers[decoded.len() / 256];
            ensure!(
                (marker & 0x7fff_ffff) as usize == at,
                "symbol {}: marker {marker:#x}, run at {at}",
                decoded.len()
            );
            previous = 0;
        }
        let mut next = || {
            bytes
                .next()
                .context("kallsyms_object_runs ends inside a run")
        };
        let head = next()?;
        let count = match head >> 5 {
            0 => usize::from(next()?) + 1,
            count => count.into(),
        };
        let mut components = (head >> 4) & 1;
        let number = match head & 0xf {
            12 => None,
            13 => Some(previous.wrapping_add_signed((next()? as i8).into())),
            14 => Some(u16::from_le_bytes([next()?, next()?]).into()),
            15 => {
                let number = u32::from_le_bytes([next()?, next()?, next()?, next()?]);
                components = next()?;
                Some(number)
            }
            more => Some(previous + u32::from(more)),
        };
        let left = 256 - decoded.len() % 256;
        if count > left.min(symbols - decoded.len()) {
            bail!(
                "symbol {}: its run crosses the end of its block",
                decoded.len()
            );
        }
        previous = number.unwrap_or(previous);
        decoded.extend(std::iter::repeat_n((number, components), count));
    }
    ensure!(
        bytes.len() == 0,
        "kallsyms_object_runs goes on after the last symbol"
    );
    for (block, marker) in decoded.chunks(256).zip(markers) {
        let has_braces = block.iter().any(|&(_, components)| components != 0);
        ensure!(
            (marker >> 31 != 0) == has_braces,
            "marker {marker:#x}: braces in its block: {has_braces}"
        );
    }
    Ok(decoded)
}
