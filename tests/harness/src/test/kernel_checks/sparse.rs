// SPDX-License-Identifier: GPL-2.0

//! Runs sparse on the C files, with the flags of `make C=2`.

use std::fs;

use anyhow::{Context, Result};

use super::check_component;
use super::compilation::Compilation;
use crate::lab::configure::Kernel;

pub fn run(kernel: &Kernel, compilations: &[&Compilation]) -> Result<()> {
    let makefile = kernel.tree.join("Makefile");
    let context = || makefile.display().to_string();
    let text = fs::read_to_string(&makefile).with_context(context)?;
    let flags = check_flags(&text).with_context(context)?;
    // kbuild adds such flags from ARCH and the configuration. All supported architectures are 64-bit and
    // little-endian.
    let arch = kernel.options.arch()?.kernel;
    let checker = format!("sparse {flags} --arch={arch} -mlittle-endian -m64");
    check_component(kernel, compilations, "rust/helpers.c", |_| checker.clone())
}

/// Parses the flags for all architectures in the kernel's Makefile. Leaves out references to variables.
///
/// ```text
/// CHECKFLAGS     := -D__linux__ -Dlinux -D__STDC__ -Dunix -D__unix__ \
///                   -Wbitwise -Wno-return-void -Wno-unknown-attribute $(CF)
/// ```
fn check_flags(makefile: &str) -> Result<String> {
    let whole_lines = makefile.replace("\\\n", " ");
    let mut definitions = whole_lines.lines().filter_map(|line| line.split_once(":="));
    let (_, flags) = definitions
        .find(|(name, _)| name.trim_end() == "CHECKFLAGS")
        .context("no definition of CHECKFLAGS")?;
    let words = flags
        .split_whitespace()
        .filter(|word| !word.starts_with('$'));
    Ok(words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::check_flags;

    #[test]
    fn flags_can_span_lines() {
        let makefile = "CHECK\t\t= sparse\n\nCHECKFLAGS     := -Dlinux \\\n\t\t  -Wbitwise $(CF)\n\
                        NOSTDINC_FLAGS :=\nCHECKFLAGS += --arch=$(ARCH)\n";
        assert_eq!(check_flags(makefile).unwrap(), "-Dlinux -Wbitwise");
        assert!(check_flags("CHECK = sparse\n").is_err());
    }
}
