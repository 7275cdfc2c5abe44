// SPDX-License-Identifier: GPL-2.0

//! The command line. Help, completions and man pages are made from these types.

use std::io::IsTerminal as _;
use std::ops::Range;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{
    Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    ValueHint,
};
use clap_complete::Shell;
use kallmodsyms::{parse_hexadecimal, Lookup, Show, Source};

use crate::page_sections;
use crate::size_arguments::{ModulesArguments, SizesArguments};
use crate::text_arguments::{AnnotateArguments, CountArguments};

/// What `--version` shows.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nReads kernels of Linux 6.12, 7.2 and 7.3."
);

/// Tell which built-in module each symbol, address and byte of a kernel is from
///
/// The program decodes the tables in the image of the kernel with the kernel's own code, and boots nothing. The kernel
/// must be built with CONFIG_KALLMODSYMS.
///
/// FILE and SOURCE name a kernel: a build directory; a vmlinux, with symbols or stripped; a vmlinuz (bzImage) of x86; an
/// Image or a vmlinuz.efi of arm64 or riscv64; a vmcore in the form of ELF or of makedumpfile, or /proc/kcore; or a copy
/// of /proc/kallmodsyms. Each of these files can be compressed as a whole, except a vmcore. The program goes by the
/// content of a file, not by its name. `modules`, `sizes`, `annotate` and `count` read /proc/kallmodsyms if no kernel is
/// named.
#[derive(Parser)]
#[command(
    name = "kallmodsyms",
    version,
    long_version = VERSION,
    max_term_width = 80,
    subcommand_value_name = "COMMAND",
    subcommand_help_heading = "Commands"
)]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A command.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write the lines of /proc/kallmodsyms of a kernel
    ///
    /// The lines are those of proc_kallmodsyms(5) for the kernel's own symbols, with the addresses of a kernel that was
    /// booted with nokaslr.
    ///
    /// The listing has every symbol that one of --range and --object selects; each can be given several times.
    #[command(args_override_self = true)]
    Show(ShowArguments),

    /// Tell the symbol and the modules of an address, or find a symbol
    #[command(args_override_self = true)]
    Lookup(LookupArguments),

    /// List the built-in modules of a kernel
    ///
    /// Each line has the number of the symbols, object files and bytes of a module. An object file of several modules
    /// counts in each of them.
    #[command(args_override_self = true)]
    Modules(ModulesArguments),

    /// Show the bytes of a kernel by module and by class
    ///
    /// The largest module is first. An object file of several modules is in a row of its own. Code of no module is in a
    /// row for each directory. The sum is the sum of those sections of `size -A vmlinux` that are part of the image.
    ///
    /// Rows in round brackets have no single object file. (merged) has bytes that several object files share, and
    /// (padding) has bytes of the linker and its script. A table of symbols has (no module) and (no symbol) instead.
    #[command(args_override_self = true)]
    Sizes(SizesArguments),

    /// Write the modules behind the symbols in a text
    ///
    /// The output is a copy of an oops, a profile or a trace, with ` [module]` behind each symbol and each address of the
    /// kernel that is in a module. Nothing else of the text changes.
    ///
    /// The program finds symbols in the forms name+0x1f/0x40, name+0x1f, name+31, `? name`, `=> name`, name_[k] and
    /// vmlinux`name. It finds addresses in the forms [<ffffffff81234567>], ffffffff81234567 and 0xffffffff81234567.
    ///
    /// Several symbols can have one name. Then the address before the name, the size and the offset decide. If these do
    /// not decide, the mark has every possibility: ` [a]|[b]`, with [vmlinux] for a symbol in no module.
    #[command(args_override_self = true)]
    Annotate(AnnotateArguments),

    /// Count the modules of the symbols in a text
    ///
    /// The text has the forms that kallmodsyms-annotate(1) lists. The program counts folded stacks, stacks with a frame
    /// in each line, and other lines with a symbol. A number behind a stack multiplies it, as in folded stacks and in the
    /// output of bpftrace.
    ///
    /// The column `self` counts stacks by their innermost frame, and `total` counts them by all of their frames.
    /// [vmlinux] has the symbols in no module.
    #[command(args_override_self = true)]
    Count(CountArguments),

    /// Write a script that completes the arguments of this program
    ///
    /// A shell reads the script. The Debian package of the program installs these scripts.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: CompletedShell,
    },

    /// Write the man pages into a directory.
    #[command(hide = true)]
    Man {
        /// The directory.
        #[arg(value_hint = ValueHint::DirPath)]
        directory: PathBuf,
    },
}

/// The arguments of `show`.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// Show only symbols at START or above, and below END, in hexadecimal.
    #[arg(long, value_name = "START-END", value_parser = range)]
    range: Vec<Range<u64>>,

    /// Show only symbols of this object file, for example fs/ext4/super.o, or of all object files in a directory, for
    /// example fs/ext4/. If the kernel stores no object files (CONFIG_KALLMODSYMS_OBJECTS), the program reads the file
    /// .tmp_vmlinux.ranges beside FILE.
    #[arg(long, value_name = "PATH")]
    object: Vec<String>,

    /// The form of the lines.
    #[arg(
        long,
        value_enum,
        default_value = "kallmodsyms",
        hide_default_value = true,
        overrides_with = "json"
    )]
    format: Format,

    /// The same as `--format json`.
    #[arg(long, overrides_with = "format")]
    json: bool,

    #[command(flatten)]
    source: SourceArguments,
}

/// The arguments of `lookup`.
#[derive(Args)]
pub(crate) struct LookupArguments {
    /// Write an array with an object for each answer. The object has the section if .tmp_vmlinux.ranges is beside FILE,
    /// and the object file if the kernel stores object files (CONFIG_KALLMODSYMS_OBJECTS) or if that file is there.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    source: SourceArguments,

    /// An address or a symbol.
    ///
    /// An ADDRESS is 0x and hexadecimal digits, or 16 digits. The answer is the address, the symbol with the offset
    /// and the size of the symbol, and after a tab the modules. If the offset is not below the size, the address is in
    /// the padding after the symbol.
    ///
    /// SYMBOL+0xOFFSET is the address at this offset from a symbol, as in a stack trace. The program ignores a size
    /// after a slash.
    ///
    /// A SYMBOL is a name. The answer has the lines of all symbols with this name, as in /proc/kallmodsyms.
    ///
    /// PLACE:SYMBOL is a symbol of a module, for example ext4:ext4_fill_super, or of an object file, for example
    /// fs/ext4/super.o:ext4_fill_super. The last components of the path are enough: ext4/super.o.
    #[arg(required = true, value_name = "QUERY")]
    queries: Vec<String>,
}

/// The kernel of `show` and `lookup`.
#[derive(Args)]
struct SourceArguments {
    /// Use the addresses of a kernel that was moved by this offset at boot: KERNELOFFSET in VMCOREINFO, or `Kernel
    /// Offset` in the message of a panic. With nokaslr it is 0. A vmcore has its own offset.
    #[arg(long, value_name = "HEX", value_parser = offset, default_value = "0", hide_default_value = true)]
    offset: u64,

    /// The kernel: a build directory, a vmlinux, a vmlinuz, an Image, a vmcore, or a copy of /proc/kallmodsyms.
    #[arg(value_name = "FILE", value_parser = kernel_file(), value_hint = ValueHint::AnyPath)]
    file: PathBuf,
}

/// As `--format` names it.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// address size type name<tab>[module] [module]
    Kallmodsyms,
    /// address type name, as in /proc/kallsyms, for perf: it drops a symbol of a module that is not loaded
    Kallsyms,
    /// address type name<tab>[module], with the first of the modules
    KallsymsModules,
    /// an array with an object for each symbol
    Json,
}

/// A shell that `completions` has a script for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum CompletedShell {
    Bash,
    Zsh,
    Fish,
}

impl From<CompletedShell> for Shell {
    fn from(shell: CompletedShell) -> Self {
        match shell {
            CompletedShell::Bash => Self::Bash,
            CompletedShell::Zsh => Self::Zsh,
            CompletedShell::Fish => Self::Fish,
        }
    }
}

/// The program and its commands, as clap has them.
pub(crate) fn program() -> clap::Command {
    page_sections::add_to(Line::command())
}

/// Parses the command line of this process.
pub(crate) fn parse() -> Result<Command, clap::Error> {
    let matches = program().try_get_matches().map_err(with_remedy)?;
    Ok(Line::from_arg_matches(&matches)?.command)
}

/// Adds the remedy to the refusal of `--html` with an option of tables. No other options exclude each other.
fn with_remedy(mut mistake: clap::Error) -> clap::Error {
    if mistake.kind() == ErrorKind::ArgumentConflict {
        let remedy =
            "the page has all rows and levels; for a table, run the command again without --html";
        let remedy = ContextValue::StyledStrs(vec![remedy.into()]);
        mistake.insert(ContextKind::Suggested, remedy);
    }
    mistake
}

impl From<ShowArguments> for Show {
    fn from(arguments: ShowArguments) -> Self {
        Self {
            source: arguments.source.into(),
            format: match arguments.format {
                _ if arguments.json => kallmodsyms::Format::Json,
                Format::Kallmodsyms => kallmodsyms::Format::Kallmodsyms,
                Format::Kallsyms => kallmodsyms::Format::Kallsyms,
                Format::KallsymsModules => kallmodsyms::Format::KallsymsModules,
                Format::Json => kallmodsyms::Format::Json,
            },
            ranges: arguments.range,
            objects: arguments.object,
        }
    }
}

impl From<LookupArguments> for Lookup {
    fn from(arguments: LookupArguments) -> Self {
        Self {
            source: arguments.source.into(),
            json: arguments.json,
            queries: arguments.queries,
        }
    }
}

impl From<SourceArguments> for Source {
    fn from(arguments: SourceArguments) -> Self {
        Self {
            file: arguments.file,
            offset: arguments.offset,
        }
    }
}

/// Reads the path of a kernel.
pub(crate) fn kernel_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(not_standard_input)
}

/// Refuses standard input: the program reads a kernel in any order.
pub(crate) fn not_standard_input(kernel: PathBuf) -> Result<PathBuf, &'static str> {
    match kernel.as_os_str() == "-" {
        true => Err("the program cannot read a kernel from standard input: save it in a file"),
        false => Ok(kernel),
    }
}

fn range(text: &str) -> Result<Range<u64>, &'static str> {
    let range = text
        .split_once('-')
        .and_then(|(start, end)| Some(parse_hexadecimal(start)?..parse_hexadecimal(end)?));
    let range = range.filter(|range| !range.is_empty());
    range.ok_or("give two hexadecimal addresses, the smaller one first")
}

/// Reads the value of `--offset`.
pub(crate) fn offset(text: &str) -> Result<u64, &'static str> {
    parse_hexadecimal(text).ok_or("give a hexadecimal number")
}

/// Tells whether standard output is in colour: always, never, or on a terminal unless NO_COLOR is set.
pub(crate) fn has_color(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
            std::io::stdout().is_terminal() && !is_set("NO_COLOR")
        }
    }
}
