// SPDX-License-Identifier: GPL-2.0

//! Runs the program on files, by its command line, as a user runs it.

mod annotate;
mod command_line;
mod count;
mod damaged;
mod dump;
mod kdump;
mod kernel;
mod linked_kernel;
mod listings;
mod lookup;
mod modules;
mod objects;
mod page;
mod page_in_browser;
mod raw_image;
mod show;
mod show_errors;
mod sizes;
mod sizes_of_build;
mod sources;
mod vmlinuz;
