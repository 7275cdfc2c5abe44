// SPDX-License-Identifier: GPL-2.0

//! Tests the decoder of the range tables and of the name table, on tables by the encoder in this file, on tables
//! written by hand, and on random tables. The decoder must refuse damaged tables, or decode them without a panic.

use std::collections::BTreeMap;

use format::error::TableError;
use format::names::{ModuleNames, MAX_LIST_LEN, MAX_NAME_LEN};
use format::ranges::{ModuleTables, RangeHint, RawTables};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

/// The modules of each range by its offset, or of each exception by its symbol. Modules are sorted.
type Ranges = BTreeMap<u32, Vec<String>>;

#[derive(Clone, Debug)]
struct Encoded {
    offsets: Vec<u32>,
    modules: Vec<u32>,
    exceptions: Vec<u32>,
    exception_modules: Vec<u32>,
    names: Vec<u8>,
}

impl Encoded {
    /// Encodes the tables. Each row gets its own copy of its list and names.
    fn new(ranges: &Ranges, exceptions: &Ranges) -> Self {
        let mut names = vec![0];
        let mut entry = |modules: &Vec<String>| {
            let at = names.len() as u32;
            if modules.is_empty() {
                return 0;
            }
            if modules.len() > 1 {
                names.extend([0, modules.len() as u8]);
            }
            for name in modules {
                names.extend(name.bytes());
                names.push(0);
            }
            at
        };
        Self {
            offsets: ranges.keys().copied().collect(),
            modules: ranges.values().map(&mut entry).collect(),
            exceptions: exceptions.keys().copied().collect(),
            exception_modules: exceptions.values().map(&mut entry).collect(),
            names,
        }
    }

    fn tables(&self) -> Result<ModuleTables<'_>, TableError> {
        ModuleTables::new(RawTables {
            offsets: &self.offsets,
            modules: &self.modules,
            exceptions: &self.exceptions,
            exception_modules: &self.exception_modules,
            names: &self.names,
        })
    }
}

/// A module name. A regular expression as the strategy would take Miri a second for each name.
fn name() -> impl Strategy<Value = String> {
    let byte = prop_oneof![26 => b'a'..=b'z', 10 => b'0'..=b'9', 1 => Just(b'_')];
    vec(byte, 1..=12).prop_map(|bytes| String::from_utf8(bytes).unwrap())
}

fn modules() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        2 => Just(Vec::new()),
        3 => name().prop_map(|name| vec![name]),
        1 => btree_set(name(), 2..6).prop_map(|set| set.into_iter().collect()),
    ]
}

/// A limit above the number of ranges. Miri takes a thousand times as long for each range.
const MOST: usize = if cfg!(miri) { 10 } else { 40 };

fn ranges() -> impl Strategy<Value = Ranges> {
    btree_map(any::<u32>(), modules(), 0..MOST)
}

/// The expected modules, by a plain search.
fn expected(ranges: &Ranges, offset: u32) -> Vec<String> {
    ranges
        .range(..=offset)
        .next_back()
        .map(|(_, modules)| modules.clone())
        .unwrap_or_default()
}

fn found(tables: &ModuleTables<'_>, offset: u32, hint: &mut RangeHint) -> Vec<String> {
    strings(tables.at_offset(offset, hint))
}

fn strings(names: ModuleNames<'_>) -> Vec<String> {
    names
        .map(|name| String::from_utf8(name.to_vec()).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 256 }))]

    #[test]
    fn every_offset_has_the_modules_of_its_range(ranges in ranges(), mut offsets in vec(any::<u32>(), 0..60)) {
        let encoded = Encoded::new(&ranges, &Ranges::new());
        let tables = encoded.tables().unwrap();
        offsets.extend(ranges.keys().flat_map(|&start| [start.saturating_sub(1), start, start.saturating_add(1)]));
        let mut hint = RangeHint::default();
        for &offset in &offsets {
            prop_assert_eq!(found(&tables, offset, &mut hint), expected(&ranges, offset));
        }
        offsets.sort_unstable();
        for &offset in &offsets {
            prop_assert_eq!(found(&tables, offset, &mut hint), expected(&ranges, offset));
        }
    }

    #[test]
    fn an_exception_overrides_the_range_of_its_symbol(
        ranges in ranges(),
        exceptions in btree_map(0..100u32, modules(), 0..20),
        mut symbols in vec((0..110u32, any::<u32>()), 0..80),
    ) {
        let encoded = Encoded::new(&ranges, &exceptions);
        let tables = encoded.tables().unwrap();
        let mut hint = RangeHint::default();
        for sorted in [false, true] {
            if sorted {
                symbols.sort_unstable();
            }
            for &(symbol, offset) in &symbols {
                let modules = exceptions.get(&symbol).cloned().unwrap_or_else(|| expected(&ranges, offset));
                prop_assert_eq!(strings(tables.of_symbol(symbol, offset, &mut hint)), modules);
            }
        }
    }

    #[test]
    fn a_hint_from_different_tables_is_harmless(ranges in ranges(), others in ranges(), offset: u32, other: u32) {
        let (encoded, others) = (Encoded::new(&ranges, &Ranges::new()), Encoded::new(&others, &Ranges::new()));
        let mut hint = RangeHint::default();
        let _ = others.tables().unwrap().of_symbol(other, other, &mut hint);
        prop_assert_eq!(found(&encoded.tables().unwrap(), offset, &mut hint), expected(&ranges, offset));
    }

    #[test]
    fn damaged_tables_are_refused_or_safe(
        ranges in ranges(),
        exceptions in ranges(),
        flips in vec((0..5usize, any::<prop::sample::Index>(), 0..32u32), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        offsets in vec(any::<u32>(), 1..20),
    ) {
        let mut encoded = Encoded::new(&ranges, &exceptions);
        for (table, at, bit) in flips {
            let mut none = Vec::new();
            let table = match table {
                0 => &mut encoded.offsets,
                1 => &mut encoded.modules,
                2 => &mut encoded.exceptions,
                3 => &mut encoded.exception_modules,
                _ => &mut none,
            };
            match table.is_empty() {
                false => *at.get_mut(table) ^= 1 << bit,
                true => *at.get_mut(&mut encoded.names) ^= 1 << (bit % 8),
            }
        }
        if let Some(cut) = cut {
            encoded.names.truncate(cut.index(encoded.names.len()));
        }
        if let Ok(tables) = encoded.tables() {
            let mut hint = RangeHint::default();
            for offset in offsets {
                for name in tables.of_symbol(offset, offset, &mut hint) {
                    prop_assert!(!name.is_empty() && name.len() <= MAX_NAME_LEN);
                }
            }
        }
    }

    #[test]
    fn random_bytes_are_refused_or_safe(
        offsets in vec(any::<u32>(), 0..8),
        modules in vec(0..24u32, 0..8),
        names in vec(prop_oneof![Just(0u8), Just(2u8), Just(b'a'), any::<u8>()], 0..24),
        at: u32,
    ) {
        let raw = RawTables { offsets: &offsets, modules: &modules, names: &names, ..RawTables::default() };
        if let Ok(tables) = ModuleTables::new(raw) {
            prop_assert!(tables.at_offset(at, &mut RangeHint::default()).count() <= MAX_LIST_LEN);
        }
    }
}

fn refusal(offsets: &[u32], modules: &[u32], names: &[u8]) -> TableError {
    let ranges = RawTables {
        offsets,
        modules,
        names,
        ..RawTables::default()
    };
    let refused = ModuleTables::new(ranges).unwrap_err();
    let exceptions = RawTables {
        exceptions: offsets,
        exception_modules: modules,
        names,
        ..RawTables::default()
    };
    assert_eq!(ModuleTables::new(exceptions).unwrap_err(), refused);
    refused
}

#[test]
fn empty_tables_have_no_modules() {
    let tables = ModuleTables::new(RawTables::default()).unwrap();
    assert!(tables.is_empty());
    assert!(tables.at_offset(0, &mut RangeHint::default()).is_empty());
}

#[test]
fn each_defect_has_its_error() {
    assert_eq!(
        refusal(&[0, 1], &[0], b"\0"),
        TableError::LengthMismatch {
            keys: 2,
            entries: 1
        }
    );
    assert_eq!(
        refusal(&[0, 5, 5], &[0, 0, 0], b"\0"),
        TableError::NotSorted { row: 2 }
    );
    assert_eq!(refusal(&[0], &[0], b""), TableError::NoLeadingZero);
    assert_eq!(refusal(&[0], &[1], b"a\0"), TableError::NoLeadingZero);
    assert_eq!(
        refusal(&[0], &[2], b"\0ab\0"),
        TableError::NotAName { row: 0, offset: 2 }
    );
    assert_eq!(
        refusal(&[0], &[9], b"\0ab\0"),
        TableError::NotAName { row: 0, offset: 9 }
    );
    assert_eq!(
        refusal(&[0], &[1], b"\0ab"),
        TableError::BadName { offset: 1 }
    );
    assert_eq!(
        refusal(&[0], &[1], b"\0a b\0"),
        TableError::BadName { offset: 1 }
    );
    assert_eq!(
        refusal(&[0], &[1], b"\0\0\x01a\0"),
        TableError::BadList { offset: 1 }
    );
    assert_eq!(
        refusal(&[0], &[1], b"\0\0\x03a\0b\0"),
        TableError::BadList { offset: 1 }
    );
    let long = [&b"\0"[..], &[b'a'; MAX_NAME_LEN + 1], b"\0"].concat();
    assert_eq!(
        refusal(&[0], &[1], &long),
        TableError::BadName { offset: 1 }
    );
    let longest = [&b"\0"[..], &[b'a'; MAX_NAME_LEN], b"\0"].concat();
    let raw = RawTables {
        offsets: &[0],
        modules: &[1],
        names: &longest,
        ..RawTables::default()
    };
    assert!(ModuleTables::new(raw).is_ok());
}

#[test]
fn a_list_of_the_maximum_length_is_decoded() {
    let modules: Vec<String> = (0..MAX_LIST_LEN).map(|n| format!("m{n:03}")).collect();
    let encoded = Encoded::new(&Ranges::from([(7, modules.clone())]), &Ranges::new());
    assert_eq!(
        found(&encoded.tables().unwrap(), 7, &mut RangeHint::default()),
        modules
    );
}

#[test]
fn an_entry_may_point_to_a_name_inside_a_list() {
    let names = b"\0\0\x02eth\0switch\0";
    let raw = RawTables {
        offsets: &[0, 10, 20],
        modules: &[1, 7, 3],
        names,
        ..RawTables::default()
    };
    let tables = ModuleTables::new(raw).unwrap();
    let mut hint = RangeHint::default();
    assert_eq!(found(&tables, 5, &mut hint), ["eth", "switch"]);
    assert_eq!(found(&tables, 15, &mut hint), ["switch"]);
    assert_eq!(found(&tables, 25, &mut hint), ["eth"]);
}
