// SPDX-License-Identifier: GPL-2.0

//! A piece of the image: usually the bytes that one input section of one object file contributed.

use std::borrow::Cow;

use crate::common::error::show;
use crate::read::map::ObjectName;
use crate::read::merge_kind::MergeKind;

/// Consecutive bytes of the image, from one source. Usually the source is an input section of an object file;
/// [`Origin`] has the other sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'m> {
    /// Address of the first byte.
    pub(crate) start: u64,
    /// Address after the last byte.
    pub(crate) end: u64,
    /// The name of the input section.
    pub(crate) section: &'m [u8],
    pub(crate) origin: Origin<'m>,
    /// The index, in the link map, of the output section that has the piece.
    pub(crate) output: usize,
    /// True if the linker may have merged the constants of the piece. The map does not tell this, but the
    /// flags of the section in the object file do.
    pub(super) may_be_merged: bool,
}

/// The source of the bytes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin<'m> {
    /// One object file.
    Object(ObjectName<'m>),
    /// The object files of this pool that define the constants in the piece.
    Pool(PoolId),
    /// Any object files that define the constants in the piece, or the linker if no object file does. LLD's
    /// map does not name the object files of constants that LLD merged.
    LldInternal,
    /// The linker.
    Linker,
    /// A section of vmlinux.o that the map of vmlinux.o does not have: objtool added the section after the
    /// link, or the section has COMMON symbols.
    OutsideMap,
    /// The source is not known: the map or the object file does not tell it.
    Unknown,
}

/// A pool of object files whose equal constants the linker merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolId {
    /// The index in the pools of the layout.
    pub(super) index: usize,
    /// The kind of the constants.
    pub(super) kind: MergeKind,
}

impl<'m> Piece<'m> {
    /// The object file, if the piece came from one alone.
    pub(crate) fn object(&self) -> Option<ObjectName<'m>> {
        match self.origin {
            Origin::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The path of the object file, or the words "several objects", for messages and comments.
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
