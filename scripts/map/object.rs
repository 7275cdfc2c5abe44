// SPDX-License-Identifier: GPL-2.0

//! The names that maps give to objects.

use std::borrow::Cow;

/// An object file: its path from the top of the build, in two parts.
///
/// kbuild's archives are thin: a member is a file of its own. LLD prints the archive and the file's path
/// from there, GNU ld the path from the top. A member that is in its archive is no file, and GNU ld
/// prints it as LLD prints all:
///
/// ```text
/// lib/lib.a(argv_split.o)
/// lib/argv_split.o
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectName<'m> {
    /// Directory of the archive with a slash behind it, or nothing.
    directory: &'m [u8],
    file: &'m [u8],
}

impl<'m> ObjectName<'m> {
    /// Takes the name as GNU ld prints it. A `./` before it says nothing.
    pub(crate) fn whole(text: &'m [u8]) -> Self {
        let text = text.strip_prefix(b"./").unwrap_or(text);
        // Not `b""`, which is no place in memory: to compare nothing there with nothing costs a
        // processor with AVX-512, whose masked loads glibc uses, a fault that it hides, 150 ns.
        let (directory, file) = text.split_at(0);
        Self { directory, file }
    }

    /// Takes the name as LLD prints it.
    pub(crate) fn in_thin_archive(text: &'m [u8]) -> Self {
        let whole = Self::whole(text);
        let text = whole.file;
        let Some(inner) = text.strip_suffix(b")") else {
            return whole;
        };
        let Some(open) = inner.iter().position(|&byte| byte == b'(') else {
            return whole;
        };
        let (archive, member) = inner.split_at(open);
        let directory = archive
            .iter()
            .rposition(|&byte| byte == b'/')
            .map_or(0, |slash| slash + 1);
        Self {
            directory: archive.get(..directory).unwrap_or_default(),
            file: member.get(1..).unwrap_or_default(),
        }
    }

    /// The path from the top of the build.
    pub(crate) fn path(&self) -> Cow<'m, [u8]> {
        match self.directory {
            [] => Cow::Borrowed(self.file),
            directory => Cow::Owned([directory, self.file].concat()),
        }
    }

    /// Whether the two are at one place of one map, and so equal. Cheaper to tell than that.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        std::ptr::eq(self.file, other.file) && std::ptr::eq(self.directory, other.directory)
    }

    /// Whether the path is `path`.
    #[inline]
    pub(crate) fn is(&self, path: &[u8]) -> bool {
        path.strip_prefix(self.directory) == Some(self.file)
    }
}
