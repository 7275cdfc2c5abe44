// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms`: shows the modules of a kernel's symbols and addresses. The kernel can be the running one, a
//! saved copy of `/proc/kallmodsyms`, or a file of a kernel that does not run.

mod command_line;
mod man_pages;
mod page_sections;
mod progress;
mod size_arguments;
mod text_arguments;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap_complete::Shell;
use command_line::Command;
use kallmodsyms::{Annotate, Count, Error, Result, Texts};
use progress::Progress;

/// Exit codes.
const FAILED: u8 = 1;
const WRONG_COMMAND_LINE: u8 = 2;
/// A request, or a part of a request, has no answer.
const MISSING: u8 = 3;

fn main() -> ExitCode {
    let done = command_line::parse().and_then(run);
    done.unwrap_or_else(|message| show(&message))
}

fn run(command: Command) -> std::result::Result<ExitCode, clap::Error> {
    Ok(match command {
        Command::Show(show) => answer(None, |out| kallmodsyms::show(&show.into(), out)),
        Command::Lookup(lookup) => answer(None, |out| kallmodsyms::lookup(&lookup.into(), out)),
        Command::Modules(modules) => answer(None, |out| kallmodsyms::modules(&modules.into(), out)),
        Command::Sizes(sizes) => answer(None, |out| kallmodsyms::sizes(&sizes.into(), out)),
        Command::Annotate(annotate) => {
            let request = Annotate::try_from(annotate)?;
            answer(Some(&request.texts), |out| {
                kallmodsyms::annotate(&request, &mut io::stdin().lock(), out)
            })
        }
        Command::Count(count) => {
            let request = Count::try_from(count)?;
            answer(Some(&request.texts), |out| {
                kallmodsyms::count(&request, &mut io::stdin().lock(), out)
            })
        }
        Command::Completions { shell } => write(&completions(shell.into())),
        Command::Man { directory } => match man_pages::write(&directory) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(format_args!("{}: {error}", directory.display())),
        },
    })
}

/// Writes the answer to standard output, and each failure to standard error.
fn answer(
    texts: Option<&Texts>,
    ask: impl FnOnce(&mut dyn Write) -> Result<Vec<Error>>,
) -> ExitCode {
    let mut progress = Progress::start(texts);
    let missing = ask(&mut progress.output());
    progress.end();
    match missing {
        Ok(missing) if missing.is_empty() => ExitCode::SUCCESS,
        Ok(missing) => {
            for error in missing {
                eprintln!("kallmodsyms: {error}");
            }
            ExitCode::from(MISSING)
        }
        Err(error) => fail(format_args!("{error}")),
    }
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut command_line::program(),
        "kallmodsyms",
        &mut script,
    );
    script
}

/// Shows the help that was asked for, or the mistake in the command line.
fn show(message: &clap::Error) -> ExitCode {
    match message.use_stderr() {
        true => {
            eprint!("{message}");
            ExitCode::from(WRONG_COMMAND_LINE)
        }
        false => write(message.to_string().as_bytes()),
    }
}

/// Writes a text to standard output. A closed pipe is no failure: its reader has read enough.
fn write(text: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(format_args!("standard output: {error}"))
        }
        _ => ExitCode::SUCCESS,
    }
}

fn fail(problem: std::fmt::Arguments<'_>) -> ExitCode {
    eprintln!("kallmodsyms: {problem}");
    ExitCode::from(FAILED)
}
