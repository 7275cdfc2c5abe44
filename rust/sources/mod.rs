// SPDX-License-Identifier: GPL-2.0

//! The sources of symbols: the kernel itself, loadable modules, tracing and BPF.
//!
//! Linked tables and the kernel's lists come in; symbols with address, size, type and name go out.
//! This folder imports the [abstractions](crate::abstractions), the format code and
//! [`series`](crate::series). It imports neither the listing nor the answers.

#[cfg(CONFIG_BPF_JIT)]
pub(crate) mod bpf;
mod core_addresses;
#[forbid(unsafe_code)]
mod core_symbols;
pub(crate) mod linked_tables;
#[cfg(CONFIG_MODULES)]
pub(crate) mod loadable_modules;
mod stored_objects;
pub(crate) mod tracing;

#[cfg(any(CONFIG_KALLMODSYMS_SIZES, CONFIG_KALLMODSYMS_OBJECTS))]
pub(crate) use core_addresses::CoreAddresses;
pub(crate) use core_symbols::{CoreSymbols, Walk};
