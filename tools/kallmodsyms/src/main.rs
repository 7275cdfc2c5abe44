// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms`: shows what `/proc/kallmodsyms` says of a kernel that does not run.

mod command_line;
mod size_arguments;
mod text_arguments;
mod usage;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use command_line::{Asked, Mistake};
use kallmodsyms::{Error, Result};

/// Exit codes.
const FAILED: u8 = 1;
const WRONG_COMMAND_LINE: u8 = 2;
const MISSING: u8 = 3;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let asked = match command_line::parse(&arguments) {
        Ok(asked) => asked,
        Err(mistake) => return refuse(&mistake),
    };
    let mut out = io::stdout().lock();
    match asked {
        Asked::Help(text) => help(&text, &mut out),
        Asked::Show(request) => end(kallmodsyms::show(&request, &mut out)),
        Asked::Lookup(request) => end(kallmodsyms::lookup(&request, &mut out)),
        Asked::Modules(request) => end(kallmodsyms::modules(&request, &mut out)),
        Asked::Sizes(request) => end(kallmodsyms::sizes(&request, &mut out)),
        Asked::Annotate(request) => {
            let stdin = &mut io::stdin().lock();
            end(kallmodsyms::annotate(&request, stdin, &mut out))
        }
        Asked::Count(request) => {
            let stdin = &mut io::stdin().lock();
            end(kallmodsyms::count(&request, stdin, &mut out))
        }
    }
}

/// Writes a help text. A reader who closed the other end has read enough.
fn help(text: &str, out: &mut dyn Write) -> ExitCode {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("kallmodsyms: standard output: {error}");
            ExitCode::from(FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn end(missing: Result<Vec<Error>>) -> ExitCode {
    match missing {
        Ok(missing) if missing.is_empty() => ExitCode::SUCCESS,
        Ok(missing) => {
            for error in missing {
                eprintln!("kallmodsyms: {error}");
            }
            ExitCode::from(MISSING)
        }
        Err(error) => {
            eprintln!("kallmodsyms: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn refuse(mistake: &Mistake) -> ExitCode {
    let help = match mistake.command {
        Some(command) => format!("{command} --help"),
        None => "help".into(),
    };
    eprintln!(
        "kallmodsyms: {}\n  Try `kallmodsyms {help}`.",
        mistake.problem
    );
    ExitCode::from(WRONG_COMMAND_LINE)
}
