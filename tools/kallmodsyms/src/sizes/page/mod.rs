// SPDX-License-Identifier: GPL-2.0

//! `--html`: the sizes as one web page, which draws the kernel as a treemap.
//!
//! The contents of one or two kernels come in, and the text of a page goes out. `tree` puts the symbols into
//! directories, modules and object files. `columns` encodes the tree in few bytes. `file` writes the whole page
//! to its file, or nothing. The page loads nothing from a network, because the style, the data and the script
//! are inserted into the template `page.html`.

mod columns;
mod file;
mod tree;

use std::borrow::Cow;

use crate::error::Result;
use crate::sizes::contents::ImageContents;
pub(crate) use file::replace;
use tree::Tree;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The parts of the script, in their order in the page.
const SCRIPT: [&str; 5] = [
    include_str!("data.js"),
    include_str!("layout.js"),
    include_str!("drawing.js"),
    include_str!("table.js"),
    include_str!("view.js"),
];

/// The placeholders in the template.
const STYLE_PLACEHOLDER: &str = "/* page.css */";
const SCRIPT_PLACEHOLDER: &str = "/* *.js */";
const DATA_PLACEHOLDER: &str = "/* data */";

/// The name of a kernel's file, and the contents of that kernel.
type NamedKernel<'c> = (Cow<'c, str>, &'c ImageContents);

/// The page of a kernel, or of the differences from an `old` to a `new` one.
pub(crate) fn page(old: Option<NamedKernel<'_>>, new: NamedKernel<'_>) -> Result<String> {
    let tree = match &old {
        None => Tree::of(new.1),
        Some((_, old)) => Tree::of_difference(old, new.1),
    };
    let names: Vec<_> = old.into_iter().chain([new]).map(|(name, _)| name).collect();
    let data = columns::json(&tree, &names)?;
    // The data have no `<`, so no part of them looks like an element. They are inserted last, because a symbol
    // can be named like a placeholder.
    let script = SCRIPT.concat();
    let page =
        TEMPLATE
            .replacen(STYLE_PLACEHOLDER, STYLE, 1)
            .replacen(SCRIPT_PLACEHOLDER, &script, 1);
    Ok(page.replacen(DATA_PLACEHOLDER, &data, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_each_placeholder_once() {
        for placeholder in [STYLE_PLACEHOLDER, SCRIPT_PLACEHOLDER, DATA_PLACEHOLDER] {
            assert_eq!(TEMPLATE.matches(placeholder).count(), 1, "{placeholder}");
        }
        // The data would replace a placeholder in the style or in the script.
        for text in SCRIPT.into_iter().chain([STYLE]) {
            assert!(!text.contains(DATA_PLACEHOLDER) && !text.contains(SCRIPT_PLACEHOLDER));
        }
    }

    #[test]
    fn the_page_loads_nothing() {
        for text in SCRIPT.into_iter().chain([TEMPLATE, STYLE]) {
            for word in ["http:", "https:", "fetch(", "import ", "@import", "url("] {
                assert!(!text.contains(word), "{word}");
            }
        }
    }
}
