// SPDX-License-Identifier: GPL-2.0

//! The names that maps give to objects.

use std::borrow::Cow;

/// An object file: its path from the top of the build, or an archive and the path from there.
///
/// kbuild's archives are thin: a member is a file of its own. LLD prints the archive and the file's path
/// from the archive's directory, GNU ld the path from the top. A member that is in its archive is no
/// file, and GNU ld prints it as LLD prints all:
///
/// ```text
/// lib/lib.a(argv_split.o)
/// lib/argv_split.o
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectName<'m> {
    /// Or nothing.
    archive: &'m [u8],
    file: &'m [u8],
}

impl<'m> ObjectName<'m> {
    /// Takes the name as GNU ld prints it. A `./` before it says nothing.
    pub(crate) fn whole(text: &'m [u8]) -> Self {
        let text = text.strip_prefix(b"./").unwrap_or(text);
        // Not `b""`, which is no place in memory: to compare nothing there with nothing costs a
        // processor with AVX-512, whose masked loads glibc uses, a fault that it hides, 150 ns.
        let (archive, file) = text.split_at(0);
        Self { archive, file }
    }

    /// Takes the name as LLD prints it.
    pub(crate) fn in_archive(text: &'m [u8]) -> Self {
        let whole = Self::whole(text);
        let Some(inner) = whole.file.strip_suffix(b")") else {
            return whole;
        };
        let Some(open) = inner.iter().position(|&byte| byte == b'(') else {
            return whole;
        };
        let (archive, member) = inner.split_at(open);
        Self {
            archive,
            file: member.get(1..).unwrap_or_default(),
        }
    }

    /// The archive, if LLD printed one.
    pub(crate) fn archive(&self) -> Option<&'m [u8]> {
        Some(self.archive).filter(|archive| !archive.is_empty())
    }

    /// The path from the top of the build, where the archive is thin.
    pub(crate) fn path(&self) -> Cow<'m, [u8]> {
        let slash = self.archive.iter().rposition(|&byte| byte == b'/');
        match slash.and_then(|slash| self.archive.get(..=slash)) {
            None => Cow::Borrowed(self.file),
            Some(directory) => Cow::Owned([directory, self.file].concat()),
        }
    }

    /// Whether the two are at one place of one map, and so equal. Cheaper to tell than that.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        std::ptr::eq(self.file, other.file) && std::ptr::eq(self.archive, other.archive)
    }

    /// Whether it is called `name`, and is in no archive.
    #[inline]
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        self.file == name && self.archive.is_empty()
    }
}
