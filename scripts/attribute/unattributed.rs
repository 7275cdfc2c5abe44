// SPDX-License-Identifier: GPL-2.0

//! The symbols and object files whose modules are not known, and the lines of link maps that cannot be parsed.
//! The kernel shows these symbols, and the symbols of these object files, in no module.

use std::fmt::{Display, Formatter, Result};

use super::object_modules::ObjectModules;
use crate::common::error::{show, Error};
use crate::common::hexadecimal;
use crate::read::elf::Symbol;
use crate::read::link_maps::LinkMaps;

/// The file beside vmlinux that lists the unattributed symbols, object files and lines.
pub(crate) const PATH: &str = ".tmp_vmlinux.unattributed";

/// The warning or error of the link names at most this many of the symbols, object files and lines.
const NAMED: usize = 3;

/// The symbols and object files whose modules are not known, and the lines of maps that cannot be parsed.
pub(crate) struct Unattributed {
    symbols: usize,
    objects: usize,
    /// The number of lines that cannot be parsed.
    lines: usize,
    /// The names of the first symbols, object files and lines.
    names: Vec<String>,
    /// The lines of the file, each with the reason. Of the lines of a map that cannot be parsed, the file
    /// lists only the first ones; [`lines`](Self::lines) counts all.
    texts: Vec<String>,
}

impl Unattributed {
    /// Collects the symbols whose index in `symbols` is in `unknown`, each with a reason, the object files
    /// whose modules are not known, and the lines of `maps` that cannot be parsed.
    pub(super) fn of(
        symbols: &[Symbol<'_>],
        unknown: &[(usize, &'static str)],
        objects: &ObjectModules<'_>,
        maps: &LinkMaps<'_>,
    ) -> Self {
        let mut all = Self {
            symbols: unknown.len(),
            objects: objects.unknown().len(),
            lines: maps.unknown_count(),
            names: Vec::new(),
            texts: Vec::new(),
        };
        for (object, reason) in objects.unknown() {
            let object = show(&object.path());
            all.add(&object, format!("object {object}: {reason}"));
        }
        for (map, line) in maps.unknown_lines() {
            let place = format!("{}:{}", map.display(), line.number);
            let text = show(line.text);
            all.add(&place, format!("line {place}: {}: '{text}'", line.problem));
        }
        // Every index in `unknown` is an index in `symbols`, so the filter drops nothing.
        let unknown = unknown
            .iter()
            .filter_map(|&(index, reason)| Some((symbols.get(index)?, reason)));
        for (symbol, reason) in unknown {
            let name = show(symbol.name);
            let address = hexadecimal::of(symbol.value).escape_ascii().to_string();
            all.add(&name, format!("symbol {address} {name}: {reason}"));
        }
        all
    }

    fn add(&mut self, name: &str, text: String) {
        if self.names.len() < NAMED {
            self.names.push(name.to_owned());
        }
        self.texts.push(text);
    }

    /// Return: true if there are no unattributed symbols, object files or lines.
    pub(crate) fn is_empty(&self) -> bool {
        self.total() == 0
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
    /// ```
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The error of the link with `CONFIG_KALLMODSYMS_WERROR`.
    pub(super) fn error(&self) -> Error {
        Error::new(
            self.to_string(),
            "Turn CONFIG_KALLMODSYMS_WERROR off, and the kernel shows these in no module; \
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
        let more = match self.total() > self.names.len() {
            true => ", ...",
            false => "",
        };
        write!(
            f,
            "no modules are shown for {}: {}{more}; {PATH} says why",
            counts.join(", "),
            self.names.join(", "),
        )
    }
}
