// SPDX-License-Identifier: GPL-2.0

//! Checks that the time of the generator is linear in the size of its inputs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::synthetic;

/// The number of runs for each size. The fastest run counts: disturbances only make a run longer.
const RUNS: usize = 5;

/// The ratio of the times for `10 * ranges` ranges and for `ranges` ranges.
fn ratio(ranges: usize) -> f64 {
    let sizes = [ranges, 10 * ranges];
    let builds = sizes.map(|ranges| {
        let build = TempDir::new().unwrap();
        synthetic::make(build.path(), ranges).unwrap();
        build
    });
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..RUNS {
        for (build, fastest) in builds.iter().zip(&mut fastest) {
            *fastest = run(build).min(*fastest);
        }
    }
    let [small, large] = fastest.map(|time| time.as_secs_f64());
    println!("{ranges} ranges: {small:.4} s, ten times as many: {large:.4} s");
    large / small
}

fn run(build: &TempDir) -> Duration {
    let mut generator = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
    generator.current_dir(build).args(["link", synthetic::STEM]);
    let start = Instant::now();
    let status = generator.stdout(Stdio::null()).status().unwrap();
    let time = start.elapsed();
    assert!(status.success());
    time
}

/// A quadratic algorithm has the ratio 100. The limit is wide, because other programs can run at the same time.
#[test]
fn ten_times_as_many_ranges_take_about_ten_times_as_long() {
    let ratio = ratio(4_000);
    assert!(ratio < 20.0, "{ratio:.1} times");
}

/// Checks a tighter limit with a million ranges. The machine must run no other program:
///
///     cargo test --release -p generator -- --ignored --nocapture million
#[test]
#[ignore = "takes long, and other programs disturb it"]
fn a_million_ranges_take_at_most_eleven_times_as_long_as_a_hundred_thousand() {
    let ratio = ratio(100_000);
    assert!(ratio <= 11.0, "{ratio:.1} times");
}

/// The tables must have each range of the synthetic kernel.
#[test]
fn synthetic_ranges_are_not_merged() {
    let build = TempDir::new().unwrap();
    synthetic::make(build.path(), 1000).unwrap();
    let mut generator = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
    generator
        .current_dir(&build)
        .args(["link", synthetic::STEM]);
    let output = generator.output().unwrap();
    let tables = String::from_utf8(output.stdout).unwrap();
    // The count includes the ranges of the first object, which is in no module.
    assert!(tables.contains("kallsyms_num_modules:\n\t.long\t1000\n"));
}
