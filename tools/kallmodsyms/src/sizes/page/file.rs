// SPDX-License-Identifier: GPL-2.0

//! The file of a page. Its readers see the old text or the new one, and never a part.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::Builder;

use crate::error::{Error, Result};

const REMEDY: &str =
    "Name a file in a directory that you may write to, with room on its disk, or use \
                      `--html -` for standard output.";

/// Writes `text` to a temporary file beside `path`, and then renames it to `path`.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |error: io::Error| Error::in_file(path, error.to_string(), REMEDY);
    let target = target(path)?;
    // A name without a directory has an empty one before it.
    let parent = target.parent().filter(|parent| *parent != Path::new(""));
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: without the bits that the user masks.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    // The error has the name of the temporary file, which tells nobody anything.
    let file = builder.tempfile_in(parent.unwrap_or(Path::new(".")));
    let mut file = file.map_err(|error| failed(error.kind().into()))?;
    file.as_file_mut()
        .write_all(text.as_bytes())
        .map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The file that is replaced: the one at the end of symbolic links.
fn target(path: &Path) -> Result<PathBuf> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(Error::in_file(
            path,
            "this is not a regular file, and only such a file is replaced",
            REMEDY,
        )),
        Ok(_) => path
            .canonicalize()
            .map_err(|error| Error::in_file(path, error.to_string(), REMEDY)),
        Err(_) => Ok(path.to_owned()),
    }
}
