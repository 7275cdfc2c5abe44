// SPDX-License-Identifier: GPL-2.0

//! Two threads, for the two halves of a phase.

use std::panic::resume_unwind;
use std::thread::{self, Builder};

use super::error::{Error, Result};

/// Runs `here` in this thread and `there` in a second thread.
///
/// Return: both results, or the error of the half that failed; if both fail, the error of `here`.
pub(crate) fn in_two_threads<A, B: Send>(
    here: impl FnOnce() -> Result<A>,
    there: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    thread::scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, there);
        let thread = thread.map_err(no_thread)?;
        let here = here();
        let there = thread.join();
        // In kbuild's program, a panic aborts and never gets here. In the tests, a panic unwinds.
        Ok((here?, there.unwrap_or_else(|panic| resume_unwind(panic))?))
    })
}

fn no_thread(error: std::io::Error) -> Error {
    Error::new(
        format!("cannot start a thread: {error}"),
        "Raise the limit of processes (ulimit -u) and build again.",
    )
}
