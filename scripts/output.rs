// SPDX-License-Identifier: GPL-2.0

//! Whole files, in and out. A file is replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::lines;

/// Reads an input of the link.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| {
        Error::in_file(
            path,
            error.to_string(),
            "kbuild makes this file for the link of vmlinux: remove vmlinux.o and vmlinux and build \
             again.",
        )
    })
}

/// Writes `parts` to standard output.
pub(crate) fn print(parts: &[&[u8]]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    parts
        .iter()
        .try_for_each(|part| stdout.write_all(part))
        .and_then(|()| stdout.flush())
        .map_err(|error| {
            Error::new(
                format!("standard output: {error}"),
                "Make room on the disk and build again.",
            )
        })
}

/// A file that is to have a content, or not to be there if that is empty.
pub(crate) struct Target<'p> {
    path: &'p Path,
    /// Nothing if the file has its content already.
    new: Option<Vec<u8>>,
}

impl<'p> Target<'p> {
    /// Compares `content` with that of `path`.
    pub(crate) fn new(path: &'p Path, content: Vec<u8>) -> Self {
        let has_it = has_content(path, &content).unwrap_or(false);
        let new = (!has_it).then_some(content);
        Self { path, new }
    }

    /// Writes the content where it is not there already, so that the file's time changes only with
    /// it.
    pub(crate) fn write(self) -> Result<()> {
        match self.new.as_deref() {
            None => Ok(()),
            Some([]) => remove(self.path),
            Some(content) => replace(self.path, content),
        }
    }
}

fn has_content(path: &Path, mut content: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != content.len() as u64 {
        return Ok(false);
    }
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = lines::read(&mut file, &mut buffer)?;
        let old = buffer.get(..count).unwrap_or_default();
        match content.strip_prefix(old) {
            Some(rest) if count != 0 => content = rest,
            rest => return Ok(rest.is_some_and(<[u8]>::is_empty)),
        }
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::in_file(
            path,
            error.to_string(),
            "Remove it and build again.",
        )),
        _ => Ok(()),
    }
}

fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let written = fs::write(new, content).and_then(|()| fs::rename(new, path));
    written.map_err(|error| {
        // The failure to report is the one above; what is left behind is tried to be removed.
        let _ = fs::remove_file(new);
        Error::in_file(
            path,
            error.to_string(),
            "Make room on the disk, or the directory writable, and build again.",
        )
    })
}
