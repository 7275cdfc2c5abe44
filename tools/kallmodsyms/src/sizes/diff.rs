// SPDX-License-Identifier: GPL-2.0

//! `--diff`: the differences of two kernels, by row and then by symbol.
//!
//! Addresses are not compared, so the kernels may have different versions. Symbols with the same name in one
//! row are counted together. Numbers that the compiler puts into names are ignored, because they can change
//! from build to build.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::color;
use crate::error::Result;
use crate::output::Output;
use crate::sizes::contents::ImageContents;
use crate::sizes::request::{By, TableFormat};
use crate::sizes::rows::{self, Key, NO_SYMBOL};
use crate::sizes::table::by_name;
use crate::sizes::text_columns::TextColumns;

/// A name with this part ends with a number that can change from build to build.
const UNIQUE: &str = "__UNIQUE_ID_";

/// The bytes of a row or symbol in both kernels; `None` if that kernel lacks the row or symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes {
    pub(crate) old: Option<u64>,
    pub(crate) new: Option<u64>,
}

impl Bytes {
    fn change(self) -> i128 {
        i128::from(self.new.unwrap_or(0)) - i128::from(self.old.unwrap_or(0))
    }

    fn is_equal(self) -> bool {
        self.old == self.new
    }
}

/// A row that differs between the kernels, with the differing symbols in the row.
struct Change<'k> {
    key: &'k Key,
    modules: BTreeSet<String>,
    bytes: Bytes,
    symbols: Vec<(String, Bytes)>,
}

/// A row, and all its symbols, in both kernels.
#[derive(Default)]
struct Pair {
    modules: BTreeSet<String>,
    bytes: Bytes,
    symbols: BTreeMap<String, Bytes>,
}

/// Writes the differences from `old` to `new`, the row with the largest change first.
pub(crate) fn write(
    old: &ImageContents,
    new: &ImageContents,
    (by, format, color): (By, TableFormat, bool),
    out: &mut Output<'_>,
) -> Result<()> {
    let mut pairs = BTreeMap::<Key, Pair>::new();
    count(old, by, &mut pairs, |bytes| &mut bytes.old);
    count(new, by, &mut pairs, |bytes| &mut bytes.new);
    let mut sum = Bytes::default();
    for pair in pairs.values() {
        *sum.old.get_or_insert(0) += pair.bytes.old.unwrap_or(0);
        *sum.new.get_or_insert(0) += pair.bytes.new.unwrap_or(0);
    }
    let changes = pairs.iter().filter_map(|(key, pair)| Change::of(key, pair));
    let mut changes: Vec<Change<'_>> = changes.collect();
    changes.sort_by_key(|change| Reverse(change.bytes.change().unsigned_abs()));
    match format {
        TableFormat::Text => text(&changes, sum, (by, color), out),
        TableFormat::Csv => csv(&changes, by, out),
        TableFormat::Json => json(&changes, by, out),
    }
}

/// Adds the bytes of one kernel to the pairs. `side` selects the field of that kernel.
fn count(
    contents: &ImageContents,
    by: By,
    pairs: &mut BTreeMap<Key, Pair>,
    side: impl Fn(&mut Bytes) -> &mut Option<u64>,
) {
    for row in rows::rows(contents, by) {
        let pair = pairs.entry(row.key).or_default();
        pair.modules.extend(row.modules);
        *side(&mut pair.bytes) = Some(row.bytes.total());
    }
    let keys = rows::keys(contents, by);
    for symbol in &contents.symbols {
        let pair = keys.get(symbol.origin.0).and_then(|key| pairs.get_mut(key));
        if let Some(pair) = pair {
            let bytes = pair.symbols.entry(lasting_name(&symbol.name)).or_default();
            *side(bytes).get_or_insert(0) += symbol.bytes;
        }
    }
}

/// `name` without the numbers that can change from build to build.
///
/// ```text
/// parse.constprop.0.cold -> parse.constprop.cold
/// __UNIQUE_ID_license267 -> __UNIQUE_ID_license
/// ```
pub(crate) fn lasting_name(name: &str) -> String {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or_default();
    let first = match first.contains(UNIQUE) {
        true => first.trim_end_matches(|letter: char| letter.is_ascii_digit()),
        false => first,
    };
    let others = parts.filter(|part| !is_digits(part));
    std::iter::once(first)
        .chain(others)
        .collect::<Vec<_>>()
        .join(".")
}

impl<'k> Change<'k> {
    /// The differences in a row; `None` if there are none.
    fn of(key: &'k Key, pair: &Pair) -> Option<Self> {
        let differing = pair.symbols.iter().filter(|(_, bytes)| !bytes.is_equal());
        let mut symbols: Vec<_> = differing
            .map(|(name, bytes)| (name.clone(), *bytes))
            .collect();
        let unnamed = |side: fn(&Bytes) -> Option<u64>| {
            let named = pair.symbols.values().filter_map(side);
            Some(side(&pair.bytes)?.saturating_sub(named.sum()))
        };
        let no_symbol = Bytes {
            old: unnamed(|bytes| bytes.old),
            new: unnamed(|bytes| bytes.new),
        };
        if symbols.is_empty() && pair.bytes.is_equal() {
            return None;
        }
        if !pair.symbols.is_empty() && no_symbol.change() != 0 {
            symbols.push((NO_SYMBOL.into(), no_symbol));
        }
        symbols.sort_by_key(|(_, bytes)| Reverse(bytes.change().unsigned_abs()));
        Some(Self {
            key,
            modules: pair.modules.clone(),
            bytes: pair.bytes,
            symbols,
        })
    }

    /// The output rows of the change: first the row itself, without a symbol, then each symbol.
    fn rows(&self) -> impl Iterator<Item = (Option<&str>, Bytes)> {
        let symbols = self.symbols.iter();
        let symbols = symbols.map(|(name, bytes)| (Some(name.as_str()), *bytes));
        std::iter::once((None, self.bytes)).chain(symbols)
    }
}

fn text(
    changes: &[Change<'_>],
    sum: Bytes,
    (by, color): (By, bool),
    out: &mut Output<'_>,
) -> Result<()> {
    let head = ["old", "new", "change", by_name(by)].map(str::to_owned);
    let mut table = TextColumns::new(head.into());
    let mut push = |bytes: Bytes, label: String| {
        let number = |bytes: Option<u64>| bytes.map_or("-".into(), |bytes| bytes.to_string());
        let change = match bytes.change() {
            0 => "0".into(),
            change => format!("{change:+}"),
        };
        let row = vec![number(bytes.old), number(bytes.new), change, label];
        match bytes.change().signum() {
            1 if color => table.push_colored(row, color::LARGER),
            -1 if color => table.push_colored(row, color::SMALLER),
            _ => table.push(row),
        }
    };
    for change in changes {
        for (symbol, bytes) in change.rows() {
            let label = match symbol {
                Some(name) => format!("  {name}"),
                None => rows::label(change.key, &change.modules, by),
            };
            push(bytes, label);
        }
    }
    push(sum, "total".into());
    out.write(table.to_string().as_bytes())
}

fn csv(changes: &[Change<'_>], by: By, out: &mut Output<'_>) -> Result<()> {
    out.csv(["modules", by.column(), "symbol", "old", "new", "change"])?;
    for change in changes {
        let modules: Vec<&str> = change.modules.iter().map(String::as_str).collect();
        let modules = modules.join(" ");
        for (symbol, bytes) in change.rows() {
            let number =
                |bytes: Option<u64>| bytes.map_or(String::new(), |bytes| bytes.to_string());
            out.csv([
                modules.as_str(),
                change.key.path().unwrap_or_default(),
                symbol.unwrap_or_default(),
                &number(bytes.old),
                &number(bytes.new),
                &bytes.change().to_string(),
            ])?;
        }
    }
    Ok(())
}

fn json(changes: &[Change<'_>], by: By, out: &mut Output<'_>) -> Result<()> {
    out.begin(true)?;
    for change in changes {
        for (symbol, bytes) in change.rows() {
            out.object(&JsonChange {
                change,
                by,
                symbol,
                bytes,
            })?;
        }
    }
    out.end(true)
}

/// A row, or one of its symbols, as a JSON object.
struct JsonChange<'c> {
    change: &'c Change<'c>,
    by: By,
    symbol: Option<&'c str>,
    bytes: Bytes,
}

impl Serialize for JsonChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("modules", &self.change.modules)?;
        if let Some(place) = self.change.key.path() {
            map.serialize_entry(self.by.column(), place)?;
        }
        if let Some(symbol) = self.symbol {
            map.serialize_entry("symbol", symbol)?;
        }
        map.serialize_entry("old", &self.bytes.old)?;
        map.serialize_entry("new", &self.bytes.new)?;
        map.serialize_entry("change", &self.bytes.change())?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_compiler_do_not_count() {
        for (name, lasting) in [
            ("parse.constprop.0.cold", "parse.constprop.cold"),
            ("__key.17", "__key"),
            ("__UNIQUE_ID_license267", "__UNIQUE_ID_license"),
            ("sha256", "sha256"),
            ("v1.x2", "v1.x2"),
        ] {
            assert_eq!(lasting_name(name), lasting);
        }
    }
}
