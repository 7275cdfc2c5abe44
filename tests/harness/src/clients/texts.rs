// SPDX-License-Identifier: GPL-2.0

//! Checks the marks of `kallmodsyms annotate` in texts of a guest: the texts of `tests/clients/texts.sh`, and
//! texts that the host makes of the guest's output.
//!
//! The test has its own rules to find symbols and addresses in a text, and finds their modules in the guest's
//! `/proc/kallmodsyms`. No line may have a wrong mark, and no line may lack a mark.

mod marks;
mod symbols;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use crate::lab::command;
use crate::test::report::Report;
use marks::Rules;
use symbols::Symbols;

/// The version of inferno that cargo compiles. Debian has no package of inferno.
pub const INFERNO: &str = "0.12.8";

/// The kinds of text from the guest.
const KINDS: [&str; 7] = [
    "oops", "dmesg", "stack", "perf", SCRIPT, "bpftrace", "dtrace",
];

/// The kind of text that the test also folds.
const SCRIPT: &str = "script";

/// The kinds of text that the host makes: stacks of perf that `inferno-collapse-perf` folds, and crashes from
/// the log of the console. syzkaller reports crashes in that form.
const FOLDED: &str = "folded";
const CONSOLE: &str = "console";

/// The fewest texts of a kind.
const FEWEST: usize = 10;

/// The most wrong lines to print.
const ENOUGH: usize = 5;

/// The programs that the test runs.
pub struct Programs {
    /// The command `kallmodsyms`.
    pub tool: PathBuf,
    /// `inferno-collapse-perf`
    pub collapse: PathBuf,
}

/// Checks the texts in `sent`, the directory of files from the guest. `console` is the log of its console,
/// and `vmlinux` its kernel.
pub fn run(
    report: &mut Report,
    programs: &Programs,
    sent: &Path,
    console: &Path,
    vmlinux: &Path,
) -> Result<()> {
    let directory = sent.join("texts");
    fold(programs, &directory)?;
    let console = fs::read(console).with_context(|| console.display().to_string())?;
    save_crashes(&String::from_utf8_lossy(&console), &directory)?;

    let listing = sent.join("kallmodsyms");
    let file = fs::read_to_string(&listing).with_context(|| listing.display().to_string())?;
    let all = Symbols::of(&file);
    let own = all.own();
    let offset = format!("--offset={:x}", all.offset(vmlinux)?);
    let (listing, vmlinux) = (listing.as_os_str(), vmlinux.as_os_str());
    for kind in KINDS.into_iter().chain([FOLDED, CONSOLE]) {
        let mut sources = vec![
            ("/proc/kallmodsyms", vec![listing], &all),
            ("vmlinux --offset", vec![vmlinux, offset.as_ref()], &own),
        ];
        if kind == SCRIPT {
            // annotate finds the offset by the addresses before the symbols.
            sources.push(("vmlinux", vec![vmlinux], &own));
        }
        for (source, arguments, symbols) in sources {
            let counted = check_kind(programs, &directory.join(kind), &arguments, symbols);
            let counts = counted
                .as_ref()
                .map_or_else(|_| String::new(), |counts| format!(": {counts}"));
            let name = format!("annotate: the marks of {source} in {kind}{counts}");
            report.check(&name, counted.map(drop));
        }
    }
    Ok(())
}

/// The numbers of compared texts, lines and marks.
#[derive(Default)]
struct Counts {
    texts: usize,
    lines: usize,
    marks: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            texts,
            lines,
            marks,
        } = self;
        write!(f, "{texts} texts, {lines} lines, {marks} marks")
    }
}

/// Runs `annotate` with the arguments `source` on each text of a directory, and compares its marks with
/// `symbols`.
fn check_kind(
    programs: &Programs,
    directory: &Path,
    source: &[&OsStr],
    symbols: &Symbols<'_>,
) -> Result<Counts> {
    let rules = Rules::new()?;
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    let texts = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in texts {
        let path = entry?.path();
        let text = fs::read(&path).with_context(|| path.display().to_string())?;
        let mut annotate = Command::new(&programs.tool);
        annotate.arg("annotate").args(source).arg(&path);
        let marked = command::bytes(&mut annotate)?;
        let (text, marked) = (
            String::from_utf8_lossy(&text),
            String::from_utf8_lossy(&marked),
        );
        ensure!(
            text.lines().count() == marked.lines().count(),
            "{}: lines are missing",
            path.display()
        );
        counts.texts += 1;
        for (line, marked) in text.lines().zip(marked.lines()) {
            counts.lines += 1;
            match rules.compare(symbols, line, marked) {
                Ok(marks) => counts.marks += marks,
                Err(why) => wrong.push(format!("{}: {why:#}", path.display())),
            }
        }
    }
    let number = wrong.len();
    wrong.truncate(ENOUGH);
    ensure!(
        wrong.is_empty(),
        "{number} lines are wrong, such as\n{}",
        wrong.join("\n")
    );
    ensure!(counts.texts >= FEWEST && counts.marks > 0, "only {counts}");
    Ok(counts)
}

/// Folds the stacks of each text in [`SCRIPT`], with `_[k]` behind the symbols of the kernel.
fn fold(programs: &Programs, directory: &Path) -> Result<()> {
    let folded = directory.join(FOLDED);
    fs::create_dir_all(&folded)?;
    for entry in fs::read_dir(directory.join(SCRIPT))? {
        let path = entry?.path();
        let mut collapse = Command::new(&programs.collapse);
        let stacks = command::output(collapse.args(["--kernel", "--quiet"]).arg(&path))?;
        let name = path.file_name().context("a text without a name")?;
        if !stacks.is_empty() {
            fs::write(folded.join(name), stacks)?;
        }
    }
    Ok(())
}

/// Saves each crash of the console.
fn save_crashes(console: &str, directory: &Path) -> Result<()> {
    let directory = directory.join(CONSOLE);
    fs::create_dir_all(&directory)?;
    let begins = |line: &str| line.contains("lkdtm: Performing direct entry");
    let mut crash: Option<(usize, String)> = None;
    let mut number = 0;
    for line in console.lines() {
        if begins(line) {
            crash = Some((number, String::new()));
            number += 1;
        }
        if let Some((number, text)) = &mut crash {
            text.push_str(line);
            text.push('\n');
            if line.contains("---[ end trace") {
                fs::write(directory.join(format!("{number}.txt")), &*text)?;
                crash = None;
            }
        }
    }
    Ok(())
}
