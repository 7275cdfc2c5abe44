// SPDX-License-Identifier: GPL-2.0

//! The files beside vmlinux, for people and for tools that work on a build.

use crate::attribute::object_modules::ObjectModules;
use crate::attribute::piece::Piece;
use crate::attribute::unattributed::Unattributed;
use crate::common::hexadecimal;
use crate::read::modules_builtin::BuiltinModules;

/// The path of the file that [`ranges`] makes.
pub(super) const RANGES: &str = ".tmp_vmlinux.ranges";

/// The path of the file that [`modules_thick`] makes.
pub(super) const MODULES_THICK: &str = "modules_thick.builtin";

/// `.tmp_vmlinux.ranges`: the object file that each piece of the image came from.
///
/// ```text
/// ffffffff81001000-ffffffff810014c3 .text init/main.o
/// ffffffff82012340-ffffffff82012380 .rodata.cst16 -
/// ```
///
/// The second address is the address after the last byte. `-` stands for a piece that is not of one known
/// object file.
pub(super) fn ranges(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut text = Vec::with_capacity(pieces.len() * 64);
    for piece in pieces {
        text.extend(hexadecimal::of(piece.start));
        text.push(b'-');
        text.extend(hexadecimal::of(piece.end));
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

/// `modules_thick.builtin`: the object files of each built-in module, in the order of the link.
///
/// ```text
/// fs/ext4/ext4.o: fs/ext4/balloc.o fs/ext4/bitmap.o
/// ```
pub(super) fn modules_thick(objects: &ObjectModules<'_>, builtin: &BuiltinModules) -> Vec<u8> {
    let members = objects.members();
    let mut text = Vec::new();
    for (module, path) in builtin.iter() {
        text.extend(path);
        text.extend(b".o:");
        // A module of `modules.builtin` may have no object file in the link.
        for object in members.get(&module).into_iter().flatten() {
            text.push(b' ');
            text.extend_from_slice(&object.path());
        }
        text.push(b'\n');
    }
    text
}

/// `.tmp_vmlinux.unattributed`: a line for each symbol and each object file whose modules are not known, for
/// each symbol whose object file is not known, and for the first map lines of unknown forms.
pub(super) fn unattributed(unattributed: &Unattributed) -> Vec<u8> {
    let mut text = Vec::new();
    for line in unattributed.texts() {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}
