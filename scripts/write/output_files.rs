// SPDX-License-Identifier: GPL-2.0

//! Files that are replaced as a whole or not at all, and standard output.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::common::error::{Error, Result};
use crate::common::lines;

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

/// A file and its new content. If the new content is empty, a file that has content is removed.
pub(crate) struct OutputFile {
    path: &'static Path,
    /// `None` if the file already has its content.
    new: Option<Vec<u8>>,
}

impl OutputFile {
    /// Compares `content` with the content of the file `path`.
    pub(super) fn new(path: &'static str, content: Vec<u8>) -> Self {
        let path = Path::new(path);
        // If the file is missing or cannot be read, write it; a failed write is reported.
        let has_it = has_content(path, &content).unwrap_or(false);
        let new = (!has_it).then_some(content);
        Self { path, new }
    }

    /// Writes the content, unless the file has the same content already. So the time of the file changes only
    /// if the content changes.
    pub(super) fn write(&self) -> Result<()> {
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
        let (old, _) = buffer.split_at(count);
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
        // Report the first error, even if removing the new file fails, too.
        let _ = fs::remove_file(new);
        Error::in_file(
            path,
            error.to_string(),
            "Make room on the disk, or the directory writable, and build again.",
        )
    })
}
