// SPDX-License-Identifier: GPL-2.0

//! The command line of `show` and `lookup`.

use std::ffi::OsString;
use std::ops::Range;
use std::path::PathBuf;

use crate::digits;

use super::usage;

/// What is asked for.
pub(super) enum Asked {
    Help(&'static str),
    Show(Show),
    Lookup(Lookup),
}

/// The kernel in question.
#[derive(Default)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    /// How far the image is from where it was linked.
    pub(super) offset: u64,
}

#[derive(Default)]
pub(super) struct Show {
    pub(super) source: Source,
    pub(super) format: Format,
    /// All symbols if there is nothing here.
    pub(super) ranges: Vec<Range<u64>>,
    /// As kbuild names them.
    pub(super) objects: Vec<String>,
}

pub(super) struct Lookup {
    pub(super) source: Source,
    pub(super) json: bool,
    pub(super) queries: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Kallmodsyms,
    Kallsyms,
    KallsymsModules,
    Json,
}

/// Parses what follows `command`. A failure is the problem in words.
pub(super) fn parse(command: &str, arguments: &[OsString]) -> Result<Asked, String> {
    let mut words = Words::new(arguments);
    let (mut show, mut rest) = (Show::default(), Vec::new());
    let is_show = command == "show";
    while let Some((word, is_option)) = words.next() {
        if !is_option {
            rest.push(word);
            continue;
        }
        let text = word.to_str().unwrap_or_default();
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if let ("--help" | "-h", None) = (name, &value) {
            return Ok(Asked::Help(usage::of(command).unwrap_or_default()));
        }
        if let ("--json", None) = (name, &value) {
            show.format = Format::Json;
            continue;
        }
        let mut value = || match value.clone() {
            Some(value) => Ok(value),
            None => words.value().ok_or(format!("{name} takes a value")),
        };
        match name {
            "--offset" => show.source.offset = number(&value()?, "--offset")?,
            "--range" if is_show => show.ranges.push(range(&value()?)?),
            "--object" if is_show => show.objects.push(value()?),
            "--format" if is_show => show.format = format(&value()?)?,
            _ => {
                let word = word.to_string_lossy();
                return Err(format!("{command} has no option '{}'", word.escape_debug()));
            }
        }
    }
    let mut rest = rest.into_iter();
    let file = rest.next().filter(|file| !file.is_empty());
    show.source.file = file.ok_or(format!("{command} takes a FILE"))?.into();
    let rest: Vec<String> = rest
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match rest.first() {
        None if is_show => Ok(Asked::Show(show)),
        Some(word) if is_show => Err(format!(
            "show takes one FILE; what is '{}'?",
            word.escape_debug()
        )),
        None => Err("lookup takes a FILE and at least one ADDRESS or SYMBOL".into()),
        Some(_) => Ok(Asked::Lookup(Lookup {
            source: show.source,
            json: show.format == Format::Json,
            queries: rest,
        })),
    }
}

/// The words of a command line. Behind `--` there are no options.
struct Words<'a> {
    rest: std::slice::Iter<'a, OsString>,
    options_end: bool,
}

impl<'a> Words<'a> {
    fn new(arguments: &'a [OsString]) -> Self {
        Self {
            rest: arguments.iter(),
            options_end: false,
        }
    }

    /// The next word, and whether it is an option.
    fn next(&mut self) -> Option<(OsString, bool)> {
        let word = self.rest.next()?;
        if word == "--" && !self.options_end {
            self.options_end = true;
            return self.next();
        }
        let is_option = word.as_encoded_bytes().starts_with(b"-") && word != "-";
        Some((word.clone(), is_option && !self.options_end))
    }

    /// The next word, which is the value of an option.
    fn value(&mut self) -> Option<String> {
        let word = self.rest.next()?;
        Some(word.to_string_lossy().into_owned())
    }
}

fn format(name: &str) -> Result<Format, String> {
    match name {
        "kallmodsyms" => Ok(Format::Kallmodsyms),
        "kallsyms" => Ok(Format::Kallsyms),
        "kallsyms-modules" => Ok(Format::KallsymsModules),
        "json" => Ok(Format::Json),
        _ => Err(format!(
            "no format '{}': kallmodsyms, kallsyms, kallsyms-modules or json",
            name.escape_debug()
        )),
    }
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let bad = || {
        let text = text.escape_debug();
        format!("--range takes two hexadecimal addresses, START-END, and not '{text}'")
    };
    let (start, end) = text.split_once('-').ok_or_else(bad)?;
    match (hexadecimal(start), hexadecimal(end)) {
        (Some(start), Some(end)) if start < end => Ok(start..end),
        _ => Err(bad()),
    }
}

fn number(text: &str, option: &str) -> Result<u64, String> {
    let bad = || {
        format!(
            "{option} takes a hexadecimal number, and not '{}'",
            text.escape_debug()
        )
    };
    hexadecimal(text).ok_or_else(bad)
}

/// A number in hexadecimal, with `0x` or without.
pub(super) fn hexadecimal(text: &str) -> Option<u64> {
    digits::parse(text.strip_prefix("0x").unwrap_or(text).as_bytes())
}
