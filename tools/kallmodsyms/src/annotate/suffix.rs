// SPDX-License-Identifier: GPL-2.0

//! What stands behind a token and says where it is: a module, or the file that perf found it in.

use memchr::memchr;

/// More bytes than a module in brackets, or a path in parentheses, has.
const LONGEST: usize = 4096;

/// What the text says of a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Suffix<'t> {
    /// Nothing, or that it is the kernel's.
    None,
    /// The token is in this module.
    Module(&'t [u8]),
    /// The token is the kernel's own, in an object file that stands there.
    Object,
    /// The token is in a program or in a file of a module.
    OfProgram,
}

/// What `rest`, the text behind a token, says of the token.
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

/// The module in brackets, of which `rest` has all but the first.
fn name_in_brackets(rest: &[u8]) -> Option<&[u8]> {
    let (inside, _) = rest.split_at_checked(memchr(b']', rest)?)?;
    let name = inside.split(|&byte| byte == b' ').next()?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+".contains(byte);
    // `[#1]` and `[12.345678]` are no modules.
    let has_letter = name.iter().any(u8::is_ascii_alphabetic);
    (has_letter && name.iter().all(is_name)).then_some(name)
}

/// Tells whether perf's `file`, without the slash that it begins with, is the kernel.
fn is_kernel(file: &[u8]) -> bool {
    let end = memchr(b')', file).unwrap_or(file.len());
    let path = file.get(..end).unwrap_or_default();
    let name = path.rsplit(|&byte| byte == b'/').next();
    let name = name.unwrap_or_default();
    name.starts_with(b"vmlinu") || path == b"proc/kcore"
}
