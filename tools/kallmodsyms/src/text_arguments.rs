// SPDX-License-Identifier: GPL-2.0

//! The arguments of the commands that read texts.

use std::path::PathBuf;

use clap::error::{Error, ErrorKind};
use clap::{Args, ColorChoice, ValueEnum, ValueHint};
use kallmodsyms::{Annotate, Count, CountBy, Texts};

use crate::command_line::{has_color, kernel_file, not_standard_input, offset};

#[derive(Args)]
struct TextArguments {
    /// The kernel. Every other argument is a TEXT.
    #[arg(long, value_name = "FILE", value_parser = kernel_file(), value_hint = ValueHint::FilePath)]
    kernel: Option<PathBuf>,

    /// The kernel of the text was moved by this offset at boot. Without the option, the program takes the offset from
    /// the line `Kernel Offset` of the text, or from two symbols behind their addresses.
    #[arg(long, value_name = "HEX", value_parser = offset)]
    offset: Option<u64>,

    /// The kernel: a build directory, a vmlinux, a vmlinuz, an Image, a vmcore, or a copy of /proc/kallmodsyms. Without
    /// FILE, the text is of the running kernel.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// Texts; `-` is standard input. Without TEXT, the program reads standard input.
    #[arg(value_name = "TEXT", value_hint = ValueHint::FilePath)]
    texts: Vec<PathBuf>,
}

/// The arguments of `annotate`.
#[derive(Args)]
pub(crate) struct AnnotateArguments {
    #[command(flatten)]
    texts: TextArguments,

    /// Add the object file: ` [module] {fs/ext4/super.o}`. A kernel without
    /// CONFIG_KALLMODSYMS_OBJECTS needs .tmp_vmlinux.ranges beside vmlinux.
    #[arg(long)]
    objects: bool,

    /// Show the marks in colour.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// The arguments of `count`.
#[derive(Args)]
pub(crate) struct CountArguments {
    #[command(flatten)]
    texts: TextArguments,

    /// What a row is.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "module")]
    by: By,

    /// Write an array with an object for each row.
    #[arg(long)]
    json: bool,
}

/// As `--by` names it.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// the modules of a symbol
    Module,
    /// an object file, or `-` if it is not known; a kernel without CONFIG_KALLMODSYMS_OBJECTS needs
    /// .tmp_vmlinux.ranges beside vmlinux
    Object,
}

impl TryFrom<AnnotateArguments> for Annotate {
    type Error = Error;

    fn try_from(arguments: AnnotateArguments) -> Result<Self, Error> {
        Ok(Self {
            texts: arguments.texts.try_into()?,
            objects: arguments.objects,
            color: has_color(arguments.color),
        })
    }
}

impl TryFrom<CountArguments> for Count {
    type Error = Error;

    fn try_from(arguments: CountArguments) -> Result<Self, Error> {
        Ok(Self {
            texts: arguments.texts.try_into()?,
            by: match arguments.by {
                By::Module => CountBy::Module,
                By::Object => CountBy::Object,
            },
            json: arguments.json,
        })
    }
}

impl TryFrom<TextArguments> for Texts {
    type Error = Error;

    fn try_from(arguments: TextArguments) -> Result<Self, Error> {
        let TextArguments {
            kernel,
            offset,
            file,
            mut texts,
        } = arguments;
        let kernel = match kernel {
            Some(kernel) => {
                texts.splice(..0, file);
                Some(kernel)
            }
            None => file
                .map(not_standard_input)
                .transpose()
                .map_err(|problem| {
                    let problem = format!(
                    "invalid value '-' for '[FILE]': {problem}\n\nFor more information, try '--help'.\n"
                );
                    Error::raw(ErrorKind::ValueValidation, problem)
                })?,
        };
        let default = Self::default();
        Ok(Self {
            kernel: kernel.unwrap_or(default.kernel),
            offset,
            files: texts,
            ..default
        })
    }
}
