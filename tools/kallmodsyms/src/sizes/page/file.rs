// SPDX-License-Identifier: GPL-2.0

//! Writes an HTML page to its file. Another process that opens the file sees the whole old page or
//! the whole new page.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::Builder;

use crate::error::{Error, Result};

const REMEDY: &str =
    "Name a file in a directory that you may write to, with room on its disk, or use \
                      `--html -` for standard output.";

/// Writes `text` to a temporary file, and then renames it to `path`. If `path` is a symbolic link, the
/// link stays, and the file that it names is replaced.
pub(crate) fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |error: io::Error| Error::in_file(path, error.to_string(), REMEDY);
    let target = target(path)?;
    // The parent of a bare file name is the empty path.
    let parent = target.parent().filter(|parent| *parent != Path::new(""));
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The usual mode of a new file. The kernel removes the bits of the umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    // The error names the temporary file, which means nothing to the user: report `path` in its place.
    let file = builder.tempfile_in(parent.unwrap_or(Path::new(".")));
    let mut file = file.map_err(|error| failed(error.kind().into()))?;
    file.as_file_mut()
        .write_all(text.as_bytes())
        .map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The file to replace: `path`, or the file that the symbolic link `path` leads to. A symbolic link that leads
/// to no file is an error.
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
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            Ok(path.to_owned())
        }
        Err(error) => Err(Error::in_file(path, error.to_string(), REMEDY)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_symbolic_link_stays_and_its_file_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        symlink("file", &link).unwrap();
        let error = replace(&link, "new").unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
        assert!(link.is_symlink() && !file.exists());

        fs::write(&file, "old").unwrap();
        replace(&link, "new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
