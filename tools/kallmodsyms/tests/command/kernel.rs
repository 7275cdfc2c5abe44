// SPDX-License-Identifier: GPL-2.0

//! Makes a vmlinux with a few symbols. The file is small, so that it can be a seed for fuzzing.

use object::build::elf::{Builder, SectionData};
use object::elf;

/// The link address of the image.
pub(crate) const TEXT: u64 = 0xffff_ffff_8100_0000;

/// The link address of the read-only data.
const RODATA: u64 = TEXT + 0x20_0000;

/// The table of module names. The constants below are offsets into this table.
const NAMES: &[u8] = b"\0\0\x02b\0c_d\0a\0";
pub(crate) const NONE: u32 = 0;
pub(crate) const A: u32 = 9;
pub(crate) const B: u32 = 3;
pub(crate) const B_AND_C_D: u32 = 1;

/// Some of the tables that can have room.
const WITH_ROOM: [&str; 5] = [
    "kallsyms_module_offsets",
    "kallsyms_size_nibbles",
    "kallsyms_size_bytes",
    "kallsyms_size_words",
    "kallsyms_object_runs",
];

/// A symbol: address, size, type letter and name. A symbol far below the image is in the per-cpu area.
pub(crate) type Symbol = (u64, u64, char, &'static str);

/// A kernel.
#[derive(Clone)]
pub(crate) struct Vmlinux {
    pub(crate) symbols: Vec<Symbol>,
    /// The start address and the modules of each range.
    pub(crate) ranges: Vec<(u64, u32)>,
    /// The symbol index and the modules of each exception.
    pub(crate) exceptions: Vec<(u32, u32)>,
    pub(crate) has_sizes: bool,
    /// True if the kernel stores object files. `objects()` has tables only for the symbols of [`Self::new`].
    pub(crate) has_objects: bool,
    pub(crate) has_modules: bool,
    pub(crate) is_stripped: bool,
    /// True for the form of Linux 7.2 and 7.3: a row of `kallsyms_offsets` is the distance from the row to the
    /// symbol, and the tables of kallsyms are at multiples of 4.
    pub(crate) is_relative: bool,
    /// True for the form of Linux 6.12 for arm64 and riscv: kallsyms_relative_base is 0 in the file, because a
    /// relocation sets the base.
    pub(crate) is_unrelocated: bool,
    /// Additional entries of the ELF symbol table, for example `_end`.
    pub(crate) bounds: Vec<(&'static str, u64)>,
    /// The number of sections of 8 bytes before the section with the tables.
    pub(crate) other_sections: usize,
    /// The name of the section with the tables.
    pub(crate) section: &'static str,
}

impl Vmlinux {
    /// A kernel of Linux 6.12 for x86_64, with symbols of each kind.
    pub(crate) fn new() -> Self {
        Self {
            symbols: vec![
                (0, 0, 'A', "__per_cpu_start"),
                (0, 0x30, 'A', "of_a"),
                (0x40, 8, 'A', "percpu"),
                (TEXT, 0, 'T', "_text"),
                (TEXT, 0x56, 'T', "startup"),
                (TEXT + 0x60, 0x20, 't', "b_open"),
                (TEXT + 0x80, 0x2abc, 'T', "shared"),
                (TEXT + 0x3000, 0, 'T', "label"),
                (TEXT + 0x3000, 0x10, 't', "twin"),
                (TEXT + 0x4000, 0x1000, 'd', "twin"),
                (TEXT + 0x5000, 0, 'B', "_end"),
            ],
            ranges: vec![
                (TEXT + 0x60, B),
                (TEXT + 0x80, B_AND_C_D),
                (TEXT + 0x3000, NONE),
                (TEXT + 0x4000, A),
                (TEXT + 0x5000, NONE),
                (0, A),
                (0x40, NONE),
            ],
            exceptions: vec![(0, NONE), (8, B)],
            has_sizes: true,
            has_objects: false,
            has_modules: true,
            is_stripped: false,
            is_relative: false,
            is_unrelocated: false,
            bounds: vec![("_end", TEXT + 0x5000)],
            other_sections: 0,
            section: ".rodata",
        }
    }

    /// The kernel of [`Self::new`] without the symbols of the per-cpu area.
    fn of_image() -> Self {
        let mut vmlinux = Self::new();
        let percpu = vmlinux.symbols.iter().filter(|symbol| symbol.0 < TEXT);
        let percpu = percpu.count();
        vmlinux.symbols.drain(..percpu);
        vmlinux.ranges.retain(|range| range.0 >= TEXT);
        vmlinux.exceptions = vec![(8 - percpu as u32, B)];
        vmlinux
    }

    /// A kernel in the form of Linux 7.3.
    pub(crate) fn relative() -> Self {
        Self {
            is_relative: true,
            ..Self::of_image()
        }
    }

    /// A kernel in the form of Linux 6.12 for arm64.
    pub(crate) fn unrelocated() -> Self {
        Self {
            is_unrelocated: true,
            ..Self::of_image()
        }
    }

    /// This kernel with `_stext` instead of `_text`.
    pub(crate) fn with_stext(mut self) -> Self {
        for symbol in &mut self.symbols {
            if symbol.3 == "_text" {
                symbol.3 = "_stext";
                self.bounds.push(("_stext", symbol.0));
            }
        }
        self
    }

    /// Adds a symbol before `_text`, as in riscv kernels.
    pub(crate) fn add_start(&mut self) {
        self.symbols.insert(0, (TEXT - 0x1000, 0x40, 'T', "_start"));
        for (symbol, _) in &mut self.exceptions {
            *symbol += 1;
        }
    }

    /// The name and the bytes of each table, in link order.
    fn tables(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut tables = self.kallsyms();
        if !self.has_modules {
            return tables;
        }
        let offset = |address: u64| address.wrapping_sub(TEXT) as u32;
        let (starts, modules): (Vec<u32>, Vec<u32>) = self
            .ranges
            .iter()
            .map(|&(start, modules)| (offset(start), modules))
            .unzip();
        let (symbols, theirs): (Vec<u32>, Vec<u32>) = self.exceptions.iter().copied().unzip();
        tables.extend([
            ("kallsyms_num_modules", words(&[starts.len() as u32])),
            ("kallsyms_module_base", TEXT.to_le_bytes().to_vec()),
            ("kallsyms_module_offsets", words(&starts)),
            ("kallsyms_modules", words(&modules)),
            (
                "kallsyms_num_module_exceptions",
                words(&[symbols.len() as u32]),
            ),
            ("kallsyms_module_exceptions", words(&symbols)),
            ("kallsyms_exception_modules", words(&theirs)),
            ("kallsyms_module_names_len", words(&[NAMES.len() as u32])),
            ("kallsyms_module_names", NAMES.to_vec()),
        ]);
        if self.has_sizes {
            tables.extend(self.sizes());
        }
        if self.has_objects {
            tables.extend(objects());
        }
        tables
    }

    /// The tables of scripts/kallsyms.
    fn kallsyms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let (mut names, mut offsets) = (Vec::new(), Vec::new());
        for &(address, _, kind, name) in &self.symbols {
            names.push(1 + name.len() as u8);
            names.push(kind as u8);
            names.extend(name.as_bytes());
            offsets.push(match address.checked_sub(TEXT) {
                _ if self.is_unrelocated => (address - self.symbols[0].0) as u32,
                Some(distance) => !(distance as u32),
                None => address as u32,
            });
        }
        let [token_table, token_index] = tokens();
        let count = self.symbols.len() as u32;
        let base = if self.is_unrelocated { 0 } else { TEXT };
        vec![
            ("kallsyms_num_syms", words(&[count])),
            ("kallsyms_names", names),
            (
                "kallsyms_markers",
                words(&vec![0; count.div_ceil(256) as usize]),
            ),
            ("kallsyms_token_table", token_table),
            ("kallsyms_token_index", token_index),
            ("kallsyms_offsets", words(&offsets)),
            ("kallsyms_relative_base", base.to_le_bytes().to_vec()),
            ("kallsyms_seqs_of_names", vec![7; 3 * count as usize]),
        ]
    }

    /// The table kallsyms_offsets at the address `place`. Each row is the distance from the row to its symbol.
    fn offsets_from(&self, place: u64) -> Vec<u8> {
        let rows = (place..).step_by(4).zip(&self.symbols);
        let offsets: Vec<u32> = rows
            .map(|(row, symbol)| symbol.0.wrapping_sub(row) as u32)
            .collect();
        words(&offsets)
    }

    /// The size tables, with all sizes in the last level.
    fn sizes(&self) -> Vec<(&'static str, Vec<u8>)> {
        let count = self.symbols.len();
        let longs = |longs: &[u64]| longs.iter().flat_map(|long| long.to_le_bytes()).collect();
        let sizes: Vec<u64> = self.symbols.iter().map(|symbol| symbol.1).collect();
        let count32 = count as u32;
        vec![
            ("kallsyms_size_counts", words(&[count32; 3])),
            ("kallsyms_size_bits", longs(&[(1 << count) - 1])),
            ("kallsyms_size_bit_ranks", words(&[0])),
            ("kallsyms_size_nibbles", {
                let mut nibbles = vec![0xff; count.div_ceil(2)];
                if count % 2 == 1 {
                    nibbles[count / 2] = 0x0f;
                }
                nibbles
            }),
            ("kallsyms_size_nibble_ranks", words(&[0])),
            ("kallsyms_size_values", words(&[0; 15])),
            ("kallsyms_size_bytes", vec![0xff; count]),
            ("kallsyms_size_byte_ranks", words(&[0])),
            ("kallsyms_size_words", longs(&sizes)),
        ]
    }

    /// The read-only data at the address `start`, and the addresses of the tables.
    pub(crate) fn rodata(&self, start: u64) -> (Vec<u8>, Vec<(&'static str, u64)>) {
        let mut rodata = b"constant".to_vec();
        let mut places = Vec::new();
        for (name, bytes) in self.tables() {
            let is_ours = ["module", "size", "object"]
                .iter()
                .any(|word| name.contains(word));
            let align = if self.is_relative && !is_ours { 4 } else { 8 };
            rodata.resize(rodata.len().next_multiple_of(align), 0);
            let place = start + rodata.len() as u64;
            match name {
                "kallsyms_relative_base" if self.is_relative => continue,
                "kallsyms_offsets" if self.is_relative => rodata.extend(self.offsets_from(place)),
                _ => rodata.extend(bytes),
            }
            places.push((name, place));
            if WITH_ROOM.contains(&name) {
                rodata.resize(rodata.len().next_multiple_of(8), 0);
                rodata.extend(b"room\x18\0\0\0sixteen bytes...");
            }
        }
        // Pads the section to a multiple of 8 bytes.
        rodata.resize(rodata.len().next_multiple_of(8), 0);
        (rodata, places)
    }

    /// The ELF file of this kernel.
    pub(crate) fn to_elf(&self) -> Vec<u8> {
        let (rodata, tables) = self.rodata(RODATA);
        let places = [self.bounds.clone(), tables].concat();
        let places = (!self.is_stripped).then_some(places.as_slice());
        elf_with(self.other_sections, self.section, rodata, places)
    }
}

/// The tables of object files for the symbols of [`Vmlinux::new`]. The runs have several forms.
fn objects() -> Vec<(&'static str, Vec<u8>)> {
    let runs = [
        // Three symbols of no object file.
        &[0x6c][..],
        // Two symbols of init/main.o, with a byte for the number of symbols and a byte for the object file.
        &[0x0d, 1, 0],
        // Three symbols of drivers/b/b.o.
        &[0x61],
        // A symbol of drivers/b/twin.o, in braces.
        &[0x31],
        // A symbol of drivers/b/raw, with two components in braces.
        &[0x3f, 3, 0, 0, 0, 2],
        // A symbol of no object file.
        &[0x2c],
    ];
    let (runs, names) = (runs.concat(), b"main\0b\0twin\0raw\x01".to_vec());
    let directories = b"init\0drivers/b\0".to_vec();
    let counts = [4, runs.len(), names.len(), 2, directories.len()].map(|count| count as u32);
    vec![
        ("kallsyms_object_counts", words(&counts)),
        ("kallsyms_object_runs", runs),
        ("kallsyms_object_markers", words(&[1 << 31])),
        ("kallsyms_object_names", names),
        ("kallsyms_object_name_offsets", words(&[0])),
        ("kallsyms_object_dir_starts", words(&[0, 1])),
        ("kallsyms_object_dir_offsets", words(&[0, 5])),
        ("kallsyms_object_dirs", directories),
    ]
}

/// An ELF file with this read-only data. `places` are the names and addresses of its symbols; `None` makes a
/// stripped file.
pub(crate) fn elf_of(rodata: Vec<u8>, places: Option<&[(&str, u64)]>) -> Vec<u8> {
    elf_with(0, ".rodata", rodata, places)
}

/// An ELF file like [`elf_of`], with the data in the section `name` behind `other_sections` sections.
fn elf_with(
    other_sections: usize,
    name: &str,
    rodata: Vec<u8>,
    places: Option<&[(&str, u64)]>,
) -> Vec<u8> {
    let mut builder = Builder::new(object::Endianness::Little, true);
    builder.header.e_machine = elf::EM_X86_64;
    builder.header.e_type = elf::ET_EXEC;
    for number in 0..other_sections {
        let section = builder.sections.add();
        section.name = format!(".text.f{number}").into_bytes().into();
        section.sh_addr = TEXT + 8 * number as u64;
        section.sh_flags = (elf::SHF_ALLOC | elf::SHF_EXECINSTR).into();
        section.sh_type = elf::SHT_PROGBITS;
        section.data = SectionData::Data(vec![0; 8].into());
    }
    let section = builder.sections.add();
    section.name = name.as_bytes().into();
    section.sh_addr = RODATA;
    section.sh_addralign = 8;
    section.sh_flags = elf::SHF_ALLOC.into();
    section.sh_type = elf::SHT_PROGBITS;
    section.data = SectionData::Data(rodata.into());
    let section = section.id();
    for (name, address) in places.unwrap_or_default() {
        let symbol = builder.symbols.add();
        symbol.name = name.as_bytes().into();
        symbol.st_value = *address;
        symbol.section = Some(section);
    }
    for (name, kind, data) in [
        (".symtab", elf::SHT_SYMTAB, SectionData::Symbol),
        (
            ".symtab_shndx",
            elf::SHT_SYMTAB_SHNDX,
            SectionData::SymbolSectionIndex,
        ),
        (".strtab", elf::SHT_STRTAB, SectionData::String),
        (".shstrtab", elf::SHT_STRTAB, SectionData::SectionString),
    ] {
        let is_wide = other_sections >= elf::SHN_LORESERVE.into();
        if places.is_none() && name != ".shstrtab" || name == ".symtab_shndx" && !is_wide {
            continue;
        }
        let section = builder.sections.add();
        section.name = name.as_bytes().into();
        section.sh_type = kind;
        section.data = data;
    }
    let mut file = Vec::new();
    builder.write(&mut file).unwrap();
    file
}

/// The token table and its index. The token of a printable byte is that byte; of all other bytes, `?`.
pub(crate) fn tokens() -> [Vec<u8>; 2] {
    let token = |byte: u8| if byte.is_ascii_graphic() { byte } else { b'?' };
    [
        (0..=u8::MAX).flat_map(|byte| [token(byte), 0]).collect(),
        (0..256_u16).flat_map(|at| (2 * at).to_le_bytes()).collect(),
    ]
}

pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
