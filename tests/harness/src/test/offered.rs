// SPDX-License-Identifier: GPL-2.0

//! Checks in which configurations the kernel's own Kconfig offers the option.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{ensure, Context, Result};

use super::report::Report;
use crate::lab::command;
use crate::lab::fragment::NOT_SET;
use crate::lab::options::Options;
use crate::lab::toolchain::Toolchain;
use crate::lab::workshop::Workshop;

/// A configuration, as values for the kernel's make and lines of `.config`.
struct Case {
    name: &'static str,
    arch: &'static str,
    /// `1` for clang, which compiles for all architectures; empty for gcc.
    llvm: &'static str,
    /// The target of the kernel's make that writes the first `.config`.
    base: &'static str,
    /// The lines that the test appends to `.config` only for this case.
    lines: &'static str,
    /// The options that must be `y` in the final `.config`. Without them, Kconfig can refuse the option for
    /// another reason.
    required: &'static [&'static str],
    is_offered: bool,
}

/// Dependencies of the option on each architecture.
const DEPENDENCIES: &[&str] = &["RUST", "KALLSYMS", "PROC_FS"];

/// The values that most cases share. In such a case, Kconfig must refuse the option.
const REFUSED: Case = Case {
    name: "",
    arch: "x86_64",
    llvm: "",
    base: "defconfig",
    lines: "",
    required: DEPENDENCIES,
    is_offered: false,
};

const CASES: &[Case] = &[
    Case {
        name: "x86_64",
        is_offered: true,
        ..REFUSED
    },
    Case {
        name: "x86_64 with 32-bit programs and x32",
        lines: "CONFIG_IA32_EMULATION=y\nCONFIG_X86_X32_ABI=y\n",
        required: &["RUST", "KALLSYMS", "PROC_FS", "IA32_EMULATION"],
        is_offered: true,
        ..REFUSED
    },
    Case {
        name: "arm64",
        arch: "arm64",
        llvm: "1",
        is_offered: true,
        ..REFUSED
    },
    Case {
        name: "riscv64",
        arch: "riscv",
        llvm: "1",
        is_offered: true,
        ..REFUSED
    },
    Case {
        name: "user mode Linux",
        arch: "um",
        required: &["RUST", "KALLSYMS", "PROC_FS", "X86_64"],
        ..REFUSED
    },
    Case {
        name: "link-time optimisation",
        llvm: "1",
        lines: "# CONFIG_LTO_NONE is not set\nCONFIG_LTO_CLANG_THIN=y\n",
        required: &["RUST", "KALLSYMS", "PROC_FS", "LTO_CLANG_THIN"],
        ..REFUSED
    },
    Case {
        name: "riscv64 without an MMU",
        arch: "riscv",
        llvm: "1",
        base: "nommu_virt_defconfig",
        lines: "CONFIG_PROC_FS=y\nCONFIG_KALLSYMS=y\n",
        ..REFUSED
    },
    Case {
        name: "32-bit x86",
        arch: "i386",
        required: &["X86_32", "KALLSYMS", "PROC_FS"],
        ..REFUSED
    },
    Case {
        name: "32-bit riscv",
        arch: "riscv",
        llvm: "1",
        base: "rv32_defconfig",
        required: &["32BIT", "KALLSYMS", "PROC_FS"],
        ..REFUSED
    },
    Case {
        name: "32-bit arm",
        arch: "arm",
        llvm: "1",
        base: "multi_v7_defconfig",
        required: &["KALLSYMS", "PROC_FS"],
        ..REFUSED
    },
    Case {
        name: "big-endian arm64",
        arch: "arm64",
        llvm: "1",
        lines: "# CONFIG_CPU_LITTLE_ENDIAN is not set\nCONFIG_CPU_BIG_ENDIAN=y\n",
        required: &["CPU_BIG_ENDIAN", "KALLSYMS", "PROC_FS"],
        ..REFUSED
    },
];

pub fn run(report: &mut Report, options: &Options, workshop: &Workshop) -> Result<()> {
    // All cases share a build directory, so make compiles Kconfig's program only once.
    let scratch = tempfile::tempdir_in(&options.cache)?;
    for case in CASES {
        let (what, name) = (
            if case.is_offered { "offers" } else { "refuses" },
            case.name,
        );
        report.check(
            &format!("Kconfig {what} the option: {name}"),
            check_case(
                case,
                options,
                &workshop.toolchain,
                &workshop.tree.path,
                scratch.path(),
            ),
        );
    }
    Ok(())
}

fn check_case(
    case: &Case,
    options: &Options,
    toolchain: &Toolchain,
    tree: &Path,
    objtree: &Path,
) -> Result<()> {
    let options = options.for_cell(&options.kernel, "x86_64", case.llvm);
    let make = |target: &str| {
        let mut make = toolchain.make(&options, tree, objtree)?;
        // If a variable has several values, make uses the last value.
        make.args([&format!("ARCH={}", case.arch), "SUBARCH=x86_64", target]);
        command::output(&mut make).map(drop)
    };
    make(case.base)?;
    let dot_config = objtree.join(".config");
    let context = || dot_config.display().to_string();
    let mut file = OpenOptions::new()
        .append(true)
        .open(&dot_config)
        .with_context(context)?;
    write!(
        file,
        "# CONFIG_MODVERSIONS{NOT_SET}\n# CONFIG_RANDSTRUCT_FULL{NOT_SET}\n{}CONFIG_RUST=y\n\
         CONFIG_KALLMODSYMS=y\n",
        case.lines
    )?;
    make("olddefconfig")?;
    let config = fs::read_to_string(&dot_config).with_context(context)?;
    let has = |option: &str| {
        let line = format!("CONFIG_{option}=y");
        config.lines().any(|other| other == line)
    };
    for option in case.required {
        ensure!(
            has(option),
            "{option} is not set, so this case tests nothing"
        );
    }
    ensure!(
        has("KALLMODSYMS") == case.is_offered,
        "KALLMODSYMS is {}",
        if case.is_offered { "not set" } else { "set" }
    );
    Ok(())
}
