// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the module tables, and the lookup in the tables.

use crate::format::names::{is_name_byte, ModuleNames};
use crate::format::ranges::{ModuleTables, RangeHint, RawTables};
use crate::input::Input;

/// The flag for sorted keys, with an entry for each key.
const SORT: u8 = 1;
/// The flag for entries that are smaller than the length of the names.
const REDUCE: u8 = 2;

pub fn run(input: &[u8]) {
    let mut input = Input(input);
    let flags = input.byte();
    let lengths: [usize; 5] = input.lengths();
    let names = input.bytes(lengths[0]);
    let mut pair = |keys, entries| {
        let (mut keys, mut entries) = (input.words(keys), input.words(entries));
        if flags & SORT != 0 {
            keys.sort_unstable();
            keys.dedup();
            entries.resize(keys.len(), 0);
        }
        if flags & REDUCE != 0 {
            let length = names.len().max(1) as u32;
            entries.iter_mut().for_each(|entry| *entry %= length);
        }
        (keys, entries)
    };
    let (offsets, modules) = pair(lengths[1], lengths[2]);
    let (exceptions, exception_modules) = pair(lengths[3], lengths[4]);
    let raw = RawTables {
        offsets: &offsets,
        modules: &modules,
        exceptions: &exceptions,
        exception_modules: &exception_modules,
        names,
    };
    match ModuleTables::new(raw) {
        // The decoder does not check the names of a kernel without modules.
        Ok(tables) if offsets.is_empty() && exceptions.is_empty() => {
            assert!(tables.is_empty() && tables.exceptions().count() == 0);
            assert_same(tables.of_symbol(0, 0, &mut RangeHint::default()), &[]);
        }
        Ok(tables) => check(&tables, &raw, &mut input),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Compares lookups in accepted tables with a search of `raw`. The hint must not affect the result.
fn check(tables: &ModuleTables<'_>, raw: &RawTables<'_>, input: &mut Input<'_>) {
    for keys in [raw.offsets, raw.exceptions] {
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{keys:?}");
    }
    assert_eq!(raw.offsets.len(), raw.modules.len());
    assert_eq!(raw.exceptions.len(), raw.exception_modules.len());
    for &entry in raw.modules.iter().chain(raw.exception_modules) {
        assert!(entry == 0 || !decode(raw.names, entry).is_empty());
    }
    let exceptions: Vec<_> = tables.exceptions().collect();
    assert_eq!(exceptions.len(), raw.exceptions.len());
    for (row, (symbol, names)) in exceptions.into_iter().enumerate() {
        assert_eq!(symbol, raw.exceptions[row]);
        assert_same(names, &decode(raw.names, raw.exception_modules[row]));
    }

    let mut hint = RangeHint::default();
    let near = |rows: &[u32], byte: u8| {
        let row = usize::from(byte) / 3;
        let key = rows.get(row).copied().unwrap_or(u32::MAX);
        key.wrapping_add(u32::from(byte % 3)).wrapping_sub(1)
    };
    for _ in 0..64 {
        let symbol = near(raw.exceptions, input.byte());
        let offset = match input.byte() {
            255 => input.word(),
            byte => near(raw.offsets, byte),
        };
        let exception = raw.exceptions.iter().position(|&other| other == symbol);
        let range = raw.offsets.iter().rposition(|&start| start <= offset);
        let of_range = range.map_or(0, |range| raw.modules[range]);
        let of_symbol = exception.map_or(of_range, |row| raw.exception_modules[row]);
        let (of_range, of_symbol) = (decode(raw.names, of_range), decode(raw.names, of_symbol));
        for hint in [&mut hint, &mut RangeHint::default()] {
            assert_same(tables.of_symbol(symbol, offset, hint), &of_symbol);
            assert_same(tables.at_offset(offset, hint), &of_range);
        }
        if input.0.is_empty() {
            break;
        }
    }

    // The hint is from different tables.
    let empty = ModuleTables::empty();
    assert_same(empty.of_symbol(0, 0, &mut hint), &[]);
    assert_eq!(tables.len(), raw.offsets.len());
}

#[track_caller]
fn assert_same(names: ModuleNames<'_>, expected: &[&[u8]]) {
    assert_eq!(names.is_empty(), expected.is_empty());
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

/// The names of an entry. Empty if the entry has no valid names.
fn decode(names: &[u8], entry: u32) -> Vec<&[u8]> {
    let (count, mut rest) = match names.get(entry as usize..) {
        Some([0, count @ 2..=u8::MAX, rest @ ..]) => (*count, rest),
        Some(rest @ [1..=u8::MAX, ..]) => (1, rest),
        _ => return Vec::new(),
    };
    if entry == 0 {
        return Vec::new();
    }
    let mut decoded = Vec::new();
    for _ in 0..count {
        let Some(length) = rest.iter().position(|&byte| byte == 0) else {
            return Vec::new();
        };
        let (name, after) = (&rest[..length], &rest[length + 1..]);
        if !(1..=55).contains(&length) || !name.iter().all(|&byte| is_name_byte(byte)) {
            return Vec::new();
        }
        decoded.push(name);
        rest = after;
    }
    decoded
}
