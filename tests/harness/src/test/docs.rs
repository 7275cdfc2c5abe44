// SPDX-License-Identifier: GPL-2.0

//! Tests the documentation. The kernel's build, mandoc and groff print no warning about the pages, and
//! link-errors.rst has the generator's messages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::lint::{has_extension, source_files};
use super::report::Report;
use crate::docs;
use crate::lab::cache::Cache;
use crate::lab::options;
use crate::lab::source::Tree;

pub fn run(report: &mut Report) -> Result<()> {
    let repository = options::repository()?;
    let files = source_files(&repository)?;
    report.check(
        "mandoc and groff print no warning about the man pages",
        man_pages(&repository, &files),
    );
    report.check(
        "link-errors.rst has the generator's messages",
        messages(&repository, &files),
    );
    report.check("make help fits on one screen", help(&repository));
    Ok(())
}

/// Checks that the kernel's build of the pages prints no warning.
pub fn pages(report: &mut Report, cache: &Cache, tree: &Tree) -> Result<()> {
    report.check(
        "the kernel's htmldocs makes the pages without a warning",
        docs::build(cache, &tree.path).map(drop),
    );
    Ok(())
}

fn man_pages(repository: &Path, files: &[PathBuf]) -> Result<()> {
    let pages: Vec<_> = files
        .iter()
        .filter(|file| file.starts_with(repository.join("Documentation/man")))
        .collect();
    ensure!(!pages.is_empty(), "there is no man page");
    let mut complaints = String::new();
    for page in pages {
        let mut mandoc = Command::new("mandoc");
        mandoc.args(["-Tlint"]).arg(page);
        let mut groff = Command::new("groff");
        groff.args(["-man", "-ww", "-z", "-Tutf8"]).arg(page);
        for mut linter in [mandoc, groff] {
            let result = linter.output().context("mandoc, groff")?;
            let output = [result.stdout, result.stderr].concat();
            for line in String::from_utf8_lossy(&output).lines() {
                // man-pages(7) allows lower case in the title of a page about a file.
                if !line.contains("lower case character in document title") {
                    complaints.push_str(line);
                    complaints.push('\n');
                }
            }
        }
    }
    ensure!(complaints.is_empty(), "{complaints}");
    Ok(())
}

/// Compares link-errors.rst with the sources. The sources must have each message in the sections of the page from
/// "Warnings" to the one before "The system". The page must have each message that the sources write as one string.
fn messages(repository: &Path, files: &[PathBuf]) -> Result<()> {
    let page = repository.join("Documentation/kbuild/link-errors.rst");
    let page = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let mut sources = String::new();
    for file in files {
        let scripts = file.starts_with(repository.join("scripts"));
        if scripts && has_extension(file, "rs") {
            sources.push_str(&fs::read_to_string(file)?);
        }
    }
    let start = page.find("\nWarnings\n").context("Warnings")?;
    let end = page.find("\nThe system\n").context("The system")?;
    let mut unknown = Vec::new();
    for line in page[start..end].lines() {
        // A message is a term, as in "``the map is cut short``", or in a line block, as in "| ``no section found``".
        let line = line.trim_start_matches([' ', '|']);
        if !line.starts_with("``") {
            continue;
        }
        let literals = line.split("``").skip(1).step_by(2);
        for part in literals.flat_map(|literal| literal.split("...")) {
            if !sources.contains(part.trim()) {
                unknown.push(part.trim().to_owned());
            }
        }
    }
    ensure!(
        unknown.is_empty(),
        "not in scripts/: {}",
        unknown.join(", ")
    );
    let missing: Vec<_> = literal_messages(&sources)
        .filter(|message| !page.contains(message))
        .collect();
    ensure!(
        missing.is_empty(),
        "not on the page: {}",
        missing.join(", ")
    );
    Ok(())
}

/// The messages in `Err("not an address".into())`, `.ok_or("not four numbers and a name")` and similar calls.
fn literal_messages(sources: &str) -> impl Iterator<Item = &str> {
    let calls = [
        "Err(\"",
        "ok_or(\"",
        "by_name(grouped, \"",
        "NoAnswer::Unattributed(\"",
        "failure(path, \"",
        "failure(&self.path, \"",
        "defect(\"",
    ];
    calls.into_iter().flat_map(|call| {
        let after = sources.split(call).skip(1);
        after.filter_map(|text| text.split('"').next())
    })
}

/// Checks the output of `make help`. A screen has 24 lines of 80 columns, and the next prompt needs one line.
fn help(repository: &Path) -> Result<()> {
    let mut make = Command::new("make");
    make.arg("-C").arg(repository).args(["-s", "help"]);
    // The path of the user's own cache can be too long for a line.
    make.env("KALLMODSYMS_CACHE", "~/.cache/kallmodsyms");
    for variable in ["MAKEFLAGS", "MAKELEVEL"] {
        make.env_remove(variable);
    }
    let help = crate::lab::command::output(&mut make)?;
    let wide = help.lines().find(|line| line.chars().count() > 80);
    ensure!(wide.is_none(), "wider than 80 columns: {wide:?}");
    ensure!(help.lines().count() < 24, "{} lines", help.lines().count());
    Ok(())
}
