// SPDX-License-Identifier: GPL-2.0

//! The file that a request names: the image of a kernel, or a listing.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::image::Image;
use crate::listing;
use crate::source::Vmlinux;
use crate::tables::Kernel;
use crate::vmlinuz;

/// The listing of the running kernel.
const RUNNING: &str = "/proc/kallmodsyms";

/// The image in a build directory.
const VMLINUX: &str = "vmlinux";

/// The first bytes of a file, with the header of a vmlinuz.
const HEAD: u64 = 0x206;

const ELF: &[u8] = b"\x7fELF";

/// What to do about a file that is neither.
pub(crate) const GIVE: &str = "Give a build directory, a vmlinux, a vmlinuz of x86, or a copy of \
                               /proc/kallmodsyms.";

/// A kernel, as a file has it.
pub(crate) enum KernelFile {
    /// A vmlinux or a vmlinuz.
    Image { path: PathBuf, vmlinux: Vmlinux },
    /// The text of `/proc/kallmodsyms`.
    Listing { path: PathBuf, text: Vec<u8> },
}

impl KernelFile {
    /// Opens a file, the vmlinux in a directory, or without a path the listing of the running kernel.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let path = path.unwrap_or(Path::new(RUNNING));
        let is_build = path.is_dir();
        let path = match is_build {
            true => path.join(VMLINUX),
            false => path.to_owned(),
        };
        if is_build || !is_listing(&path)? {
            let vmlinux = Vmlinux::open(&path)?;
            return Ok(Self::Image { path, vmlinux });
        }
        let text = fs::read(&path).map_err(|error| failure(&path, &error))?;
        Ok(Self::Listing { path, text })
    }

    /// The path of the file that was opened.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Image { path, .. } | Self::Listing { path, .. } => path,
        }
    }

    /// Tells whether it is the image of a kernel.
    pub(crate) fn is_image(&self) -> bool {
        matches!(self, Self::Image { .. })
    }

    /// The text of the listing. That of an image is made from its tables, and has no loaded modules.
    pub(crate) fn listing(&self) -> Result<Cow<'_, [u8]>> {
        let (path, vmlinux) = match self {
            Self::Listing { text, .. } => return Ok(Cow::Borrowed(text)),
            Self::Image { path, vmlinux } => (path, vmlinux),
        };
        let kernel = Kernel::read(Image::find(path, vmlinux.bytes())?, 0)?;
        let mut text = Vec::new();
        kernel.checked(|tables| {
            listing::lines(&kernel, tables, |lines| {
                text.extend_from_slice(lines);
                Ok(())
            })
        })?;
        Ok(Cow::Owned(text))
    }
}

/// Tells whether a regular file is no image, by its first bytes.
fn is_listing(path: &Path) -> Result<bool> {
    let failed = |error| failure(path, &error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(HEAD).read_to_end(&mut head).map_err(failed)?;
    Ok(!head.starts_with(ELF) && !vmlinuz::is_one(&head))
}

fn failure(path: &Path, error: &std::io::Error) -> Error {
    let is_missing = error.kind() == ErrorKind::NotFound;
    match is_missing && path == Path::new(RUNNING) {
        true => Error::in_file(
            path,
            "this kernel runs without CONFIG_KALLMODSYMS",
            format!("Boot a kernel that has the option, or name a file. {GIVE}"),
        ),
        false => Error::in_file(path, error.to_string(), GIVE),
    }
}
