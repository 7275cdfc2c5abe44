// SPDX-License-Identifier: GPL-2.0

//! The lab makes and boots kernels, for all commands.
//!
//! The input is the [`options`]. The output is a built kernel ([`configure::Kernel`]) and the output of its
//! guest ([`qemu`]). The phases, in order: [`packages`], [`toolchain`] and [`source`] (together:
//! [`workshop`]), then [`configure`], [`build`], [`guest`] and [`qemu`]. No file here may import a suite
//! of tests, a benchmark or the matrix.

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
pub mod line;
pub mod modules;
pub mod monitor;
pub mod options;
pub mod packages;
pub mod progress;
pub mod python;
pub mod qemu;
pub mod release;
pub mod source;
pub mod stopwatch;
pub mod tap;
pub mod toolchain;
pub mod workshop;
