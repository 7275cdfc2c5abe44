// SPDX-License-Identifier: GPL-2.0

//! Which modules an object is in.
//!
//! kbuild tells the compiler, and so the `.cmd` file beside the object, the path that the module
//! would have (the module file), whether or not it could be one. `modules.builtin` tells which of
//! these are modules, and built in.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The modules that are built in: by module file, their name.
pub struct BuiltIn(HashMap<String, String>);

/// Where an object can belong.
pub enum Owner {
    /// These modules, sorted; none for the kernel proper.
    Modules(Vec<String>),
    /// The command names no module file. Rust's own libraries (rust/core.o, ...) are made so.
    Unnamed,
}

impl BuiltIn {
    /// Reads modules.builtin:
    ///
    /// ```text
    /// kernel/net/ipv4/netfilter/nf-conntrack.ko
    /// ```
    pub fn read(build: &Path) -> Result<Self> {
        let path = build.join("modules.builtin");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: kbuild leaves it with vmlinux.o", path.display()))?;
        let module = |line: &str| {
            let file = line.strip_prefix("kernel/")?.strip_suffix(".ko")?;
            let name = file.rsplit('/').next()?.replace('-', "_");
            Some((file.to_owned(), name))
        };
        let modules = text.lines().map(|line| {
            module(line).with_context(|| format!("{}: {line}: not kernel/*.ko", path.display()))
        });
        modules.collect::<Result<_>>().map(Self)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The modules of `object`, relative to `build`.
    pub fn owner(&self, build: &Path, object: &Path) -> Result<Owner> {
        let file = object.file_name().unwrap_or_default().to_string_lossy();
        let path = build.join(object).with_file_name(format!(".{file}.cmd"));
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "{}: no command is kept for an object in the kernel: build again",
                path.display()
            )
        })?;
        let Some(files) = module_files(text.lines().next().unwrap_or_default()) else {
            return Ok(Owner::Unnamed);
        };
        let mut modules: Vec<String> = files
            .split(' ')
            .filter_map(|file| self.0.get(file).cloned())
            .collect();
        modules.sort();
        modules.dedup();
        Ok(Owner::Modules(modules))
    }
}

/// The module files in the command of an object, separated by spaces. C and assembler, then Rust:
///
/// ```text
/// ... -DKBUILD_MODFILE='"drivers/net/sw/sw drivers/net/eth/eth"' ...
/// ... RUST_MODFILE=drivers/net/phy/ax88796b_rust rustc ...
/// ```
fn module_files(command: &str) -> Option<&str> {
    if let Some((_, rest)) = command.split_once("-DKBUILD_MODFILE='\"") {
        return rest.split_once("\"'").map(|(files, _)| files);
    }
    let (_, rest) = command.split_once("RUST_MODFILE=")?;
    rest.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust() {
        let c = r#"savedcmd_a.o := gcc -DKBUILD_MODFILE='"net/a net/b-c"' -c -o a.o a.c"#;
        assert_eq!(module_files(c), Some("net/a net/b-c"));
        let rust = "savedcmd_r.o := RUST_MODFILE=samples/rust/r rustc --edition=2021";
        assert_eq!(module_files(rust), Some("samples/rust/r"));
        assert_eq!(module_files("savedcmd_core.o := rustc"), None);
    }
}
