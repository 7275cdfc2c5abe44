// SPDX-License-Identifier: GPL-2.0

//! The format of the tables and of the lines made from them.
//!
//! Everything below this module is pure `core`: no allocation, no kernel type, no way to panic. The
//! same files are compiled into the kernel, into the build-time generator (which decodes what it
//! has encoded before it writes it) and into the host tests, so the three cannot disagree.

mod batch;
mod digits;
pub mod error;
pub mod layout;
pub mod line;
pub mod names;
pub mod ranges;
pub mod sizes;
pub mod symbols;
pub mod tokens;
pub mod walk;
#[expect(
    unsafe_code,
    reason = "a check for each token costs a fifth of reading the file"
)]
mod window;
