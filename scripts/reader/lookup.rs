// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms lookup`: the symbol and the modules of an address, and the lines of a symbol.
//!
//! An address gets the name that the kernel prints for it: that of the first symbol at the last address
//! with symbols that is not above it. Its modules are those of a symbol there that it is in, or behind
//! the end of these symbols those of the object that is there.

use crate::digits;
use crate::error::{Error, Result};
use crate::format::ranges::RangeHint;
use crate::format::walk::Tables;

use super::kernel::{Addresses, Kernel};
use super::listing::{self, Line};
use super::options::{hexadecimal, Lookup};
use super::print::Output;
use super::select::Pieces;

/// What a query is answered with.
enum Answer<'t> {
    Symbol(Line<'t>),
    Address(Found<'t>),
}

/// What is at an address.
struct Found<'t> {
    address: u64,
    /// How far it is behind the start of `symbol`.
    offset: u64,
    symbol: Line<'t>,
    /// In brackets.
    modules: Vec<u8>,
}

/// Answers all queries. Returns those that have no answer.
pub(super) fn run(lookup: &Lookup, out: &mut Output<'_>) -> Result<Vec<Error>> {
    let kernel = Kernel::read(&lookup.source)?;
    kernel.checked(|tables| {
        let mut text = Vec::new();
        listing::lines(&kernel, tables, |lines| {
            text.extend_from_slice(lines);
            Ok(())
        })?;
        let symbols = Symbols::of(&kernel, tables, &text);
        let pieces = Pieces::read(&kernel).ok();
        let mut missing = Vec::new();
        out.begin(lookup.json)?;
        for query in &lookup.queries {
            let answers = symbols.answers(query);
            if answers.is_empty() {
                missing.push(nothing(&kernel, query));
            }
            for answer in &answers {
                match lookup.json {
                    true => answer.json(query, pieces.as_ref(), out)?,
                    false => answer.write(out)?,
                }
            }
        }
        out.end(lookup.json)?;
        Ok(missing)
    })
}

fn nothing(kernel: &Kernel, query: &str) -> Error {
    kernel.failure(
        format!("nothing is found for '{}'", query.escape_debug()),
        "A symbol is asked for by its whole name, an address by 0x and its digits, both as in this \
         kernel; one of a kernel that was moved at boot needs --offset.",
    )
}

/// All symbols of a kernel.
struct Symbols<'t> {
    /// Those of the per-cpu area and those of the image, both by address.
    percpu: Vec<Line<'t>>,
    image: Vec<Line<'t>>,
    kernel: &'t Kernel,
    tables: &'t Tables<'t, 't, Addresses>,
}

impl<'t> Symbols<'t> {
    fn of(kernel: &'t Kernel, tables: &'t Tables<'t, 't, Addresses>, text: &'t [u8]) -> Self {
        let mut percpu: Vec<Line<'t>> = listing::parse(text).collect();
        let count = kernel.addresses.percpu_len().min(percpu.len());
        let image = percpu.split_off(count);
        Self {
            percpu,
            image,
            kernel,
            tables,
        }
    }

    fn answers(&self, query: &str) -> Vec<Answer<'t>> {
        let is_address = query.starts_with("0x") || query.len() == 16;
        let address = hexadecimal(query);
        if let (Some(address), true) = (address, is_address) {
            return self
                .found(address)
                .map(Answer::Address)
                .into_iter()
                .collect();
        }
        let named: Vec<_> = self.named(query).map(Answer::Symbol).collect();
        if !named.is_empty() {
            return named;
        }
        if let Some((name, offset)) = offset(query) {
            let starts = self
                .named(name)
                .map(|line| line.address.checked_add(offset));
            let found = starts.filter_map(|address| self.found(address?));
            return found.map(Answer::Address).collect();
        }
        let found = address.and_then(|address| self.found(address));
        found.map(Answer::Address).into_iter().collect()
    }

    fn named<'n>(&'n self, name: &'n str) -> impl Iterator<Item = Line<'t>> + 'n {
        let lines = self.percpu.iter().chain(&self.image);
        lines
            .copied()
            .filter(move |line| line.name == name.as_bytes())
    }

    /// What is at `address`; `None` outside of the kernel.
    fn found(&self, address: u64) -> Option<Found<'t>> {
        let text = self.kernel.addresses.text;
        let lines = if address < text {
            &self.percpu
        } else {
            &self.image
        };
        let after = lines.partition_point(|line| line.address <= address);
        let start = lines.get(after.checked_sub(1)?)?.address;
        let first = lines.partition_point(|line| line.address < start);
        let here = lines.get(first..after)?;
        let mut symbol = *here.first()?;
        let offset = address.wrapping_sub(start);
        let around = here.iter().find(|line| offset < line.size);
        let next = lines
            .get(after)
            .map(|next| next.address.wrapping_sub(start));
        // The last symbol has no padding behind it.
        symbol.size = match (symbol.size, next) {
            (0, next) => next?,
            (_, None) if around.is_none() => return None,
            (size, _) => size,
        };
        let modules = match around {
            Some(line) => line.modules.to_vec(),
            None => self.modules_at(address),
        };
        Some(Found {
            address,
            offset,
            symbol,
            modules,
        })
    }

    /// The modules of the object that is at `address`, in brackets.
    fn modules_at(&self, address: u64) -> Vec<u8> {
        let addresses = &self.kernel.addresses;
        let text = match address < addresses.text {
            true => addresses.linked_text,
            false => addresses.text,
        };
        let offset = address.wrapping_sub(text) as u32;
        let names = self
            .tables
            .modules
            .at_offset(offset, &mut RangeHint::default());
        let names: Vec<Vec<u8>> = names.map(|name| [b"[", name, b"]"].concat()).collect();
        names.join(&b' ')
    }
}

/// `NAME+0xOFFSET`, as in a trace, where `/0xSIZE` follows.
fn offset(query: &str) -> Option<(&str, u64)> {
    let (name, offset) = query.rsplit_once("+0x")?;
    let digits = offset.split('/').next()?;
    Some((name, digits::parse(digits.as_bytes())?))
}

impl Answer<'_> {
    fn write(&self, out: &mut Output<'_>) -> Result<()> {
        match self {
            Self::Symbol(line) => out.write(&[line.text, b"\n"].concat()),
            Self::Address(found) => out.write(&found.line()),
        }
    }

    fn json(&self, query: &str, pieces: Option<&Pieces<'_>>, out: &mut Output<'_>) -> Result<()> {
        let mut object = out.object();
        object.string("query", query.as_bytes());
        let address = match self {
            Self::Symbol(line) => {
                object.symbol(line);
                line.address
            }
            Self::Address(found) => {
                object.address("at", found.address);
                object.number("offset", found.offset);
                object.symbol(&Line {
                    modules: &found.modules,
                    ..found.symbol
                });
                found.address
            }
        };
        if let Some((section, path)) = pieces.and_then(|pieces| pieces.at(address)) {
            object.string("section", section);
            if path != b"-" {
                object.string("object", path);
            }
        }
        object.end()
    }
}

impl Found<'_> {
    /// `ffffffff81a3c300 ext4_fill_super+0x10/0x1c7\t[ext4]`
    fn line(&self) -> Vec<u8> {
        let mut line = digits::of(self.address).to_vec();
        line.push(b' ');
        line.extend_from_slice(self.symbol.name);
        for (separator, number) in [("+0x", self.offset), ("/0x", self.symbol.size)] {
            line.extend_from_slice(separator.as_bytes());
            line.extend_from_slice(digits::significant(&digits::of(number)));
        }
        if !self.modules.is_empty() {
            line.push(b'\t');
            line.extend_from_slice(&self.modules);
        }
        line.push(b'\n');
        line
    }
}
