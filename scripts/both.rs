// SPDX-License-Identifier: GPL-2.0

//! Two things at a time: what the maps tell and what the symbol tables tell do not depend on each
//! other. Who is ready first takes a larger share of the [jobs](crate::jobs) that follow.

use std::panic::resume_unwind;
use std::thread::{self, Builder};

use crate::error::{Error, Result};

/// Does both jobs, the second in a thread of its own. Where both fail, the first failure counts.
pub(crate) fn both<A, B: Send>(
    here: impl FnOnce() -> Result<A>,
    there: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    thread::scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, there);
        let thread = thread.map_err(no_thread)?;
        let here = here();
        let there = thread.join();
        // As kbuild compiles this, a panic ends the program where it is; as the tests do, here.
        Ok((here?, there.unwrap_or_else(|panic| resume_unwind(panic))?))
    })
}

fn no_thread(error: std::io::Error) -> Error {
    Error::new(
        format!("cannot start a thread: {error}"),
        "Raise the limit of processes (ulimit -u) and build again.",
    )
}
