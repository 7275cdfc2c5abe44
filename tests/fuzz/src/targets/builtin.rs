// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the parsers of `modules.builtin` and of the section `.modinfo`.

use std::path::Path;

use super::check_message;
use crate::format::names;
use crate::read::modules_builtin::{BuiltinModules, ModuleId};

pub fn run(input: &[u8]) {
    match BuiltinModules::parse(Path::new("modules.builtin"), input) {
        Ok(modules) => {
            for (id, path) in modules.iter() {
                check_name(&modules, id);
                // `of_files` splits its argument at spaces.
                if !path.contains(&b' ') {
                    assert_eq!(modules.of_files(path), [id]);
                }
                let line = [b"kernel/", path, b".ko"].concat();
                assert!(input.windows(line.len()).any(|found| found == line));
            }
        }
        Err(error) => check_message(&error),
    }
    match BuiltinModules::parse_modinfo(Path::new(".tmp_vmlinux1"), input) {
        Ok(modules) => {
            for (id, path) in modules.iter() {
                check_name(&modules, id);
                assert_eq!(modules.of_files(path), [id]);
                assert!(input.windows(path.len()).any(|found| found == path));
            }
        }
        Err(error) => check_message(&error),
    }
}

/// Checks that a module with a valid name is shown by this name, and that a module with an invalid name is refused.
fn check_name(modules: &BuiltinModules, id: ModuleId) {
    let name = modules.name(id);
    match modules.shown(id) {
        Ok(shown) => assert!(names::is_name(name) && modules.name(shown) == name),
        Err(reason) => assert!(!names::is_name(name) && !reason.is_empty()),
    }
}
