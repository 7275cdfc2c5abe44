// SPDX-License-Identifier: GPL-2.0

//! A queue of small jobs that two threads share.
//!
//! Each thread takes the next job as soon as it is free. The results depend on neither the number of
//! threads nor their speed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::Arc;

use super::error::{Error, Result};

/// The jobs: one for each item.
pub(crate) struct Jobs<I, F> {
    items: Vec<I>,
    job: F,
    /// Index of the first item that no thread has taken.
    next: AtomicUsize,
}

/// The results of the jobs that one thread took.
pub(crate) struct Done<T> {
    /// Each result, with the index of its item.
    results: Vec<(usize, T)>,
    /// The error of the thread's last job, if that job failed, with the index of its item.
    failure: Option<(usize, Error)>,
}

impl<I: Copy, F> Jobs<I, F> {
    pub(crate) fn new(items: Vec<I>, job: F) -> Self {
        let next = AtomicUsize::new(0);
        Self { items, job, next }
    }

    /// Runs jobs until no job is left, or a job of either thread has failed. All jobs that this call runs
    /// share a state, such as a buffer.
    pub(crate) fn work<S: Default, T>(&self) -> Done<T>
    where
        F: Fn(&mut S, I) -> Result<T>,
    {
        let mut state = S::default();
        let mut done = Done {
            results: Vec::with_capacity(self.items.len()),
            failure: None,
        };
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(&item) = self.items.get(number) else {
                return done;
            };
            match (self.job)(&mut state, item) {
                Ok(result) => done.results.push((number, result)),
                Err(error) => {
                    // A thread has taken each earlier job already, and finishes it. Later jobs no
                    // longer matter.
                    self.next.store(self.items.len(), Ordering::Relaxed);
                    done.failure = Some((number, error));
                    return done;
                }
            }
        }
    }

    /// Offers the jobs to the thread that calls [`help`].
    pub(crate) fn offer(self, to: Sender<Arc<Self>>) -> Arc<Self> {
        let jobs = Arc::new(self);
        // Sending fails if the second thread has failed and hung up. This thread then runs all jobs
        // before the error of the second thread is reported.
        let _ = to.send(Arc::clone(&jobs));
        jobs
    }
}

/// Runs jobs that the other thread [offers](Jobs::offer).
///
/// Return: `None` if the other thread fails before it offers jobs.
pub(crate) fn help<I: Copy, F, S: Default, T>(from: Receiver<Arc<Jobs<I, F>>>) -> Option<Done<T>>
where
    F: Fn(&mut S, I) -> Result<T>,
{
    from.recv().ok().map(|jobs| jobs.work())
}

impl<T> Done<T> {
    /// Joins these results with the results of the other thread.
    ///
    /// Return: all results in the order of the items, or the error of the first job that failed.
    pub(crate) fn join(self, of_other_thread: Option<Self>) -> Result<Vec<T>> {
        let Self {
            mut results,
            mut failure,
        } = self;
        if let Some(other) = of_other_thread {
            results.extend(other.results);
            failure = [failure, other.failure]
                .into_iter()
                .flatten()
                .min_by_key(|(number, _)| *number);
        }
        if let Some((_, error)) = failure {
            return Err(error);
        }
        results.sort_unstable_by_key(|(number, _)| *number);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }
}
