// SPDX-License-Identifier: GPL-2.0

//! The files and the lines that the hooks of a series change.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use crate::lab::options;

/// A hunk of a patch, with the lines that it expects in the file.
#[derive(Debug, PartialEq)]
struct Hunk {
    file: PathBuf,
    old: String,
}

/// The files that the hooks of a series change.
pub fn touched_files(series: &str) -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> = hunks(series)?.into_iter().map(|hunk| hunk.file).collect();
    files.dedup();
    Ok(files)
}

/// Checks that the lines of each hunk are in exactly one place in the file. If the lines are not at the line
/// number of the hunk, patch(1) looks for another place.
pub fn have_one_place(tree: &Path, series: &str) -> Result<()> {
    for Hunk { file, old } in hunks(series)? {
        let path = tree.join(&file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let places = text.match_indices(&old).count();
        ensure!(
            places == 1,
            "{}: {places} places for the hunk of\n{old}",
            file.display()
        );
    }
    Ok(())
}

fn hunks(series: &str) -> Result<Vec<Hunk>> {
    let directory = options::repository()?.join("patches").join(series);
    let mut hunks = Vec::new();
    for patch in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
        hunks.extend(hunks_of(&fs::read_to_string(patch?.path())?));
    }
    Ok(hunks)
}

/// The hunks of a patch:
///
/// ```text
/// --- a/init/Kconfig
/// +++ b/init/Kconfig
/// @@ -1883,4 +1883,6 @@
///  # end of the "standard kernel features (expert users)" menu
/// +source "kernel/kallmodsyms/Kconfig"
/// ```
fn hunks_of(patch: &str) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut file = None;
    let mut in_hunk = false;
    for line in patch.lines() {
        if let Some(name) = line.strip_prefix("--- a/") {
            file = Some(PathBuf::from(name));
            in_hunk = false;
        } else if let (true, Some(file)) = (line.starts_with("@@ "), &file) {
            in_hunk = true;
            hunks.push(Hunk {
                file: file.clone(),
                old: String::new(),
            });
        } else if let (true, Some(hunk)) = (in_hunk, hunks.last_mut()) {
            if let Some(old) = line.strip_prefix([' ', '-']) {
                hunk.old.push_str(old);
                hunk.old.push('\n');
            }
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_have_the_old_lines() {
        let patch = "\
Subject: hooks

  - a: why

--- a/a
+++ b/a
@@ -1,2 +1,3 @@
 one
+new
 two
@@ -8,2 +9,2 @@
-old
+new
 
--- a/b/c
+++ b/b/c
@@ -1,1 +1,2 @@
 three
+new
";
        let hunk = |file: &str, old: &str| Hunk {
            file: PathBuf::from(file),
            old: old.to_owned(),
        };
        let expected = [
            hunk("a", "one\ntwo\n"),
            hunk("a", "old\n\n"),
            hunk("b/c", "three\n"),
        ];
        assert_eq!(hunks_of(patch), expected);
    }

    #[test]
    fn a_second_place_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        for file in touched_files("6.12").unwrap() {
            let path = directory.path().join(&file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let hunks = hunks("6.12").unwrap();
            let old = hunks.into_iter().filter(|hunk| hunk.file == file);
            fs::write(&path, old.map(|hunk| hunk.old).collect::<String>()).unwrap();
        }
        have_one_place(directory.path(), "6.12").unwrap();
        let makefile = directory.path().join("kernel/Makefile");
        let twice = fs::read_to_string(&makefile).unwrap().repeat(2);
        fs::write(&makefile, twice).unwrap();
        let error = have_one_place(directory.path(), "6.12").unwrap_err();
        assert!(
            error.to_string().starts_with("kernel/Makefile: 2 places"),
            "{error}"
        );
    }
}
