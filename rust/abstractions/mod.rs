// SPDX-License-Identifier: GPL-2.0

//! Safe abstractions of kernel interfaces, which could go into the `kernel` crate as they are.
//!
//! Raw pointers from C come in; safe types and traits go out. Nothing here knows of symbols: this
//! room imports the kernel crate and [`series`](crate::series), which fills that crate's gaps.

pub(crate) mod cred;
pub(crate) mod open_file;
pub(crate) mod proc_fs;
pub(crate) mod read_only_data;

#[cfg(any(CONFIG_MODULES, CONFIG_BPF_JIT))]
pub(crate) use crate::series::rcu;
pub(crate) use crate::series::zeroed_box;
