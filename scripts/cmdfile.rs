// SPDX-License-Identifier: GPL-2.0

//! kbuild's `.cmd` files: the command that made an object, and in it the module files it is for.
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

use crate::lines::{self, find};

/// What a `.cmd` file says of its object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ModuleFiles {
    /// The command names module files, one or several, separated by spaces.
    Named(Vec<u8>),
    /// The command names none, but the objects that it makes this one of; no object, if these are not all.
    Of(Vec<PathBuf>),
    /// The command makes a crate of the kernel's Rust support, which all code in Rust shares. kbuild
    /// names the module file of every other crate.
    Shared,
}

/// The `.cmd` file of `object`: in the object's directory, hidden.
pub(crate) fn path_for(object: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(object.file_name().unwrap_or_default());
    name.push(".cmd");
    object.with_file_name(name)
}

/// Reads the command of `object`'s `.cmd` file. `buffer` is scratch space that saves an allocation
/// a file. A failure is the reason.
pub(crate) fn read(object: &Path, buffer: &mut Vec<u8>) -> Result<ModuleFiles, String> {
    let path = path_for(object);
    let command = read_first_line(&path, buffer).map_err(|error| match error.kind() {
        // Among others, kbuild copies files that are named `..._shipped` and leaves none.
        ErrorKind::NotFound => format!("kbuild left no {}", path.display()),
        _ => format!("{}: {error}", path.display()),
    })?;
    if !command.starts_with(b"savedcmd_") && !command.starts_with(b"cmd_") {
        return Err(format!("{} does not begin with savedcmd_", path.display()));
    }
    module_files(command, object)
        .ok_or_else(|| format!("the module file in {} is not ended", path.display()))
}

/// Reads the first line, without its end, by way of `buffer`. It is about 3 KiB long, and the
/// dependencies that follow, which are not read, twenty times that.
fn read_first_line<'b>(path: &Path, buffer: &'b mut Vec<u8>) -> std::io::Result<&'b [u8]> {
    const STEP: usize = 4096;
    let mut file = File::open(path)?;
    let mut length = 0;
    let end = loop {
        if buffer.len() < length + STEP {
            buffer.resize(length + STEP, 0);
        }
        let space = buffer.get_mut(length..).unwrap_or_default();
        let count = lines::read(&mut file, space)?;
        let new = space.get(..count).unwrap_or_default();
        if let Some(end) = find(new, b'\n') {
            break length + end;
        }
        length += count;
        if count == 0 {
            break length;
        }
    };
    Ok(buffer.get(..end).unwrap_or_default())
}

/// Finds the module files in a command; `None` where one begins but does not end.
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
        return Some(ModuleFiles::Of(Vec::new()));
    }
    let objects = words.filter(|word| word.ends_with(b".o"));
    let objects = objects.map(|word| PathBuf::from(OsStr::from_bytes(word)));
    Some(ModuleFiles::Of(
        objects.filter(|other| other != object).collect(),
    ))
}

/// Whether a word of a command says that the object is made of something else than the objects that the
/// command names: of an archive, of what a file lists, of a prebuilt object, or of any bytes.
fn may_hide_parts(word: &[u8]) -> bool {
    let is_other = word.ends_with(b".a") || word.ends_with(b"_shipped") || word.starts_with(b"@");
    is_other || word == b"binary" || word.ends_with(b"=binary")
}

/// What follows the last `key` in `text` that begins a word: kbuild's flags are behind the long list
/// of the compiler's.
fn after<'t>(text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    let mut before = text;
    loop {
        let space = before.iter().rposition(|&byte| byte == b' ');
        let word = text.get(space.map_or(0, |space| space + 1)..)?;
        if let Some(value) = word.strip_prefix(key) {
            return Some(value);
        }
        before = before.get(..space?)?;
    }
}
