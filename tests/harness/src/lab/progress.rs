// SPDX-License-Identifier: GPL-2.0

//! The progress of a phase: one changing line on a terminal, or a line from time to time elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const BETWEEN_LINES: Duration = Duration::from_secs(15);
/// A phase shorter than this leaves no line.
const WORTH_TELLING: Duration = Duration::from_secs(2);

pub struct Phase {
    name: &'static str,
    started: Instant,
    last_line: Instant,
    bar: Option<ProgressBar>,
}

impl Phase {
    pub fn start(name: &'static str) -> Self {
        let now = Instant::now();
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{prefix:10} {elapsed:>4}  {wide_msg}");
            let bar = ProgressBar::new_spinner().with_prefix(name);
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Self {
            name,
            started: now,
            last_line: now,
            bar,
        }
    }

    /// The current step of the phase.
    pub fn update(&mut self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.to_owned());
        } else if self.last_line.elapsed() >= BETWEEN_LINES {
            self.last_line = Instant::now();
            self.line(message);
        }
    }

    /// What the phase does for a while without a word more.
    pub fn announce(&mut self, message: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(message.to_owned()),
            None => self.line(message),
        }
    }

    /// The phase is over; says so if it took a while.
    pub fn done(self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.started.elapsed() >= WORTH_TELLING {
            self.line(message);
        }
    }

    fn line(&self, message: &str) {
        eprintln!(
            "{:10} {:>4}  {message}",
            self.name,
            time(self.started.elapsed())
        );
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

pub fn say(message: &str) {
    eprintln!("kallmodsyms: {message}");
}

/// `7s`, `3m05s`.
pub fn time(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}
