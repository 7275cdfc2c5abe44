// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions of kernel interfaces. With `series` and the C helpers that they call, they
//! could become a part of the `kernel` crate.
//!
//! Raw pointers from C come in; safe types and traits go out. Nothing here knows of symbols. This
//! folder imports the `kernel` crate and [`series`](crate::series), which has what the `kernel`
//! crate of a series lacks.

pub(crate) mod cred;
pub(crate) mod open_file;
pub(crate) mod proc_fs;
pub(crate) mod read_only_data;

#[cfg(any(CONFIG_MODULES, CONFIG_BPF_JIT))]
pub(crate) use crate::series::rcu;
pub(crate) use crate::series::zeroed_box;
