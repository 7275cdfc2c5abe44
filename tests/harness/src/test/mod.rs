// SPDX-License-Identifier: GPL-2.0

//! `make test` runs the tests that are short enough to run after each change. `ALL=1` adds the long tests.

mod apply;
pub mod attribution;
pub mod boot;
mod compilers;
mod damaged;
mod damages;
mod deb;
mod debuggers;
mod docs;
mod dumps;
mod hooks;
mod host;
mod image_bytes;
mod imports;
mod kaslr;
mod kernel_checks;
mod kernel_style;
mod layering;
mod lint;
pub mod listing;
pub mod lists;
pub mod long;
mod needs;
mod off;
mod offered;
pub mod offline;
mod order;
mod printed;
mod rebuild;
mod rebuilt;
pub mod report;
mod reproduce;
mod samples;
pub mod sizes;
mod soak;
pub mod speed;
mod stability;
mod tables;
mod unchanged;
mod versions;
mod vmcoreinfo;

use anyhow::Result;

use crate::lab::build;
use crate::lab::guest;
use crate::lab::options::{Options, Test};
use crate::lab::packages;
use crate::lab::qemu;
use crate::lab::source::{self, Tree};
use crate::lab::workshop::Workshop;
use needs::{has_options, CONTAINERS, DAMAGED_BOOT, RANDOM_ADDRESSES};
use report::Report;

/// The numbers of damages and of boots at random addresses in `make test ALL=1`. `make reproduce` has more.
const DAMAGES: usize = 2;
const BOOTS: u32 = 3;

/// A named group of tests. A group with `long` runs only with `ALL=1` or `ALL=rest`.
struct Group<'a> {
    name: String,
    long: bool,
    run: Tests<'a>,
}

type Tests<'a> = Box<dyn FnOnce(&mut Report) -> Result<()> + 'a>;

/// The groups, in the order in which they run.
#[derive(Default)]
struct Groups<'a>(Vec<Group<'a>>);

impl<'a> Groups<'a> {
    fn short(&mut self, name: &str, run: impl FnOnce(&mut Report) -> Result<()> + 'a) {
        self.add(name, false, run);
    }

    fn long(&mut self, name: &str, run: impl FnOnce(&mut Report) -> Result<()> + 'a) {
        self.add(name, true, run);
    }

    fn add(&mut self, name: &str, long: bool, run: impl FnOnce(&mut Report) -> Result<()> + 'a) {
        self.0.push(Group {
            name: name.to_owned(),
            long,
            run: Box::new(run),
        });
    }

    /// Runs the groups that `test` asks for, and prints the names of the long groups that did not run.
    fn run(self, test: &Test, report: &mut Report) -> Result<()> {
        let (mut long, short): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|group| group.long);
        let (turn, limit) = (test.turn()?, test.limit()?);
        let count = long.len().max(1);
        long.rotate_left(turn % count);
        if test.short() {
            for group in short {
                report.group(&group.name, group.run);
            }
        }
        let mut skipped = Vec::new();
        for group in long {
            match test.long() && report.elapsed() < limit {
                true => report.group(&group.name, group.run),
                false => skipped.push(group.name),
            }
        }
        if !skipped.is_empty() {
            let why = match test.long() {
                true => "not started, because the time limit is reached:",
                false => "make test ALL=1 adds",
            };
            println!("# {why}\n#   {}", skipped.join("; "));
        }
        Ok(())
    }
}

/// Runs the groups that `test` asks for. Returns true if all tests passed.
pub fn run(test: &Test) -> Result<bool> {
    let options = &test.options;
    let purpose = match test.long() {
        true => packages::For::AllTests,
        false => packages::For::Test,
    };
    let workshop = Workshop::open(options, purpose)?;
    let packaged = source::packaged(options, &workshop.cache)?;
    let mut report = Report::new();
    groups(options, &workshop, &packaged)?.run(test, &mut report)?;
    println!(
        "# builds, logs and consoles: {}",
        workshop.cache.path.join("build").display()
    );
    Ok(report.end())
}

/// All groups. The first kernel under test is the kernel that `make run` builds.
fn groups<'a>(
    options: &'a Options,
    workshop: &'a Workshop,
    packaged: &'a Tree,
) -> Result<Groups<'a>> {
    let (cache, arch) = (&workshop.cache, options.arch()?);
    let mut groups = Groups::default();
    groups.short("lints", lint::run);
    groups.short("layering", layering::run);
    groups.short("the kernel's style", |report| {
        kernel_style::run(report, packaged)
    });
    groups.short("host tests", host::run);
    groups.short("samples", samples::run);
    groups.short("apply and unapply", |report| apply::run(report, packaged));
    groups.short("documentation", docs::run);
    groups.short(options.config(), |report| {
        kernel(report, options, workshop, packaged, options.config())
    });
    groups.long("every version of Debian's kernels", |report| {
        versions::run(report, cache)
    });
    groups.long("the oldest compiler", |report| {
        compilers::run(report, options, workshop)
    });
    groups.long("the option in Kconfig", |report| {
        offered::run(report, options, workshop)
    });
    groups.long("the Debian package", |report| {
        deb::run(report, options, workshop)
    });
    groups.long("pages of the documentation", |report| {
        docs::pages(report, cache, &workshop.tree)
    });
    if options.chosen_config().is_none() {
        let others = arch
            .configs
            .iter()
            .filter(|&&name| name != options.config());
        for &config in others {
            groups.long(config, move |report| {
                kernel(report, options, workshop, packaged, config)
            });
        }
    }
    groups.long("privacy, damage and address randomisation", |report| {
        special_boots(report, options, workshop)
    });
    groups.long("many BPF programs", |report| {
        speed::run_bpf(report, options, workshop)
    });
    groups.long("built in or loaded", |report| {
        stability::run(report, options, workshop)
    });
    if arch.has_debug_kernels {
        for config in soak::CONFIGS {
            groups.long(config, |report| {
                soak::test(report, options, workshop, config)
            });
        }
    }
    if options.chosen_config().is_none() {
        groups.long("with the option and without", |report| {
            printed::pair::run(report, options, workshop, packaged)
        });
    }
    groups.long("the option off", |report| {
        off::run(report, options, cache, &workshop.toolchain, packaged)
    });
    Ok(groups)
}

/// Builds and tests the kernel of one configuration.
fn kernel(
    report: &mut Report,
    options: &Options,
    workshop: &Workshop,
    packaged: &Tree,
    config: &str,
) -> Result<()> {
    let kernel = workshop.configured(options, config)?;
    boot::run(report, options, &kernel)?;
    kernel_checks::run(report, &kernel)?;
    boot::run_small(report, options, &kernel)?;
    speed::run(report, options, &kernel)?;
    speed::lookups(report, options, &kernel)?;
    attribution::run(report, &kernel)?;
    let guest = guest::pack(options, &kernel)?;
    let files = qemu::show(options, &guest)?;
    sizes::run(report, &kernel, &files)?;
    vmcoreinfo::run(report, &kernel, &files)?;
    offline::run(report, options, &kernel, &guest, &files)?;
    dumps::run(report, options, &kernel)?;
    image_bytes::run(report, &kernel)?;
    unchanged::run(report, options, &kernel, packaged)?;
    reproduce::run(report, &kernel)?;
    rebuild::run(report, &kernel)
}

/// Tests the first kernel with readers that have different rights, with damaged tables, and at random
/// addresses.
fn special_boots(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    let kernel = workshop.configured(options, options.config())?;
    build::build(&kernel)?;
    if has_options(&kernel, CONTAINERS)? {
        boot::run_privacy(report, options, &kernel)?;
    }
    if has_options(&kernel, DAMAGED_BOOT)? {
        damaged::run(report, options, &kernel, &damages::DAMAGES[..DAMAGES])?;
    }
    if has_options(&kernel, RANDOM_ADDRESSES)? {
        kaslr::run(report, options, &kernel, BOOTS)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use clap::Parser;

    use super::*;
    use crate::lab::options::{Cli, Command};

    /// Runs two short and three long groups with these arguments of `make test`. Returns the names of the
    /// groups that ran, and the number of tests that passed.
    fn run(arguments: &[&str]) -> (String, u32) {
        let line = ["harness", "test", "--cache", "c"].iter().chain(arguments);
        let Command::Test(test) = Cli::parse_from(line).command else {
            unreachable!("asked to test");
        };
        let ran = RefCell::new(String::new());
        let mut groups = Groups::default();
        for (name, long) in [
            ("a", false),
            ("X", true),
            ("Y", true),
            ("b", false),
            ("Z", true),
        ] {
            let ran = &ran;
            groups.add(name, long, move |report| {
                ran.borrow_mut().push_str(name);
                report.passed(name);
                Ok(())
            });
        }
        let mut report = Report::new();
        groups.run(&test, &mut report).unwrap();
        (ran.into_inner(), report.results().0)
    }

    #[test]
    fn long_groups_run_only_with_all() {
        assert_eq!(run(&[]), ("ab".to_owned(), 2));
        assert_eq!(run(&["--all", "1"]), ("abXYZ".to_owned(), 5));
        assert_eq!(run(&["--all", "rest"]), ("XYZ".to_owned(), 3));
    }

    #[test]
    fn the_turn_chooses_the_first_long_group() {
        for (turn, order) in [("0", "XYZ"), ("1", "YZX"), ("5", "ZXY")] {
            assert_eq!(run(&["--all", "rest", "--turn", turn]).0, order);
        }
    }

    #[test]
    fn no_long_group_starts_after_the_time_limit() {
        assert_eq!(run(&["--all", "1", "--minutes", "0"]).0, "ab");
        assert_eq!(run(&["--all", "1", "--minutes", "9"]).0, "abXYZ");
    }
}
