// SPDX-License-Identifier: GPL-2.0

//! The generator: makes the tables of /proc/kallmodsyms while the vmlinux of a kernel is linked.
//!
//! In each pass of the link, kbuild runs [`link`] after `scripts/kallsyms`. With `CONFIG_KALLMODSYMS_SIZES`, it
//! also runs [`sort_symbols`] before `scripts/kallsyms`. kbuild appends the output of `link` to the assembler
//! file that `scripts/kallsyms` made, so these tables converge together with the kernel's own.
//!
//! `link` has four phases, each a folder: [`read`] parses the inputs, [`attribute`] finds the modules of
//! each symbol, [`encode`] makes the tables, [`write`](mod@write) makes assembler source of them. A phase
//! imports only the phases before it, [`common`] and the format code. Each phase shares its work between
//! two threads.
//!
//! The program writes nothing before it has read all inputs, and checked the tables of the symbols with the
//! kernel's own decoder. It reports symbols and object files without known modules, symbols without a known
//! object file, and map lines that it cannot parse. With `CONFIG_KALLMODSYMS_WERROR`, such a report is an error.
//!
//! Another program, `tools/kallmodsyms/`, shows the tables of a finished vmlinux.

mod attribute;
mod common;
mod encode;
#[path = "../rust/format/mod.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the same files serve the kernel and the host tests, which use all of them"
)]
mod format;
mod link;
mod read;
mod sort_symbols;
mod write;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use common::error::Error;
use write::output_files::print;

const USAGE: &str = "\
Usage: kallmodsyms COMMAND [ARGUMENT]...

Makes the tables of /proc/kallmodsyms. kbuild runs these commands in the build
directory of a kernel:
  sort-symbols STEM SYMS  Write the symbols of one pass of the link, sorted by size
  link STEM               Write the tables of one pass of the link of vmlinux
  help                    Show this text; `kallmodsyms COMMAND --help` tells more

Another program shows the tables of a finished kernel: `make tool` builds it, in
a clone of the repository of kallmodsyms.

Exit codes: 0 success, 1 failure (the message names the file and a remedy), 2 a
wrong command line.
";

const SORT_SYMBOLS_USAGE: &str = "\
Usage: kallmodsyms sort-symbols STEM SYMS

Write SYMS to standard output. At one address, larger symbols come before smaller
symbols. scripts/kallsyms keeps that order for symbols that its own rules leave
equal.

STEM is the output of a pass of the link, for example .tmp_vmlinux2. SYMS is the
output of nm for STEM, filtered by the kernel's mksysmap.
";

const LINK_USAGE: &str = "\
Usage: kallmodsyms link STEM

Write the module tables of one pass of the link of vmlinux to standard output,
as assembler source. Run in the top directory of the build.

STEM is the output of the pass, for example .tmp_vmlinux2. Reads
  STEM             symbols and their sizes
  STEM.syms        the input of scripts/kallsyms; empty in the first pass, like the tables
  STEM.kallsyms.S  the output of scripts/kallsyms: the order of the symbols
  STEM.map         the link map, of GNU ld or LLD
  vmlinux.o.map    the link map of vmlinux.o, if vmlinux is linked from vmlinux.o
  modules.builtin  the built-in modules, unless STEM has section .modinfo
  include/config/auto.conf  the configuration: which tables to make
  DIR/.OBJECT.cmd  the modules of each object in the maps
  vmlinux.o        the flags of its sections, if vmlinux is linked from vmlinux.o
  objects          the flags of their sections; also their symbol tables, for merged
                   constants and for symbols whose object the maps do not tell
  the STEM.kallsyms.S of the previous pass: the lengths of its tables

Writes, if the content changed,
  .tmp_vmlinux.ranges        the object of each piece of the image
  modules_thick.builtin      the objects of each built-in module
  .tmp_vmlinux.unattributed  symbols and objects whose modules are not known,
                             and symbols whose object is not known
";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut words = Vec::with_capacity(arguments.len());
    for argument in &arguments {
        match argument.to_str() {
            Some(word) => words.push(word),
            None => return usage_error(&format!("an argument is not UTF-8: {argument:?}")),
        }
    }
    let outcome = match words.as_slice() {
        [] => return usage_error("a command is missing"),
        ["help" | "--help" | "-h"] => print(&[USAGE.as_bytes()]),
        ["sort-symbols", "--help" | "-h"] => print(&[SORT_SYMBOLS_USAGE.as_bytes()]),
        ["sort-symbols", stem, syms] => {
            let outputs = sort_symbols::outputs(Path::new(stem), Path::new(syms));
            outputs.and_then(|outputs| outputs.write(false))
        }
        ["sort-symbols", ..] => return usage_error("sort-symbols takes STEM and SYMS"),
        ["link", "--help" | "-h"] => print(&[LINK_USAGE.as_bytes()]),
        ["link", stem] if !stem.is_empty() && !stem.starts_with('-') => {
            let stem = Path::new(stem);
            let outputs = link::outputs(stem);
            outputs.and_then(|outputs| outputs.write(link::is_last_pass(stem)))
        }
        ["link", ..] => return usage_error("link takes one STEM"),
        [command @ ("show" | "lookup"), ..] => {
            return usage_error(&format!(
                "{command} is a command of another program, which `make tool` builds"
            ))
        }
        [command, ..] => return usage_error(&format!("no command '{}'", command.escape_debug())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("kallmodsyms: {error}");
    ExitCode::from(1)
}

fn usage_error(problem: &str) -> ExitCode {
    eprintln!("kallmodsyms: {problem}\n  Try `kallmodsyms help`.");
    ExitCode::from(2)
}
