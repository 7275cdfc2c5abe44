// SPDX-License-Identifier: GPL-2.0

//! Tells which tests passed and which failed, one after the other and at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::lab::progress;

/// What has passed and what has not.
pub struct Report {
    passed: u32,
    /// What failed, and why.
    failures: Vec<String>,
    /// What was counted, for the end.
    counts: Vec<String>,
    /// Whether only failures are told.
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

    /// One that tells only of failures.
    pub fn quiet() -> Self {
        Self {
            quiet: true,
            ..Self::new()
        }
    }

    /// How many passed, and what failed.
    pub fn results(&self) -> (u32, &[String]) {
        (self.passed, &self.failures)
    }

    /// How long this has been.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many there were.
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

    /// One test.
    pub fn check(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed(name),
            Err(error) => self.failed(name, &format!("{error:#}")),
        }
    }

    /// Says what was counted, now and at the end.
    pub fn count(&mut self, counted: String) {
        println!("# {counted}");
        self.counts.push(counted);
    }

    /// Says what was counted and how many passed. Whether all did.
    pub fn end(&self) -> bool {
        if !self.counts.is_empty() {
            println!("# counted:\n#   {}", self.counts.join("\n#   "));
        }
        println!("# after {}", progress::time(self.started.elapsed()));
        let failed = self.failures.len();
        println!("{} passed, {failed} failed", self.passed);
        failed == 0
    }

    /// A group of tests that can also fail as a whole.
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
