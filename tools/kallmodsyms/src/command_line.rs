// SPDX-License-Identifier: GPL-2.0

//! The command line, and what is wrong with one.

use std::ffi::OsString;
use std::ops::Range;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand, ValueEnum};
use kallmodsyms::{parse_hexadecimal, Annotate, Count, Lookup, Modules, Show, Sizes, Source};

use crate::size_arguments::{self, ModulesArguments, SizesArguments};
use crate::text_arguments::{AnnotateArguments, CountArguments};
use crate::usage;

/// A request, or a text to show.
pub(crate) enum Asked {
    Help(String),
    Show(Show),
    Lookup(Lookup),
    Modules(Modules),
    Sizes(Sizes),
    Annotate(Annotate),
    Count(Count),
}

/// What is wrong with a command line, and the command whose help tells more.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) problem: String,
    pub(crate) command: Option<&'static str>,
}

#[derive(Parser)]
#[command(name = "kallmodsyms", override_help = usage::PROGRAM)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(override_help = usage::SHOW, args_override_self = true)]
    Show(ShowArguments),
    #[command(override_help = usage::LOOKUP, args_override_self = true)]
    Lookup(LookupArguments),
    #[command(override_help = size_arguments::MODULES, args_override_self = true)]
    Modules(ModulesArguments),
    #[command(override_help = size_arguments::SIZES, args_override_self = true)]
    Sizes(SizesArguments),
    #[command(override_help = usage::ANNOTATE, args_override_self = true)]
    Annotate(AnnotateArguments),
    #[command(override_help = usage::COUNT, args_override_self = true)]
    Count(CountArguments),
}

#[derive(Args)]
struct ShowArguments {
    #[arg(long, value_parser = range, allow_hyphen_values = true)]
    range: Vec<Range<u64>>,
    #[arg(long, allow_hyphen_values = true)]
    object: Vec<OsString>,
    #[arg(long, value_parser = format, allow_hyphen_values = true, overrides_with = "json")]
    format: Option<Format>,
    #[arg(long, overrides_with = "format")]
    json: bool,
    #[arg(long, value_parser = offset, allow_hyphen_values = true, default_value = "0")]
    offset: u64,
    words: Vec<OsString>,
}

#[derive(Args)]
struct LookupArguments {
    #[arg(long)]
    json: bool,
    #[arg(long, value_parser = offset, allow_hyphen_values = true, default_value = "0")]
    offset: u64,
    words: Vec<OsString>,
}

/// As `--format` names it.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Kallmodsyms,
    Kallsyms,
    KallsymsModules,
    Json,
}

/// Parses a command line, without the name of the program.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Asked, Mistake> {
    let line = [OsString::from("kallmodsyms")].into_iter();
    match Line::try_parse_from(line.chain(arguments.iter().cloned())) {
        Ok(line) => line.asked(),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(Asked::Help(error.to_string())),
        Err(error) => Err(mistake(&error, arguments)),
    }
}

impl Line {
    fn asked(self) -> Result<Asked, Mistake> {
        match self.command {
            Command::Show(show) => show.request().map(Asked::Show),
            Command::Lookup(lookup) => lookup.request().map(Asked::Lookup),
            Command::Modules(modules) => modules.request().map(Asked::Modules),
            Command::Sizes(sizes) => sizes.request().map(Asked::Sizes),
            Command::Annotate(annotate) => annotate.request().map(Asked::Annotate),
            Command::Count(count) => count.request().map(Asked::Count),
        }
        .map_err(|(command, problem)| Mistake {
            problem,
            command: Some(command),
        })
    }
}

impl ShowArguments {
    fn request(self) -> Result<Show, (&'static str, String)> {
        let (source, rest) = source("show", self.words, self.offset)?;
        if let Some(word) = rest.first() {
            let problem = format!("show takes one FILE; what is '{}'?", word.escape_debug());
            return Err(("show", problem));
        }
        Ok(Show {
            source,
            format: match self.format {
                _ if self.json => kallmodsyms::Format::Json,
                None | Some(Format::Kallmodsyms) => kallmodsyms::Format::Kallmodsyms,
                Some(Format::Kallsyms) => kallmodsyms::Format::Kallsyms,
                Some(Format::KallsymsModules) => kallmodsyms::Format::KallsymsModules,
                Some(Format::Json) => kallmodsyms::Format::Json,
            },
            ranges: self.range,
            objects: self.object.into_iter().map(text).collect(),
        })
    }
}

impl LookupArguments {
    fn request(self) -> Result<Lookup, (&'static str, String)> {
        let (source, queries) = source("lookup", self.words, self.offset)?;
        if queries.is_empty() {
            let problem = "lookup takes a FILE and at least one ADDRESS or SYMBOL";
            return Err(("lookup", problem.into()));
        }
        Ok(Lookup {
            source,
            json: self.json,
            queries,
        })
    }
}

/// The kernel that the first of `words` names, and the other words.
fn source(
    command: &'static str,
    words: Vec<OsString>,
    offset: u64,
) -> Result<(Source, Vec<String>), (&'static str, String)> {
    let mut words = words.into_iter();
    let file = words.next().filter(|file| !file.is_empty());
    let file = file.ok_or((command, format!("{command} takes a FILE")))?;
    let source = Source {
        file: file.into(),
        offset,
    };
    Ok((source, words.map(text).collect()))
}

fn text(word: OsString) -> String {
    word.to_string_lossy().into_owned()
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let bad = || {
        let text = text.escape_debug();
        format!("--range takes two hexadecimal addresses, START-END, and not '{text}'")
    };
    let (start, end) = text.split_once('-').ok_or_else(bad)?;
    match (parse_hexadecimal(start), parse_hexadecimal(end)) {
        (Some(start), Some(end)) if start < end => Ok(start..end),
        _ => Err(bad()),
    }
}

/// Reads the value of `--offset`.
pub(crate) fn offset(text: &str) -> Result<u64, String> {
    parse_hexadecimal(text).ok_or_else(|| {
        let text = text.escape_debug();
        format!("--offset takes a hexadecimal number, and not '{text}'")
    })
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_str(name, false).map_err(|_| {
        let name = name.escape_debug();
        format!("no format '{name}': kallmodsyms, kallsyms, kallsyms-modules or json")
    })
}

/// An error of the parser in this program's words.
fn mistake(error: &clap::Error, arguments: &[OsString]) -> Mistake {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let words: Vec<_> = arguments
        .iter()
        .map(|word| word.to_string_lossy())
        .collect();
    let commands = ["show", "lookup", "modules", "sizes", "annotate", "count"];
    let command = commands
        .into_iter()
        .find(|name| words.first().is_some_and(|word| word == name));
    // `--range <RANGE>`
    let option = context(ContextKind::InvalidArg);
    let option = option.split(' ').next().unwrap_or_default();
    let problem = match (error.kind(), command) {
        (ErrorKind::ValueValidation, _) => match std::error::Error::source(error) {
            Some(problem) => problem.to_string(),
            None => format!(
                "{option} does not take '{}'",
                context(ContextKind::InvalidValue)
            ),
        },
        (ErrorKind::UnknownArgument | ErrorKind::TooManyValues, Some(command)) => {
            let mut words = words.iter().skip(1);
            let word = words.find(|word| word.starts_with(option));
            let word = word.map_or(option, |word| word);
            format!("{command} has no option '{}'", word.escape_debug())
        }
        (ErrorKind::InvalidValue | ErrorKind::NoEquals, Some(_)) => {
            format!("{option} takes a value")
        }
        (_, Some(_)) => error.kind().to_string(),
        (_, None) => match words.first() {
            None => "a command is missing".into(),
            Some(word) => format!("no command '{}'", word.escape_debug()),
        },
    };
    Mistake { problem, command }
}
