// SPDX-License-Identifier: GPL-2.0

//! What differs between architectures: an entry here each.

use anyhow::{Context, Result};

pub struct Arch {
    /// The kernel's `ARCH`.
    pub name: &'static str,
    /// What boots, below the build directory.
    pub image: &'static str,
    pub qemu: &'static str,
    pub qemu_package: &'static str,
    pub qemu_machine: &'static [&'static str],
    /// The kernel's name of the first serial port.
    pub console: &'static str,
    /// More that the kernel is told.
    pub words: &'static str,
}

const ARCHES: &[Arch] = &[Arch {
    name: "x86_64",
    image: "arch/x86/boot/bzImage",
    qemu: "qemu-system-x86_64",
    qemu_package: "qemu-system-x86",
    qemu_machine: &["-machine", "pc", "-cpu", "max"],
    console: "ttyS0",
    // On a busy host the ticks that the kernel waits for to find its timer can come too late, and it
    // panics: "IO-APIC + timer doesn't work!"
    words: "no_timer_check",
}];

impl Arch {
    pub fn named(name: &str) -> Result<&'static Arch> {
        ARCHES
            .iter()
            .find(|arch| arch.name == name)
            .with_context(|| {
                let names: Vec<_> = ARCHES.iter().map(|arch| arch.name).collect();
                format!(
                    "ARCH={name}: no test kernel for it; there are: {}",
                    names.join(" ")
                )
            })
    }
}
