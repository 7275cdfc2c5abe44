// SPDX-License-Identifier: GPL-2.0

//! Reads the compilers' command lines that kbuild recorded beside the object files, and runs checkers with
//! them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use super::super::layering::normal;
use crate::lab::configure::Kernel;

/// The records of the kernel's own source files that include a file of the component.
const INCLUDING_COMPONENT: [&str; 2] = ["kernel/bpf/.core.o.cmd", "rust/.kernel.o.cmd"];

/// The compilation of a source file, as kbuild recorded it.
#[derive(Debug, PartialEq)]
pub struct Compilation {
    pub source: PathBuf,
    /// The environment variables of the compiler, in the syntax of a shell.
    variables: String,
    /// The compiler's arguments except the arguments about outputs, in the syntax of a shell.
    arguments: String,
}

/// The compilations of the component's files, and of the kernel's files that include one of these.
pub fn all(kernel: &Kernel) -> Result<Vec<Compilation>> {
    let mut files = Vec::new();
    add_files(&kernel.objtree.join("kernel/kallmodsyms"), &mut files)?;
    let of_kernel = INCLUDING_COMPONENT.map(|file| kernel.objtree.join(file));
    files.extend(of_kernel.into_iter().filter(|file| file.exists()));
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Compilation::parse(&text))
    };
    files
        .into_iter()
        .map(read)
        .filter_map(Result::transpose)
        .collect()
}

/// Adds the records in `directory` and its subdirectories to `files`, in the order of their names.
fn add_files(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let context = || directory.display().to_string();
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).with_context(context)? {
        paths.push(entry.with_context(context)?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            add_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "cmd") {
            files.push(path);
        }
    }
    Ok(())
}

impl Compilation {
    /// Parses a record. Returns `None` if the command compiles no source file. A second command, for the object
    /// file, can follow:
    ///
    /// ```text
    /// savedcmd_a/b.o := gcc -Wp,-MMD,a/.b.o.d -DNAME='"b"' -c -o a/b.o /k/a/b.c   ; objtool a/b.o
    ///
    /// source_a/b.o := /k/a/b.c
    /// ```
    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with(name));
            Some(lines.next()?.split_once(" := ")?.1)
        };
        let source = PathBuf::from(value("source_")?);
        // A record is a makefile, which writes `#` as `$(pound)` and `$` as `$$`.
        let command = value("savedcmd_")?
            .replace("$(pound)", "#")
            .replace("$$", "$");
        let mut words = command
            .split_whitespace()
            .take_while(|word| *word != ";")
            .peekable();
        let mut variables = Vec::new();
        while let Some(word) = words.next_if(|word| word.contains('=')) {
            variables.push(word);
        }
        let _compiler = words.next()?;
        let mut arguments = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "-o" | "--out-dir" => _ = words.next(),
                // `-c` asks for an output. rustdoc does not accept `-O`.
                "-c" | "-O" => {}
                word if word.starts_with("-Wp,-M") || word.starts_with("--emit=") => {}
                word => arguments.push(word),
            }
        }
        Some(Self {
            source,
            variables: variables.join(" "),
            arguments: arguments.join(" "),
        })
    }

    /// Runs `checker`, a program with its flags, with the variables and the arguments of the compiler. Returns
    /// the checker's messages.
    pub fn check(&self, kernel: &Kernel, checker: &str) -> Result<String> {
        let mut sh = kernel.toolchain.command("sh");
        let line = format!("{} {checker} {}", self.variables, self.arguments);
        sh.arg("-c").arg(line).current_dir(&kernel.objtree);
        // The kernel's make sets this variable for all Rust code of the kernel.
        let output = sh.env("RUSTC_BOOTSTRAP", "1").output().context("sh")?;
        let messages = [output.stdout, output.stderr].concat();
        let messages = String::from_utf8_lossy(&messages).into_owned();
        let source = self.source.display();
        ensure!(output.status.success(), "{source}: {checker}:\n{messages}");
        Ok(messages)
    }
}

/// The path of the file that a message is about:
///
/// ```text
/// /k/kernel/bpf/../kallmodsyms/rust/bpf_symbols.c:20:6: warning: context imbalance
/// ```
pub fn file_of(message: &str) -> PathBuf {
    let file = message.split_once(':').map_or("", |(file, _)| file);
    normal(Path::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_and_later_commands_are_left_out() {
        let c = "savedcmd_a/b.o := gcc -Wp,-MMD,a/.b.o.d -DA='\"b\"' -DB='$(pound)$$' -c -o a/b.o \
                 /k/a/b.c   ; ./tools/objtool/objtool a/b.o\n\nsource_a/b.o := /k/a/b.c\n";
        let expected = Compilation {
            source: PathBuf::from("/k/a/b.c"),
            variables: String::new(),
            arguments: "-DA='\"b\"' -DB='#$' /k/a/b.c".to_owned(),
        };
        assert_eq!(Compilation::parse(c), Some(expected));

        let rust = "savedcmd_a/b.o := OBJTREE=/o /usr/bin/rustc --edition=2021 --out-dir a/ \
                    --emit=obj=a/b.o /k/a/b.rs\n\nsource_a/b.o := /k/a/b.rs\n";
        let expected = Compilation {
            source: PathBuf::from("/k/a/b.rs"),
            variables: "OBJTREE=/o".to_owned(),
            arguments: "--edition=2021 /k/a/b.rs".to_owned(),
        };
        assert_eq!(Compilation::parse(rust), Some(expected));

        let archive = "savedcmd_a/built-in.a := rm -f a/built-in.a;  ar cDPrST a/built-in.a\n";
        assert_eq!(Compilation::parse(archive), None);
    }

    #[test]
    fn messages_name_a_file() {
        let message = "/k/bpf/../kallmodsyms/a.c:20:6: warning: context imbalance in 'f'";
        assert_eq!(file_of(message), Path::new("/k/kallmodsyms/a.c"));
        assert_eq!(file_of("2 warnings emitted"), Path::new(""));
    }
}
