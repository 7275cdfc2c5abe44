// SPDX-License-Identifier: GPL-2.0

//! The differences between architectures: an entry for each architecture here, and the directories
//! of their names in `tests/kernel` and `tests/guest`.

use std::env;

use anyhow::{Context, Result};

pub struct Arch {
    /// As people call it, and the host's compiler.
    pub name: &'static str,
    /// The kernel's `ARCH`.
    pub kernel: &'static str,
    /// The name of the architecture in Rust's targets.
    host: &'static str,
    /// Debian's name.
    pub debian: &'static str,
    /// The file to boot, below the build directory.
    pub image: &'static str,
    pub qemu: &'static str,
    /// Of these packages the first that the release has, and what it needs besides.
    pub qemu_packages: &'static [&'static str],
    pub firmware: &'static [&'static str],
    pub qemu_machine: &'static [&'static str],
    /// The kernel's name of the first serial port.
    pub console: &'static str,
    /// More that the kernel is told.
    pub words: &'static str,
    /// How the compiler's name begins on a host of another architecture, and what has it there.
    prefix: &'static str,
    cross_packages: &'static [&'static str],
    /// The kernels that `make test ALL=1` boots unless one is asked for; `make test` boots the first.
    pub configs: &'static [&'static str],
    /// True if there are kernels for `make soak`.
    pub has_debug_kernels: bool,
    /// What reading may take of the instructions that `/proc/kallsyms` takes.
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
        // On a busy host the ticks that the kernel waits for to find its timer can come too late, and
        // it panics: "IO-APIC + timer doesn't work!"
        words: "no_timer_check",
        prefix: "x86_64-linux-gnu-",
        cross_packages: &["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
        // One links vmlinux from vmlinux.a, the other from vmlinux.o.
        configs: &["tiny", "tiny-ibt"],
        has_debug_kernels: true,
        // Measured with Linux 6.12.117: 0.114 for defconfig and tiny-ibt, 0.116 for tiny. The aim is
        // a tenth.
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
        words: "",
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
        // The first since Debian 13.
        qemu_packages: &["qemu-system-riscv", "qemu-system-misc"],
        firmware: &["opensbi"],
        qemu_machine: &["-machine", "virt", "-cpu", "rv64", "-bios", "default"],
        console: "ttyS0",
        words: "",
        prefix: "riscv64-linux-gnu-",
        cross_packages: &["gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"],
        configs: &["tiny"],
        has_debug_kernels: false,
        // Measured: 0.257 with Linux 6.12.117, 0.279 with 7.3.4. A kernel for any such processor may not
        // store words where they are not aligned, but byte by byte.
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
                    "ARCH={name}: no test kernel for it; there are: {}",
                    names.join(" ")
                )
            })
    }

    /// True if this host's programs are of another architecture.
    pub fn is_foreign(&self) -> bool {
        self.host != env::consts::ARCH
    }

    /// How the names of the tools begin that make programs for it.
    pub fn cross_prefix(&self) -> &'static str {
        match self.is_foreign() {
            true => self.prefix,
            false => "",
        }
    }

    /// The packages with these tools, beyond the host's own.
    pub fn cross_packages(&self) -> &'static [&'static str] {
        match self.is_foreign() {
            true => self.cross_packages,
            false => &[],
        }
    }

    /// What tells its builds from those of others; those of x86_64 have nothing that does.
    pub fn suffix(&self) -> String {
        match self.name {
            "x86_64" => String::new(),
            name => format!("-{name}"),
        }
    }
}
