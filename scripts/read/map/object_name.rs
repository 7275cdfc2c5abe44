// SPDX-License-Identifier: GPL-2.0

//! The names that link maps give to object files.

use std::borrow::Cow;

/// The name of an object file: a path from the top of the build, or an archive and a path from the directory
/// of that archive.
///
/// kbuild's archives are thin: each member is a file of its own. LLD prints such a member in the first form
/// below, GNU ld in the second. If the archive has the bytes of a member, both linkers print the first form:
///
/// ```text
/// lib/lib.a(argv_split.o)
/// lib/argv_split.o
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectName<'m> {
    /// Empty if the map is of GNU ld, or prints a path alone.
    archive: &'m [u8],
    file: &'m [u8],
}

impl<'m> ObjectName<'m> {
    /// The name of the path `text`. A leading `./` is dropped.
    pub(crate) fn from_path(text: &'m [u8]) -> Self {
        let text = match text {
            [b'.', b'/', path @ ..] => path,
            _ => text,
        };
        // The archive is an empty slice of `text`, and not `b""`, whose address is not mapped. glibc compares
        // with the masked loads of AVX-512: at an unmapped address, such a load costs a hidden fault of 150
        // ns.
        let (archive, file) = text.split_at(0);
        Self { archive, file }
    }

    /// The name that LLD prints: a path, or `archive(member)`.
    pub(crate) fn from_lld(text: &'m [u8]) -> Self {
        let path = Self::from_path(text);
        let archive_and_member = path.file.strip_suffix(b")").and_then(|text| {
            let open = text.iter().position(|&byte| byte == b'(')?;
            let (archive, member) = text.split_at(open);
            Some((archive, member.strip_prefix(b"(")?))
        });
        match archive_and_member {
            Some((archive, file)) => Self { archive, file },
            None => path,
        }
    }

    /// The archive, if LLD's map prints an archive.
    pub(crate) fn archive(&self) -> Option<&'m [u8]> {
        Some(self.archive).filter(|archive| !archive.is_empty())
    }

    /// The path from the top of the build. A file is at this path, unless the archive has the bytes of the
    /// object file.
    pub(crate) fn path(&self) -> Cow<'m, [u8]> {
        let slash = self.archive.iter().rposition(|&byte| byte == b'/');
        match slash.and_then(|slash| self.archive.get(..=slash)) {
            None => Cow::Borrowed(self.file),
            Some(directory) => Cow::Owned([directory, self.file].concat()),
        }
    }

    /// Return: true if both names are at the same place in the same map. This costs less than a comparison of
    /// the names.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        std::ptr::eq(self.file, other.file) && std::ptr::eq(self.archive, other.archive)
    }

    /// Return: true if the name is `name` and has no archive.
    #[inline]
    pub(crate) fn is(&self, name: &[u8]) -> bool {
        self.file == name && self.archive.is_empty()
    }
}
