// SPDX-License-Identifier: GPL-2.0

//! The file that a request names: the image of a kernel, a dump of its memory, or a listing.
//!
//! The content of a file decides its form; its name does not matter. A build directory stands for the vmlinux
//! in it. A request that names no file reads the listing of the running kernel. A vmlinuz, a vmlinuz.efi
//! (zboot) and a compressed file contain another file, which is unpacked first.

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::decompress::{Format, LARGEST};
use crate::dump::Dump;
use crate::elf::Elf;
use crate::error::{Error, Result};
use crate::file_bytes::FileBytes;
use crate::image::Image;
use crate::line;
use crate::listing;
use crate::raw_image::Machine;
use crate::tables::KernelTables;
use crate::{vmlinuz, zboot};

/// The listing of the running kernel.
pub(crate) const RUNNING: &str = "/proc/kallmodsyms";

/// The image in a build directory.
const VMLINUX: &str = "vmlinux";

/// The number of bytes at the start of a file that are searched for the first line of a listing: more than the
/// address, the size and the type take.
const FIRST_BYTES: usize = 64;

const ELF: &[u8] = b"\x7fELF";

/// The most files around an image. An Image can be in an EFI program, which can itself be compressed.
const MOST_CONTAINERS: usize = 2;

/// The remedy for a file that is no kernel.
pub(crate) const GIVE_KERNEL: &str =
    "Give a build directory, a vmlinux, a vmlinuz, an Image of arm64 or riscv, a \
                               vmcore, or a copy of /proc/kallmodsyms.";

/// The forms that contain a kernel but cannot be read: the first bytes, the problem and the remedy.
const REFUSED_FORMS: [(&[u8], &str, &str); 3] = [
    (
        b"\x27\x05\x19\x56",
        "this is a uImage of U-Boot",
        "Give the Image or the vmlinux that it was made from.",
    ),
    (
        b"\xd0\x0d\xfe\xed",
        "this is a device tree or an image tree of U-Boot",
        "Give the Image or the vmlinux that it was made from.",
    ),
    (
        b"ANDROID!",
        "this is a boot image of Android",
        "Give the kernel inside: `unpack_bootimg` takes it out.",
    ),
];

/// The content of the file, by its form.
pub(crate) enum KernelFile {
    /// A vmlinux or an Image.
    Image { path: PathBuf, bytes: FileBytes },
    /// The tables in a dump of a kernel's memory.
    Dump { path: PathBuf, dump: Dump },
    /// The text of `/proc/kallmodsyms`.
    Listing { path: PathBuf, text: FileBytes },
}

impl KernelFile {
    /// Opens the file `path`, or the vmlinux in the directory `path`. Without `path`, opens the listing of the
    /// running kernel.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let path = path.unwrap_or(Path::new(RUNNING));
        let path = match path.is_dir() {
            true => path.join(VMLINUX),
            false => path.to_owned(),
        };
        let failed = |error| failure(&path, &error);
        // Opening a pipe waits for a writer, and a device may have no end.
        if !fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(Error::in_file(
                &path,
                "this is not a regular file",
                GIVE_KERNEL,
            ));
        }
        if let Some(dump) = Dump::read(&path)? {
            return Ok(Self::Dump { path, dump });
        }
        let mut bytes = FileBytes::read(&path).map_err(failed)?;
        for _ in 0..MOST_CONTAINERS {
            match unpack(&path, &bytes)? {
                Some(inside) => bytes = FileBytes::Owned(inside),
                None => break,
            }
        }
        match () {
            () if is_image(&bytes) => Ok(Self::Image { path, bytes }),
            () if line::begins_listing(first_bytes(&bytes)) => {
                Ok(Self::Listing { path, text: bytes })
            }
            () => Err(refusal(&path, &bytes)),
        }
    }

    /// The path of the file that was opened.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Image { path, .. } | Self::Dump { path, .. } | Self::Listing { path, .. } => path,
        }
    }

    /// Tells whether the file is a listing.
    pub(crate) fn is_listing(&self) -> bool {
        matches!(self, Self::Listing { .. })
    }

    /// The ELF file of a vmlinux; `None` for a listing, a dump or an Image.
    pub(crate) fn elf(&self) -> Result<Option<Elf<'_>>> {
        match self {
            Self::Image { path, bytes } if bytes.starts_with(ELF) => {
                Elf::parse(path, bytes).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The image; `None` for a listing.
    pub(crate) fn image(&self) -> Result<Option<Image<'_>>> {
        match self {
            Self::Image { path, bytes } => Image::find(path, bytes).map(Some),
            Self::Dump { path, dump } => Image::of_dump(path, dump).map(Some),
            Self::Listing { .. } => Ok(None),
        }
    }

    /// The unpacked bytes of the file; for a dump, the memory with the tables.
    pub(crate) fn into_bytes(self) -> FileBytes {
        match self {
            Self::Image { bytes, .. } | Self::Listing { text: bytes, .. } => bytes,
            Self::Dump { dump, .. } => FileBytes::Owned(dump.memory),
        }
    }

    /// The text of the listing. For an image or a dump, it is made from the tables, without loaded modules.
    pub(crate) fn listing(&self) -> Result<Cow<'_, [u8]>> {
        let image = match self {
            Self::Listing { text, .. } => return Ok(Cow::Borrowed(text)),
            Self::Image { path, bytes } => Image::find(path, bytes)?,
            Self::Dump { path, dump } => Image::of_dump(path, dump)?,
        };
        let kernel = KernelTables::read(image, 0)?;
        kernel.checked(|tables| listing::text(&kernel, tables).map(Cow::Owned))
    }
}

/// Return: true if `bytes` are a vmlinux or an Image.
fn is_image(bytes: &[u8]) -> bool {
    bytes.starts_with(ELF) || Machine::of(bytes).is_some()
}

/// The file inside of `bytes`; `None` if the format of `bytes` contains no other file.
fn unpack(path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    match Format::of(bytes) {
        _ if is_image(bytes) => Ok(None),
        _ if vmlinuz::is_one(bytes) => vmlinuz::unpack(path, bytes).map(Some),
        _ if zboot::is_one(bytes) => zboot::unpack(path, bytes).map(Some),
        Some(format) => format.decompress(path, bytes, LARGEST).map(Some),
        None => Ok(None),
    }
}

fn first_bytes(bytes: &[u8]) -> &[u8] {
    bytes.get(..FIRST_BYTES).unwrap_or(bytes)
}

/// The refusal of a file that is no image, dump or listing. It says what the file is, if the program knows.
fn refusal(path: &Path, bytes: &[u8]) -> Error {
    let mut known = REFUSED_FORMS.iter();
    let known = known.find(|(start, ..)| bytes.starts_with(start));
    let (problem, remedy) = match known {
        Some(&(_, problem, remedy)) => (problem, remedy),
        None if line::begins_kallsyms(first_bytes(bytes)) => (
            "this is a copy of /proc/kallsyms, which has no sizes and no built-in modules",
            "Copy /proc/kallmodsyms instead, or give the vmlinux of that kernel.",
        ),
        None => (
            "this is neither a kernel nor a saved /proc/kallmodsyms",
            GIVE_KERNEL,
        ),
    };
    Error::in_file(path, problem, remedy)
}

fn failure(path: &Path, error: &std::io::Error) -> Error {
    let is_missing = error.kind() == ErrorKind::NotFound;
    match is_missing && path == Path::new(RUNNING) {
        true => Error::in_file(
            path,
            "this kernel has no such file",
            format!("Boot a kernel that has CONFIG_KALLMODSYMS, or name a file. {GIVE_KERNEL}"),
        ),
        false => Error::in_file(path, error.to_string(), GIVE_KERNEL),
    }
}
