// SPDX-License-Identifier: GPL-2.0

//! The time that child programs took: wall-clock time, and processor time.

use std::fs;
use std::ops::AddAssign;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::resource::{getrusage, UsageWho};
use nix::sys::time::TimeValLike;

#[derive(Clone, Copy, Default)]
pub struct Taken {
    pub wall: Duration,
    /// Of all processors, with the programs that these programs ran.
    pub cpu: Duration,
}

impl AddAssign for Taken {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

impl Taken {
    /// The medians of each, which need not be of the same run.
    pub fn median(runs: &[Self]) -> Self {
        let of = |part: fn(&Self) -> Duration| {
            let mut times: Vec<_> = runs.iter().map(part).collect();
            times.sort_unstable();
            times.get(times.len() / 2).copied().unwrap_or_default()
        };
        Self {
            wall: of(|taken| taken.wall),
            cpu: of(|taken| taken.cpu),
        }
    }

    /// What [`Taken::write`] wrote; `None` if there is no such file.
    pub fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.split_whitespace();
        let mut next = || Duration::try_from_secs_f64(words.next()?.parse().ok()?).ok();
        Some(Self {
            wall: next()?,
            cpu: next()?,
        })
    }

    /// Writes both, in seconds.
    pub fn write(&self, path: &Path) -> Result<()> {
        let (wall, cpu) = (self.wall.as_secs_f64(), self.cpu.as_secs_f64());
        fs::write(path, format!("{wall:.3} {cpu:.3}\n")).with_context(|| path.display().to_string())
    }
}

/// Counts from when it was started.
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

    /// What was taken since then, by programs that have ended.
    pub fn taken(&self) -> Result<Taken> {
        Ok(Taken {
            wall: self.start.elapsed(),
            cpu: cpu_of_children()?.saturating_sub(self.cpu),
        })
    }
}

/// The processor time of all programs that ended, and of theirs.
fn cpu_of_children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}
