// SPDX-License-Identifier: GPL-2.0

//! Fuzzes files with a kernel: a vmlinux, a vmlinuz, an Image or a dump. Runs `show` in three formats, and
//! `lookup`.

use std::path::Path;

use kallmodsyms::{Format, Lookup, Show, Source};

use super::{chooses_json, output_of};
use crate::common::hexadecimal as digits;
use crate::scratch;

pub fn run(input: &[u8]) {
    let file = scratch::file("vmlinux", input);
    let Some(lines) = shown(&file, |_| ()) else {
        return match chooses_json(input) {
            true => assert!(shown(&file, |request| request.format = Format::Json).is_none()),
            false => assert!(found(&file, "0x0", false).is_none()),
        };
    };
    let count = newlines(&lines);
    for (format, more) in [
        (Format::Json, 2),
        (Format::Kallsyms, 0),
        (Format::KallsymsModules, 0),
    ] {
        let other = shown(&file, |request| request.format = format).unwrap_or_default();
        // A kernel can have no symbol. A name can contain newlines, which JSON escapes.
        assert!(lines.is_empty() || other.len() > more);
        assert!(newlines(&other) <= count + more);
    }
    let all = shown(&file, |request| request.ranges.push(0..u64::MAX));
    assert!(all.unwrap_or_default().len() <= lines.len());
    for line in lines.split(|&byte| byte == b'\n').take(3) {
        let address = line.get(..16).unwrap_or_default();
        if digits::parse(address).is_some() {
            let address = String::from_utf8_lossy(address);
            found(&file, &address, chooses_json(input));
        }
    }
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

fn shown(file: &Path, change: impl FnOnce(&mut Show)) -> Option<Vec<u8>> {
    let mut request = Show::of(file);
    change(&mut request);
    output_of(|out| kallmodsyms::show(&request, out))
}

fn found(file: &Path, query: &str, json: bool) -> Option<Vec<u8>> {
    let request = Lookup {
        source: Source::of(file),
        json,
        queries: vec![query.into()],
    };
    output_of(|out| kallmodsyms::lookup(&request, out))
}
