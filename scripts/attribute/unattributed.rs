// SPDX-License-Identifier: GPL-2.0

//! The symbols and object files whose modules are not known, the symbols whose object file is not known, and
//! the lines of link maps that cannot be parsed. The kernel shows the symbols of unknown modules, and the
//! symbols of these object files, in no module.

use std::fmt::{Display, Formatter, Result};

use super::object_modules::ObjectModules;
use super::symbol_definers::{SymbolDefiners, Unknown};
use crate::common::error::{show, Error};
use crate::common::hexadecimal;
use crate::read::elf::Symbol;
use crate::read::link_maps::LinkMaps;

/// The file beside vmlinux that lists the unattributed symbols, object files and lines.
pub(crate) const PATH: &str = ".tmp_vmlinux.unattributed";

/// The warning or error of the link has up to two lists of names, each of at most this many.
const NAMED: usize = 3;

/// The symbols and object files whose modules are not known, the symbols whose object file is not known, and
/// the lines of maps that cannot be parsed.
pub(crate) struct Unattributed {
    symbols: usize,
    objects: usize,
    /// The number of lines that cannot be parsed.
    lines: usize,
    /// The names of the first symbols, object files and lines.
    names: Vec<String>,
    /// The number of symbols whose modules are known, but whose object file is not.
    without_object: usize,
    /// The names of the first of these symbols.
    names_without_object: Vec<String>,
    /// The lines of the file, each with the reason. Of the lines of a map that cannot be parsed, the file
    /// lists only the first ones; [`lines`](Self::lines) counts all.
    texts: Vec<String>,
}

impl Unattributed {
    /// Collects what is not known of `symbols`, the object files whose modules are not known, and the lines
    /// of `maps` that cannot be parsed.
    pub(super) fn of(
        symbols: &[Symbol<'_>],
        definers: &SymbolDefiners,
        objects: &ObjectModules<'_>,
        maps: &LinkMaps<'_>,
    ) -> Self {
        let mut all = Self {
            symbols: definers.unattributed.len(),
            objects: objects.unknown().len(),
            lines: maps.unknown_count(),
            names: Vec::new(),
            without_object: definers.without_object.len(),
            names_without_object: Vec::new(),
            texts: Vec::new(),
        };
        for (object, reason) in objects.unknown() {
            let object = show(&object.path());
            add(&mut all.names, &object);
            all.texts.push(format!("object {object}: {reason}"));
        }
        for (map, line) in maps.unknown_lines() {
            let place = format!("{}:{}", map.display(), line.number);
            let text = show(line.text);
            add(&mut all.names, &place);
            let text = format!("line {place}: {}: '{text}'", line.problem);
            all.texts.push(text);
        }
        // The index of each unknown symbol is an index in `symbols`, so the filter drops nothing.
        let symbol_of = |unknown: &Unknown| Some((symbols.get(unknown.symbol)?, unknown.reason));
        for (symbol, reason) in definers.unattributed.iter().filter_map(symbol_of) {
            let (address, name) = shown(symbol);
            add(&mut all.names, &name);
            all.texts.push(format!("symbol {address} {name}: {reason}"));
        }
        for (symbol, reason) in definers.without_object.iter().filter_map(symbol_of) {
            let (address, name) = shown(symbol);
            add(&mut all.names_without_object, &name);
            let text = format!("object of symbol {address} {name}: {reason}");
            all.texts.push(text);
        }
        all
    }

    /// Return: true if there are no unattributed symbols, object files or lines, and no symbols without a
    /// known object file.
    pub(crate) fn is_empty(&self) -> bool {
        self.total() == 0 && self.without_object == 0
    }

    fn total(&self) -> usize {
        self.symbols + self.objects + self.lines
    }

    /// A text for each object file, line and symbol, with the reason.
    ///
    /// ```text
    /// object drivers/foo/blob.o: kbuild left no drivers/foo/.blob.o.cmd
    /// line .tmp_vmlinux2.map:7041: not an address: '  half an address'
    /// symbol ffffffff8100209b stray: none of the objects that meet there defines it
    /// object of symbol ffffffff81c03040 limits: several objects may have defined it
    /// ```
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The error of the link with `CONFIG_KALLMODSYMS_WERROR`.
    pub(crate) fn error(&self) -> Error {
        Error::new(
            self.to_string(),
            "Turn CONFIG_KALLMODSYMS_WERROR off, and the kernel shows the rest; \
             Documentation/kbuild/link-errors.rst tells the reasons.",
        )
    }
}

impl Display for Unattributed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let counts = [
            (self.symbols, "symbol", "symbols"),
            (self.objects, "object", "objects"),
            (self.lines, "line of a map", "lines of maps"),
        ];
        let counts = counts.into_iter().filter(|(count, ..)| *count != 0);
        let counts = counts.map(|(count, one, several)| {
            format!("{count} {}", if count == 1 { one } else { several })
        });
        let counts: Vec<String> = counts.collect();
        let mut parts = Vec::new();
        if self.total() != 0 {
            let names = first_of(self.total(), &self.names);
            parts.push(format!(
                "no modules are shown for {}: {names}",
                counts.join(", ")
            ));
        }
        if self.without_object != 0 {
            let names = first_of(self.without_object, &self.names_without_object);
            let symbols = match self.without_object {
                1 => "1 symbol".to_owned(),
                count => format!("{count} symbols"),
            };
            parts.push(format!("no object file is shown for {symbols}: {names}"));
        }
        write!(f, "{}; {PATH} says why", parts.join("; "))
    }
}

/// Adds `name` to the first names.
fn add(names: &mut Vec<String>, name: &str) {
    if names.len() < NAMED {
        names.push(name.to_owned());
    }
}

/// `names`, and dots if they are not all of `count` names.
fn first_of(count: usize, names: &[String]) -> String {
    let more = if count > names.len() { ", ..." } else { "" };
    names.join(", ") + more
}

/// The address and the name of `symbol`.
fn shown(symbol: &Symbol<'_>) -> (String, String) {
    let address = hexadecimal::of(symbol.value).escape_ascii().to_string();
    (address, show(symbol.name))
}
