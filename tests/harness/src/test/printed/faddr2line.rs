// SPDX-License-Identifier: GPL-2.0

//! Runs `scripts/faddr2line` of an untouched tree on the names that a kernel prints. The script compares the
//! size behind a symbol's name with the distance to the next symbol of vmlinux.
//!
//! The script requires the section `.debug_info`, but takes only line numbers from it. A vmlinux without debug
//! information gets an empty section of that name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{ensure, Context, Result};

use super::test_addresses::Position;
use super::{Printed, MAX_PRINTED};
use crate::lab::command;
use crate::lab::configure::Kernel;
use crate::lab::options::Options;
use crate::test::report::Report;

/// The seed of the random choice of addresses.
const SEED: u64 = 17;

/// The files of the guest that have frames, each with the smallest number of frames that the tests accept.
pub const FRAMES: [(&str, usize); 2] = [("oops", 5), ("stack", 3)];

pub fn run(
    report: &mut Report,
    options: &Options,
    kernel: &Kernel,
    untouched: &Path,
    printed: &Printed,
    sampled: usize,
) -> Result<()> {
    let script = untouched.join("scripts/faddr2line");
    let vmlinux = with_debug_section(options, kernel)?;
    for (file, fewest) in FRAMES {
        if !printed.files.directory.join(file).exists() {
            println!(
                "# {}: the guest sent no file {file}, so its frames are not tested",
                kernel.config
            );
            continue;
        }
        let frames = frames(&printed.files.read(file)?);
        let name = format!(
            "{}: faddr2line resolves {} frames of the {file}",
            kernel.config,
            frames.len()
        );
        let resolved = || {
            ensure!(frames.len() >= fewest, "only {} frames", frames.len());
            resolve(options, &script, &vmlinux, &frames)
        };
        report.check(&name, resolved());
    }
    let sample = sample(printed, sampled);
    let name = format!(
        "{}: faddr2line resolves {} sampled addresses (seed {SEED})",
        kernel.config,
        sample.len()
    );
    let resolved = || {
        ensure!(sample.len() == sampled, "only {} addresses", sample.len());
        resolve(options, &script, &vmlinux, &sample)
    };
    report.check(&name, resolved());
    Ok(())
}

/// The path of a vmlinux with the section `.debug_info`.
fn with_debug_section(options: &Options, kernel: &Kernel) -> Result<PathBuf> {
    let vmlinux = kernel.linked_vmlinux();
    let prefix = options.arch()?.cross_prefix();
    let mut readelf = Command::new("readelf");
    readelf.args(["--wide", "--section-headers"]).arg(&vmlinux);
    if command::output(&mut readelf)?.contains(".debug_info") {
        return Ok(vmlinux);
    }
    let copy = kernel.objtree.join("guest/vmlinux.lines");
    let mut objcopy = Command::new(format!("{prefix}objcopy"));
    objcopy.args(["--add-section", ".debug_info=/dev/null"]);
    command::output(objcopy.arg(vmlinux).arg(&copy))?;
    Ok(copy)
}

/// The frames in `text`, without the frames in loaded modules.
///
/// ```text
/// [    7.093214]  ? vfs_read+0x10/0x160
/// [<0>] proc_pid_stack+0xaf/0x120
/// RIP: 0010:oops_show+0x14/0x40 [print_addresses]
/// ```
fn frames(text: &str) -> BTreeSet<String> {
    let words = text.lines().flat_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let next = words.iter().skip(1).map(Some).chain([None]);
        let frames = words.iter().zip(next).filter(|(word, next)| {
            let in_module = next.is_some_and(|next| next.starts_with('['));
            word.contains("+0x") && word.contains("/0x") && !in_module
        });
        let frames = frames.map(|(word, _)| word.rsplit(':').next().unwrap_or(word).to_owned());
        frames.collect::<Vec<_>>()
    });
    words.collect()
}

/// `count` outputs of `%pS` for addresses in functions. The choice is random, but the same in each run.
fn sample(printed: &Printed, count: usize) -> BTreeSet<String> {
    let in_functions = printed.tested_lines().filter(|(tested, _)| {
        let is_code = tested.symbol.kind.eq_ignore_ascii_case(&'t');
        tested.position == Position::Inner && is_code
    });
    let mut texts: Vec<_> = in_functions
        .filter_map(|(_, line)| line.split('\t').next())
        .collect();
    let (mut random, mut sample) = (SEED, BTreeSet::new());
    while sample.len() < count && !texts.is_empty() {
        // The linear congruential generator of Knuth's MMIX.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let chosen = (random >> 33) as usize % texts.len();
        sample.insert(texts.swap_remove(chosen).to_owned());
    }
    sample
}

/// Checks that the script finds each of `texts` in vmlinux. The script repeats a text that it finds, with a
/// colon.
fn resolve(
    options: &Options,
    script: &Path,
    vmlinux: &Path,
    texts: &BTreeSet<String>,
) -> Result<()> {
    let arch = options.arch()?;
    let texts: Vec<_> = texts.iter().collect();
    let processors = thread::available_parallelism()?.get();
    let part = texts.len().div_ceil(processors).max(1);
    let run = |texts: &[&String]| {
        let mut faddr2line = Command::new(script);
        faddr2line.arg(vmlinux).args(texts);
        faddr2line.env_remove("LLVM");
        faddr2line.env("CROSS_COMPILE", arch.cross_prefix());
        let output = faddr2line.output().context("scripts/faddr2line")?;
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        anyhow::Ok(found + &errors)
    };
    let output = thread::scope(|scope| {
        let threads: Vec<_> = texts
            .chunks(part)
            .map(|texts| scope.spawn(|| run(texts)))
            .collect();
        let outputs = threads.into_iter().map(|thread| match thread.join() {
            Ok(output) => output,
            Err(_) => anyhow::bail!("the thread of scripts/faddr2line panicked"),
        });
        outputs.collect::<Result<String>>()
    })?;
    let found: BTreeSet<_> = output
        .lines()
        .filter_map(|line| line.strip_suffix(':'))
        .collect();
    let lost: Vec<_> = texts
        .iter()
        .filter(|text| !found.contains(text.as_str()))
        .collect();
    let errors: Vec<_> = output
        .lines()
        .filter(|line| line.starts_with("skipping") || line.starts_with("ERROR"))
        .take(MAX_PRINTED)
        .collect();
    ensure!(
        lost.is_empty(),
        "faddr2line did not resolve {} of {} texts, such as {:?}\n{}",
        lost.len(),
        texts.len(),
        &lost[..lost.len().min(MAX_PRINTED)],
        errors.join("\n")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::frames;

    #[test]
    fn frames_of_the_kernel_itself() {
        let text = "\
[    7.1] RIP: 0010:oops_show+0x14/0x40 [print_addresses]
[    7.1]  ? vfs_read+0x10/0x160
[<0>] proc_pid_stack+0xaf/0x120
[    7.2] RIP: 0033:0x4f5d4e
[    7.3] RIP: 0010:vfs_read+0x11/0x160
";
        let found: Vec<_> = frames(text).into_iter().collect();
        let expected = [
            "proc_pid_stack+0xaf/0x120",
            "vfs_read+0x10/0x160",
            "vfs_read+0x11/0x160",
        ];
        assert_eq!(found, expected);
    }
}
