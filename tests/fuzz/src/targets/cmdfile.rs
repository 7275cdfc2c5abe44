// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the reader of `.cmd` files, which finds the module files of an object file.

use crate::read::cmd_file::{self, ModuleFiles};
use crate::scratch;

pub fn run(input: &[u8]) {
    scratch::file(".object.o.cmd", input);
    let line = input
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    // The reader must ignore the old content of its buffer.
    let mut buffer = vec![b'\''; 100];
    match cmd_file::read(&scratch::path("object.o"), &mut buffer) {
        Ok(ModuleFiles::Named(files)) => {
            let has = |key: &[u8]| line.windows(key.len()).any(|word| word == key);
            assert!(has(b"KBUILD_MODFILE=") || has(b"RUST_MODFILE="));
            assert!(files.is_empty() || has(&files), "{files:?}");
        }
        Ok(ModuleFiles::MadeOf(objects)) => {
            for object in objects {
                let path = object.as_os_str().as_encoded_bytes();
                assert!(line.windows(path.len()).any(|found| found == path));
            }
        }
        Ok(ModuleFiles::Shared) => {}
        Err(reason) => assert!(!reason.is_empty() && !reason.contains('\n'), "{reason:?}"),
    }
}
