// SPDX-License-Identifier: GPL-2.0

//! `--html`: the sizes as one web page, which draws the kernel as a treemap.
//!
//! The contents of one or two kernels come in, and the text of a page goes out. `tree` puts the symbols
//! into directories, modules and object files; `columns` writes the tree in few bytes; `file` replaces the
//! file of a page. The page asks no network: `page.html` gets the style, the data and the script.

mod columns;
mod file;
mod tree;

use std::borrow::Cow;

use crate::error::Result;
use crate::sizes::contents::Contents;
pub(crate) use file::replace;
use tree::Tree;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The parts of the script, each of which uses only the parts before it.
const SCRIPT: [&str; 5] = [
    include_str!("data.js"),
    include_str!("layout.js"),
    include_str!("drawing.js"),
    include_str!("table.js"),
    include_str!("view.js"),
];

/// The places of the template.
const STYLE_PLACE: &str = "/* page.css */";
const SCRIPT_PLACE: &str = "/* *.js */";
const DATA_PLACE: &str = "/* data */";

/// The contents of a kernel, and the name of their file.
type Named<'c> = (Cow<'c, str>, &'c Contents);

/// The page of a kernel, or of the differences from an `old` to a `new` one.
pub(crate) fn page(old: Option<Named<'_>>, new: Named<'_>) -> Result<String> {
    let tree = match &old {
        None => Tree::of(new.1),
        Some((_, old)) => Tree::of_difference(old, new.1),
    };
    let names: Vec<_> = old.into_iter().chain([new]).map(|(name, _)| name).collect();
    let data = columns::json(&tree, &names)?;
    // The data have no `<`, so that no part of them looks like an element. They are the last to be put
    // in, as a symbol may be named like a place.
    let script = SCRIPT.concat();
    let page = TEMPLATE
        .replacen(STYLE_PLACE, STYLE, 1)
        .replacen(SCRIPT_PLACE, &script, 1);
    Ok(page.replacen(DATA_PLACE, &data, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_each_place_once() {
        for place in [STYLE_PLACE, SCRIPT_PLACE, DATA_PLACE] {
            assert_eq!(TEMPLATE.matches(place).count(), 1, "{place}");
        }
        // The style and the script have none, or the data would go there.
        for text in SCRIPT.into_iter().chain([STYLE]) {
            assert!(!text.contains(DATA_PLACE) && !text.contains(SCRIPT_PLACE));
        }
    }

    #[test]
    fn the_page_asks_no_network() {
        for text in SCRIPT.into_iter().chain([TEMPLATE, STYLE]) {
            for word in ["http:", "https:", "fetch(", "import ", "@import", "url("] {
                assert!(!text.contains(word), "{word}");
            }
        }
    }
}
