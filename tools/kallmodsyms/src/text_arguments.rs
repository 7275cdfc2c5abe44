// SPDX-License-Identifier: GPL-2.0

//! The arguments of the commands that read texts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kallmodsyms::{Annotate, Count, CountBy, Texts};

use crate::command_line::offset;

#[derive(Args)]
struct TextArguments {
    #[arg(long, allow_hyphen_values = true)]
    kernel: Option<OsString>,
    #[arg(long, value_parser = offset, allow_hyphen_values = true)]
    offset: Option<u64>,
    words: Vec<OsString>,
}

#[derive(Args)]
pub(crate) struct AnnotateArguments {
    #[command(flatten)]
    texts: TextArguments,
    #[arg(long)]
    objects: bool,
}

#[derive(Args)]
pub(crate) struct CountArguments {
    #[command(flatten)]
    texts: TextArguments,
    #[arg(long, value_parser = by, allow_hyphen_values = true, default_value = "module")]
    by: By,
    #[arg(long)]
    json: bool,
}

/// As `--by` names it.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    Module,
    Object,
}

impl AnnotateArguments {
    pub(crate) fn request(self) -> Result<Annotate, (&'static str, String)> {
        Ok(Annotate {
            texts: self.texts.texts("annotate")?,
            objects: self.objects,
        })
    }
}

impl CountArguments {
    pub(crate) fn request(self) -> Result<Count, (&'static str, String)> {
        Ok(Count {
            texts: self.texts.texts("count")?,
            by: match self.by {
                By::Module => CountBy::Module,
                By::Object => CountBy::Object,
            },
            json: self.json,
        })
    }
}

impl TextArguments {
    /// The kernel and the texts that a command line names.
    fn texts(self, command: &'static str) -> Result<Texts, (&'static str, String)> {
        let mut words = self.words.into_iter();
        let kernel = self.kernel.or_else(|| words.next());
        if kernel.as_ref().is_some_and(|kernel| kernel.is_empty()) {
            return Err((command, format!("the FILE of {command} has an empty name")));
        }
        let texts = Texts {
            offset: self.offset,
            files: words.map(PathBuf::from).collect(),
            ..Texts::default()
        };
        Ok(match kernel {
            Some(kernel) => Texts {
                kernel: kernel.into(),
                ..texts
            },
            None => texts,
        })
    }
}

fn by(name: &str) -> Result<By, String> {
    By::from_str(name, false).map_err(|_| {
        let name = name.escape_debug();
        format!("--by takes module or object, and not '{name}'")
    })
}
