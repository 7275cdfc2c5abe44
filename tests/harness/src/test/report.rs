// SPDX-License-Identifier: GPL-2.0

//! Prints the result of each test, and the number of passed and failed tests at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::lab::progress;

/// The results of the tests so far.
pub struct Report {
    passed: u32,
    /// The name of each failed test, and the error.
    failures: Vec<String>,
    /// The lines of [`Self::count`], which [`Self::end`] repeats.
    counts: Vec<String>,
    /// True if passed tests are not printed.
    quiet: bool,
    started: Instant,
}

impl Report {
    pub fn new() -> Self {
        Self {
            passed: 0,
            failures: Vec::new(),
            counts: Vec::new(),
            quiet: false,
            started: Instant::now(),
        }
    }

    /// A report that does not print passed tests.
    pub fn quiet() -> Self {
        Self {
            quiet: true,
            ..Self::new()
        }
    }

    /// The number of passed tests, and the failures.
    pub fn results(&self) -> (u32, &[String]) {
        (self.passed, &self.failures)
    }

    /// The time since the report began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The number of tests so far.
    fn number(&self) -> usize {
        self.passed as usize + self.failures.len()
    }

    pub fn passed(&mut self, name: &str) {
        self.passed += 1;
        if !self.quiet {
            println!("ok {} - {name}", self.number());
        }
    }

    pub fn failed(&mut self, name: &str, why: &str) {
        self.failures.push(format!("{name}: {why}"));
        println!("not ok {} - {name}", self.number());
        for line in why.lines() {
            println!("#   {line}");
        }
    }

    /// Adds the result of one test.
    pub fn check(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed(name),
            Err(error) => self.failed(name, &format!("{error:#}")),
        }
    }

    /// Prints a line with a count, and repeats the line at the end.
    pub fn count(&mut self, counted: String) {
        println!("# {counted}");
        self.counts.push(counted);
    }

    /// Prints the counts and the numbers of passed and failed tests. Returns true if no test failed.
    pub fn end(&self) -> bool {
        if !self.counts.is_empty() {
            println!("# counted:\n#   {}", self.counts.join("\n#   "));
        }
        println!("# after {}", progress::time(self.started.elapsed()));
        let failed = self.failures.len();
        println!("{} passed, {failed} failed", self.passed);
        failed == 0
    }

    /// Runs a group of tests. An error of the group itself counts as one failed test.
    pub fn group(&mut self, name: &str, tests: impl FnOnce(&mut Self) -> Result<()>) {
        println!(
            "# {name} (after {})",
            progress::time(self.started.elapsed())
        );
        if let Err(error) = tests(self) {
            self.failed(name, &format!("{error:#}"));
        }
    }
}
