// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the tables of object files, and the lookup in the tables.

use crate::format::object_paths::WHOLE_PATH;
use crate::format::objects::{ObjectId, ObjectTables, RawObjects, Run, BLOCK, BRACES_IN_BLOCK};
use crate::input::Input;

/// The flag for markers and name offsets that fit the runs and the names.
const FIT: u8 = 1;

/// An input has fewer symbols than this. More symbols take time, and are decoded alike.
const MOST: u16 = 2048;

pub fn run(input: &[u8]) {
    let mut input = Input(input);
    let flags = input.byte();
    let (objects, symbols) = (u32::from(input.byte()), u32::from(input.short() % MOST));
    let lengths: [usize; 7] = input.lengths();
    let (runs, names) = (input.bytes(lengths[0]), input.bytes(lengths[1]));
    let directories = input.bytes(lengths[2]);
    let (mut markers, mut name_offsets) = (input.words(lengths[3]), input.words(lengths[4]));
    let directory_starts = input.words(lengths[5]);
    let directory_offsets = input.words(lengths[6]);
    if flags & FIT != 0 {
        markers = fitting_markers(runs, symbols);
        let ends = names.iter().enumerate().filter(|(_, &byte)| byte < 2);
        let starts = [0].into_iter().chain(ends.map(|(end, _)| end as u32 + 1));
        name_offsets = starts.take(objects as usize).step_by(4).collect();
    }
    let raw = RawObjects {
        objects,
        runs,
        markers: &markers,
        names,
        name_offsets: &name_offsets,
        directory_starts: &directory_starts,
        directory_offsets: &directory_offsets,
        directories,
    };
    match ObjectTables::new(raw, symbols) {
        Ok(tables) => check(&tables, &raw, symbols),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The marker of each block, if every run ends in its block.
fn fitting_markers(runs: &[u8], symbols: u32) -> Vec<u32> {
    let raw = RawObjects {
        runs,
        ..RawObjects::default()
    };
    let mut markers: Vec<u32> = Vec::new();
    let (mut at, mut symbol) = (0, 0);
    while symbol < symbols {
        if symbol % BLOCK == 0 {
            markers.push(at as u32);
        }
        let rest = raw.runs.get(at..).unwrap_or_default();
        let Some((count, length)) = length(rest).filter(|&(_, length)| length <= rest.len()) else {
            break;
        };
        let has_braces = match rest[0] & 0xf {
            15 => rest[length - 1] != 0,
            _ => rest[0] & 0x10 != 0,
        };
        if has_braces {
            *markers.last_mut().unwrap() |= BRACES_IN_BLOCK;
        }
        symbol += count;
        at += length;
    }
    markers
}

/// The number of symbols and of bytes of the first run.
fn length(runs: &[u8]) -> Option<(u32, usize)> {
    let head = *runs.first()?;
    let (count, more) = match head >> 5 {
        0 => (u32::from(*runs.get(1)?) + 1, 1),
        count => (count.into(), 0),
    };
    let object = match head & 0xf {
        13 => 1,
        14 => 2,
        15 => 5,
        _ => 0,
    };
    Some((count, 1 + more + object))
}

/// Compares lookups of single symbols with a walk over all runs.
fn check(tables: &ObjectTables<'_>, raw: &RawObjects<'_>, symbols: u32) {
    let runs = tables.runs_from(0);
    let mut next = 0;
    for run in runs {
        for symbol in next..next + run.symbols {
            assert_eq!(tables.run_of(symbol), Some(run));
        }
        next += run.symbols;
        check_path(tables, raw, run);
    }
    assert_eq!(next, symbols);
    assert_eq!(tables.run_of(symbols), None);
    assert_eq!(tables.len(), raw.objects);
    assert_eq!(tables.path(ObjectId(raw.objects)), None);
    let all = raw.names.split_inclusive(|&byte| byte < 2);
    for (name, number) in all.zip(0..) {
        let path = tables.path(ObjectId(number)).unwrap().parts().concat();
        let (end, stem) = name.split_last().unwrap();
        let stem = [stem, if *end == 0 { b".o" } else { b"" }].concat();
        assert!(path == stem || path.ends_with(&[b"/", &stem[..]].concat()));
    }
}

fn check_path(tables: &ObjectTables<'_>, raw: &RawObjects<'_>, run: Run) {
    let Some(object) = run.object else {
        assert_eq!(run.components, 0);
        return;
    };
    assert!(object.0 < raw.objects);
    let path = tables.path(object).unwrap();
    let text = path.parts().concat();
    for components in [1, 2, 3, run.components, WHOLE_PATH] {
        let end = tables.end_of_path(object, components.max(1)).unwrap();
        let end = end.parts().concat();
        assert!(text == end || text.ends_with(&[b"/", &end[..]].concat()));
    }
}
