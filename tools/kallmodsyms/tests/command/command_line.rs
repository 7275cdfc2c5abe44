// SPDX-License-Identifier: GPL-2.0

//! Tests the command line: help, mistakes, completions, colours and man pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, starts_with};

use crate::kernel::Vmlinux;
use crate::show::{Place, LINES};

const COMMANDS: [&str; 7] = [
    "show",
    "lookup",
    "modules",
    "sizes",
    "annotate",
    "count",
    "completions",
];

/// The directory of the man pages, relative to this crate.
const PAGES: &str = "../../Documentation/man";

#[test]
fn mistakes_name_the_argument_and_the_help() {
    let place = Place::with(b"");
    for (arguments, problem) in [
        (&["show"][..], "<FILE>"),
        (&["show", ""], "a value is required for '<FILE>'"),
        (&["show", "-"], "cannot read a kernel from standard input"),
        (&["show", "a", "b"], "unexpected argument 'b'"),
        (&["show", "a", "--range"], "'--range <START-END>'"),
        (&["show", "a", "--range=5-5"], "two hexadecimal addresses"),
        (&["show", "a", "--range=x-y"], "invalid value 'x-y'"),
        (&["show", "a", "--format=xml"], "kallsyms-modules, json"),
        (&["show", "a", "--offset=z"], "a hexadecimal number"),
        (&["show", "a", "--frobnicate"], "'--frobnicate'"),
        (&["show", "a", "--formats=json"], "exists: '--format'"),
        (&["lookup"], "<FILE>"),
        (&["lookup", "a"], "<QUERY>"),
        (&["lookup", "a", "b", "--range=1-2"], "'--range'"),
        (&["modules", "a", "b"], "unexpected argument 'b'"),
        (&["sizes", "a", "b"], "unexpected argument 'b'"),
        (&["sizes", "a", "--by", "section"], "module, object, path"),
        (&["sizes", "-"], "cannot read a kernel from standard input"),
        (
            &["annotate", "-"],
            "cannot read a kernel from standard input",
        ),
        (
            &["annotate", "--kernel=-"],
            "cannot read a kernel from standard input",
        ),
        (&["annotate", "--by", "object"], "'--by'"),
        (&["annotate", ""], "a value is required"),
        (&["count", "a", "--by", "line"], "module, object"),
        (&["completions", "tcsh"], "bash, zsh, fish"),
    ] {
        let says = starts_with("error: ")
            .and(contains(problem))
            .and(contains("--help"));
        let assert = place.command(arguments).assert().code(2).stdout("");
        assert.stderr(says);
    }
    for (arguments, problem) in [(&[][..], "Usage: kallmodsyms"), (&["shown"], "'shown'")] {
        let assert = place.command(arguments).assert().code(2).stdout("");
        assert.stderr(contains(problem));
    }
    place.write("--odd", Vmlinux::new().to_elf());
    assert_eq!(place.output(&["show", "--", "--odd"]), LINES);
}

#[test]
fn help_fits_into_80_columns_and_has_the_exit_codes() {
    let place = Place::with(b"");
    let program = place.output(&["--help"]);
    assert!(
        program.contains("Usage: kallmodsyms <COMMAND>"),
        "{program}"
    );
    for command in COMMANDS {
        let help = place.output(&["help", command]);
        assert_eq!(help, place.output(&[command, "--help"]));
        let usage = format!("Usage: kallmodsyms {command} ");
        for part in [&usage, "Exit status:\n  0  Success", "Examples:\n  $ "] {
            assert!(help.contains(part), "{part} in {help}");
        }
        assert!(program.contains(&format!("\n  {command} ")), "{command}");
        for text in [&program, &help, &place.output(&[command, "-h"])] {
            let wide = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None, "{command}");
        }
    }
}

#[test]
fn the_version_lists_the_kernel_series() {
    let place = Place::with(b"");
    let version = place.output(&["--version"]);
    let first = format!("kallmodsyms {}\n", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(&first), "{version}");
    for series in ["6.12", "7.2", "7.3"] {
        assert!(version.contains(series), "{version}");
    }
    assert_eq!(place.output(&["-V"]), first);
}

#[test]
fn completions_contain_commands_and_options() {
    let place = Place::with(b"");
    for (shell, first) in [
        ("bash", "_kallmodsyms() {"),
        ("zsh", "#compdef kallmodsyms"),
        ("fish", "# Print an optspec"),
    ] {
        let script = place.output(&["completions", shell]);
        assert!(script.starts_with(first), "{script}");
        for word in ["annotate", "kallsyms-modules", "csv"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
}

#[test]
fn only_terminals_get_colors_by_default() {
    let place = Place::with(&Vmlinux::new().to_elf());
    place.write("text", " b_open+0x1 startup+0x1\n");
    let command = |color: &[&str]| {
        let arguments = ["annotate", "vmlinux", "text"];
        place.output(&[&arguments, color].concat())
    };
    let colored = " b_open+0x1\x1b[36m [b]\x1b[m startup+0x1\n";
    assert_eq!(command(&["--color=always"]), colored);
    for color in [&[][..], &["--color", "never"], &["--color", "auto"]] {
        assert_eq!(command(color), " b_open+0x1 [b] startup+0x1\n");
    }

    place.write("larger", LINES.replace("10 t twin", "20 t twin"));
    place.write("listing", LINES);
    let diff = |arguments: &[&str]| {
        let arguments = [&["sizes", "--color=always", "--diff"], arguments].concat();
        place.output(&arguments)
    };
    let (grown, shrunk) = (diff(&["larger", "listing"]), diff(&["listing", "larger"]));
    assert!(
        grown.contains("\x1b[31m") && !grown.contains("\x1b[32m"),
        "{grown}"
    );
    assert!(
        shrunk.contains("\x1b[32m") && !shrunk.contains("\x1b[31m"),
        "{shrunk}"
    );
    let lines = grown.lines().filter(|line| line.contains('\x1b'));
    assert!(
        lines.clone().all(|line| line.ends_with("\x1b[m")),
        "{grown}"
    );
}

/// The man pages in a directory, by file name.
fn pages(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let pages = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    pages
        .filter(|(name, _)| name.starts_with("kallmodsyms"))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn committed_man_pages_are_up_to_date() {
    let place = Place::with(b"");
    assert_eq!(place.output(&["man", "."]), "");
    let made = pages(place.directory());
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = pages(&repository.join(PAGES));
    assert_eq!(made.len(), 1 + COMMANDS.len());
    for name in made.keys().chain(committed.keys()) {
        assert!(
            made.get(name) == committed.get(name),
            "Documentation/man/{name} is out of date; write all pages with\n  \
             cargo run --manifest-path tools/kallmodsyms/Cargo.toml -- man Documentation/man"
        );
    }
}
