// SPDX-License-Identifier: GPL-2.0

//! The two files beside vmlinux, for people and for tools that work on a build.

use crate::builtin::BuiltinModules;
use crate::digits;
use crate::layout::Piece;
use crate::objects::Objects;

/// `.tmp_vmlinux.ranges`: which object each stretch of the image came from.
///
/// ```text
/// ffffffff81001000-ffffffff810014c3 .text init/main.o
/// ffffffff82012340-ffffffff82012380 .rodata.cst16 -
/// ```
///
/// The second address is behind the last byte. `-` is a stretch that is no single object's.
pub(crate) fn ranges(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut text = Vec::with_capacity(pieces.len() * 64);
    for piece in pieces {
        text.extend(digits::of(piece.start));
        text.push(b'-');
        text.extend(digits::of(piece.end));
        text.push(b' ');
        text.extend_from_slice(piece.section);
        text.push(b' ');
        match piece.object() {
            Some(object) => text.extend_from_slice(&object.path()),
            None => text.push(b'-'),
        }
        text.push(b'\n');
    }
    text
}

/// `modules_thick.builtin`: which objects each built-in module has, in link order.
///
/// ```text
/// fs/ext4/ext4.o: fs/ext4/balloc.o fs/ext4/bitmap.o
/// ```
pub(crate) fn modules_thick(objects: &Objects<'_>, builtin: &BuiltinModules) -> Vec<u8> {
    let members = objects.members();
    let mut text = Vec::new();
    for (module, path) in builtin.iter() {
        text.extend(path);
        text.extend(b".o:");
        for object in members.get(&module).into_iter().flatten() {
            text.push(b' ');
            text.extend_from_slice(&object.path());
        }
        text.push(b'\n');
    }
    text
}
