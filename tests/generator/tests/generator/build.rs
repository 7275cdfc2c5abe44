// SPDX-License-Identifier: GPL-2.0

//! Makes a build directory from a recorded link, and decodes the tables that the generator prints for it.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use format::objects::{ObjectTables, RawObjects};
use format::ranges::{ModuleTables, RangeHint, RawTables};
use format::sizes::{RawSizes, SizeTables};
use tempfile::TempDir;

use crate::elf::{Dump, DumpedSymbol};
use crate::recorded;

pub(crate) use crate::recorded::{LINKS, ONE_VERSION_OF_EACH};

/// The generator's list of symbols, objects and map lines that it could not attribute.
pub(crate) const UNATTRIBUTED: &str = ".tmp_vmlinux.unattributed";

const AUTO_CONF: &str = "include/config/auto.conf";

/// A build directory with the inputs of the generator.
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

    /// Adds a symbol to the image. `line` is the line of `objdump -t` for the symbol.
    pub(crate) fn add_symbol(&self, line: &str) {
        self.edit(
            "vmlinux1.dump",
            "SYMBOL TABLE:\n",
            &format!("SYMBOL TABLE:\n{line}\n"),
        );
        self.relink();
    }

    /// Removes the only symbol `name` from the image.
    pub(crate) fn remove_symbol(&self, name: &str) {
        let dump = self.read("vmlinux1.dump");
        let stays = |line: &&str| !line.ends_with(&format!(" {name}"));
        let rest: Vec<&str> = dump.lines().filter(stays).collect();
        assert_eq!(rest.len() + 1, dump.lines().count(), "one {name}");
        self.write("vmlinux1.dump", rest.join("\n") + "\n");
        self.relink();
    }

    /// Makes an ELF file from its dump.
    pub(crate) fn assemble(&self, file: &str) {
        let dump = Dump::parse(&self.read(&format!("{file}.dump")));
        self.write(file, dump.to_elf());
    }

    /// Makes the image, and the output of scripts/kallsyms for the image, from the dump.
    pub(crate) fn relink(&self) {
        self.assemble("vmlinux1");
        self.write(
            "vmlinux1.kallsyms.S",
            kallsyms(&self.listed(), Rows::Counted),
        );
    }

    /// Changes the inputs to the form of Linux 7.3. The rows of kallsyms are offsets from `_text`. The image
    /// has the names of its modules in `.modinfo`, because kbuild writes modules.builtin after the link.
    pub(crate) fn convert_to_linux_7_3(&self) {
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

    /// The symbols that kallsyms lists, sorted by address.
    pub(crate) fn listed(&self) -> Vec<DumpedSymbol> {
        let dump = Dump::parse(&self.read("vmlinux1.dump"));
        let symbols = dump.symbols.into_iter();
        let mut listed: Vec<_> = symbols.filter(|symbol| !symbol.is_absolute()).collect();
        listed.sort_by_key(|symbol| symbol.address);
        listed
    }

    /// The address of the first symbol called `name`.
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

    /// Replaces every `from` in a file. The file must contain `from`.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let content = self.read(file);
        assert!(content.contains(from), "{file} does not contain '{from}'");
        self.write(file, content.replace(from, to));
    }

    /// Turns on an option of the kernel's configuration.
    pub(crate) fn turn_on(&self, option: &str) {
        self.write(AUTO_CONF, self.read(AUTO_CONF) + option + "=y\n");
    }

    /// The generator's program without a subcommand, to run in the build directory.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
        command.current_dir(self.0.path());
        command
    }

    /// The command `link` of the generator for the image.
    pub(crate) fn generator(&self) -> Command {
        let mut command = self.command();
        command.args(["link", "vmlinux1"]);
        command
    }

    /// Checks that the list [`UNATTRIBUTED`] contains all `words`. The generator must succeed, but fail with
    /// CONFIG_KALLMODSYMS_WERROR. Returns the tables.
    #[track_caller]
    pub(crate) fn assert_unattributed(&self, words: &[&str]) -> Tables {
        const WERROR: &str = "CONFIG_KALLMODSYMS_WERROR=y\n";
        let mut generator = self.generator();
        let output = generator.assert().success().stderr("").get_output().clone();
        let list = self.read(UNATTRIBUTED);
        for word in words {
            assert!(list.contains(word), "{word}: {list}");
        }

        let settings = self.read(AUTO_CONF);
        self.write(AUTO_CONF, format!("{settings}{WERROR}"));
        let reports = ["modules_thick.builtin", ".tmp_vmlinux.ranges"];
        for report in reports.iter().chain(&[UNATTRIBUTED]) {
            fs::remove_file(self.path(report)).unwrap();
        }
        let failed = self.generator().assert().code(1).stdout("");
        let message = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(message.contains("no modules are shown for"), "{message}");
        assert!(message.contains("CONFIG_KALLMODSYMS_WERROR"), "{message}");
        assert_eq!(message.lines().count(), 2, "{message}");
        for report in reports {
            assert!(!self.path(report).exists(), "{report}");
        }
        // The message names the list.
        assert_eq!(self.read(UNATTRIBUTED), list);
        self.write(AUTO_CONF, settings);
        Tables::parse(&String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn tables(&self) -> Tables {
        let output = self.generator().assert().success().get_output().clone();
        Tables::parse(&String::from_utf8(output.stdout).unwrap())
    }
}

/// Checks that `tables` show the symbols with one of these `names` in no module. Any other symbol must have the
/// modules that it has in the undamaged build `link`, or no module if that build lacks the symbol.
#[track_caller]
pub(crate) fn assert_only_these_lack_modules(
    build: &Build,
    tables: &Tables,
    link: &str,
    names: &[&str],
) {
    let whole = Build::of(link);
    let (expected, before) = (whole.tables(), whole.listed());
    let mut before = (0..).zip(&before).peekable();
    for (index, symbol) in build.listed().iter().enumerate() {
        // The undamaged build lacks the symbols that a test added to the image.
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

/// The form of the addresses in the output of scripts/kallsyms.
#[derive(Clone, Copy)]
enum Rows {
    /// The form of Linux 6.12 on x86_64. The row of a per-cpu symbol has its address. Any other row has the bitwise
    /// complement of the symbol's offset from the base.
    Counted,
    /// The form of Linux 7.3: offsets from `_text`.
    FromText,
}

/// The part of the output of scripts/kallsyms that the generator reads.
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

/// The bytes of the tables in assembler source, by label.
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
                // The mark and the length of the spare room behind a table.
                ".long" if operands.starts_with("0x6d6f6f72, ") => {}
                ".long" => table.extend((number(operands) as u32).to_le_bytes()),
                ".quad" => table.extend(number(operands).to_le_bytes()),
                ".byte" => table.extend(operands.split(", ").map(|byte| number(byte) as u8)),
                ".asciz" => table.extend([operands.trim_matches('"').as_bytes(), b"\0"].concat()),
                // The spare room behind a table.
                ".skip" => {}
                ".globl" | ".balign" | ".section" => {}
                _ => panic!("{line}"),
            }
        }
        Self { bytes }
    }

    /// The object file of each symbol, and the part of its path in braces. The first is `None` if the tables have no
    /// object file for the symbol, the second if the line has no braces.
    pub(crate) fn objects(&self, symbols: usize) -> Vec<(Option<String>, Option<String>)> {
        let raw = RawObjects {
            objects: self.words("kallsyms_object_counts")[0],
            runs: &self.bytes["kallsyms_object_runs"],
            markers: &self.words("kallsyms_object_markers"),
            names: &self.bytes["kallsyms_object_names"],
            name_offsets: &self.words("kallsyms_object_name_offsets"),
            directory_starts: &self.words("kallsyms_object_dir_starts"),
            directory_offsets: &self.words("kallsyms_object_dir_offsets"),
            directories: &self.bytes["kallsyms_object_dirs"],
        };
        let tables = ObjectTables::new(raw, symbols as u32).unwrap();
        let objects = (0..symbols as u32).map(|symbol| {
            let run = tables.run_of(symbol).unwrap();
            let path = run.object.map(|object| tables.path(object).unwrap());
            let braces = path.filter(|_| run.components != 0);
            let braces = braces.map(|path| path.last_components(run.components));
            let text = |path: format::object_paths::ObjectPath<'_>| {
                String::from_utf8(path.parts().concat()).unwrap()
            };
            (path.map(text), braces.map(text))
        });
        objects.collect()
    }

    /// True if the source has a table `label`.
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

    /// The sizes of symbols with these gaps.
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

    /// The modules of the symbol with the index `symbol` at `address`.
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
