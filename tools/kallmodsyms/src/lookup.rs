// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms lookup`: the symbol and the modules of an address, and the lines of a symbol.
//!
//! An address gets the name that the kernel prints: the name of the first symbol at the highest address
//! with symbols that is not above the query. If the query is inside a symbol at that address, it has the
//! modules of that symbol; otherwise it has the modules of the object there.

use std::io::Write;

use crate::addresses::Addresses;
use crate::error::{Error, Result};
use crate::format::ranges::RangeHint;
use crate::format::walk::Tables;
use crate::hexadecimal::{parse_digits, parse_hexadecimal};
use crate::image::Image;
use crate::json;
use crate::line::{self, Line};
use crate::link_ranges::LinkRanges;
use crate::listing;
use crate::output::Output;
use crate::request::Lookup;
use crate::source::Vmlinux;
use crate::tables::Kernel;

/// An answer to a query.
enum Answer<'t> {
    Symbol(Line<'t>),
    Address(Location<'t>),
}

/// An address in a symbol, or in the padding after a symbol.
struct Location<'t> {
    address: u64,
    /// The number of bytes from the start of `symbol`.
    offset: u64,
    symbol: Line<'t>,
    /// The modules in brackets.
    modules: Vec<u8>,
}

/// Writes an answer to each query to `out`.
///
/// Return: the queries without an answer, each as a failure to report. A reader may close the pipe `out`
/// early; a closed pipe is no failure.
///
/// ```no_run
/// let request = kallmodsyms::Lookup {
///     source: kallmodsyms::Source::of("vmlinux"),
///     queries: vec!["ext4_fill_super+0x10".into()],
///     ..Default::default()
/// };
/// let missing = kallmodsyms::lookup(&request, &mut std::io::stdout())?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn lookup(request: &Lookup, out: &mut dyn Write) -> Result<Vec<Error>> {
    let vmlinux = Vmlinux::open(&request.source.file)?;
    let image = Image::find(&request.source.file, vmlinux.bytes())?;
    let kernel = Kernel::read(image, request.source.offset)?;
    Output::with(out, |out| {
        kernel.checked(|tables| answer(request, &kernel, tables, out))
    })
}

fn answer(
    request: &Lookup,
    kernel: &Kernel<'_>,
    tables: &Tables<'_, '_, Addresses<'_>>,
    out: &mut Output<'_>,
) -> Result<Vec<Error>> {
    let mut text = Vec::new();
    listing::lines(kernel, tables, |lines| {
        text.extend_from_slice(lines);
        Ok(())
    })?;
    let symbols = Symbols::of(tables, &text);
    // Only answers in JSON have the section and the object, and both are optional.
    let ranges = match request.json {
        true => LinkRanges::read(kernel).ok(),
        false => None,
    };
    let mut missing = Vec::new();
    out.begin(request.json)?;
    for query in &request.queries {
        let answers = symbols.answers(query);
        if answers.is_empty() {
            missing.push(nothing(kernel, query));
        }
        for answer in &answers {
            match request.json {
                true => out.object(&answer.json(query, ranges.as_ref()))?,
                false => out.write(&answer.text())?,
            }
        }
    }
    out.end(request.json)?;
    Ok(missing)
}

fn nothing(kernel: &Kernel<'_>, query: &str) -> Error {
    kernel.failure(
        format!("no symbol is found for '{}'", query.escape_debug()),
        "Give the whole name of a symbol, or 0x and the digits of an address. For an address of a kernel \
         that was moved at boot, add --offset.",
    )
}

/// All symbols of a kernel.
struct Symbols<'t, 'a, 'd> {
    /// The symbols of the per-cpu area, and the symbols of the image, both by address.
    percpu: Vec<Line<'t>>,
    image: Vec<Line<'t>>,
    tables: &'t Tables<'t, 'a, Addresses<'d>>,
}

impl<'t, 'a, 'd> Symbols<'t, 'a, 'd> {
    /// The symbols in `text`, the listing of the kernel with `tables`.
    fn of(tables: &'t Tables<'t, 'a, Addresses<'d>>, text: &'t [u8]) -> Self {
        let mut percpu: Vec<Line<'t>> = line::parse(text).collect();
        let count = tables.places.percpu_len().min(percpu.len());
        let image = percpu.split_off(count);
        Self {
            percpu,
            image,
            tables,
        }
    }

    fn answers(&self, query: &str) -> Vec<Answer<'t>> {
        let is_address = query.starts_with("0x") || query.len() == 16;
        let address = parse_hexadecimal(query);
        let located = |address| self.location(address).map(Answer::Address);
        if let (Some(address), true) = (address, is_address) {
            return located(address).into_iter().collect();
        }
        let named: Vec<_> = self.named(query).map(Answer::Symbol).collect();
        if !named.is_empty() {
            return named;
        }
        if let Some((name, offset)) = offset(query) {
            let starts = self
                .named(name)
                .map(|line| line.address.checked_add(offset));
            return starts.flatten().filter_map(located).collect();
        }
        address.and_then(located).into_iter().collect()
    }

    fn named<'n>(&'n self, name: &'n str) -> impl Iterator<Item = Line<'t>> + 'n {
        let lines = self.percpu.iter().chain(&self.image);
        lines
            .copied()
            .filter(move |line| line.name == name.as_bytes())
    }

    /// The location of `address`; `None` if the address is outside of the kernel.
    fn location(&self, address: u64) -> Option<Location<'t>> {
        let text = self.tables.places.text;
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
        // No padding follows the last symbol.
        symbol.size = match (symbol.size, next) {
            (0, next) => next?,
            (_, None) if around.is_none() => return None,
            (size, _) => size,
        };
        let modules = match around {
            Some(line) => line.modules.to_vec(),
            None => self.modules_at(address),
        };
        Some(Location {
            address,
            offset,
            symbol,
            modules,
        })
    }

    /// The modules of the object at `address`, in brackets.
    fn modules_at(&self, address: u64) -> Vec<u8> {
        let Tables {
            places, modules, ..
        } = self.tables;
        let text = match address < places.text {
            true => places.linked_text,
            false => places.text,
        };
        let offset = address.wrapping_sub(text) as u32;
        let names = modules.at_offset(offset, &mut RangeHint::default());
        let names: Vec<Vec<u8>> = names.map(|name| [b"[", name, b"]"].concat()).collect();
        names.join(&b' ')
    }
}

/// Splits `NAME+0xOFFSET`, which a trace follows with `/0xSIZE`.
fn offset(query: &str) -> Option<(&str, u64)> {
    let (name, offset) = query.rsplit_once("+0x")?;
    let digits = offset.split('/').next()?;
    Some((name, parse_digits(digits.as_bytes())?))
}

impl Answer<'_> {
    fn text(&self) -> Vec<u8> {
        match self {
            Self::Symbol(line) => [line.text, b"\n"].concat(),
            Self::Address(location) => location.text(),
        }
    }

    fn json<'j>(&'j self, query: &'j str, ranges: Option<&'j LinkRanges>) -> json::Answer<'j> {
        let (address, at, symbol) = match self {
            Self::Symbol(line) => (line.address, None, line.into()),
            Self::Address(location) => (location.address, Some(location), location.json()),
        };
        let range = ranges.and_then(|ranges| ranges.at(address));
        let object = range.map(|(_, object)| object);
        json::Answer {
            query,
            at: at.map(|location| json::Address(location.address)),
            offset: at.map(|location| location.offset),
            symbol,
            section: range.map(|(section, _)| String::from_utf8_lossy(section)),
            object: object
                .filter(|object| *object != b"-")
                .map(String::from_utf8_lossy),
        }
    }
}

impl Location<'_> {
    /// `ffffffff81a3c300 ext4_fill_super+0x10/0x1c7\t[ext4]`
    fn text(&self) -> Vec<u8> {
        let address = format!("{:016x} ", self.address);
        let place = format!("+{:#x}/{:#x}", self.offset, self.symbol.size);
        let tab: &[u8] = if self.modules.is_empty() { b"" } else { b"\t" };
        let parts = [
            address.as_bytes(),
            self.symbol.name,
            place.as_bytes(),
            tab,
            &self.modules,
            b"\n",
        ];
        parts.concat()
    }

    fn json(&self) -> json::Symbol<'_> {
        json::Symbol::from(&Line {
            modules: &self.modules,
            ..self.symbol
        })
    }
}
