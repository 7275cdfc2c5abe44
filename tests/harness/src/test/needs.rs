// SPDX-License-Identifier: GPL-2.0

//! What some tests need of a kernel.

use anyhow::Result;

use crate::lab::configure::Kernel;

pub const CONTAINERS: &[&str] = &["CONFIG_USER_NS", "CONFIG_PID_NS"];

/// A vmlinux that QEMU boots.
pub const DAMAGE: &[&str] = &["CONFIG_PVH"];

/// Other addresses in each boot.
pub const ADDRESSES: &[&str] = &["CONFIG_RANDOMIZE_BASE"];

/// Names of all addresses, and a kprobe that finds a function.
pub const PRINTED: &[&str] = &["CONFIG_KALLSYMS_ALL", "CONFIG_KPROBES"];

/// The first of these options that the kernel lacks.
pub fn missing(kernel: &Kernel, needed: &[&'static str]) -> Result<Option<&'static str>> {
    for &option in needed {
        if !kernel.has(option)? {
            return Ok(Some(option));
        }
    }
    Ok(None)
}

/// True if the kernel has all of these options, and prints the first that it lacks.
pub fn can(kernel: &Kernel, needed: &[&'static str]) -> Result<bool> {
    let missing = missing(kernel, needed)?;
    if let Some(option) = missing {
        println!("# {} is without {option}: not all is run", kernel.config);
    }
    Ok(missing.is_none())
}
