// SPDX-License-Identifier: GPL-2.0

//! Opens the page of `kallmodsyms sizes --html` in a browser. The scripts in `tests/page/` use the page as a
//! reader does.

use std::process::Command;

use crate::page::with_element;
use crate::show::Place;
use crate::sizes::two_kernels;

const READER: &str = include_str!("../page/reader.js");
const KERNEL: &str = include_str!("../page/kernel.js");
const DIFFERENCE: &str = include_str!("../page/difference.js");

/// Opens the page of `sizes --html` with the arguments `sizes`, and runs the script `check` in the page.
fn check(place: &Place, sizes: &[&str], check: &str) {
    let page = place.output(&[&["sizes", "--html", "-"], sizes].concat());
    let script = format!("<script type=\"module\">\n{READER}{check}</script>\n</body>");
    place.write("page.html", page.replace("</body>", &script));
    let directory = place.directory().display();
    let output = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
        .args(["--window-size=1280,800", "--virtual-time-budget=20000"])
        .arg(format!("--user-data-dir={directory}/profile"))
        .arg("--dump-dom")
        .arg(format!("file://{directory}/page.html"))
        .output()
        .unwrap_or_else(|error| panic!("chromium (apt-get install chromium): {error}"));
    let document = String::from_utf8_lossy(&output.stdout);
    let result = document.split_once("<pre id=\"check-result\">");
    let result = result.and_then(|(_, after)| Some(after.split_once("</pre>")?.0));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(result, Some("passed"), "{errors}");
}

#[test]
#[ignore = "needs Debian's package chromium; run with --ignored"]
fn a_reader_uses_the_page_by_keys_clicks_and_the_filter() {
    check(&with_element(), &["listing"], KERNEL);
}

#[test]
#[ignore = "needs Debian's package chromium; run with --ignored"]
fn a_reader_sees_the_growth_of_symbols() {
    check(&two_kernels(), &["old", "--diff", "new"], DIFFERENCE);
}
