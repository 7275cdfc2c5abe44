// SPDX-License-Identifier: GPL-2.0

//! The code that all phases share: errors, lines, hexadecimal numbers, hashing, threads.
//!
//! In come bytes, numbers and jobs; out come lines, numbers and results of jobs, or an [`error`]. Nothing
//! here knows of ELF or link maps. These files may import no other folder of `scripts/`.

pub(crate) mod error;
pub(crate) mod hash;
pub(crate) mod hexadecimal;
pub(crate) mod jobs;
pub(crate) mod lines;
pub(crate) mod threads;
