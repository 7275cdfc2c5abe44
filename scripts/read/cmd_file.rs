// SPDX-License-Identifier: GPL-2.0

//! kbuild's `.cmd` files: the command that made an object file. Most commands name the module files of the
//! object file.
//!
//! ```text
//! savedcmd_fs/ext4/super.o := gcc ... -DKBUILD_MODFILE='"fs/ext4/ext4"' ...
//! savedcmd_drivers/.../dpmac.o := gcc ... -DKBUILD_MODFILE='"drivers/.../fsl-dpaa2-eth drivers/.../fsl-dpaa2-switch"' ...
//! savedcmd_arch/x86/.../gdt_idt.pi.o := objcopy --prefix-symbols=__pi_  arch/x86/.../gdt_idt.o arch/x86/.../gdt_idt.pi.o
//! savedcmd_drivers/net/phy/ax88796b_rust.o := OBJTREE=... RUST_MODFILE=drivers/net/phy/ax88796b_rust rustc ...
//! ```

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::common::lines::{self, find};

/// What a `.cmd` file says about the modules of its object file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ModuleFiles {
    /// The command names one or several module files, separated by spaces.
    Named(Vec<u8>),
    /// The command names no module file. It makes the object file from these object files. Empty if the
    /// command names no object file, or if it also names another input that may have code of modules.
    MadeOf(Vec<PathBuf>),
    /// The command makes a crate of the kernel's Rust support, which all Rust code shares. For every other
    /// crate, kbuild names the module file.
    Shared,
}

/// The path of the `.cmd` file of `object`: a hidden file in the same directory.
pub(crate) fn path_for(object: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    // A path without a file name, such as `..`, is no object file. The result then ends in `..cmd`. No build
    // makes such a file, so the caller reports an error that names it.
    name.push(object.file_name().unwrap_or_default());
    name.push(".cmd");
    object.with_file_name(name)
}

/// Reads the command in the `.cmd` file of `object`. `buffer` is scratch space, which saves an allocation
/// for each file. An error says why the command tells nothing.
pub(crate) fn read(object: &Path, buffer: &mut Vec<u8>) -> Result<ModuleFiles, String> {
    let path = path_for(object);
    let command = read_first_line(&path, buffer).map_err(|error| match error.kind() {
        // For example, kbuild leaves no command for the files that it copies from `..._shipped`.
        ErrorKind::NotFound => format!("kbuild left no {}", path.display()),
        _ => format!("{}: {error}", path.display()),
    })?;
    if !command.starts_with(b"savedcmd_") && !command.starts_with(b"cmd_") {
        return Err(format!("{} does not begin with savedcmd_", path.display()));
    }
    module_files(command, object)
        .ok_or_else(|| format!("the module file in {} is not ended", path.display()))
}

/// Reads the first line of a file into `buffer`, and returns the line without its line end. The line has
/// about 3 KiB. The dependencies after the line are many times as long, and this function does not read
/// them all.
fn read_first_line<'b>(path: &Path, buffer: &'b mut Vec<u8>) -> std::io::Result<&'b [u8]> {
    const STEP: usize = 4096;
    let mut file = File::open(path)?;
    let mut length = 0;
    loop {
        if buffer.len() < length + STEP {
            buffer.resize(length + STEP, 0);
        }
        let (_, space) = buffer.split_at_mut(length);
        let count = lines::read(&mut file, space)?;
        let (new, _) = space.split_at(count);
        let end = find(new, b'\n');
        // If the new bytes have no line end, all of them belong to the first line.
        length += end.unwrap_or(count);
        if end.is_some() || count == 0 {
            return Ok(buffer.split_at(length).0);
        }
    }
}

/// Finds the module files in a command; `None` if the name of a module file has no end.
fn module_files(command: &[u8], object: &Path) -> Option<ModuleFiles> {
    const C: &[u8] = b"-DKBUILD_MODFILE=";
    const RUST: &[u8] = b"RUST_MODFILE=";
    if let Some(value) = after(command, C) {
        let quotes = |byte: &u8| matches!(byte, b'\'' | b'"' | b'\\');
        let start = value.iter().position(|byte| !quotes(byte))?;
        let value = value.get(start..)?;
        let end = value.iter().position(quotes)?;
        return Some(ModuleFiles::Named(value.get(..end)?.to_vec()));
    }
    if let Some(value) = after(command, RUST) {
        let end = value.iter().position(|&byte| byte == b' ')?;
        return Some(ModuleFiles::Named(value.get(..end)?.to_vec()));
    }
    if after(command, b"--crate-name").is_some() {
        return Some(ModuleFiles::Shared);
    }
    let words = command.split(|&byte| byte == b' ').skip(2);
    if words.clone().any(may_hide_parts) {
        return Some(ModuleFiles::MadeOf(Vec::new()));
    }
    let objects = words.filter(|word| word.ends_with(b".o"));
    let objects = objects.map(|word| PathBuf::from(OsStr::from_bytes(word)));
    let parts = objects.filter(|part| part != object).collect();
    Some(ModuleFiles::MadeOf(parts))
}

/// Return: true if a word of a command stands for an input that may hide object files: an archive, a list of
/// files, a prebuilt object file, or a binary file.
fn may_hide_parts(word: &[u8]) -> bool {
    let is_file = word.ends_with(b".a") || word.ends_with(b"_shipped") || word.starts_with(b"@");
    is_file || word == b"binary" || word.ends_with(b"=binary")
}

/// The text after `key`, from the last word of `text` that begins with `key`. The search goes backwards,
/// because `-DKBUILD_MODFILE=` comes after the long list of compiler flags.
fn after<'t>(text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    let mut before = text;
    while let Some(space) = before.iter().rposition(|&byte| byte == b' ') {
        let word = text.get(space + 1..)?;
        if let Some(value) = word.strip_prefix(key) {
            return Some(value);
        }
        before = before.get(..space)?;
    }
    text.strip_prefix(key)
}
