// SPDX-License-Identifier: GPL-2.0

//! Hashes the inputs of an outcome: the repository, the kernel, and the compilers.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::options::{self, Options};
use crate::lab::toolchain::Toolchain;

/// The hashed files and directories of the repository. Stored outcomes stay valid if other files change.
const SOURCES: &[&str] = &[
    "Kbuild", "Kconfig", "Makefile", "include", "patches", "rust", "samples", "scripts", "tests",
    "tools",
];

/// Directories that cargo makes inside of the repository, without CARGO_TARGET_DIR.
const MADE: &[&str] = &["target"];

/// The hash of the repository, the configuration, the kernel's version and the compilers.
pub fn of_kernel(
    config: &str,
    tree: &Path,
    toolchain: &Toolchain,
    options: &Options,
) -> Result<String> {
    hash(
        &options::repository()?,
        &[
            config,
            // The name of the tree has the version of the package.
            &tree.to_string_lossy(),
            &toolchain.describe()?,
            &toolchain.describe_c(options)?,
        ],
    )
}

/// The hash of `texts` and of all [`SOURCES`], as 16 hexadecimal digits.
fn hash(repository: &Path, texts: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    for source in SOURCES {
        add(&repository.join(source), &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Adds the names and contents of a file or of a directory to the hash.
fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let context = || path.display().to_string();
    path.file_name().hash(hasher);
    if !path.is_dir() {
        fs::read(path).with_context(context)?.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(context)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
    entries.retain(|entry| !MADE.iter().any(|made| entry.file_name() == *made));
    entries.sort_by_key(fs::DirEntry::file_name);
    entries.len().hash(hasher);
    for entry in entries {
        add(&entry.path(), hasher)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_a_source_changes_the_hash() {
        let directory = tempfile::tempdir().unwrap();
        for source in SOURCES {
            fs::create_dir(directory.path().join(source)).unwrap();
        }
        let state = || hash(directory.path(), &["rustc"]).unwrap();
        let file = directory.path().join("scripts/a.rs");
        let empty = state();
        fs::write(&file, "a").unwrap();
        let one = state();
        fs::write(&file, "b").unwrap();
        let other = state();
        fs::rename(&file, directory.path().join("tests/a.rs")).unwrap();
        let elsewhere = state();
        assert!(empty != one && one != other && other != elsewhere);
        assert_eq!(elsewhere, state());
        assert_ne!(elsewhere, hash(directory.path(), &["clang"]).unwrap());

        fs::create_dir(directory.path().join("tests/target")).unwrap();
        fs::write(directory.path().join("tests/target/made"), "").unwrap();
        assert_eq!(elsewhere, state());
    }
}
