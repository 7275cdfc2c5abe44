// SPDX-License-Identifier: GPL-2.0

//! Runs the whole generator on the recorded build directories of its tests, with up to four changes of
//! their files. The outputs of the generator stay in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::check_message;
use crate::dump::{Dump, DumpedSymbol};
use crate::input::Input;
use crate::{link, scratch, sort_symbols};

const LINKS: [&str; 4] = [
    "gnu-objects",
    "gnu-vmlinux_o",
    "lld-objects",
    "lld-vmlinux_o",
];
const STEM: &str = "vmlinux1";

/// The content of each file of a build directory, by the path relative to that directory.
type Files = BTreeMap<PathBuf, Vec<u8>>;

struct Build {
    directory: PathBuf,
    files: Files,
    /// The tables for the undamaged files.
    tables: Vec<u8>,
}

thread_local! {
    static BUILDS: RefCell<Vec<Build>> = RefCell::new(LINKS.iter().map(|link| Build::of(link)).collect());
}

pub fn run(input: &[u8]) {
    BUILDS.with_borrow(|builds| {
        let mut input = Input(input);
        let build = &builds[usize::from(input.byte()) % builds.len()];
        let mut changed = Files::new();
        for _ in 0..4 {
            if input.0.is_empty() {
                break;
            }
            let file = usize::from(input.byte()) % build.files.len();
            let (path, original) = build.files.iter().nth(file).expect("a file of that number");
            let content = changed
                .entry(path.clone())
                .or_insert_with(|| original.clone());
            let other = &builds[usize::from(input.byte()) % builds.len()].files;
            damage(content, other.get(path), &mut input);
        }
        build.check(&changed);
    });
}

impl Build {
    fn of(link: &str) -> Self {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generator/fixtures");
        let mut files = Files::new();
        collect(&fixtures.join("source"), Path::new(""), &mut files);
        collect(&fixtures.join(link), Path::new(""), &mut files);
        let dump = &files[Path::new("vmlinux1.dump")];
        let dump = Dump::parse(std::str::from_utf8(dump).expect("text"));
        let mut listed: Vec<_> = dump
            .symbols
            .iter()
            .filter(|symbol| !symbol.is_absolute())
            .collect();
        listed.sort_by_key(|symbol| symbol.address);
        files.insert("vmlinux1.kallsyms.S".into(), kallsyms(&listed));
        files.insert("vmlinux1.syms".into(), nm(&listed));
        files.retain(|path, _| {
            let kind = path.extension().and_then(|extension| extension.to_str());
            !matches!(kind, Some("diff" | "dump" | "S" | "inc" | "lds"))
                || path.ends_with("vmlinux1.kallsyms.S")
        });
        let directory = scratch::path(link);
        for (path, content) in &files {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, content).expect("a file");
        }
        let mut build = Self {
            directory,
            files,
            tables: Vec::new(),
        };
        build.tables = build.link().expect("tables of the files as they are");
        assert!(build.sort_symbols().is_some());
        build
    }

    /// Runs the generator with the `changed` files, and restores the files. Unchanged files must give unchanged
    /// tables.
    fn check(&self, changed: &Files) {
        for (path, content) in changed {
            fs::write(self.directory.join(path), content).expect("a file");
        }
        let tables = self.link();
        self.sort_symbols();
        for path in changed.keys() {
            fs::write(self.directory.join(path), &self.files[path]).expect("a file");
        }
        if changed
            .iter()
            .all(|(path, content)| self.files[path] == *content)
        {
            assert_eq!(tables.as_ref(), Some(&self.tables));
        }
    }

    /// The tables. `None` if the generator refuses its input.
    fn link(&self) -> Option<Vec<u8>> {
        env::set_current_dir(&self.directory).expect("the build directory");
        let outputs = match link::outputs(Path::new(STEM)) {
            Ok(outputs) => outputs,
            Err(error) => {
                check_message(&error);
                return None;
            }
        };
        let tables = outputs.printed.concat();
        assert!(tables.ends_with(b"\n"));
        Some(tables)
    }

    /// The sorted symbols. `None` if the generator refuses its input or the list is empty.
    fn sort_symbols(&self) -> Option<Vec<u8>> {
        match sort_symbols::outputs(Path::new(STEM), Path::new("vmlinux1.syms")) {
            Ok(outputs) => (!outputs.printed.is_empty()).then(|| outputs.printed.concat()),
            Err(error) => {
                check_message(&error);
                None
            }
        }
    }
}

/// Adds the files below `directory`. For a dump, also adds the ELF file that the dump describes.
fn collect(directory: &Path, at: &Path, files: &mut Files) {
    for entry in fs::read_dir(directory.join(at)).expect("the generator's fixtures") {
        let entry = entry.expect("a directory entry");
        let path = at.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            collect(directory, &path, files);
            continue;
        }
        let content = fs::read(entry.path()).expect("a fixture");
        if path
            .extension()
            .is_some_and(|extension| extension == "dump")
        {
            let dump = Dump::parse(std::str::from_utf8(&content).expect("text"));
            files.insert(path.with_extension(""), dump.to_elf());
        }
        files.insert(path, content);
    }
}

/// The part of the output of scripts/kallsyms that the generator reads.
fn kallsyms(listed: &[&DumpedSymbol]) -> Vec<u8> {
    let mut text = ".globl kallsyms_offsets\n\tALGN\nkallsyms_offsets:\n".to_owned();
    for symbol in listed {
        let offset = match symbol.address.checked_sub(0xffff_ffff_8100_0000) {
            Some(distance) => !(distance as u32),
            None => symbol.address as u32,
        };
        text += &format!("\t.long\t{offset:#x}\t/* t{} */\n", symbol.name);
    }
    (text + "\n").into()
}

fn nm(listed: &[&DumpedSymbol]) -> Vec<u8> {
    let line = |symbol: &&DumpedSymbol| format!("{:016x} t {}\n", symbol.address, symbol.name);
    listed.iter().map(line).collect::<String>().into()
}

/// Damages a file. `other` is the file with the same path in another build.
fn damage(content: &mut Vec<u8>, other: Option<&Vec<u8>>, input: &mut Input<'_>) {
    let how = input.byte();
    let at = usize::from(input.short()) % (content.len() + 1);
    let length = usize::from(input.byte());
    let end = content.len().min(at + length);
    let line_end = |content: &[u8], from: usize| {
        let newline = content[from..].iter().position(|&byte| byte == b'\n');
        newline.map_or(content.len(), |newline| from + newline + 1)
    };
    let line = content[..at]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1)..line_end(content, at);
    match how % 12 {
        0 => content.truncate(at),
        1 => _ = content.drain(..at),
        2 => _ = content.splice(at..end, input.bytes(length).iter().copied()),
        3 => _ = content.splice(at..at, input.bytes(length).iter().copied()),
        4 => _ = content.drain(at..end),
        5 => _ = content.drain(line),
        6 => {
            let copy = content[line.clone()].to_vec();
            content.splice(line.start..line.start, copy);
        }
        7 => {
            let next = line_end(content, line.end);
            content[line.start..next].rotate_left(line.len());
        }
        8 => other
            .into_iter()
            .for_each(|other| content.clone_from(other)),
        9 => content
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1 << (length % 8)),
        10 => {
            let lines = content.split(|&byte| byte == b'\n');
            *content = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
        }
        // The end of `other` replaces the end of the file.
        _ => {
            let rest = other.and_then(|other| other.get(at..)).unwrap_or_default();
            content.truncate(at);
            content.extend(rest);
        }
    }
}
