// SPDX-License-Identifier: GPL-2.0

//! Runs clippy and rustdoc on the Rust files, with the flags that kbuild gave rustc.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use super::compilation::Compilation;
use super::{check_component, component_directory};
use crate::lab::configure::Kernel;
use crate::lab::toolchain;

/// The root file of the component's crate.
const COMPONENT: &str = "rust/kallmodsyms.rs";

/// The file with the kernel's settings for clippy.
const SETTINGS: &str = ".clippy.toml";

pub fn clippy(kernel: &Kernel, compilations: &[&Compilation]) -> Result<()> {
    let program = beside_rustc(kernel, "clippy-driver", "clippy")?;
    let directory = tempfile::tempdir()?;
    let settings = kernel.tree.join(SETTINGS);
    let text = fs::read_to_string(&settings).with_context(|| settings.display().to_string())?;
    let text = with_oldest_rustc(&text, toolchain::oldest_rustc()?);
    fs::write(directory.path().join(SETTINGS), text)?;
    let to = directory.path().display();
    let words = format!(
        "CLIPPY_CONF_DIR='{to}' '{}' --error-format=short --emit=metadata --out-dir '{to}'",
        program.display()
    );
    check_component(kernel, compilations, COMPONENT, |_| words.clone())
}

/// Replaces the kernel's oldest rustc in the settings with `oldest`, the component's oldest rustc. `oldest` is a
/// number as in Kconfig: 108500 for 1.85.0.
fn with_oldest_rustc(settings: &str, oldest: u32) -> String {
    let (major, minor, patch) = (oldest / 100_000, oldest / 100 % 1000, oldest % 100);
    let line = |line: &str| match line.starts_with("msrv = ") {
        true => format!("msrv = \"{major}.{minor}.{patch}\"\n"),
        false => format!("{line}\n"),
    };
    settings.lines().map(line).collect()
}

/// Runs rustdoc. In the crates of this repository, rustdoc also reads the documentation of private items:
/// the component's crate has no public items.
pub fn rustdoc(kernel: &Kernel, compilations: &[&Compilation]) -> Result<()> {
    let program = beside_rustc(kernel, "rustdoc", "rustc")?;
    let directory = tempfile::tempdir()?;
    let component = component_directory(kernel)?;
    check_component(kernel, compilations, COMPONENT, |compilation| {
        let private = match compilation.source.starts_with(&component) {
            true => "--document-private-items -Arustdoc::private_intra_doc_links",
            false => "",
        };
        format!(
            "'{}' --error-format=short -Zunstable-options {private} --output '{}'",
            program.display(),
            directory.path().display()
        )
    })
}

/// Finds a program of the toolchain that compiled the kernel. A program of another version cannot read
/// the crates that this toolchain compiled.
fn beside_rustc(kernel: &Kernel, name: &str, rustup_component: &str) -> Result<PathBuf> {
    let rustc: &Path = kernel.toolchain.rustc();
    let program = rustc.with_file_name(name);
    ensure!(
        program.exists(),
        "{} is missing, and the rustc beside it compiled the kernel: rustup component add {rustup_component}, \
         or install Debian's package of the same version",
        program.display()
    );
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::with_oldest_rustc;

    #[test]
    fn the_settings_get_the_oldest_rustc() {
        let settings = "msrv = \"1.78.0\"\n\ncheck-private-items = true\n";
        let expected = "msrv = \"1.85.0\"\n\ncheck-private-items = true\n";
        assert_eq!(with_oldest_rustc(settings, 108_500), expected);
    }
}
