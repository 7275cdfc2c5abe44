// SPDX-License-Identifier: GPL-2.0

//! The lab: makes and boots a kernel, for all commands.
//!
//! In come the [`options`]; out come a built kernel ([`configure::Kernel`]) and the output of its
//! guest ([`qemu`]). The phases, in order: [`packages`], [`toolchain`] and [`source`], which
//! [`workshop`] combines, then [`configure`], [`build`], [`guest`] and [`qemu`]. No file here names
//! a suite of tests, a benchmark or the matrix.

pub mod apt;
pub mod arch;
pub mod bootstrap;
pub mod build;
pub mod cache;
pub mod command;
pub mod configure;
pub mod debian;
pub mod fetch;
pub mod fragment;
pub mod guest;
pub mod modules;
pub mod options;
pub mod packages;
pub mod progress;
pub mod qemu;
pub mod release;
pub mod source;
pub mod stopwatch;
pub mod tap;
pub mod toolchain;
pub mod workshop;
