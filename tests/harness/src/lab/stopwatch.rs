// SPDX-License-Identifier: GPL-2.0

//! Measures the time of child processes: wall-clock time, and processor time.

use std::fs;
use std::ops::AddAssign;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::resource::{getrusage, UsageWho};
use nix::sys::time::TimeValLike;

#[derive(Clone, Copy, Default)]
pub struct Times {
    pub wall: Duration,
    /// The processor time of the child processes and of their descendants, in user and kernel mode.
    pub cpu: Duration,
}

impl AddAssign for Times {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

impl Times {
    /// The median wall-clock time and the median processor time, which can be from different runs.
    pub fn median(runs: &[Self]) -> Self {
        let median = |part: fn(&Self) -> Duration| {
            let mut durations: Vec<_> = runs.iter().map(part).collect();
            durations.sort_unstable();
            let middle = durations.len() / 2;
            durations.get(middle).copied().unwrap_or_default()
        };
        Self {
            wall: median(|times| times.wall),
            cpu: median(|times| times.cpu),
        }
    }

    /// Reads a file of [`Times::write`]; `None` if the file is missing or has another form.
    pub fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.split_whitespace();
        let mut next = || Duration::try_from_secs_f64(words.next()?.parse().ok()?).ok();
        Some(Self {
            wall: next()?,
            cpu: next()?,
        })
    }

    /// Writes the wall-clock time and the processor time, in seconds: `123.456 234.567`.
    pub fn write(&self, path: &Path) -> Result<()> {
        let (wall, cpu) = (self.wall.as_secs_f64(), self.cpu.as_secs_f64());
        fs::write(path, format!("{wall:.3} {cpu:.3}\n")).with_context(|| path.display().to_string())
    }
}

/// Measures from [`Stopwatch::start`] on.
pub struct Stopwatch {
    start: Instant,
    cpu: Duration,
}

impl Stopwatch {
    pub fn start() -> Result<Self> {
        Ok(Self {
            start: Instant::now(),
            cpu: cpu_of_children()?,
        })
    }

    /// The times since the start. The processor time is of the child processes that have ended.
    pub fn times(&self) -> Result<Times> {
        Ok(Times {
            wall: self.start.elapsed(),
            cpu: cpu_of_children()?.saturating_sub(self.cpu),
        })
    }
}

/// The processor time of all child processes that have ended, and of their descendants.
fn cpu_of_children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}
