// SPDX-License-Identifier: GPL-2.0

//! Runs the generator as kbuild runs it: in a build directory, by its command line.

mod build;
mod damaged;
mod elf;
mod errors;
mod expected;
mod interrupted;
mod linear;
mod link;
mod many_sections;
mod merged;
mod passes;
mod recorded;
mod small_inputs;
mod sort_symbols;
mod symbols_without_object;
mod synthetic;
mod unattributed_objects;
mod unattributed_symbols;
