// SPDX-License-Identifier: GPL-2.0

//! Builds a small kernel from assembler sources. Each test chooses the modules in its tables.

mod tables;

use std::fs;
use std::path::Path;
use std::process::Command;

use object::{Object, ObjectSection, ObjectSymbol};
use tempfile::TempDir;

pub use tables::Symbol;

/// The names of the modules of a symbol.
pub type Modules = &'static [&'static str];

/// An object file.
pub struct ObjectFile {
    /// The path without `.o`.
    pub path: &'static str,
    pub command: SavedCommand,
    pub source: &'static str,
}

/// The command that the `.cmd` file of an object contains.
#[derive(Clone, Copy)]
pub enum SavedCommand {
    /// A compiler command with these module files.
    Compile(&'static str),
    /// This command.
    Other(&'static str),
    /// No `.cmd` file.
    Missing,
}

/// The parts of a kernel.
pub struct Parts {
    /// In link order.
    pub objects: &'static [ObjectFile],
    /// The objects in lib/lib.a. The linker takes only the needed objects.
    pub library: &'static [ObjectFile],
    /// The content of modules.builtin.
    pub built_in: &'static str,
    /// For each name, the expected modules of the symbols with this name, by address. Symbols at one
    /// address have the order of the symbol table. Symbols of other names are in no module.
    pub truth: &'static [(&'static str, &'static [Modules])],
}

pub const fn object(path: &'static str, files: &'static str, source: &'static str) -> ObjectFile {
    let command = SavedCommand::Compile(files);
    ObjectFile {
        path,
        command,
        source,
    }
}

pub const SMALL: Parts = Parts {
    objects: &[
        object("core/main", "core/main", include_str!("core.S")),
        object("a/main", "a/a", include_str!("a.S")),
        object("shared/work", "a/a b/b-mod", include_str!("shared.S")),
        object("one/twin", "one/twin", include_str!("twin.S")),
        object("other/twin", "other/twin", include_str!("twin.S")),
        object("b/late", "b/b-mod c/not-built-in", include_str!("b.S")),
    ],
    library: &[
        object("lib/helper", "lib/helper", include_str!("helper.S")),
        object("lib/unused", "a/a", include_str!("unused.S")),
    ],
    built_in: "kernel/a/a.ko\nkernel/b/b-mod.ko\n",
    truth: &[
        ("a_end", &[&["a"]]),
        ("a_open", &[&["a"]]),
        ("b_late", &[&["b_mod"]]),
        ("hook", &[&["a"]]),
        ("init_once", &[&[], &["a"]]),
        ("__func__.0", &[&[], &["a"]]),
        ("__pfx_init_once", &[&["a"]]),
        ("loop", &[&["a", "b_mod"], &["b_mod"]]),
        ("shared_work", &[&["a", "b_mod"]]),
        ("SHUFFLE", &[&[], &["a"]]),
    ],
};

#[derive(Clone, Copy)]
pub enum Linker {
    Gnu,
    Lld(&'static str),
}

impl Linker {
    /// LLD if it is installed.
    pub fn lld() -> Option<Self> {
        let names = ["ld.lld", "ld.lld-19"];
        let here = |name: &&str| Command::new(name).arg("--version").output().is_ok();
        names.into_iter().find(here).map(Self::Lld)
    }

    fn program(self) -> &'static str {
        match self {
            Self::Gnu => "ld",
            Self::Lld(name) => name,
        }
    }
}

/// The kind of the link of vmlinux.
#[derive(Clone, Copy)]
pub enum Link {
    /// The inputs are vmlinux.a and lib/lib.a.
    Archives,
    /// The input is vmlinux.o, which an earlier link makes from the archives.
    VmlinuxObject,
    /// The inputs are the archives, and the linker makes a position-independent kernel.
    Relocatable,
}

/// A finished build.
pub struct Kernel(TempDir);

impl Kernel {
    /// Builds the kernel [`SMALL`]. Its tables show each symbol in the modules
    /// `shown(name, expected modules)`.
    pub fn build(linker: Linker, link: Link, shown: impl Fn(&str, Modules) -> Modules) -> Self {
        Self::of(&SMALL, linker, link, |name, _, truth| shown(name, truth))
    }

    /// Builds the kernel of `parts`. `shown` also gets the type letter of the symbol.
    pub fn of(
        parts: &Parts,
        linker: Linker,
        link: Link,
        shown: impl Fn(&str, char, Modules) -> Modules,
    ) -> Self {
        let kernel = Self(tempfile::tempdir().unwrap());
        kernel.archive("vmlinux.a", "cDPrST", parts.objects);
        kernel.archive("lib/lib.a", "cDPrsT", parts.library);
        kernel.write("modules.builtin", parts.built_in);
        kernel.write(
            ".vmlinux.o.cmd",
            "savedcmd_vmlinux.o := ld --start-group lib/lib.a --end-group\n",
        );
        kernel.write("include/config/auto.conf", "CONFIG_KALLSYMS=y\n");
        kernel.write("vmlinux.lds", include_str!("vmlinux.lds"));

        kernel.assemble("objtool", include_str!("objtool.S"));
        kernel.assemble(".tmp_vmlinux0.kallsyms", "");
        kernel.link(linker, link, ".tmp_vmlinux0.kallsyms.o");
        let mut symbols = kernel.symbols(parts.truth);
        for symbol in &mut symbols {
            symbol.modules = shown(&symbol.name, symbol.kind, symbol.modules);
        }
        kernel.assemble(".tmp_vmlinux1.kallsyms", &tables::assembler(&symbols));
        kernel.link(linker, link, ".tmp_vmlinux1.kallsyms.o");
        kernel
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn remove(&self, file: &str) {
        fs::remove_file(self.path().join(file)).unwrap();
    }

    /// Overwrites the first nonzero entry of `table` with the next different nonzero entry.
    pub fn change_entry(&self, table: &str) {
        let path = self.path().join("vmlinux");
        let mut data = fs::read(&path).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let address = file.symbol_by_name(table).unwrap().address();
        let start = file.sections().find_map(|section| {
            let offset = address.checked_sub(section.address())?;
            (offset < section.size()).then_some(section.file_range()?.0 + offset)
        });
        let start = usize::try_from(start.unwrap()).unwrap();
        let words: Vec<_> = data[start..].chunks(4).map(<[u8]>::to_vec).collect();
        let first = words.iter().position(|word| word != &[0; 4]).unwrap();
        let other = words
            .iter()
            .skip(first)
            .find(|word| **word != words[first] && **word != [0; 4]);
        data[start + first * 4..][..4].copy_from_slice(other.unwrap());
        fs::write(path, data).unwrap();
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Assembles `objects`, writes their `.cmd` files, and makes a thin archive.
    fn archive(&self, archive: &str, operation: &str, objects: &[ObjectFile]) {
        let mut members = Vec::new();
        for ObjectFile {
            path,
            command,
            source,
        } in objects
        {
            self.assemble(path, source);
            let command = match command {
                SavedCommand::Compile(files) => {
                    Some(format!("as -DKBUILD_MODFILE='\"{files}\"' -c"))
                }
                SavedCommand::Other(command) => Some((*command).to_owned()),
                SavedCommand::Missing => None,
            };
            if let Some(command) = command {
                let (directory, file) = path.split_once('/').unwrap();
                let command = format!("savedcmd_{path}.o := {command}\n");
                self.write(&format!("{directory}/.{file}.o.cmd"), &command);
            }
            members.push(format!("{path}.o"));
        }
        let members = members.iter().map(String::as_str);
        self.run(
            "ar",
            &[operation, archive]
                .into_iter()
                .chain(members)
                .collect::<Vec<_>>(),
        );
    }

    fn assemble(&self, name: &str, source: &str) {
        self.write(&format!("{name}.S"), source);
        self.run("as", &["-o", &format!("{name}.o"), &format!("{name}.S")]);
    }

    fn link(&self, linker: Linker, link: Link, tables: &str) {
        let all = ["--whole-archive", "vmlinux.a", "--no-whole-archive"];
        let needed = ["--start-group", "lib/lib.a", "--end-group"];
        let archives = [all, needed].concat();
        let objects = match link {
            Link::Archives | Link::Relocatable => &archives[..],
            Link::VmlinuxObject => {
                let output = ["-r", "-o", "vmlinux.o"];
                self.run(linker.program(), &[&output[..], &archives].concat());
                &["vmlinux.o"]
            }
        };
        let output = ["-T", "vmlinux.lds", "-o", "vmlinux"];
        let relocatable: &[&str] = match link {
            Link::Relocatable => &["-pie", "--no-dynamic-linker", "-z", "notext"],
            Link::Archives | Link::VmlinuxObject => &[],
        };
        let rest = ["objtool.o", tables];
        let arguments = [&output[..], relocatable, objects, &rest].concat();
        self.run(linker.program(), &arguments);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        let output = command.args(arguments).current_dir(self.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    }

    /// The symbols of vmlinux, sorted by address, with their expected modules.
    fn symbols(&self, truth: &[(&str, &[Modules])]) -> Vec<Symbol> {
        let data = fs::read(self.path().join("vmlinux")).unwrap();
        let file = object::File::parse(&*data).unwrap();
        let mut symbols: Vec<Symbol> = file
            .symbols()
            .filter(|symbol| symbol.address() >= tables::TEXT)
            .map(|symbol| Symbol {
                address: symbol.address(),
                kind: match symbol.is_weak() {
                    true => 'W',
                    false if symbol.is_global() => 'T',
                    false => 't',
                },
                name: symbol.name().unwrap().to_owned(),
                modules: &[],
            })
            .filter(|symbol| !symbol.name.is_empty())
            .collect();
        symbols.sort_by_key(|symbol| symbol.address);
        for (name, expected) in truth {
            let named = symbols.iter_mut().filter(|symbol| symbol.name == *name);
            let mut expected = expected.iter();
            for symbol in named {
                symbol.modules = expected.next().expect(name);
            }
            assert!(expected.next().is_none(), "vmlinux lacks a symbol {name}");
        }
        symbols
    }
}
