// SPDX-License-Identifier: GPL-2.0

//! The symbols, objects and lines of maps whose modules are not known: no module is shown for them.
//! A file beside vmlinux lists them, and the link prints how many there are.

use std::fmt::{Display, Formatter, Result, Write};

use crate::digits;
use crate::elf::Symbol;
use crate::error::{show, Error};
use crate::maps::Maps;
use crate::objects::Objects;

/// The file, beside vmlinux.
pub(crate) const PATH: &str = ".tmp_vmlinux.unattributed";

/// So many are told of by the link itself.
const FIRST: usize = 3;

/// All that is not known.
pub(crate) struct Unattributed {
    /// How many symbols, objects and lines there are.
    counts: [usize; 3],
    /// The names of the first of them.
    first: Vec<String>,
    /// The file's content.
    list: Vec<u8>,
}

impl Unattributed {
    /// The `open` ones of `symbols`, the objects whose modules are not known, and the lines of the maps
    /// whose form is not.
    pub(crate) fn of(
        symbols: &[Symbol<'_>],
        open: &[(usize, &'static str)],
        objects: &Objects<'_>,
        maps: &Maps<'_>,
    ) -> Self {
        let counts = [open.len(), objects.unknown().len(), maps.unknown_count()];
        let mut all = Self {
            counts,
            first: Vec::new(),
            list: Vec::new(),
        };
        for (object, reason) in objects.unknown() {
            let object = show(&object.path());
            all.add(&object, format_args!("object {object}: {reason}"));
        }
        for (map, line) in maps.unknown_lines() {
            let place = format!("{}:{}", map.display(), line.number);
            let text = show(line.text);
            all.add(
                &place,
                format_args!("line {place}: {}: '{text}'", line.problem),
            );
        }
        for &(index, reason) in open {
            if let Some(symbol) = symbols.get(index) {
                let (name, address) = (show(symbol.name), digits::of(symbol.value));
                let address = String::from_utf8_lossy(&address);
                all.add(&name, format_args!("symbol {address} {name}: {reason}"));
            }
        }
        all
    }

    fn add(&mut self, name: &str, line: std::fmt::Arguments<'_>) {
        if self.first.len() < FIRST {
            self.first.push(name.to_owned());
        }
        let mut text = String::new();
        let _ = writeln!(text, "{line}");
        self.list.extend(text.bytes());
    }

    /// Whether all is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts == [0; 3]
    }

    /// The file's content: a line for each.
    ///
    /// ```text
    /// object drivers/foo/blob.o: kbuild left no drivers/foo/.blob.o.cmd
    /// line .tmp_vmlinux2.map:7041: not an address: '  half an address'
    /// symbol ffffffff8100209b stray: none of the objects that meet there defines it
    /// ```
    pub(crate) fn list(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.list)
    }

    /// The failure that `CONFIG_KALLMODSYMS_WERROR` makes of it.
    pub(crate) fn error(&self) -> Error {
        Error::new(
            self.to_string(),
            "Turn CONFIG_KALLMODSYMS_WERROR off, and the kernel shows these in no module; \
             Documentation/kbuild/link-errors.rst tells the reasons.",
        )
    }
}

impl Display for Unattributed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let names = ["symbol", "object", "line of a map"];
        let plurals = ["symbols", "objects", "lines of maps"];
        let counts = self.counts.iter().zip(names.iter().zip(plurals));
        let counts = counts.filter(|(&count, _)| count != 0);
        let counts = counts.map(|(count, (name, plural))| {
            format!("{count} {}", if *count == 1 { name } else { &plural })
        });
        let counts: Vec<String> = counts.collect();
        let more = match self.counts.iter().sum::<usize>() > self.first.len() {
            true => ", ...",
            false => "",
        };
        write!(
            f,
            "modules not known, and none shown, of {}: {}{more}; {PATH} lists them",
            counts.join(", "),
            self.first.join(", "),
        )
    }
}
