// SPDX-License-Identifier: GPL-2.0

//! A small kernel: objects, a link, and tables that each test chooses.

mod tables;

use std::fs;
use std::path::Path;
use std::process::Command;

use object::{Object, ObjectSection, ObjectSymbol};
use tempfile::TempDir;

pub use tables::Symbol;

/// The modules that a symbol is shown with.
pub type Label = &'static [&'static str];

/// An object file.
pub struct ObjectFile {
    /// Without `.o`.
    pub path: &'static str,
    pub made: Made,
    pub source: &'static str,
}

/// The command that kbuild stores for an object.
#[derive(Clone, Copy)]
pub enum Made {
    /// A command for these module files.
    For(&'static str),
    /// This command.
    By(&'static str),
    /// No command.
    Unsaid,
}

/// The parts of a kernel.
pub struct Parts {
    /// In link order.
    pub objects: &'static [ObjectFile],
    /// The objects in lib/lib.a, linked if they are needed.
    pub library: &'static [ObjectFile],
    pub built_in: &'static str,
    /// For each name, the modules of its symbols in the order of their addresses; of those at one
    /// address, in the order of the symbol table.
    pub truth: &'static [(&'static str, &'static [Label])],
}

const fn object(path: &'static str, files: &'static str, source: &'static str) -> ObjectFile {
    let made = Made::For(files);
    ObjectFile { path, made, source }
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
    /// LLD if it is here.
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

/// The inputs of the link of vmlinux, as kbuild passes them.
#[derive(Clone, Copy)]
pub enum Way {
    /// The objects in vmlinux.a.
    Objects,
    /// vmlinux.o, which is all of them.
    Whole,
    /// The objects, to run at any address.
    Anywhere,
}

/// A finished build.
pub struct Kernel(TempDir);

impl Kernel {
    /// Builds the small kernel, whose tables show for each symbol what `label` makes of its name and
    /// the truth.
    pub fn build(linker: Linker, way: Way, label: impl Fn(&str, Label) -> Label) -> Self {
        Self::of(&SMALL, linker, way, |name, _, truth| label(name, truth))
    }

    /// Builds the kernel of `parts`; `label` gets the letter of the symbol's type too.
    pub fn of(
        parts: &Parts,
        linker: Linker,
        way: Way,
        label: impl Fn(&str, char, Label) -> Label,
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
        kernel.link(linker, way, ".tmp_vmlinux0.kallsyms.o");
        let mut symbols = kernel.symbols(parts.truth);
        for symbol in &mut symbols {
            symbol.label = label(&symbol.name, symbol.kind, symbol.label);
        }
        kernel.assemble(".tmp_vmlinux1.kallsyms", &tables::assembler(&symbols));
        kernel.link(linker, way, ".tmp_vmlinux1.kallsyms.o");
        kernel
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn remove(&self, file: &str) {
        fs::remove_file(self.path().join(file)).unwrap();
    }

    /// Changes the first entry of `table` that is not zero to the first of another value.
    pub fn flip(&self, table: &str) {
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

    /// Makes a thin archive of `objects`, each with the command that kbuild keeps.
    fn archive(&self, archive: &str, operation: &str, objects: &[ObjectFile]) {
        let mut members = Vec::new();
        for ObjectFile { path, made, source } in objects {
            self.assemble(path, source);
            let command = match made {
                Made::For(files) => Some(format!("as -DKBUILD_MODFILE='\"{files}\"' -c")),
                Made::By(command) => Some((*command).to_owned()),
                Made::Unsaid => None,
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

    fn link(&self, linker: Linker, way: Way, tables: &str) {
        let all = ["--whole-archive", "vmlinux.a", "--no-whole-archive"];
        let needed = ["--start-group", "lib/lib.a", "--end-group"];
        let archives = [all, needed].concat();
        let objects = match way {
            Way::Objects | Way::Anywhere => &archives[..],
            Way::Whole => {
                let output = ["-r", "-o", "vmlinux.o"];
                self.run(linker.program(), &[&output[..], &archives].concat());
                &["vmlinux.o"]
            }
        };
        let output = ["-T", "vmlinux.lds", "-o", "vmlinux"];
        let anywhere: &[&str] = match way {
            Way::Anywhere => &["-pie", "--no-dynamic-linker", "-z", "notext"],
            Way::Objects | Way::Whole => &[],
        };
        let rest = ["objtool.o", tables];
        let arguments = [&output[..], anywhere, objects, &rest].concat();
        self.run(linker.program(), &arguments);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        let output = command.args(arguments).current_dir(self.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    }

    /// The symbols of vmlinux, by address, with the truth.
    fn symbols(&self, truth: &[(&str, &[Label])]) -> Vec<Symbol> {
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
                label: &[],
            })
            .filter(|symbol| !symbol.name.is_empty())
            .collect();
        symbols.sort_by_key(|symbol| symbol.address);
        for (name, labels) in truth {
            let named = symbols.iter_mut().filter(|symbol| symbol.name == *name);
            let mut labels = labels.iter();
            for symbol in named {
                symbol.label = labels.next().expect(name);
            }
            assert!(labels.next().is_none(), "{name} is not there");
        }
        symbols
    }
}
