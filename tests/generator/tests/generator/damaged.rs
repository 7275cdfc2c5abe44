// SPDX-License-Identifier: GPL-2.0

//! Runs the generator on inputs that are cut short, from another build, or very large. The generator must make
//! right tables, or print one error message and no tables. In the tables, symbols may lack their modules if the
//! generator lists unknown modules.

use std::fs;
use std::time::Duration;

use crate::build::{Build, Tables, LINKS, ONE_VERSION_OF_EACH, UNATTRIBUTED};
use crate::elf::DumpedSymbol;

/// The files that the generator writes in addition to its output. It writes the last file only if it could not
/// attribute a symbol, an object or a map line.
const REPORTS: [&str; 3] = ["modules_thick.builtin", ".tmp_vmlinux.ranges", UNATTRIBUTED];

/// Runs the generator. Returns its output, or its error message.
#[track_caller]
pub(crate) fn link(build: &Build) -> Result<String, String> {
    let mut generator = build.generator();
    let output = generator.timeout(Duration::from_secs(20)).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, message) = (text(output.stdout), text(output.stderr));
    match output.status.code() {
        Some(0) => {
            assert_eq!(message, "");
            Ok(stdout)
        }
        code => {
            assert_eq!(code, Some(1), "{message}");
            assert_eq!(stdout, "", "{message}");
            assert_eq!(message.lines().count(), 2, "{message}");
            assert!(message.len() < 2000, "{message}");
            for report in REPORTS {
                assert!(!build.path(report).exists(), "{report}");
            }
            Err(message)
        }
    }
}

/// A build directory for tests that damage one file at a time.
pub(crate) struct Damaged {
    pub(crate) build: Build,
    name: &'static str,
    /// The output for the undamaged files.
    whole: String,
}

impl Damaged {
    pub(crate) fn of(name: &'static str) -> Self {
        let build = Build::of(name);
        let whole = link(&build).unwrap();
        let damaged = Self { build, name, whole };
        damaged.remove_reports();
        damaged
    }

    fn remove_reports(&self) {
        for report in REPORTS {
            let path = self.build.path(report);
            if report != UNATTRIBUTED || path.exists() {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// The content of an undamaged file. `None` if the build has no such file.
    pub(crate) fn file(&self, file: &str) -> Option<Vec<u8>> {
        fs::read(self.build.path(file)).ok()
    }

    /// True if `tables` show each symbol in its modules, or in no module. A symbol may lose its modules only if
    /// the generator wrote the list of unknown modules.
    fn has_no_wrong_module(&self, tables: &str) -> bool {
        let [whole, tables] = [self.whole.as_str(), tables].map(Tables::parse);
        let may_be_none = self.build.path(UNATTRIBUTED).exists();
        let is_right = |(index, symbol): (usize, &DumpedSymbol)| {
            let modules = tables.modules_of(index, symbol.address);
            let is_none = may_be_none && modules.is_empty();
            is_none || modules == whole.modules_of(index, symbol.address)
        };
        self.build.listed().iter().enumerate().all(is_right)
    }

    /// Replaces `file` by `content` and runs the generator. Returns false if the output is the output for the
    /// undamaged files. Returns true if the generator fails, or if the output differs but shows no wrong module.
    #[track_caller]
    pub(crate) fn detects(&self, file: &str, content: impl AsRef<[u8]>, what: &str) -> bool {
        let good = self.file(file).unwrap();
        self.build.write(file, content);
        let outcome = link(&self.build);
        self.build.write(file, good);
        match outcome {
            Ok(tables) => {
                let is_same = tables == self.whole;
                assert!(
                    is_same || self.has_no_wrong_module(&tables),
                    "{}: {file} {what}: a symbol has wrong modules",
                    self.name
                );
                self.remove_reports();
                !is_same
            }
            Err(message) => {
                assert!(message.starts_with("kallmodsyms: "), "{message}");
                true
            }
        }
    }
}

#[test]
fn a_map_cut_at_and_within_each_line() {
    for name in ONE_VERSION_OF_EACH {
        let damaged = Damaged::of(name);
        for file in ["vmlinux1.map", "vmlinux.o.map"] {
            let Some(map) = damaged.file(file) else {
                continue;
            };
            let ends = map.iter().zip(1..).filter(|(&byte, _)| byte == b'\n');
            for (_, end) in ends {
                let end: usize = end;
                for at in [end, end.saturating_sub(9)] {
                    let what = format!("cut at byte {at} of {}", map.len());
                    let cut = map.get(..at).unwrap();
                    let refused = damaged.detects(file, cut, &what);
                    // A cut near the end may be harmless: the generator does not need the last line of LLD's map.
                    assert!(refused || at + 80 > map.len(), "{name}: {file} {what}");
                }
            }
        }
    }
}

#[test]
fn the_output_of_kallsyms_cut_at_and_within_each_line() {
    const FILE: &str = "vmlinux1.kallsyms.S";
    let damaged = Damaged::of("gnu-objects");
    let listing = damaged.build.read(FILE);
    let end = listing.trim_end().len();
    for at in (0..=end).filter(|at| at % 5 == 0 || listing[..*at].ends_with('\n')) {
        let what = format!("cut at byte {at} of {}", listing.len());
        assert!(damaged.detects(FILE, &listing[..at], &what), "{what}");
    }
}

#[test]
fn an_image_cut_anywhere() {
    for name in ["gnu-objects", "lld-vmlinux_o"] {
        let damaged = Damaged::of(name);
        let image = damaged.file("vmlinux1").unwrap();
        for at in (0..image.len()).step_by(101) {
            let what = format!("cut at byte {at}");
            let cut = image.get(..at).unwrap();
            assert!(damaged.detects("vmlinux1", cut, &what), "{what}");
        }
    }
}

/// A file of another build may pass if the part that the generator reads agrees with the other files.
/// For each link, the generator must detect more than two files.
#[test]
fn files_of_another_build() {
    for name in ONE_VERSION_OF_EACH {
        let damaged = Damaged::of(name);
        let mut refused = 0;
        // The maps of two versions of one linker can be so similar that the generator accepts either.
        let others = LINKS.iter().filter(|other| !other.contains(' '));
        for other in others.filter(|other| !name.starts_with(**other)) {
            // Both linkers use the same addresses, and LLD's map has fewer lines for merged constants.
            let alike = name.contains("-objects") && other.contains("-objects");
            let other = Build::of(other);
            for file in [
                "vmlinux1",
                "vmlinux1.map",
                "vmlinux.o.map",
                "vmlinux1.kallsyms.S",
            ] {
                if alike && file == "vmlinux1.map" {
                    continue;
                }
                // The sections in both maps have the same sizes. Only LLD's map places the COMMON symbols of vmlinux.o.
                if name.ends_with(" 2.47") && file == "vmlinux.o.map" {
                    continue;
                }
                if let (Some(_), Ok(content)) = (damaged.file(file), fs::read(other.path(file))) {
                    refused += usize::from(damaged.detects(file, content, "of another build"));
                }
            }
        }
        assert!(refused > 2, "{name}: {refused}");
    }
}

#[test]
fn inputs_with_cr_lf_line_ends() {
    for name in ONE_VERSION_OF_EACH {
        let damaged = Damaged::of(name);
        for file in [
            "vmlinux1.map",
            "vmlinux.o.map",
            "modules.builtin",
            "vmlinux1.kallsyms.S",
        ] {
            if damaged.file(file).is_some() {
                let content = damaged.build.read(file).replace('\n', "\r\n");
                damaged.detects(file, content, "with CR LF");
            }
        }
    }
}

/// The tables without the comments, which contain the names of symbols and objects.
fn without_comments(tables: &str) -> String {
    let lines = tables
        .lines()
        .map(|line| line.split("/*").next().unwrap().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// `bytes` with `to` instead of each `from`. `from` and `to` must have the same length.
pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
    }
    bytes
}

/// `bytes` with a name that is not UTF-8 instead of `core_main`.
pub(crate) fn not_utf8(bytes: &[u8]) -> Vec<u8> {
    replaced(bytes, b"core_main", b"core\xff\xfe\x80in")
}

/// Checks that the generator prints `whole`, except for the comments.
pub(crate) fn check_tables(build: &Build, whole: &str) {
    let output = build.generator().output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(without_comments(&printed), without_comments(whole));
}

#[test]
fn symbol_names_that_are_not_utf_8() {
    for name in ONE_VERSION_OF_EACH {
        let build = Build::of(name);
        let whole = link(&build).unwrap();
        let files = [
            "vmlinux1",
            "vmlinux1.map",
            "vmlinux1.kallsyms.S",
            "vmlinux.o.map",
        ];
        for file in files {
            if let Ok(content) = fs::read(build.path(file)) {
                build.write(file, not_utf8(&content));
            }
        }
        check_tables(&build, &whole);
    }
}

#[test]
fn inputs_with_a_line_of_a_megabyte() {
    let long = "x".repeat(1 << 20);
    for name in ONE_VERSION_OF_EACH {
        let damaged = Damaged::of(name);
        let map = damaged.build.read("vmlinux1.map");
        for line in [
            long.clone(),
            format!(" {long}"),
            format!("{long} "),
            "(".repeat(1 << 20),
        ] {
            let content = format!("{map}{line}\n");
            damaged.detects("vmlinux1.map", content, "with a line of a megabyte");
        }
    }

    let damaged = Damaged::of("gnu-objects");
    let harmless = |file: &str, from: &str, to: &str| {
        let content = damaged.build.read(file);
        assert!(content.contains(from));
        !damaged.detects(file, content.replacen(from, to, 1), "with a long line")
    };
    let pattern = format!(" *({} .head.text)\n", " .x".repeat(300_000));
    assert!(harmless("vmlinux1.map", " *(.head.text)\n", &pattern));
    let options = format!("gcc {}", "-I a ".repeat(300_000));
    assert!(harmless("drivers/sw/.mac.o.cmd", "gcc ", &options));
    let listing = "vmlinux1.kallsyms.S";
    assert!(!harmless(listing, "tcore_main", &format!("t{long}")));
}

/// scripts/kallsyms leaves out names of 512 bytes and more. The image still has such names.
#[test]
fn symbols_with_names_around_the_limit_of_kallsyms() {
    for length in [511, 512, 513, 5000] {
        let long = "n".repeat(length);
        for name in ONE_VERSION_OF_EACH {
            let build = Build::of(name);
            let whole = link(&build).unwrap();
            let listing = build.read("vmlinux1.kallsyms.S");
            build.add_symbol(&format!(
                "ffffffff81000048 l     F .text\t0000000000000004 {long}"
            ));
            if length > 511 {
                build.write("vmlinux1.kallsyms.S", &listing);
                assert_eq!(link(&build), Ok(whole));
                continue;
            }
            let tables = build.tables();
            let symbols = build.listed();
            let index = symbols.iter().position(|symbol| symbol.name == long);
            let modules = tables.modules_of(index.unwrap(), 0xffff_ffff_8100_0048);
            assert_eq!(modules, Vec::<String>::new());
        }
    }
}

/// The section headers of the object claim 2^60 zero bytes of merged constants.
#[test]
fn constants_larger_than_memory() {
    const SHT_NOBITS: u32 = 8;
    let build = Build::of("gnu-objects");
    let file = "crypto/hash.o";
    let mut object = fs::read(build.path(file)).unwrap();
    let at = |at: usize| -> usize {
        let bytes = object.get(at..at + 8).unwrap().try_into().unwrap();
        u64::from_le_bytes(bytes) as usize
    };
    let headers = at(40);
    let constants: Vec<usize> = (headers..object.len())
        .step_by(64)
        .filter(|header| at(header + 8) & 0x10 != 0)
        .collect();
    assert_eq!(constants.len(), 4);
    for header in constants {
        object[header + 4..header + 8].copy_from_slice(&SHT_NOBITS.to_le_bytes());
        object[header + 32..header + 40].copy_from_slice(&(1_u64 << 60).to_le_bytes());
        object[header + 56..header + 64].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    }
    build.write(file, object);
    // Only this object file defines a `hash_shared`, but two object files define a `hash_mask`.
    build.assert_unattributed(&["hash_mask: an object that may define it cannot be read"]);
    assert!(!build.read(UNATTRIBUTED).contains("hash_shared"));
}
