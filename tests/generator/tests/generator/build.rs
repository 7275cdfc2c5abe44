// SPDX-License-Identifier: GPL-2.0

//! A build directory made from a recorded link, and the tables of the generator for it.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use format::ranges::{ModuleTables, RangeHint, RawTables};
use format::sizes::{RawSizes, SizeTables};
use tempfile::TempDir;

use crate::elf::{Dump, DumpedSymbol};
use crate::recorded;

pub(crate) use crate::recorded::{LINKS, ONE_OF_EACH};

/// The list of symbols and objects whose modules are not known.
pub(crate) const UNATTRIBUTED: &str = ".tmp_vmlinux.unattributed";

const AUTO_CONF: &str = "include/config/auto.conf";

/// A build directory as the link finds it.
pub(crate) struct Build(TempDir);

impl Build {
    pub(crate) fn of(link: &str) -> Self {
        let directory = TempDir::new().unwrap();
        recorded::write(link, directory.path());
        let build = Self(directory);
        build.write(
            "vmlinux1.kallsyms.S",
            kallsyms(&build.listed(), Rows::Counted),
        );
        build.write("vmlinux1.syms", "not empty\n");
        build
    }

    /// Adds a symbol to the image, as objdump would show it.
    pub(crate) fn add_symbol(&self, line: &str) {
        self.edit(
            "vmlinux1.dump",
            "SYMBOL TABLE:\n",
            &format!("SYMBOL TABLE:\n{line}\n"),
        );
        self.relink();
    }

    /// Takes a symbol out of the image.
    pub(crate) fn remove_symbol(&self, name: &str) {
        let dump = self.read("vmlinux1.dump");
        let stays = |line: &&str| !line.ends_with(&format!(" {name}"));
        let rest: Vec<&str> = dump.lines().filter(stays).collect();
        assert_eq!(rest.len() + 1, dump.lines().count(), "one {name}");
        self.write("vmlinux1.dump", rest.join("\n") + "\n");
        self.relink();
    }

    /// Makes the file that was recorded in a dump from it.
    pub(crate) fn assemble(&self, file: &str) {
        let dump = Dump::parse(&self.read(&format!("{file}.dump")));
        self.write(file, dump.to_elf());
    }

    /// Makes the image, and what kallsyms wrote of it, from the dump.
    pub(crate) fn relink(&self) {
        self.assemble("vmlinux1");
        self.write(
            "vmlinux1.kallsyms.S",
            kallsyms(&self.listed(), Rows::Counted),
        );
    }

    /// Makes this what Linux 7.3 has: rows that count from `_text`, and an image that has the names of
    /// its modules, of which kbuild makes the list only later.
    pub(crate) fn make_newer(&self) {
        let files = self.read("modules.builtin");
        let mut modinfo = b"core.parm=x:a file=of\0".to_vec();
        for file in files.lines() {
            let path = file.trim_start_matches("kernel/").trim_end_matches(".ko");
            modinfo.extend(format!("m.license=GPL\0m.file={path}\0").bytes());
        }
        let header = format!(
            " 99 .modinfo      {:08x}  0  0  0  2**0  CONTENTS, ALLOC\nSYMBOL TABLE:\n",
            modinfo.len()
        );
        self.edit("vmlinux1.dump", "SYMBOL TABLE:\n", &header);
        let mut content = self.read("vmlinux1.dump") + "Contents of section .modinfo:\n";
        for byte in modinfo {
            let _ = writeln!(content, " 0000 {byte:02x}");
        }
        self.write("vmlinux1.dump", content);
        self.relink();
        fs::remove_file(self.path("modules.builtin")).unwrap();
        self.write(
            "vmlinux1.kallsyms.S",
            kallsyms(&self.listed(), Rows::FromText),
        );
    }

    /// The symbols in the order of the listing.
    pub(crate) fn listed(&self) -> Vec<DumpedSymbol> {
        let dump = Dump::parse(&self.read("vmlinux1.dump"));
        let symbols = dump.symbols.into_iter();
        let mut listed: Vec<_> = symbols.filter(|symbol| !symbol.is_absolute()).collect();
        listed.sort_by_key(|symbol| symbol.address);
        listed
    }

    /// The address of the first symbol of this name.
    #[track_caller]
    pub(crate) fn address(&self, name: &str) -> u64 {
        let listed = self.listed();
        let symbol = listed.into_iter().find(|symbol| symbol.name == name);
        symbol.unwrap().address
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(file), content).unwrap();
    }

    /// Replaces `from` in a file, once at least.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let content = self.read(file);
        assert!(content.contains(from), "{file} does not have '{from}'");
        self.write(file, content.replace(from, to));
    }

    /// The generator, in the build directory; without a command.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
        command.current_dir(self.0.path());
        command
    }

    pub(crate) fn generator(&self) -> Command {
        let mut command = self.command();
        command.args(["link", "vmlinux1"]);
        command
    }

    /// Checks that the modules of something are not known, for a reason with all of `words` in it: the
    /// link goes on and a file has the reason; and it fails if it is to fail for that. The tables, of a
    /// whole kernel where nothing else is damaged.
    #[track_caller]
    pub(crate) fn is_open(&self, words: &[&str]) -> Tables {
        const WERROR: &str = "CONFIG_KALLMODSYMS_WERROR=y\n";
        let mut generator = self.generator();
        let output = generator.assert().success().stderr("").get_output().clone();
        let list = self.read(UNATTRIBUTED);
        for word in words {
            assert!(list.contains(word), "{word}: {list}");
        }

        let settings = self.read(AUTO_CONF);
        self.write(AUTO_CONF, format!("{settings}{WERROR}"));
        let reports = ["modules_thick.builtin", ".tmp_vmlinux.ranges", UNATTRIBUTED];
        for report in reports {
            fs::remove_file(self.path(report)).unwrap();
        }
        let failed = self.generator().assert().code(1).stdout("");
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(message.contains("modules not known"), "{message}");
        assert!(message.contains("CONFIG_KALLMODSYMS_WERROR"), "{message}");
        assert_eq!(message.lines().count(), 2, "{message}");
        for report in reports {
            assert!(!self.path(report).exists(), "{report}");
        }
        self.write(AUTO_CONF, settings);
        Tables::parse(&String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn tables(&self) -> Tables {
        let output = self.generator().assert().success().get_output().clone();
        Tables::parse(&String::from_utf8(output.stdout).unwrap())
    }
}

/// Checks that `tables` show the symbols called one of `names` in no module, and all others as those of
/// the whole build `link`.
#[track_caller]
pub(crate) fn only_these_are_in_none(build: &Build, tables: &Tables, link: &str, names: &[&str]) {
    let whole = Build::of(link);
    let (expected, before) = (whole.tables(), whole.listed());
    let mut before = (0..).zip(&before).peekable();
    for (index, symbol) in build.listed().iter().enumerate() {
        // What was added to the image is not in the whole build.
        let modules = match before.next_if(|(_, other)| other.name == symbol.name) {
            Some((index, other)) => expected.modules_of(index, other.address),
            None => Vec::new(),
        };
        let is_none = names.contains(&symbol.name.as_str());
        let modules = if is_none { Vec::new() } else { modules };
        let shown = tables.modules_of(index, symbol.address);
        assert_eq!(shown, modules, "{} in {link}", symbol.name);
    }
}

/// The forms of scripts/kallsyms.
#[derive(Clone, Copy)]
enum Rows {
    /// Per-cpu symbols as they are, the others counted down from the first.
    Counted,
    FromText,
}

/// What scripts/kallsyms would leave, as far as it is read.
fn kallsyms(listed: &[DumpedSymbol], rows: Rows) -> String {
    const BASE: u64 = 0xffff_ffff_8100_0000;
    let stored = |address: u64| match (rows, address.checked_sub(BASE)) {
        (Rows::FromText, _) => format!("_text - . + ({})", address.wrapping_sub(BASE) as i32),
        (Rows::Counted, Some(distance)) => format!("{:#x}", !(distance as u32)),
        (Rows::Counted, None) => format!("{:#x}", address as u32),
    };
    let row = |symbol: &DumpedSymbol| {
        let (stored, name) = (stored(symbol.address), &symbol.name);
        let letter = if symbol.is_global() { 'T' } else { 't' };
        format!("\t.long\t{stored}\t/* {letter}{name} */\n")
    };
    let rows: String = listed.iter().map(row).collect();
    format!(".globl kallsyms_offsets\n\tALGN\nkallsyms_offsets:\n{rows}\n")
}

/// Tables read back from assembler source, by label.
pub(crate) struct Tables {
    bytes: HashMap<String, Vec<u8>>,
}

impl Tables {
    pub(crate) fn parse(source: &str) -> Self {
        let mut bytes: HashMap<String, Vec<u8>> = HashMap::new();
        let mut label = String::new();
        for line in source.lines() {
            if let Some(name) = line.strip_suffix(':') {
                label = name.to_owned();
                bytes.insert(label.clone(), Vec::new());
                continue;
            }
            let statement = line.split("/*").next().unwrap().trim();
            let Some((directive, operands)) = statement.split_once(['\t', ' ']) else {
                assert!(statement.is_empty(), "{line}");
                continue;
            };
            let table = bytes.entry(label.clone()).or_default();
            match directive {
                // The mark and the length of the room after a table.
                ".long" if operands.starts_with("0x6d6f6f72, ") => {}
                ".long" => table.extend((number(operands) as u32).to_le_bytes()),
                ".quad" => table.extend(number(operands).to_le_bytes()),
                ".byte" => table.extend(operands.split(", ").map(|byte| number(byte) as u8)),
                ".asciz" => table.extend([operands.trim_matches('"').as_bytes(), b"\0"].concat()),
                // The room after a table.
                ".skip" => {}
                ".globl" | ".balign" | ".section" => {}
                _ => panic!("{line}"),
            }
        }
        Self { bytes }
    }

    /// True if there is a table of this name.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.bytes.contains_key(label)
    }

    pub(crate) fn words(&self, label: &str) -> Vec<u32> {
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        self.bytes[label].chunks(4).map(word).collect()
    }

    fn quads(&self, label: &str) -> Vec<u64> {
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
        self.bytes[label].chunks(8).map(word).collect()
    }

    pub(crate) fn base(&self) -> u64 {
        u64::from_le_bytes(
            self.bytes["kallsyms_module_base"]
                .as_slice()
                .try_into()
                .unwrap(),
        )
    }

    pub(crate) fn names(&self) -> &[u8] {
        &self.bytes["kallsyms_module_names"]
    }

    /// The sizes of symbols that are so many bytes from the next one.
    pub(crate) fn sizes(&self, gaps: &[u64]) -> Vec<u64> {
        let raw = RawSizes {
            bits: &self.quads("kallsyms_size_bits"),
            bit_ranks: &self.words("kallsyms_size_bit_ranks"),
            nibbles: &self.bytes["kallsyms_size_nibbles"],
            nibble_ranks: &self.words("kallsyms_size_nibble_ranks"),
            values: &self.words("kallsyms_size_values"),
            bytes: &self.bytes["kallsyms_size_bytes"],
            byte_ranks: &self.words("kallsyms_size_byte_ranks"),
            words: &self.quads("kallsyms_size_words"),
        };
        let tables = SizeTables::new(raw, gaps.len() as u32).unwrap();
        (0..)
            .zip(gaps)
            .map(|(symbol, &gap)| tables.size(symbol, gap))
            .collect()
    }

    /// The modules of symbol number `symbol`, which is at `address`.
    pub(crate) fn modules_of(&self, symbol: usize, address: u64) -> Vec<String> {
        let raw = RawTables {
            offsets: &self.words("kallsyms_module_offsets"),
            modules: &self.words("kallsyms_modules"),
            exceptions: &self.words("kallsyms_module_exceptions"),
            exception_modules: &self.words("kallsyms_exception_modules"),
            names: self.names(),
        };
        let offset = address.wrapping_sub(self.base()) as u32;
        let tables = ModuleTables::new(raw).unwrap();
        let names = tables.of_symbol(symbol as u32, offset, &mut RangeHint::default());
        names
            .map(|name| String::from_utf8(name.to_vec()).unwrap())
            .collect()
    }
}

fn number(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}
