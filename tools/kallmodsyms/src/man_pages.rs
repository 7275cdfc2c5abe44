// SPDX-License-Identifier: GPL-2.0

//! Man pages of the program and of each command, for Documentation/man.

use std::fs;
use std::io;
use std::path::Path;

use clap_mangen::roff::{bold, roman, Roff};
use clap_mangen::Man;

use crate::command_line::program;
use crate::page_sections::Sections;

/// The date of the pages. Update it with their text.
const DATE: &str = "2026-11-27";

const PROGRAM: &str = "kallmodsyms";

/// The page that describes `/proc/kallmodsyms`.
const FORMAT: &str = "proc_kallmodsyms(5)";

/// The longest line of a paragraph, in bytes.
const WIDTH: usize = 80;

const LICENCE: &str = ".\\\" SPDX-License-Identifier: GPL-2.0\n";

/// Begins each section that clap_mangen writes.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// A line break, and vertical space.
const BREAK: &str = ".br\n";
const SPACE: &str = ".sp\n";

/// Writes all pages into a directory.
pub(crate) fn write(directory: &Path) -> io::Result<()> {
    let mut program = program()
        .disable_help_subcommand(true)
        .subcommand_help_heading("COMMANDS");
    program.build();
    let shown = |command: &&clap::Command| !command.is_hide_set();
    let commands: Vec<_> = program.get_subcommands().filter(shown).collect();
    let names = commands.iter().map(|command| page_name(command));
    let names: Vec<String> = [PROGRAM.into()].into_iter().chain(names).collect();
    for command in [&program].into_iter().chain(commands) {
        let name = page_name(command);
        let page = page(command, &name, &names)?;
        fs::write(directory.join(format!("{name}.1")), page)?;
    }
    Ok(())
}

/// The name of a command's page, such as `kallmodsyms-show`.
fn page_name(command: &clap::Command) -> String {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned()
}

/// The page of a command. `names` has the names of all pages.
fn page(command: &clap::Command, name: &str, names: &[String]) -> io::Result<String> {
    let man = Man::new(command.clone())
        .date(DATE)
        .source(PROGRAM)
        .manual("User Commands");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if let Some(sections) = Sections::of(command.get_name()) {
        let others = names.iter().filter(|other| *other != name);
        let others = others.map(|other| format!("{other}(1)"));
        extra(sections, others).to_writer(&mut page)?;
    }
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    Ok(tidy(&page))
}

/// The sections that clap does not make. `others` has the names of this program's other pages.
fn extra(sections: &Sections, others: impl Iterator<Item = String>) -> Roff {
    let mut roff = Roff::new();
    let mut list = |title: &str, items: &mut dyn Iterator<Item = (&str, &str)>| {
        for (number, (term, text)) in items.enumerate() {
            if number == 0 {
                roff.control("SH", [title]);
            }
            roff.control("TP", [])
                .text([bold(term)])
                .text([roman(text)]);
        }
    };
    list("EXIT STATUS", &mut sections.exit());
    list("FILES", &mut sections.files.iter().copied());
    roff.control("SH", ["EXAMPLES"]).control("EX", []);
    for line in sections.examples.lines() {
        roff.text([roman(line)]);
    }
    roff.control("EE", []).control("SH", ["SEE ALSO"]);
    let pages = sections.see_also.iter().map(|&page| page.to_owned());
    let pages = others.chain(pages).chain([FORMAT.into()]);
    let mut pages: Vec<_> = pages.collect();
    pages.sort();
    roff.text([roman(pages.join(", "))]);
    roff
}

/// The page with its licence, with one preamble, and without blank lines. Lines of a paragraph have at most 80
/// bytes, if no single word is longer.
fn tidy(page: &str) -> String {
    let mut tidy = format!("{LICENCE}{PREAMBLE}");
    let mut is_example = false;
    for line in page.replace(PREAMBLE, "").lines() {
        let line = line.trim_end();
        match line {
            ".EX" => is_example = true,
            ".EE" => is_example = false,
            _ => {}
        }
        if line.is_empty() {
            // Vertical space also breaks the line, so a line break before it is dropped.
            tidy.truncate(tidy.strip_suffix(BREAK).map_or(tidy.len(), str::len));
            tidy.push_str(SPACE);
        } else if format!("{line}\n") == BREAK && tidy.ends_with(SPACE) {
            continue;
        } else if is_example || line.starts_with('.') {
            tidy.push_str(line);
            tidy.push('\n');
        } else {
            wrap(line, &mut tidy);
        }
    }
    tidy
}

/// Appends a line of text, broken at spaces.
fn wrap(line: &str, page: &mut String) {
    let mut length = 0;
    for word in line.split(' ') {
        if length > 0 && length + 1 + word.len() > WIDTH {
            page.push('\n');
            length = 0;
        }
        if length > 0 {
            page.push(' ');
            length += 1;
        } else if word.starts_with(['.', '\'']) {
            // `\&` keeps the formatter from taking the line for a request.
            page.push_str("\\&");
            length += 2;
        }
        page.push_str(word);
        length += word.len();
    }
    page.push('\n');
}
