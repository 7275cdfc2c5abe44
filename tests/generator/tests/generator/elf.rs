// SPDX-License-Identifier: GPL-2.0

//! Makes ELF files from recorded output of objdump, so that the fixtures contain no ELF files.

use std::collections::HashMap;

use object::build::elf::{Builder, SectionData, SectionId};
use object::elf;

/// A line of a symbol table.
pub(crate) struct DumpedSymbol {
    /// The index among the symbols of the dump.
    pub(crate) index: usize,
    pub(crate) address: u64,
    /// Seven characters. The first is `l` for a local symbol, and the last is the type.
    flags: String,
    section: String,
    pub(crate) size: u64,
    is_hidden: bool,
    pub(crate) name: String,
}

impl DumpedSymbol {
    pub(crate) fn is_global(&self) -> bool {
        !self.flags.starts_with('l')
    }

    /// True if the symbol is in no section, as the name of a source file. The tests' listing lacks such symbols.
    pub(crate) fn is_absolute(&self) -> bool {
        self.section == "*ABS*"
    }

    /// The binding and the type, in the format of `st_info`.
    fn info(&self) -> u8 {
        let binding = match (self.is_global(), self.flags.contains('w')) {
            (false, _) => elf::STB_LOCAL,
            (true, false) => elf::STB_GLOBAL,
            (true, true) => elf::STB_WEAK,
        };
        let kind = match self.flags.chars().next_back() {
            Some('F') => elf::STT_FUNC,
            Some('O') => elf::STT_OBJECT,
            Some('f') => elf::STT_FILE,
            _ if self.flags.contains('d') => elf::STT_SECTION,
            _ => elf::STT_NOTYPE,
        };
        (binding << 4) | kind
    }
}

/// The parsed output of `objdump -h -t -s`, and the merged sections from the output of `readelf -S`.
pub(crate) struct Dump {
    /// For each section, the name, the size, the address and the words for the flags.
    sections: Vec<(String, usize, u64, String)>,
    /// The symbols in the order of the symbol table.
    pub(crate) symbols: Vec<DumpedSymbol>,
    /// The bytes of each section by its name.
    content: HashMap<String, Vec<u8>>,
    /// For each merged section, the flags and the size of an entry.
    merged: HashMap<String, (u32, u64)>,
    /// The number of additional sections that [`Dump::to_elf`] puts before `sections`.
    pub(crate) sections_before: usize,
}

impl Dump {
    pub(crate) fn parse(text: &str) -> Self {
        let mut dump = Self {
            sections: Vec::new(),
            symbols: Vec::new(),
            content: HashMap::new(),
            merged: HashMap::new(),
            sections_before: 0,
        };
        let mut section = None;
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            if let ["Merged", "section", name, size, flags] = words[..] {
                let strings = if flags.contains('S') {
                    elf::SHF_STRINGS
                } else {
                    0
                };
                let merged = (elf::SHF_MERGE | strings, hex(size));
                dump.merged.insert(name.to_owned(), merged);
            } else if let Some(name) = line.strip_prefix("Contents of section ") {
                section = Some(name.trim_end_matches(':').to_owned());
            } else if let (Some(section), true) = (&section, line.starts_with(' ')) {
                dump.content
                    .entry(section.clone())
                    .or_default()
                    .extend(bytes(line));
            } else if words
                .first()
                .is_some_and(|index| index.parse::<u32>().is_ok())
                && words.len() > 7
            {
                dump.sections.push((
                    words[1].into(),
                    hex(words[2]) as usize,
                    hex(words[3]),
                    words[7..].concat(),
                ));
            } else if let Some((head, tail)) = line.split_once('\t') {
                let (size, name) = tail.split_once(' ').unwrap();
                let (address, head) = head.split_once(' ').unwrap();
                let (flags, section) = head.split_at(7);
                let hidden = name.strip_prefix(".hidden ");
                dump.symbols.push(DumpedSymbol {
                    index: dump.symbols.len(),
                    address: hex(address),
                    flags: flags.into(),
                    section: section.trim().into(),
                    size: hex(size),
                    is_hidden: hidden.is_some(),
                    name: hidden.unwrap_or(name).into(),
                });
            }
        }
        dump
    }

    /// Makes an ELF file with these sections and symbols.
    pub(crate) fn to_elf(&self) -> Vec<u8> {
        let mut builder = Builder::new(object::Endianness::Little, true);
        builder.header.e_machine = elf::EM_X86_64;
        builder.header.e_type = elf::ET_REL;
        for number in 0..self.sections_before {
            let section = builder.sections.add();
            section.name = format!(".text.f{number}").into_bytes().into();
            section.sh_flags = u64::from(elf::SHF_ALLOC | elf::SHF_EXECINSTR);
            section.sh_type = elf::SHT_PROGBITS;
            section.data = SectionData::Data(vec![0xcc].into());
        }
        let mut ids: HashMap<&str, SectionId> = HashMap::new();
        for (name, size, address, flags) in &self.sections {
            let section = builder.sections.add();
            section.name = name.clone().into_bytes().into();
            section.sh_addr = *address;
            section.sh_type = elf::SHT_PROGBITS;
            for (word, flag) in [("ALLOC", elf::SHF_ALLOC), ("CODE", elf::SHF_EXECINSTR)] {
                if flags.contains(word) {
                    section.sh_flags |= u64::from(flag);
                }
            }
            if let Some(&(flags, size)) = self.merged.get(name) {
                section.sh_flags |= u64::from(flags);
                section.sh_entsize = size;
            }
            let content = self
                .content
                .get(name)
                .cloned()
                .unwrap_or_else(|| vec![0; *size]);
            section.data = SectionData::Data(content.into());
            ids.insert(name, section.id());
        }
        for dumped in &self.symbols {
            let symbol = builder.symbols.add();
            symbol.name = dumped.name.clone().into_bytes().into();
            symbol.st_value = dumped.address;
            symbol.st_size = dumped.size;
            symbol.st_info = dumped.info();
            if dumped.is_hidden {
                symbol.st_other = elf::STV_HIDDEN;
            }
            match ids.get(dumped.section.as_str()) {
                Some(section) => symbol.section = Some(*section),
                None if dumped.section == "*COM*" => {
                    // objdump shows the size of a COMMON symbol as its address, then the alignment.
                    (symbol.st_size, symbol.st_value) = (dumped.address, dumped.size);
                    symbol.st_shndx = elf::SHN_COMMON;
                }
                None if dumped.section == "*UND*" => symbol.st_shndx = elf::SHN_UNDEF,
                None => symbol.st_shndx = elf::SHN_ABS,
            }
        }
        if self.sections_before != 0 {
            let section = builder.sections.add();
            section.name = b".symtab_shndx".as_slice().into();
            section.sh_type = elf::SHT_SYMTAB_SHNDX;
            section.data = SectionData::SymbolSectionIndex;
        }
        for (name, kind, data) in [
            (".symtab", elf::SHT_SYMTAB, SectionData::Symbol),
            (".strtab", elf::SHT_STRTAB, SectionData::String),
            (".shstrtab", elf::SHT_STRTAB, SectionData::SectionString),
        ] {
            let section = builder.sections.add();
            section.name = name.as_bytes().into();
            section.sh_type = kind;
            section.data = data;
        }
        let mut file = Vec::new();
        builder.write(&mut file).unwrap();
        file
    }
}

/// Parses the bytes of a line of `objdump -s`:
///
/// ```text
///  ffffffff81000000 cccccccc cccccccc cccccccc cccccccc  ................
/// ```
fn bytes(line: &str) -> Vec<u8> {
    let groups = line
        .trim_start()
        .split(' ')
        .skip(1)
        .take(4)
        .take_while(|group| !group.is_empty());
    let digits: String = groups.collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn hex(digits: &str) -> u64 {
    u64::from_str_radix(digits, 16).unwrap()
}
