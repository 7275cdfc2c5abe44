// SPDX-License-Identifier: GPL-2.0

//! A reader of `/proc/kallmodsyms`: finds the symbol and the modules of a kernel address.
//!
//! ```no_run
//! let listing = kallmodsyms::Listing::read()?;
//! match listing.find(0xffff_ffff_8da4_a500) {
//!     Some(symbol) => println!("{symbol}"),
//!     None if listing.hides_addresses() => println!("the kernel shows you no addresses"),
//!     None => println!("in no symbol"),
//! }
//! # Ok::<(), kallmodsyms::Error>(())
//! ```
//!
//! A listing keeps its text, and all symbols borrow from that text. Names are bytes: the kernel
//! does not guarantee that names are UTF-8.
//!
//! A listing takes 56 bytes a line in addition to its text. The README of the samples has the time
//! that reading a listing takes.

mod error;
mod line;
mod places;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;

pub use error::{Error, ParseError, Reason};
use line::Row;
use places::Places;

/// The path of the kernel's file.
pub const PATH: &str = "/proc/kallmodsyms";

/// All symbols of a kernel at the time of the read.
#[derive(Debug)]
pub struct Listing {
    text: Vec<u8>,
    /// In the order of the file.
    rows: Vec<Row>,
    places: Places,
    hides_addresses: bool,
}

impl Listing {
    /// Reads the running kernel's file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file is missing or cannot be read; [`Error::Parse`] if a line is
    /// malformed.
    pub fn read() -> Result<Self, Error> {
        Self::read_from(File::open(PATH)?)
    }

    /// Reads a saved file.
    ///
    /// # Errors
    ///
    /// The errors of [`Listing::read`].
    pub fn read_from(mut reader: impl Read) -> Result<Self, Error> {
        let mut text = Vec::new();
        reader.read_to_end(&mut text)?;
        Ok(Self::parse(text)?)
    }

    /// Parses the text of a listing.
    ///
    /// # Errors
    ///
    /// The first malformed line, with the reason. The function then refuses the whole text.
    ///
    /// # Examples
    ///
    /// ```
    /// use kallmodsyms::Listing;
    ///
    /// let text = "ffffffff8d9b28c4 151 T vfs_read\n\
    ///             ffffffff8db343bc 2c T dpaa2_mac_start\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]\n";
    /// let listing = Listing::parse(text)?;
    /// assert_eq!(listing.len(), 2);
    ///
    /// let symbol = listing.find(0xffff_ffff_8db3_43bd).unwrap();
    /// assert_eq!(symbol.name(), b"dpaa2_mac_start");
    /// let modules: Vec<String> = symbol.modules().map(|module| module.to_string()).collect();
    /// assert_eq!(modules, ["fsl_dpaa2_eth", "fsl_dpaa2_switch"]);
    ///
    /// let error = Listing::parse("ffffffff8d9b28c4 T vfs_read\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 1: the size is not a number");
    /// # Ok::<(), kallmodsyms::ParseError>(())
    /// ```
    pub fn parse(text: impl Into<Vec<u8>>) -> Result<Self, ParseError> {
        let text = text.into();
        let rows = line::rows(&text)?;
        let hides_addresses = !rows.is_empty() && rows.iter().all(|row| row.address == 0);
        let places = if hides_addresses {
            Places::default()
        } else {
            Places::new(&rows)
        };
        Ok(Self {
            text,
            rows,
            places,
            hides_addresses,
        })
    }

    /// The number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if the listing has no lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// True if the listing has lines and all addresses are 0: the reader may not see addresses, and
    /// [`find`](Self::find) finds no symbol. Names and modules are known.
    #[must_use]
    pub fn hides_addresses(&self) -> bool {
        self.hides_addresses
    }

    /// All symbols, in the order of the file.
    #[must_use]
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = Symbol<'_>> + DoubleEndedIterator {
        self.rows.iter().map(|row| self.symbol(row))
    }

    /// The symbol that `address` is in. If `address` is in several symbols, returns the symbol with
    /// the highest start: the inner of two nested symbols. Of several symbols with that start,
    /// returns the largest; of several equal symbols, the first.
    ///
    /// Addresses below the kernel are offsets of per-cpu variables. Takes logarithmic time, unless
    /// many symbols overlap.
    ///
    /// The file keeps init symbols of modules that the function tracer remembers. Their memory is
    /// freed, so such a symbol can be found at the address of newer code.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<Symbol<'_>> {
        let row = self.places.find(&self.rows, address)?;
        Some(self.symbol(row))
    }

    /// The symbols of this name, in the order of the file. Takes linear time.
    ///
    /// ```
    /// let listing = kallmodsyms::Listing::parse("0000000000000000 0 t ext4_fill_super\t[ext4]\n")?;
    /// assert!(listing.hides_addresses());
    /// let symbol = listing.named("ext4_fill_super").next().unwrap();
    /// assert_eq!(symbol.to_string(), "ext4_fill_super [ext4]");
    /// # Ok::<(), kallmodsyms::ParseError>(())
    /// ```
    pub fn named<'a>(
        &'a self,
        name: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> impl Iterator<Item = Symbol<'a>> {
        let name = name.as_ref();
        self.symbols().filter(move |symbol| symbol.name() == name)
    }

    fn symbol<'a>(&'a self, row: &'a Row) -> Symbol<'a> {
        Symbol {
            text: &self.text,
            row,
        }
    }
}

/// A line.
#[derive(Clone, Copy)]
pub struct Symbol<'a> {
    text: &'a [u8],
    row: &'a Row,
}

impl<'a> Symbol<'a> {
    /// The address; 0 if the reader may not see addresses. For a per-cpu variable, this may be an
    /// offset.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.row.address
    }

    /// The size in bytes; 0 if the size is missing, unknown or hidden.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.row.size
    }

    /// The letter of nm(1).
    #[must_use]
    pub fn kind(&self) -> char {
        self.row.kind.into()
    }

    /// The name. Several symbols can have the same name.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.part(self.row.name())
    }

    /// The modules of the symbol, built-in modules included.
    #[must_use]
    pub fn modules(&self) -> Modules<'a> {
        Modules {
            rest: self.part(self.row.modules()),
        }
    }

    /// A field of the line in the text.
    fn part(&self, range: Range<usize>) -> &'a [u8] {
        self.text.get(range).unwrap_or_default()
    }
}

/// `ext4_fill_super [ext4]`
impl fmt::Display for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", String::from_utf8_lossy(self.name()))?;
        for module in self.modules() {
            write!(f, " [{module}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Symbol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, size, kind) = (self.address(), self.size(), self.kind());
        write!(f, "{address:x} {size:x} {kind} {self}")
    }
}

/// The modules of a symbol. Made by [`Symbol::modules`].
#[derive(Clone, Debug)]
pub struct Modules<'a> {
    /// The text from the next module on, such as `[fsl_dpaa2_eth] [fsl_dpaa2_switch]`.
    rest: &'a [u8],
}

impl<'a> Iterator for Modules<'a> {
    type Item = Module<'a>;

    fn next(&mut self) -> Option<Module<'a>> {
        let brackets = self.rest.strip_prefix(b"[")?;
        let end = brackets.iter().position(|&byte| byte == b']')?;
        let (name, rest) = brackets.split_at_checked(end)?;
        self.rest = rest.strip_prefix(b"] ").unwrap_or_default();
        Some(Module(name))
    }
}

/// A name in brackets: of a module, or the name that stands for BPF, ftrace or kprobes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Module<'a>(&'a [u8]);

impl<'a> Module<'a> {
    /// The name, with `_` in place of `-`.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.0
    }

    /// True if the name stands for BPF, ftrace or kprobes: `bpf`, `__builtin__ftrace`, ...
    #[must_use]
    pub fn is_pseudo(&self) -> bool {
        self.0 == b"bpf" || self.0.starts_with(b"__builtin__")
    }
}

impl fmt::Display for Module<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", String::from_utf8_lossy(self.0))
    }
}
