// SPDX-License-Identifier: GPL-2.0

//! Computes the listing of a kernel without `CONFIG_KALLMODSYMS`: the symbols of a build, as
//! `scripts/kallsyms.c` of an untouched tree sorts them.
//!
//! `scripts/link-vmlinux.sh` stops a build whose System.map differs from the symbol list of the last pass. So
//! System.map is the list that the link of an untouched tree gives to `scripts/kallsyms`.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};

use crate::kallsyms;

/// The letter and the name of a symbol, as `/proc/kallsyms` shows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    pub kind: u8,
    pub name: Vec<u8>,
}

/// The symbols of the kernel in the build directory `build`, as `scripts/kallsyms.c` of `tree` sorts them.
pub fn order(tree: &Path, build: &Path) -> Result<Vec<Label>> {
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("kallsyms");
    let compiler = env::var_os("HOSTCC").unwrap_or("cc".into());
    let mut compile = Command::new(compiler);
    compile
        .args(["-O2", "-I"])
        .arg(tree.join("scripts/include"));
    compile.arg("-o").arg(&program);
    text(compile.arg(tree.join("scripts/kallsyms.c")))?;

    let mut list = Command::new(&program);
    for (option, argument) in [
        ("CONFIG_KALLSYMS_ALL", "--all-symbols"),
        ("CONFIG_KALLSYMS_ABSOLUTE_PERCPU", "--absolute-percpu"),
    ] {
        if kallsyms::configured(build, option)? {
            list.arg(argument);
        }
    }
    let source = text(list.arg(build.join("System.map")))?;
    let rows = source.split(|&byte| byte == b'\n');
    let rows = rows.skip_while(|row| *row != b"kallsyms_names:").skip(1);
    let labels: Vec<_> = rows.map_while(label).collect();
    ensure!(!labels.is_empty(), "scripts/kallsyms lists no symbol");
    Ok(labels)
}

/// Runs a program, and returns its standard output. Fails if the program fails.
fn text(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("{name}: {}: {}", output.status, why.trim_end());
    }
    Ok(output.stdout)
}

/// ```text
/// \t.byte 0x04, 0x54, 0x1a, 0xf0, 0x34\t/* Tstartup_64 */
/// ```
fn label(row: &[u8]) -> Option<Label> {
    let row = row.strip_prefix(b"\t.byte 0x")?;
    let (start, end) = (b"\t/* ", b" */");
    let at = row.windows(start.len()).position(|part| part == start)?;
    let comment = row.get(at + start.len()..)?.strip_suffix(end)?;
    let (&kind, name) = comment.split_first()?;
    Some(Label {
        kind,
        name: name.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_of_names_have_a_label() {
        let row = b"\t.byte 0x04, 0x54, 0x1a, 0xf0, 0x34\t/* Tstartup_64 */";
        let startup = label(row).unwrap();
        assert_eq!((startup.kind, &*startup.name), (b'T', &b"startup_64"[..]));
        assert_eq!(label(b""), None);
        assert_eq!(label(b".globl kallsyms_markers"), None);
    }
}
