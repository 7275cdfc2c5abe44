// SPDX-License-Identifier: GPL-2.0

//! A piece of the image: the bytes that one input section of one object file contributed.

use std::borrow::Cow;

use crate::common::error::show;
use crate::read::map::ObjectName;

/// The bytes of the image that came from one input section of one object file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'m> {
    /// Address of the first byte.
    pub(crate) start: u64,
    /// Address after the last byte.
    pub(crate) end: u64,
    /// The name of the input section.
    pub(crate) section: &'m [u8],
    pub(crate) origin: Origin<'m>,
    /// Index of its output section in the map.
    pub(crate) output: usize,
    /// The linker may have merged the constants of the piece. Its object file tells, and the map does not.
    pub(super) may_be_merged: bool,
}

/// The source of the bytes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin<'m> {
    /// One object file.
    Object(ObjectName<'m>),
    /// All object files of a pool that define the constants in the piece.
    Pool(PoolId),
    /// All object files that define the constants in the piece, or the linker if none does. LLD puts the
    /// constants that it merged into such pieces.
    LldInternal,
    /// The linker.
    Linker,
    /// A part of vmlinux.o that its map does not have: objtool added it after the link, or it has COMMON
    /// symbols.
    OutsideMap,
    /// The map does not tell.
    Unknown,
}

/// A pool of object files whose equal constants the linker merges: its index in the pools of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolId(pub(super) usize);

impl<'m> Piece<'m> {
    /// The object file, if the piece came from one alone.
    pub(crate) fn object(&self) -> Option<ObjectName<'m>> {
        match self.origin {
            Origin::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The path of the object file, or words in its place, for messages and comments.
    pub(crate) fn object_path(&self) -> Cow<'m, [u8]> {
        match self.object() {
            Some(object) => object.path(),
            None => Cow::Borrowed(b"several objects"),
        }
    }
}

impl std::fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (section, object) = (show(self.section), show(&self.object_path()));
        write!(
            f,
            "{section} of {object} at {:#x}..{:#x}",
            self.start, self.end
        )
    }
}
