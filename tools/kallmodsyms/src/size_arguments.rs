// SPDX-License-Identifier: GPL-2.0

//! The arguments of `modules` and `sizes`.

use std::path::PathBuf;

use clap::{Args, ColorChoice, ValueEnum, ValueHint};
use kallmodsyms::{Modules, Sizes, TableFormat};

use crate::command_line::{has_color, kernel_file};

/// The arguments of `modules`.
#[derive(Args)]
pub(crate) struct ModulesArguments {
    /// Write only the names, for comm(1) and grep(1).
    #[arg(short = '1')]
    names: bool,

    /// Also list the modules that were loaded, if SOURCE is a listing.
    #[arg(long)]
    loaded: bool,

    /// Write an array with an object for each module.
    #[arg(long)]
    json: bool,

    /// The kernel: a vmlinux, a vmlinuz, an Image, a vmcore, a copy of /proc/kallmodsyms, or a build directory. Only a
    /// build directory has the object files. Without SOURCE, the program reads /proc/kallmodsyms.
    #[arg(value_name = "SOURCE", value_parser = kernel_file(), value_hint = ValueHint::AnyPath)]
    source: Option<PathBuf>,
}

/// The arguments of `sizes`.
#[derive(Args)]
pub(crate) struct SizesArguments {
    /// What a row is.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "module")]
    by: By,

    /// Show the differences from SOURCE to a second kernel, by row and then by symbol: rows that are larger, smaller,
    /// new or gone.
    #[arg(long, value_name = "SECOND", value_parser = kernel_file(), value_hint = ValueHint::AnyPath)]
    diff: Option<PathBuf>,

    /// Write comma-separated values. The first line has the names of the columns.
    #[arg(long, overrides_with = "json")]
    csv: bool,

    /// Write an array with an object for each row.
    #[arg(long, overrides_with = "csv")]
    json: bool,

    /// Show differences in colour: larger rows in red, smaller ones in green.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    /// Write a web page to FILE (`-` is standard output) that draws directories, modules, object files and symbols as
    /// a treemap. With --diff, colours show growth.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["by", "csv", "json"])]
    html: Option<PathBuf>,

    /// The kernel. For a build directory, the program adds up the bytes of object files, so no byte is missing. For a
    /// vmlinux, a vmlinuz, an Image, a vmcore, or a copy of /proc/kallmodsyms, it adds up the sizes of symbols. Without
    /// SOURCE, the program reads /proc/kallmodsyms.
    #[arg(value_name = "SOURCE", value_parser = kernel_file(), value_hint = ValueHint::AnyPath)]
    source: Option<PathBuf>,
}

/// As `--by` names it.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// a module, several modules that share object files, or the code of a directory that is in no module
    Module,
    /// an object file of a build directory
    Object,
    /// a directory of a build directory
    Path,
}

impl From<ModulesArguments> for Modules {
    fn from(arguments: ModulesArguments) -> Self {
        Self {
            file: arguments.source,
            names_only: arguments.names,
            with_loaded: arguments.loaded,
            json: arguments.json,
        }
    }
}

impl From<SizesArguments> for Sizes {
    fn from(arguments: SizesArguments) -> Self {
        Self {
            file: arguments.source,
            diff: arguments.diff,
            by: match arguments.by {
                By::Module => kallmodsyms::By::Module,
                By::Object => kallmodsyms::By::Object,
                By::Path => kallmodsyms::By::Path,
            },
            format: match () {
                () if arguments.csv => TableFormat::Csv,
                () if arguments.json => TableFormat::Json,
                () => TableFormat::Text,
            },
            color: has_color(arguments.color),
            html: arguments.html,
        }
    }
}
