// SPDX-License-Identifier: GPL-2.0

//! Finds the modules and the object file of each symbol that a token can mean.

use std::borrow::Cow;

use super::token::{self, Token};
use crate::symbol::{names_in_brackets, Symbol};
use crate::symbols::Symbols;

/// The modules and the object file of one symbol that a token can mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate<'s> {
    /// The modules in brackets; empty for a symbol in no module.
    pub(crate) modules: Cow<'s, [u8]>,
    /// `None` if the caller does not want object files, or if the object file is not known.
    pub(crate) object: Option<&'s [u8]>,
}

/// A token that is a symbol or an address of the kernel, or of a module that the text names.
#[derive(Debug)]
pub(crate) struct Found<'s> {
    /// The bytes of the token in its line: the first byte, and the byte behind the last.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// No two are equal.
    pub(crate) candidates: Vec<Candidate<'s>>,
    /// True if the text already has a mark behind the token.
    pub(crate) is_marked: bool,
}

/// The symbols with the name of `symbol`. If there are several, the address in the text, then the printed size,
/// then the offset narrows them down. A criterion that no symbol meets is ignored.
///
/// `address` is the address in front of the name, minus the KASLR offset.
pub(crate) fn select<'s, 't>(
    symbols: &'s Symbols<'t>,
    symbol: &token::Symbol<'_>,
    address: Option<u64>,
) -> Vec<&'s Symbol<'t>> {
    let mut lines: Vec<_> = symbols.named(symbol.name).collect();
    if lines.len() < 2 {
        return lines;
    }
    let mut keep = |is_meant: &dyn Fn(&Symbol<'_>) -> bool| {
        if lines.iter().any(|line| is_meant(line)) {
            lines.retain(|line| is_meant(line));
        }
    };
    if let Some(address) = address {
        keep(&|line| {
            let offset = address.checked_sub(line.address);
            let distance = symbols.distance(line);
            match symbol.offset {
                Some(_) => offset == symbol.offset,
                None => offset.is_some_and(|offset| distance.is_some_and(|end| offset <= end)),
            }
        });
    }
    if let Some(size) = symbol.size {
        // The kernel prints the distance to the next symbol as the size; other programs print the real size.
        keep(&|line| symbols.distance(line) == Some(size) || line.size == size);
    }
    if let Some(offset) = symbol.offset {
        keep(&|line| symbols.distance(line).is_some_and(|end| offset <= end));
    }
    lines
}

/// Finds the symbols that `token` can mean. `moved` is the KASLR offset of the boot that the text is from; if `moved` is `None`, the
/// addresses in the text are ignored.
///
/// Return: `None` if the kernel has no such symbol or address, and the text names no module.
pub(crate) fn resolve<'s, 't>(
    symbols: &'s Symbols<'t>,
    token: &Token<'_>,
    moved: Option<u64>,
    wants_objects: bool,
) -> Option<Found<'s>> {
    let address = token.address.zip(moved);
    let address = address.map(|(place, moved)| place.value.wrapping_sub(moved));
    let object = |line: &Symbol<'t>, address| match wants_objects {
        true => symbols.object(line, address),
        false => None,
    };
    let symbol = token.symbol.as_ref();
    let lines = symbol.map(|symbol| select(symbols, symbol, address));
    let of_symbol = |line: &'s Symbol<'t>| Candidate {
        modules: modules(symbols, line, symbol.and_then(|symbol| symbol.offset)),
        object: object(line, line.address),
    };
    let mut candidates: Vec<_> = lines.into_iter().flatten().map(of_symbol).collect();
    // Symbols in no module come last.
    candidates.sort_by(|a, b| {
        let is_core = a.modules.is_empty().cmp(&b.modules.is_empty());
        is_core.then_with(|| a.cmp(b))
    });
    candidates.dedup();
    let mut end = symbol.map(|symbol| symbol.end);
    if candidates.is_empty() {
        let location = address.and_then(|address| symbols.location(address));
        candidates.extend(location.map(|location| Candidate {
            object: object(&location.symbol, location.address),
            modules: location.symbol.modules.into(),
        }));
        end = token.address.map(|address| address.end).or(end);
    }
    if let Some(module) = token.module {
        // The text names a module that none of the candidates is in: the symbol is a loadable module's.
        let is_in = |candidate: &Candidate<'_>| candidate.is_in(module);
        if !candidates.iter().any(is_in) {
            candidates = vec![Candidate {
                modules: [b"[", module, b"]"].concat().into(),
                object: None,
            }];
        }
    }
    let end = end.filter(|_| !candidates.is_empty())?;
    Some(Found {
        start: token.start,
        end,
        candidates,
        is_marked: token.is_marked,
    })
}

/// The modules, in brackets, of the byte at `offset` from the start of the symbol `line`.
fn modules<'s>(
    symbols: &'s Symbols<'_>,
    line: &'s Symbol<'_>,
    offset: Option<u64>,
) -> Cow<'s, [u8]> {
    let offset = offset.unwrap_or(0);
    if offset < line.size || offset == 0 {
        return line.modules.into();
    }
    let offset = match symbols.distance(line) {
        // A call that is the last instruction of a function has a return address behind the function.
        Some(distance) if offset == distance => offset.saturating_sub(1),
        // The text is from another build of the kernel, so only the name is used.
        Some(distance) if offset > distance => 0,
        _ => offset,
    };
    if offset < line.size || offset == 0 {
        return line.modules.into();
    }
    let location = line.address.checked_add(offset);
    let location = location.and_then(|address| symbols.location(address));
    location.map_or(line.modules.into(), |location| {
        location.symbol.modules.into()
    })
}

impl Candidate<'_> {
    /// The names in the brackets.
    pub(super) fn module_names(&self) -> impl Iterator<Item = &[u8]> {
        names_in_brackets(&self.modules)
    }

    fn is_in(&self, module: &[u8]) -> bool {
        self.module_names().any(|name| name == module)
    }
}

impl Found<'_> {
    /// Appends the mark to `text`. Several candidates are separated by `|`. A single candidate in no module
    /// has no mark, or only its object file.
    ///
    /// ```text
    ///  [ext4]
    ///  [ext4] {fs/ext4/super.o}
    ///  [fsl_dpaa2_eth] [fsl_dpaa2_switch]
    ///  [ext4]|[jbd2]|[vmlinux]
    /// ```
    pub(super) fn append_to(&self, text: &mut Vec<u8>) {
        let is_ambiguous = self.candidates.len() > 1;
        let mut separator = b' ';
        for candidate in &self.candidates {
            let modules: &[u8] = match is_ambiguous && candidate.modules.is_empty() {
                true => KERNEL,
                false => &candidate.modules,
            };
            if !modules.is_empty() {
                text.push(separator);
                text.extend_from_slice(modules);
            }
            if let Some(object) = candidate.object {
                text.extend_from_slice(b" {");
                text.extend_from_slice(object);
                text.push(b'}');
            }
            separator = b'|';
        }
    }
}

/// The name of a candidate in no module: in a mark if there are several candidates, and in the output of `kallmodsyms count`.
pub(super) const KERNEL: &[u8] = b"[vmlinux]";
