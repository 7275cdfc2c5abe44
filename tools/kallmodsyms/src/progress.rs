// SPDX-License-Identifier: GPL-2.0

//! A bar on the terminal, for commands that take more than a second.

use std::fs;
use std::io::{self, IsTerminal as _, StdoutLock, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{channel, Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kallmodsyms::Texts;

/// The time before the bar appears.
const PATIENCE: Duration = Duration::from_secs(1);

/// The time between two changes of the bar.
const TICK: Duration = Duration::from_millis(100);

/// A bar on standard error. It draws nothing unless standard error is a terminal.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

/// Standard output. On a terminal, the bar ends before the first output.
pub(crate) struct Output<'p> {
    progress: &'p mut Progress,
    out: StdoutLock<'static>,
}

impl Progress {
    /// Starts the wait for the bar. The bar shows how much of `texts` is read.
    pub(crate) fn start(texts: Option<&Texts>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let read = texts.map(|texts| texts.read.clone());
        let total = texts.and_then(total);
        let (end, ended) = channel();
        let thread = thread::spawn(move || draw(&ended, read.as_ref(), total));
        Self(Some((end, thread)))
    }

    /// The output of the command.
    pub(crate) fn output(&mut self) -> Output<'_> {
        Output {
            progress: self,
            out: io::stdout().lock(),
        }
    }

    /// Removes the bar.
    pub(crate) fn end(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            // If the thread of the bar panicked, the command still succeeds.
            drop(thread.join());
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() && self.out.is_terminal() {
            self.progress.end();
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The length of all texts; `None` if it is 0, or if one text is no regular file.
fn total(texts: &Texts) -> Option<u64> {
    let length = |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file);
    let lengths = texts.files.iter().map(|path| Some(length(path)?.len()));
    lengths.sum::<Option<u64>>().filter(|&total| total > 0)
}

/// Draws a bar until the other end of `ended` is dropped.
fn draw(ended: &Receiver<()>, read: Option<&Arc<AtomicU64>>, total: Option<u64>) {
    let goes_on = |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    if !goes_on(PATIENCE) {
        return;
    }
    let template = match (total, read) {
        (Some(_), _) => "{wide_bar} {binary_bytes} of {binary_total_bytes}",
        (None, Some(_)) => "{spinner} {binary_bytes} read",
        (None, None) => "{spinner} {elapsed}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    loop {
        bar.set_position(read.map_or(0, |read| read.load(Ordering::Relaxed)));
        bar.tick();
        if !goes_on(TICK) {
            break;
        }
    }
    bar.finish_and_clear();
}
