// SPDX-License-Identifier: GPL-2.0

//! Reads the text behind a token that says where the token is: a module, an object file, or a file that perf
//! names.

use memchr::memchr;

/// The most bytes that are read behind a token.
const LONGEST: usize = 4096;

/// The statement of the text about a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Suffix<'t> {
    /// The text says nothing, or that the token is in the kernel.
    None,
    /// The text says that the token is in this module.
    Module(&'t [u8]),
    /// The text names the object file of the token.
    Object,
    /// The text names a file other than the kernel, such as a program or the file of a loadable module.
    OfProgram,
}

/// Reads `rest`, the text behind a token.
pub(super) fn of(rest: &[u8]) -> Suffix<'_> {
    let rest = rest.trim_ascii_start();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    match rest {
        // `vmap_udf+0x10/0x40 [udf]`, `vmap_udf+0x10/0x40 [udf 5f0c8d23]`
        [b'[', rest @ ..] => match name_in_brackets(rest) {
            Some(name) => Suffix::Module(name),
            None => Suffix::None,
        },
        // `vfs_read+0x10/0x151 {fs/read_write.o}`
        [b'{', rest @ ..] => match memchr(b'}', rest).and_then(|end| rest.get(..end)) {
            Some(object) if object.ends_with(b".o") => Suffix::Object,
            _ => Suffix::None,
        },
        // `vfs_read+0x10 ([kernel.kallsyms])`, `vfs_read+0x10 ([kernel.kallsyms].text)`
        [b'(', b'[', file @ ..] if file.starts_with(b"kernel.") => Suffix::None,
        // `vmap_udf+0x10 ([udf])`
        [b'(', b'[', rest @ ..] => match name_in_brackets(rest) {
            Some(name) => Suffix::Module(name),
            None => Suffix::OfProgram,
        },
        // `vfs_read+0x10 (/boot/vmlinux-6.12)`, `read+0x10 (/usr/lib/libc.so.6)`
        [b'(', b'/', file @ ..] => match is_kernel(file) {
            true => Suffix::None,
            false => Suffix::OfProgram,
        },
        _ => Suffix::None,
    }
}

/// The module in brackets. `rest` begins behind the opening bracket.
fn name_in_brackets(rest: &[u8]) -> Option<&[u8]> {
    let (inside, _) = rest.split_at_checked(memchr(b']', rest)?)?;
    let name = inside.split(|&byte| byte == b' ').next()?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+".contains(byte);
    // `[#1]` and `[12.345678]` are no modules.
    let has_letter = name.iter().any(u8::is_ascii_alphabetic);
    (has_letter && name.iter().all(is_name)).then_some(name)
}

/// Tells whether `file`, a path in perf's parentheses without its first slash, is the kernel.
fn is_kernel(file: &[u8]) -> bool {
    let end = memchr(b')', file).unwrap_or(file.len());
    let path = file.get(..end).unwrap_or_default();
    let name = path.rsplit(|&byte| byte == b'/').next();
    let name = name.unwrap_or_default();
    name.starts_with(b"vmlinu") || path == b"proc/kcore"
}
