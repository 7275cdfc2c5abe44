// SPDX-License-Identifier: GPL-2.0

//! Tests the reader in C, the only sample in user space. The reader has its own tests. For addresses of a real
//! kernel, it must print the same lines as the example `whose` of the crate in `tools/kallmodsyms/`. The guest
//! tests the samples that are modules.

use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::lab::command;
use crate::lab::options;
use crate::lab::tap::{self, Line};
use crate::tool;

const IN_C: &str = "samples/reader-c";

/// Runs the tests of the reader.
pub fn run(report: &mut Report) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let test = directory.path().join("test");
    compile(&test, "test.c", &["-g", "-fsanitize=address,undefined"])?;
    let output = Command::new(&test).output().context("the reader's tests")?;
    let mut passed = 0;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        match tap::parse(line) {
            Some(Line::Passed(name)) => {
                passed += 1;
                report.passed(&format!("reader in C: {name}"));
            }
            Some(Line::Failed(name)) => report.failed(&format!("reader in C: {name}"), ""),
            _ => {}
        }
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    report.check("reader in C: the sanitizers report nothing", {
        (|| {
            ensure!(output.status.success() && passed > 0, "{said}");
            Ok(())
        })()
    });
    Ok(())
}

/// Checks that the reader and the crate print the same lines for addresses in and beside each symbol of
/// `listing`.
pub fn compare(listing: &Path) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let in_c = directory.path().join("whose");
    compile(&in_c, "whose.c", &[])?;
    let addresses = directory.path().join("addresses");
    fs::write(&addresses, addresses_of(&fs::read_to_string(listing)?)?)?;

    let mut in_rust = tool::cargo("run")?;
    in_rust.args(["--quiet", "--example", "whose", "--"]);
    let in_rust = ask(&mut in_rust, listing, &addresses)?;
    let in_c = ask(&mut Command::new(in_c), listing, &addresses)?;
    for (c, rust) in in_c.lines().zip(in_rust.lines()) {
        ensure!(c == rust, "in C: {c}\nin Rust: {rust}");
    }
    let asked = fs::read_to_string(&addresses)?.lines().count();
    let found = in_c.lines().filter(|line| !line.ends_with(" ?")).count();
    println!("# the reader and the crate found {found} of {asked} addresses");
    ensure!(in_c == in_rust && in_c.lines().count() == asked && found > asked / 4);
    Ok(())
}

fn compile(program: &Path, main: &str, options: &[&str]) -> Result<()> {
    let sources = options::repository()?.join(IN_C);
    let mut cc = Command::new("gcc");
    cc.args(["-O2", "-std=c11", "-D_POSIX_C_SOURCE=200809L"])
        .args(["-Wall", "-Wextra", "-Werror"])
        .args(options)
        .arg("-o")
        .arg(program)
        .args([sources.join(main), sources.join("kallmodsyms.c")]);
    command::output(&mut cc).map(drop)
}

/// Four addresses for each symbol: the byte before it, its first byte, its last byte, and the byte after it.
fn addresses_of(listing: &str) -> Result<String> {
    let mut addresses = String::new();
    for line in listing.lines() {
        let mut fields = line.split(' ');
        let mut number = || -> Result<u64> {
            let field = fields.next().context("a line without sizes")?;
            Ok(u64::from_str_radix(field, 16)?)
        };
        let (start, size) = (number()?, number()?);
        let end = start.wrapping_add(size);
        for address in [start.wrapping_sub(1), start, end.wrapping_sub(1), end] {
            writeln!(addresses, "{address:x}")?;
        }
    }
    Ok(addresses)
}

fn ask(program: &mut Command, listing: &Path, addresses: &Path) -> Result<String> {
    let result = program
        .arg("-f")
        .arg(listing)
        .stdin(File::open(addresses)?)
        .stderr(Stdio::piped())
        .output()
        .context("whose")?;
    let said = String::from_utf8_lossy(&result.stderr);
    ensure!(result.status.success(), "{said}");
    Ok(String::from_utf8(result.stdout)?)
}
