// SPDX-License-Identifier: GPL-2.0

//! clippy and rustdoc on the Rust files, as `make CLIPPY=1` and `make rustdoc` run them on the kernel's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use super::compilation::Compilation;
use super::{component, silent};
use crate::lab::configure::Kernel;
use crate::lab::toolchain;

/// The first file of the component's crate.
const COMPONENT: &str = "rust/kallmodsyms.rs";

/// The kernel's settings of clippy.
const SETTINGS: &str = ".clippy.toml";

pub fn clippy(kernel: &Kernel, compilations: &[&Compilation]) -> Result<()> {
    let program = beside_rustc(kernel, "clippy-driver", "clippy")?;
    let directory = tempfile::tempdir()?;
    let settings = kernel.tree.join(SETTINGS);
    let text = fs::read_to_string(&settings).with_context(|| settings.display().to_string())?;
    let ours = with_our_rustc(&text, toolchain::oldest_rustc()?);
    fs::write(directory.path().join(SETTINGS), ours)?;
    let to = directory.path().display();
    let words = format!(
        "CLIPPY_CONF_DIR='{to}' '{}' --error-format=short --emit=metadata --out-dir '{to}'",
        program.display()
    );
    silent(kernel, compilations, COMPONENT, |_| words.clone())
}

/// Replaces the oldest rustc of the kernel in the settings by that of our Kconfig, which is in the kernel's
/// counting.
fn with_our_rustc(settings: &str, oldest: u32) -> String {
    let (major, minor, patch) = (oldest / 100_000, oldest / 100 % 1000, oldest % 100);
    let line = |line: &str| match line.starts_with("msrv = ") {
        true => format!("msrv = \"{major}.{minor}.{patch}\"\n"),
        false => format!("{line}\n"),
    };
    settings.lines().map(line).collect()
}

/// Private items of our crates are documented, too: these crates have no others.
pub fn rustdoc(kernel: &Kernel, compilations: &[&Compilation]) -> Result<()> {
    let program = beside_rustc(kernel, "rustdoc", "rustc")?;
    let directory = tempfile::tempdir()?;
    let ours = component(kernel)?;
    silent(kernel, compilations, COMPONENT, |compilation| {
        let private = match compilation.source.starts_with(&ours) {
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
/// what that compiler wrote.
fn beside_rustc(kernel: &Kernel, name: &str, of_rustup: &str) -> Result<PathBuf> {
    let rustc: &Path = kernel.toolchain.rustc();
    let program = rustc.with_file_name(name);
    ensure!(
        program.exists(),
        "{} is missing, and the rustc beside it compiled the kernel: rustup component add {of_rustup}, \
         or install Debian's package of the same version",
        program.display()
    );
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::with_our_rustc;

    #[test]
    fn the_oldest_rustc_is_ours() {
        let settings = "msrv = \"1.78.0\"\n\ncheck-private-items = true\n";
        let expected = "msrv = \"1.85.0\"\n\ncheck-private-items = true\n";
        assert_eq!(with_our_rustc(settings, 108_500), expected);
    }
}
