// SPDX-License-Identifier: GPL-2.0

//! Shows the progress of a phase: one changing line on a terminal, or a few lines in a log.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// The shortest time between two lines of [`Phase::update`] in a log.
const BETWEEN_LINES: Duration = Duration::from_secs(15);
/// The end of a shorter phase prints no line.
const SHORTEST_SHOWN: Duration = Duration::from_secs(2);

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

    /// Shows the current step of the phase; in a log, only if 15 seconds have passed since the last line of this
    /// function, or since the start of the phase.
    pub fn update(&mut self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(message.to_owned());
        } else if self.last_line.elapsed() >= BETWEEN_LINES {
            self.last_line = Instant::now();
            self.line(message);
        }
    }

    /// Shows a step that takes long and has no further messages. Always prints a line in a log.
    pub fn announce(&mut self, message: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(message.to_owned()),
            None => self.line(message),
        }
    }

    /// Ends the phase. Prints `message` if the phase took at least 2 seconds.
    pub fn done(self, message: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.started.elapsed() >= SHORTEST_SHOWN {
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

/// Formats a duration as `7s` or `3m05s`.
pub fn time(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}
