// SPDX-License-Identifier: GPL-2.0

//! Fuzzes saved listings: runs `modules`, `sizes`, `lookup` and `annotate` on a listing.

use kallmodsyms::{Annotate, Lookup, Modules, Sizes, Source, TableFormat, Texts};

use super::{chooses_json, output_of};
use crate::scratch;

/// The most lines to look up.
const QUERIES: usize = 3;

pub fn run(input: &[u8]) {
    let path = scratch::file("listing", input);
    let file = Some(path.clone());
    let modules = |names_only, json| {
        let request = Modules {
            file: file.clone(),
            names_only,
            with_loaded: true,
            json,
        };
        output_of(|out| kallmodsyms::modules(&request, out))
    };
    let json = chooses_json(input);
    let table = modules(false, json);
    let names = modules(true, false);
    // Both requests must accept the listing, or both must refuse it.
    assert_eq!(table.is_some(), names.is_some());

    let sizes = |format, diff| {
        let request = Sizes {
            file: file.clone(),
            format,
            diff,
            ..Sizes::default()
        };
        output_of(|out| kallmodsyms::sizes(&request, out))
    };
    let rows = match json {
        true => sizes(TableFormat::Json, None),
        false => sizes(TableFormat::Text, None),
    };
    // A kernel does not differ from itself: the output is only the line with the names of the columns.
    let same = sizes(TableFormat::Csv, file.clone());
    assert_eq!(rows.is_some(), same.is_some());
    let lines = same.map(|text| text.iter().filter(|&&byte| byte == b'\n').count());
    assert!(lines.is_none_or(|lines| lines == 1));

    let texts = Texts {
        kernel: path.clone(),
        ..Texts::default()
    };
    let annotate = Annotate {
        texts,
        ..Annotate::default()
    };
    output_of(|out| kallmodsyms::annotate(&annotate, &mut &input[..], out));
    let lines = input.split(|&byte| byte == b'\n').take(QUERIES);
    let queries: Vec<String> = lines
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let lookup = Lookup {
        source: Source::of(&path),
        json,
        queries,
    };
    output_of(|out| kallmodsyms::lookup(&lookup, out));
}
