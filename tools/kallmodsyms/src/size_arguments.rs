// SPDX-License-Identifier: GPL-2.0

//! The arguments of `modules` and `sizes`, and their help texts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kallmodsyms::{Modules, Sizes, TableFormat};

/// The help of `modules`.
pub(crate) const MODULES: &str = "\
Usage: kallmodsyms modules [SOURCE] [OPTION]...

List the built-in modules of a kernel, one a line, with the number of their
symbols, object files and bytes. An object file of several modules counts in
each of them.

SOURCE is one of
  a build directory, which also tells the object files
  a vmlinux, with symbols or stripped, or a vmlinuz (bzImage) of x86
  a copy of /proc/kallmodsyms
Without SOURCE, the program reads /proc/kallmodsyms of the running kernel.

Options:
  -1         Only names, for comm and grep
  --loaded   Also the modules that were loaded, in a listing
  --json     An array with an object for each module
  --help     Show this text

Exit codes: 0 all is well, 1 SOURCE cannot be read (the message says why and what
to do), 2 the command line is wrong.
";

/// The help of `sizes`.
pub(crate) const SIZES: &str = "\
Usage: kallmodsyms sizes [SOURCE] [OPTION]...

Show the bytes of a kernel by module and by class, the largest first. An object
file of several modules is in a row of its own; code of no module is in a row for
each directory. The sum is the sum of the sections that `size -A vmlinux` shows
and that are part of the image.

SOURCE is one of
  a build directory: its object files are counted, every byte of them
  a vmlinux, with symbols or stripped, or a vmlinuz (bzImage) of x86: its symbols
  a copy of /proc/kallmodsyms: its symbols
Without SOURCE, the program reads /proc/kallmodsyms of the running kernel.

Options:
  --by WHAT      module (the default), object or path; the last two need a build
                 directory
  --diff SOURCE  What is larger, smaller, new or gone in the second kernel, by row
                 and then by symbol
  --csv          Comma-separated values, with a line of names
  --json         An array with an object for each row
  --help         Show this text

Rows in round brackets have no single object file: (merged) bytes that several
object files share, (padding) bytes of the linker and its script; from symbols,
(no module) and (no symbol).

Exit codes: 0 all is well, 1 a SOURCE cannot be read (the message says why and what
to do), 2 the command line is wrong.
";

/// The arguments of `modules`.
#[derive(Args)]
pub(crate) struct ModulesArguments {
    #[arg(short = '1')]
    names: bool,
    #[arg(long)]
    loaded: bool,
    #[arg(long)]
    json: bool,
    words: Vec<OsString>,
}

/// The arguments of `sizes`.
#[derive(Args)]
pub(crate) struct SizesArguments {
    #[arg(long, value_parser = by, allow_hyphen_values = true, default_value = "module")]
    by: By,
    #[arg(long)]
    diff: Option<PathBuf>,
    #[arg(long, overrides_with = "json")]
    csv: bool,
    #[arg(long, overrides_with = "csv")]
    json: bool,
    words: Vec<OsString>,
}

/// As `--by` names it.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    Module,
    Object,
    Path,
}

impl ModulesArguments {
    pub(crate) fn request(self) -> Result<Modules, (&'static str, String)> {
        Ok(Modules {
            file: source("modules", self.words)?,
            names_only: self.names,
            with_loaded: self.loaded,
            json: self.json,
        })
    }
}

impl SizesArguments {
    pub(crate) fn request(self) -> Result<Sizes, (&'static str, String)> {
        Ok(Sizes {
            file: source("sizes", self.words)?,
            diff: self.diff,
            by: match self.by {
                By::Module => kallmodsyms::By::Module,
                By::Object => kallmodsyms::By::Object,
                By::Path => kallmodsyms::By::Path,
            },
            format: match () {
                () if self.csv => TableFormat::Csv,
                () if self.json => TableFormat::Json,
                () => TableFormat::Text,
            },
        })
    }
}

/// The source that `words` name; `None` for the running kernel.
fn source(
    command: &'static str,
    words: Vec<OsString>,
) -> Result<Option<PathBuf>, (&'static str, String)> {
    let mut words = words.into_iter();
    let source = words.next();
    match (source, words.next()) {
        (_, Some(word)) => {
            let word = word.to_string_lossy();
            let problem = format!(
                "{command} takes one SOURCE; what is '{}'?",
                word.escape_debug()
            );
            Err((command, problem))
        }
        (Some(source), None) if source.is_empty() => {
            Err((command, "the name of SOURCE is empty".into()))
        }
        (source, None) => Ok(source.map(PathBuf::from)),
    }
}

fn by(name: &str) -> Result<By, String> {
    By::from_str(name, false).map_err(|_| {
        let name = name.escape_debug();
        format!("--by takes module, object or path, and not '{name}'")
    })
}
