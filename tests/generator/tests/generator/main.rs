// SPDX-License-Identifier: GPL-2.0

//! Tests of the generator as kbuild runs it: in a build directory, by its command line.

mod build;
mod damaged;
mod elf;
mod errors;
mod expected;
mod interrupted;
mod linear;
mod link;
mod lists;
mod many_sections;
mod merged;
mod open;
mod open_objects;
mod passes;
mod recorded;
mod sort_symbols;
mod synthetic;
