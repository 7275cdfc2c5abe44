// SPDX-License-Identifier: GPL-2.0

//! Many small jobs for the two threads of [`both`](crate::both): each takes the next one when it has
//! time. What comes of them depends on neither the number of threads nor their speed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::Arc;

use crate::error::{Error, Result};

/// One job an item.
pub(crate) struct Jobs<I, F> {
    items: Vec<I>,
    job: F,
    /// The first item that nobody has taken.
    next: AtomicUsize,
}

/// What came of the jobs that one thread took, with their numbers.
pub(crate) struct Done<T> {
    results: Vec<(usize, T)>,
    /// The job that failed, which was the last.
    failure: Option<(usize, Error)>,
}

impl<I: Copy, F> Jobs<I, F> {
    pub(crate) fn new(items: Vec<I>, job: F) -> Self {
        let next = AtomicUsize::new(0);
        Self { items, job, next }
    }

    /// Does jobs until none is left, here or in another thread, or one has failed. The jobs of one
    /// call have a state in common.
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
                    // Who has taken a job before this one does it; those behind it do not matter.
                    self.next.store(self.items.len(), Ordering::Relaxed);
                    done.failure = Some((number, error));
                    return done;
                }
            }
        }
    }

    /// Offers the jobs to the thread that [helps](help), if it comes to that.
    pub(crate) fn offer(self, to: Sender<Arc<Self>>) -> Arc<Self> {
        let jobs = Arc::new(self);
        // The other thread may have failed, and its failure is reported in the end.
        let _ = to.send(Arc::clone(&jobs));
        jobs
    }
}

/// Does jobs that another thread [offers](Jobs::offer), or nothing if it ends without.
pub(crate) fn help<I: Copy, F, S: Default, T>(from: Receiver<Arc<Jobs<I, F>>>) -> Option<Done<T>>
where
    F: Fn(&mut S, I) -> Result<T>,
{
    from.recv().ok().map(|jobs| jobs.work())
}

impl<T> Done<T> {
    /// The results of all jobs, of which the other thread did `others`, in order; or the failure of
    /// the first that failed.
    pub(crate) fn with(self, others: Option<Self>) -> Result<Vec<T>> {
        let Self {
            mut results,
            mut failure,
        } = self;
        if let Some(others) = others {
            results.extend(others.results);
            failure = [failure, others.failure]
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
