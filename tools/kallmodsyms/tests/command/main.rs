// SPDX-License-Identifier: GPL-2.0

//! Tests of the program as people run it: on a file, by its command line.

mod kernel;
mod lookup;
mod show;
mod show_errors;
mod vmlinuz;
