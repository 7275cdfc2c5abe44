// SPDX-License-Identifier: GPL-2.0

//! A vmlinux, shown and looked up in, in every format.

use std::ffi::OsString;
use std::path::Path;

use super::check_message;
use crate::digits;
use crate::reader::{self, Outcome};
use crate::scratch;

pub fn run(input: &[u8]) {
    // What is inside of a vmlinuz is for other programs to take out.
    if input.get(0x202..0x206) == Some(b"HdrS") {
        return;
    }
    let vmlinux = scratch::file("vmlinux", input);
    let Some(lines) = said("show", &vmlinux, &[]) else {
        for format in ["--json", "--format=kallsyms"] {
            assert!(said("show", &vmlinux, &[format]).is_none());
        }
        return assert!(said("lookup", &vmlinux, &["0x0"]).is_none());
    };
    let count = newlines(&lines);
    for (format, more) in [("--json", 2), ("--format=kallsyms", 0)] {
        let other = said("show", &vmlinux, &[format]).unwrap_or_default();
        // There may be no symbol. A name may be of any bytes, a newline too.
        assert!(lines.is_empty() || other.len() > more);
        assert!(newlines(&other) <= count + more);
    }
    let all = said("show", &vmlinux, &["--range=0-ffffffffffffffff"]);
    assert!(all.unwrap_or_default().len() <= lines.len());
    for line in lines.split(|&byte| byte == b'\n').take(3) {
        let address = line.get(..16).unwrap_or_default();
        if digits::parse(address).is_some() {
            let address = String::from_utf8_lossy(address).into_owned();
            said("lookup", &vmlinux, &[&address, "--json"]);
            said("lookup", &vmlinux, &[&address]);
        }
    }
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

/// What a command says; `None` if the file cannot be read, and then it says nothing.
fn said(command: &str, vmlinux: &Path, more: &[&str]) -> Option<Vec<u8>> {
    let mut arguments = vec![OsString::from(vmlinux)];
    arguments.extend(more.iter().map(OsString::from));
    let mut out = Vec::new();
    match reader::run(command, &arguments, &mut out) {
        Ok(Outcome::Done) => Some(out),
        Ok(Outcome::Missing(missing)) => {
            missing.iter().for_each(check_message);
            Some(out)
        }
        Ok(Outcome::Usage(problem)) => panic!("{problem}"),
        Err(error) => {
            check_message(&error);
            assert!(out.is_empty());
            None
        }
    }
}
