// SPDX-License-Identifier: GPL-2.0

//! A kernel that was read: its listing, and the facts that only its image has.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::file_bytes::FileBytes;
use crate::format::ranges::RangeHint;
use crate::kernel_file::{KernelFile, RUNNING};
use crate::link_ranges::LinkRanges;
use crate::listed_symbols::moved;
use crate::listing;
use crate::object_files::ObjectFiles;
use crate::request::Source;
use crate::symbol::IMAGE;
use crate::symbols::Symbols;
use crate::tables::KernelTables;

/// The name that messages use for a listing that is in no file.
const IN_MEMORY: &str = "listing";

/// Whether to read `.tmp_vmlinux.ranges`, which names object files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadRanges {
    Never,
    IfPresent,
    /// Like `IfPresent`, but the file must exist if an image stores no object files.
    ForObjects,
}

/// A kernel: the owner of the text that its [`Symbols`] borrow.
///
/// A kernel keeps its listing in memory, about 50 bytes for each symbol. A saved listing is mapped, not copied,
/// unless it is in `/proc`, is compressed or needs an offset. The file of an image is closed as soon as the
/// listing is made.
pub struct Kernel {
    path: PathBuf,
    text: FileBytes,
    /// `None` for a saved listing.
    image: Option<ImageAnswers>,
}

/// Facts of an image that are not in its listing.
struct ImageAnswers {
    /// The addresses of `_text` at run time and at link time.
    text: u64,
    linked_text: u64,
    /// The offset from `_text` at which each range begins, and its modules in brackets. Sorted.
    ranges: Vec<(u32, Box<[u8]>)>,
    /// `None` if the kernel does not store object files.
    objects: Option<ObjectFiles>,
    link_ranges: Option<LinkRanges>,
    is_of_one_boot: bool,
}

impl Kernel {
    /// Reads `/proc/kallmodsyms` of the running kernel. A user who sees zeros in `/proc/kallsyms` gets no
    /// [addresses](Symbols::has_addresses).
    ///
    /// # Errors
    ///
    /// The file cannot be read: for example, the running kernel lacks `CONFIG_KALLMODSYMS`.
    ///
    /// ```no_run
    /// let kernel = kallmodsyms::Kernel::running()?;
    /// let symbols = kernel.symbols()?;
    /// match symbols.containing(0xffff_ffff_8da4_a500) {
    ///     Some(symbol) => println!("{symbol}"),
    ///     None if !symbols.has_addresses() => println!("the kernel shows you no addresses"),
    ///     None => println!("in no symbol"),
    /// }
    /// # Ok::<(), kallmodsyms::Error>(())
    /// ```
    pub fn running() -> Result<Self> {
        Self::open(&Source::of(RUNNING))
    }

    /// Reads the kernel in a file of any form that the command `kallmodsyms` reads: a build directory, a
    /// vmlinux, a vmlinuz, an Image, a vmcore or a saved listing. The content of a file tells its form.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no kernel, is damaged, or is of a kernel without `CONFIG_KALLMODSYMS`; or
    /// `source` has an offset for a dump. The message names the file and a remedy.
    ///
    /// ```
    /// let error = kallmodsyms::Kernel::open(&kallmodsyms::Source::of("no such file")).err().unwrap();
    /// assert!(error.to_string().starts_with("no such file: No such file or directory"));
    /// ```
    pub fn open(source: &Source) -> Result<Self> {
        Self::read(source, ReadRanges::Never)
    }

    /// A kernel with this listing. [`symbols`](Self::symbols) checks the text.
    ///
    /// ```
    /// let kernel = kallmodsyms::Kernel::from_listing("ffffffff8d9b28c4 T vfs_read\n");
    /// let error = kernel.symbols().err().unwrap();
    /// assert!(error.to_string().starts_with("listing:1: this is no line of /proc/kallmodsyms"));
    /// ```
    pub fn from_listing(text: impl Into<Vec<u8>>) -> Self {
        Self {
            path: IN_MEMORY.into(),
            text: FileBytes::Owned(text.into()),
            image: None,
        }
    }

    /// Parses the listing in a time linear in its length. For the memory, see [`Symbols`].
    ///
    /// # Errors
    ///
    /// The first malformed or cut-off line of a saved listing, with its number; an empty listing. No symbol
    /// of a refused listing can be used.
    pub fn symbols(&self) -> Result<Symbols<'_>> {
        Symbols::of(self)
    }

    /// Reads the kernel of `source`. `read_ranges` tells whether to read `.tmp_vmlinux.ranges`.
    pub(crate) fn read(source: &Source, read_ranges: ReadRanges) -> Result<Self> {
        let file = KernelFile::open(Some(&source.file))?;
        let path = file.path().to_owned();
        if let Some(image) = file.image()? {
            let tables = KernelTables::read(image, source.offset)?;
            let (text, answers) = ImageAnswers::read(&tables, read_ranges)?;
            return Ok(Self {
                path,
                text: FileBytes::Owned(text),
                image: Some(answers),
            });
        }
        let text = file.into_bytes();
        let moved = match moved(&path, &text, source.offset)? {
            Cow::Owned(moved) => Some(moved),
            Cow::Borrowed(_) => None,
        };
        let text = moved.map_or(text, FileBytes::Owned);
        let image = None;
        Ok(Self { path, text, image })
    }

    /// The file of the kernel.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The listing.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Return: false if this program made the listing from an image or a dump.
    pub(crate) fn is_saved(&self) -> bool {
        self.image.is_none()
    }

    /// Tells whether the addresses are those of one boot, as in a dump or a saved listing.
    pub(crate) fn is_of_one_boot(&self) -> bool {
        self.image.as_ref().is_none_or(|image| image.is_of_one_boot)
    }

    /// The ranges of the object files, if they were read.
    pub(crate) fn ranges(&self) -> Option<&LinkRanges> {
        self.image.as_ref()?.link_ranges.as_ref()
    }

    /// The object files of the symbols; `None` for a saved listing, and if the kernel does not store them.
    pub(crate) fn objects(&self) -> Option<&ObjectFiles> {
        self.image.as_ref()?.objects.as_ref()
    }

    /// The modules of the object file at `address`, in brackets; `None` for a saved listing.
    pub(crate) fn padding_modules(&self, address: u64) -> Option<&[u8]> {
        let image = self.image.as_ref()?;
        let text = match address < IMAGE {
            true => image.linked_text,
            false => image.text,
        };
        let offset = address.wrapping_sub(text) as u32;
        let after = image.ranges.partition_point(|(start, _)| *start <= offset);
        let range = after
            .checked_sub(1)
            .and_then(|range| image.ranges.get(range));
        Some(range.map_or(b"", |(_, modules)| modules))
    }
}

impl ImageAnswers {
    /// Makes the listing from the tables of `kernel`, and keeps the facts that the listing does not have.
    fn read(kernel: &KernelTables<'_>, read_ranges: ReadRanges) -> Result<(Vec<u8>, Self)> {
        kernel.checked(|tables| {
            let link_ranges = match read_ranges {
                ReadRanges::Never => None,
                ReadRanges::ForObjects if tables.objects.is_none() => {
                    Some(LinkRanges::read(kernel)?)
                }
                ReadRanges::IfPresent | ReadRanges::ForObjects => LinkRanges::read(kernel).ok(),
            };
            let mut hint = RangeHint::default();
            let ranges = kernel.range_starts().iter().map(|&start| {
                let names = tables.modules.at_offset(start, &mut hint);
                let names: Vec<_> = names.map(|name| [b"[", name, b"]"].concat()).collect();
                (start, names.join(&b' ').into_boxed_slice())
            });
            let answers = Self {
                text: kernel.addresses.text,
                linked_text: kernel.addresses.linked_text,
                ranges: ranges.collect(),
                objects: tables
                    .objects
                    .map(|objects| ObjectFiles::of(objects, kernel.len())),
                link_ranges,
                is_of_one_boot: kernel.is_of_one_boot(),
            };
            Ok((listing::text(kernel, tables)?, answers))
        })
    }
}
