// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms lookup`: the symbol and the modules of an address, and the lines of a symbol.
//!
//! The answer for an address has the name that the kernel prints: of the symbols with the highest start that is
//! not above the address, the first in the listing. The answer has the modules of the symbol that contains the
//! address. If no symbol contains it, the answer has the modules of the object file there.

use std::io::Write;

use crate::annotate::resolve::select;
use crate::annotate::token::Tokens;
use crate::error::{Error, Result};
use crate::hexadecimal::parse_hexadecimal;
use crate::json;
use crate::kernel::{Kernel, ReadRanges};
use crate::location::Location;
use crate::output::Output;
use crate::request::Lookup;
use crate::symbol::Symbol;
use crate::symbols::Symbols;

/// An answer to a query.
enum Answer<'t> {
    Symbol(Symbol<'t>),
    Address(Location<'t>),
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
    // Without .tmp_vmlinux.ranges, answers in JSON leave out sections, and object files that the kernel does
    // not store.
    let names_object = |query: &String| query.contains(':');
    let ranges = match request.json || request.queries.iter().any(names_object) {
        true => ReadRanges::IfPresent,
        false => ReadRanges::Never,
    };
    let kernel = Kernel::read(&request.source, ranges)?;
    let symbols = kernel.symbols()?;
    Output::with(out, |out| answer(request, &symbols, out))
}

fn answer(request: &Lookup, symbols: &Symbols<'_>, out: &mut Output<'_>) -> Result<Vec<Error>> {
    let mut missing = Vec::new();
    out.begin(request.json)?;
    for query in &request.queries {
        let answers = answers(symbols, query);
        if answers.is_empty() {
            missing.push(nothing(symbols, query));
        }
        for answer in &answers {
            match request.json {
                true => out.object(&answer.json(query, symbols))?,
                false => out.write(&answer.text())?,
            }
        }
    }
    out.end(request.json)?;
    Ok(missing)
}

fn nothing(symbols: &Symbols<'_>, query: &str) -> Error {
    let remedy = match parse_hexadecimal(query) {
        _ if query.contains(".o:") && !symbols.know_objects() => {
            "The object files of this kernel are not known: give a kernel with CONFIG_KALLMODSYMS_OBJECTS, or the \
             vmlinux in its build directory."
        }
        Some(_) if !symbols.has_addresses() => {
            "This listing has no addresses: copy it as root, or name a vmlinux."
        }
        Some(_) if !query.starts_with("0x") && query.len() != 16 => {
            "No symbol has this name. If these are the digits of an address, write 0x before them."
        }
        _ => {
            "A symbol is asked for by its whole name, an address by 0x and its digits, both as in this \
             kernel; one of a kernel that was moved at boot needs --offset."
        }
    };
    Error::in_file(
        symbols.path(),
        format!("no symbol is found for '{}'", query.escape_debug()),
        remedy,
    )
}

/// The answers to a query. The query is an address, a symbol, a symbol with its place as in
/// `ext4:ext4_fill_super`, or a text with tokens as in `kallmodsyms annotate`. A place is a module or an object
/// file.
fn answers<'k>(symbols: &Symbols<'k>, query: &str) -> Vec<Answer<'k>> {
    let located = |address| symbols.location(address).map(Answer::Address);
    // Fewer digits without 0x may be a name.
    let is_address = query.starts_with("0x") || query.len() == 16;
    if let (Some(address), true) = (parse_hexadecimal(query), is_address) {
        return located(address).into_iter().collect();
    }
    let lines = symbols.named(query.as_bytes()).copied();
    let lines: Vec<_> = lines.map(Answer::Symbol).collect();
    if !lines.is_empty() {
        return lines;
    }
    if let Some((place, name)) = query.rsplit_once(':') {
        let lines = in_place(symbols, place.as_bytes(), name.as_bytes());
        if !lines.is_empty() {
            return lines.into_iter().map(Answer::Symbol).collect();
        }
    }
    let mut answers = Vec::new();
    for token in Tokens::of(query.as_bytes(), symbols.address_prefix()) {
        let address = token.address.map(|address| address.value);
        let named = token.symbol.map(|symbol| select(symbols, &symbol, address));
        let named = named.unwrap_or_default();
        if named.is_empty() {
            answers.extend(address.and_then(located));
        }
        let of_module = named.into_iter().filter(|line| {
            let mut names = line.module_names();
            token
                .module
                .is_none_or(|module| names.any(|name| name == module))
        });
        let offset = token.symbol.and_then(|symbol| symbol.offset);
        answers.extend(of_module.filter_map(|line| match offset {
            Some(offset) => located(line.address.checked_add(offset)?),
            None => Some(Answer::Symbol(*line)),
        }));
    }
    answers
}

/// The symbols called `name` in `place`: a module, the path of an object file, or the last components of the
/// path. If `place` is the whole path of an object file with such a symbol, only that object file counts.
fn in_place<'k>(symbols: &Symbols<'k>, place: &[u8], name: &[u8]) -> Vec<Symbol<'k>> {
    let named = || symbols.named(name).copied();
    let object = |symbol: &Symbol<'k>| symbols.object(symbol, symbol.address);
    let of_module = |symbol: &Symbol<'k>| symbol.module_names().any(|module| module == place);
    let of_path = |symbol: &Symbol<'k>| object(symbol) == Some(place);
    let of_end = |symbol: &Symbol<'k>| {
        let before = object(symbol).and_then(|object| object.strip_suffix(place));
        !place.is_empty() && before.is_some_and(|before| before.ends_with(b"/"))
    };
    let mut found: Vec<_> = named().filter(of_module).collect();
    if found.is_empty() {
        found.extend(named().filter(of_path));
    }
    if found.is_empty() {
        found.extend(named().filter(of_end));
    }
    found
}

impl<'k> Answer<'k> {
    fn text(&self) -> Vec<u8> {
        match self {
            Self::Symbol(line) => [line.text, b"\n"].concat(),
            Self::Address(location) => location.text(),
        }
    }

    fn json<'j>(&'j self, query: &'j str, symbols: &Symbols<'k>) -> json::Answer<'j> {
        let (address, at, line) = match self {
            Self::Symbol(line) => (line.address, None, *line),
            Self::Address(location) => (location.address, Some(location), location.symbol),
        };
        let object = symbols.object(&line, address);
        json::Answer {
            query,
            at: at.map(|location| json::Address(location.address)),
            offset: at.map(|location| location.offset),
            symbol: json::Symbol::from(&line),
            section: symbols
                .range(address)
                .map(|(section, _)| String::from_utf8_lossy(section)),
            object: object.map(String::from_utf8_lossy),
        }
    }
}

impl Location<'_> {
    /// `ffffffff81a3c300 ext4_fill_super+0x10/0x1c7\t[ext4]`
    fn text(&self) -> Vec<u8> {
        let address = format!("{:016x} ", self.address);
        let place = format!("+{:#x}/{:#x}", self.offset, self.symbol.size);
        let modules = self.symbol.modules;
        let tab: &[u8] = if modules.is_empty() { b"" } else { b"\t" };
        let parts = [
            address.as_bytes(),
            self.symbol.name,
            place.as_bytes(),
            tab,
            modules,
            b"\n",
        ];
        parts.concat()
    }
}
