// SPDX-License-Identifier: GPL-2.0

//! Sections of the help and of the man pages that clap has no place for.

/// The sections of a command.
pub(crate) struct Sections {
    /// The name of the command; empty for the program.
    command: &'static str,
    /// An exit code besides 0 to 2, with its meaning. All commands have the codes 0 to 2.
    exit: Option<(&'static str, &'static str)>,
    /// Files that the command reads, each with a description.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// Commands, each after `$`, and their output.
    pub(crate) examples: &'static str,
    /// Man pages of other programs.
    pub(crate) see_also: &'static [&'static str],
}

/// Exit codes of all commands.
const EXIT: [(&str, &str); 3] = [
    ("0", "Success, or the reader closed the pipe."),
    (
        "1",
        "The program cannot read a file or write the output; the message says why.",
    ),
    ("2", "The command line is wrong."),
];

const RANGES: (&str, &str) = (
    ".tmp_vmlinux.ranges",
    "The object file of each part of the image. The build leaves it beside vmlinux.",
);

const THICK: (&str, &str) = (
    "modules_thick.builtin",
    "The object files of each built-in module. The build leaves it beside vmlinux.",
);

const RUNNING: (&str, &str) = (
    "/proc/kallmodsyms",
    "The symbols of the running kernel: proc_kallmodsyms(5).",
);

const ALL: &[Sections] = &[
    Sections {
        command: "",
        exit: Some(("3", "Some of the requested symbols do not exist.")),
        files: &[RANGES, THICK, RUNNING],
        examples: "\
$ dmesg | kallmodsyms annotate
$ kallmodsyms sizes ~/build
$ kallmodsyms lookup vmlinux 0xffffffff81252690
ffffffff81252690 ext4_fill_super+0x10/0x2b3a\t[ext4]
",
        see_also: &["nm(1)", "perf(1)"],
    },
    Sections {
        command: "show",
        exit: Some((
            "3",
            "No symbol is at the requested addresses or in the object file.",
        )),
        files: &[RANGES],
        examples: "\
$ kallmodsyms show vmlinux --format kallsyms >kallsyms
$ perf report --kallsyms kallsyms
",
        see_also: &["nm(1)", "perf(1)"],
    },
    Sections {
        command: "lookup",
        exit: Some(("3", "Some of the requested symbols do not exist.")),
        files: &[RANGES],
        examples: "\
$ kallmodsyms lookup vmlinux ext4_fill_super+0x10/0x2b3a vfs_read
ffffffff81252690 ext4_fill_super+0x10/0x2b3a\t[ext4]
ffffffff811b9e17 151 T vfs_read
",
        see_also: &["addr2line(1)", "nm(1)"],
    },
    Sections {
        command: "modules",
        exit: None,
        files: &[RUNNING, THICK, RANGES],
        examples: "\
$ kallmodsyms modules ~/build | head -n 3
symbols objects  bytes module
     72       2  12833 8250
    123       3  22352 8250_base
$ kallmodsyms modules -1 new | comm -13 old -
",
        see_also: &["lsmod(8)", "modinfo(8)"],
    },
    Sections {
        command: "sizes",
        exit: None,
        files: &[RUNNING, THICK, RANGES],
        examples: "\
$ kallmodsyms sizes --by object --csv ~/build >sizes.csv
$ kallmodsyms sizes ~/old --diff ~/new | grep -A2 ' ext4$'
  579755   738509  +158754 ext4
  125922   182961   +57039   (no symbol)
       -     4801    +4801   ext4_fc_perform_commit
",
        see_also: &["size(1)"],
    },
    Sections {
        command: "annotate",
        exit: None,
        files: &[RUNNING, RANGES],
        examples: "\
$ dmesg | kallmodsyms annotate vmlinux
$ echo ' ext4_fill_super+0x10/0x2b3a' | kallmodsyms annotate --objects vmlinux
 ext4_fill_super+0x10/0x2b3a [ext4] {fs/ext4/super.o}
",
        see_also: &["dmesg(1)", "perf-script(1)"],
    },
    Sections {
        command: "count",
        exit: Some(("3", "The text has no symbol of the kernel.")),
        files: &[RUNNING, RANGES],
        examples: "\
$ perf script | kallmodsyms count
$ kallmodsyms count --by object vmlinux oops
",
        see_also: &["perf-script(1)"],
    },
    Sections {
        command: "completions",
        exit: None,
        files: &[],
        examples: "\
$ source <(kallmodsyms completions bash)
",
        see_also: &["bash(1)", "zsh(1)", "fish(1)"],
    },
];

impl Sections {
    /// The sections of a command, or of the program if `command` is its name.
    pub(crate) fn of(command: &str) -> Option<&'static Self> {
        let name = if command == "kallmodsyms" {
            ""
        } else {
            command
        };
        ALL.iter().find(|sections| sections.command == name)
    }

    /// The exit codes, with their meaning.
    pub(crate) fn exit(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        EXIT.into_iter().chain(self.exit)
    }

    /// The end of the help: the exit codes and the examples. The man pages show all sections.
    fn help(&self) -> String {
        let mut help = String::from("Exit status:\n");
        for (code, meaning) in self.exit() {
            help.push_str(&format!("  {code}  {meaning}\n"));
        }
        help.push_str("\nExamples:\n");
        for line in self.examples.lines() {
            help.push_str(&format!("  {line}\n"));
        }
        help
    }
}

/// Adds the sections to the long help of the program and its commands.
pub(crate) fn add_to(program: clap::Command) -> clap::Command {
    let with_sections = |command: clap::Command| match Sections::of(command.get_name()) {
        Some(sections) => command.after_long_help(sections.help()),
        None => command,
    };
    with_sections(program).mut_subcommands(with_sections)
}
