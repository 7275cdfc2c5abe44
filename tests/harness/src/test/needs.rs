// SPDX-License-Identifier: GPL-2.0

//! The options of the kernel's configuration that some tests need.

use anyhow::Result;

use crate::lab::configure::Kernel;

/// The options for tests that run readers in containers.
pub const CONTAINERS: &[&str] = &["CONFIG_USER_NS", "CONFIG_PID_NS"];

/// The option for the tests of damaged tables, for which QEMU boots a changed vmlinux instead of the bzImage.
pub const DAMAGED_BOOT: &[&str] = &["CONFIG_PVH"];

/// The option for tests that need random addresses in each boot.
pub const RANDOM_ADDRESSES: &[&str] = &["CONFIG_RANDOMIZE_BASE"];

/// The options for tests that print the names of addresses. Their module needs a kprobe to find a function
/// that the kernel does not export.
pub const PRINTED: &[&str] = &["CONFIG_KALLSYMS_ALL", "CONFIG_KPROBES"];

/// The first of the options that the kernel lacks.
pub fn missing(kernel: &Kernel, needed: &[&'static str]) -> Result<Option<&'static str>> {
    for &option in needed {
        if !kernel.has(option)? {
            return Ok(Some(option));
        }
    }
    Ok(None)
}

/// Returns true if the kernel has all of the options. Otherwise, prints the first missing option.
pub fn has_options(kernel: &Kernel, needed: &[&'static str]) -> Result<bool> {
    let missing = missing(kernel, needed)?;
    if let Some(option) = missing {
        println!(
            "# {} has no {option}: some tests are skipped",
            kernel.config
        );
    }
    Ok(missing.is_none())
}
