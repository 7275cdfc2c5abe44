// SPDX-License-Identifier: GPL-2.0

//! The differences between architectures. Each architecture has an entry here, and may have a directory
//! in `tests/kernel` and `tests/guest`.

use std::env;

use anyhow::{Context, Result};

pub struct Arch {
    /// The name of the architecture in `ARCH=` of this repository's make, and in names of directories.
    pub name: &'static str,
    /// The kernel's `ARCH`.
    pub kernel: &'static str,
    /// The name of the architecture in `std::env::consts::ARCH`.
    host: &'static str,
    /// Debian's name.
    pub debian: &'static str,
    /// The bootable file, relative to the build directory.
    pub image: &'static str,
    pub qemu: &'static str,
    /// The packages that can have QEMU. The harness installs the first package that the release has.
    pub qemu_packages: &'static [&'static str],
    /// The packages with the firmware that QEMU needs.
    pub firmware: &'static [&'static str],
    pub qemu_machine: &'static [&'static str],
    /// The kernel's name of the first serial port.
    pub console: &'static str,
    /// Additional parameters on the kernel's command line.
    pub kernel_parameters: &'static str,
    /// The prefix of the compilers' names on a host of another architecture.
    prefix: &'static str,
    /// The packages of these compilers.
    cross_packages: &'static [&'static str],
    /// The configurations that `make test ALL=1` boots without `CONFIG=`; `make test` boots the first.
    pub configs: &'static [&'static str],
    /// True if there are kernels for `make soak`.
    pub has_debug_kernels: bool,
    /// The highest allowed cost of reading the file: the ratio to reading `/proc/kallsyms`, in instructions.
    pub read_limit: f64,
}

pub const ARCHES: &[Arch] = &[
    Arch {
        name: "x86_64",
        kernel: "x86_64",
        host: "x86_64",
        debian: "amd64",
        image: "arch/x86/boot/bzImage",
        qemu: "qemu-system-x86_64",
        qemu_packages: &["qemu-system-x86"],
        firmware: &[],
        qemu_machine: &["-machine", "pc", "-cpu", "max"],
        console: "ttyS0",
        // On a busy host, timer ticks can arrive too late for the kernel's check of its timer. The
        // kernel then panics: "IO-APIC + timer doesn't work!"
        kernel_parameters: "no_timer_check",
        prefix: "x86_64-linux-gnu-",
        cross_packages: &["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
        // tiny links vmlinux from vmlinux.a, tiny-ibt from vmlinux.o.
        configs: &["tiny", "tiny-ibt"],
        has_debug_kernels: true,
        // Measured with Linux 6.12.117: 0.114 for defconfig and tiny-ibt, 0.116 for tiny. The target is
        // 0.1.
        read_limit: 0.125,
    },
    Arch {
        name: "arm64",
        kernel: "arm64",
        host: "aarch64",
        debian: "arm64",
        image: "arch/arm64/boot/Image",
        qemu: "qemu-system-aarch64",
        qemu_packages: &["qemu-system-arm"],
        firmware: &[],
        qemu_machine: &["-machine", "virt", "-cpu", "cortex-a57"],
        console: "ttyAMA0",
        kernel_parameters: "",
        prefix: "aarch64-linux-gnu-",
        cross_packages: &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
        configs: &["tiny"],
        has_debug_kernels: false,
        // Measured with gcc and clang: 0.106 and 0.121 with Linux 6.12.117, 0.125 and 0.126 with 7.3.4.
        read_limit: 0.13,
    },
    Arch {
        name: "riscv64",
        kernel: "riscv",
        host: "riscv64",
        debian: "riscv64",
        image: "arch/riscv/boot/Image",
        qemu: "qemu-system-riscv64",
        // Debian 13 has the first package, Debian 12 the second.
        qemu_packages: &["qemu-system-riscv", "qemu-system-misc"],
        firmware: &["opensbi"],
        qemu_machine: &["-machine", "virt", "-cpu", "rv64", "-bios", "default"],
        console: "ttyS0",
        kernel_parameters: "",
        prefix: "riscv64-linux-gnu-",
        cross_packages: &["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"],
        configs: &["tiny"],
        has_debug_kernels: false,
        // Measured: 0.257 with Linux 6.12.117, 0.279 with 7.3.4. A kernel for all riscv64 processors
        // must store unaligned words byte by byte.
        read_limit: 0.3,
    },
];

impl Arch {
    pub fn named(name: &str) -> Result<&'static Arch> {
        ARCHES
            .iter()
            .find(|arch| arch.name == name || arch.kernel == name)
            .with_context(|| {
                let names: Vec<_> = ARCHES.iter().map(|arch| arch.name).collect();
                format!(
                    "ARCH={name}: no test kernel for this architecture; the architectures are: {}",
                    names.join(" ")
                )
            })
    }

    /// True if the host has another architecture.
    pub fn is_foreign(&self) -> bool {
        self.host != env::consts::ARCH
    }

    /// The prefix of the names of the compilers for this architecture; empty for the host's own.
    pub fn cross_prefix(&self) -> &'static str {
        match self.is_foreign() {
            true => self.prefix,
            false => "",
        }
    }

    /// The packages of the cross compilers; empty for the host's own architecture.
    pub fn cross_packages(&self) -> &'static [&'static str] {
        match self.is_foreign() {
            true => self.cross_packages,
            false => &[],
        }
    }

    /// The suffix of the names of build directories: `-arm64`, and nothing for x86_64.
    pub fn suffix(&self) -> String {
        match self.name {
            "x86_64" => String::new(),
            name => format!("-{name}"),
        }
    }
}
