// SPDX-License-Identifier: GPL-2.0

//! Decodes the kernel's own list of symbols, as kernel/kallsyms.c does.

use std::fs;
use std::path::Path;

use anyhow::{anyhow, bail, Context, Result};

use crate::image::{Image, FIRST};
use crate::untouched::Label;

/// A line of `/proc/kallsyms`.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub address: u64,
    /// The type letter, as nm prints it.
    pub kind: u8,
    pub name: Vec<u8>,
}

impl Line {
    pub fn label(&self) -> Label {
        Label {
            kind: self.kind,
            name: self.name.clone(),
        }
    }
}

/// The kernel's own symbols in `image`, in the order of kallsyms. `build` is the build directory of `image`.
pub fn listing(image: &Image, build: &Path) -> Result<Vec<Line>> {
    let count = image.table("kallsyms_num_syms")?.u32()? as usize;
    let offsets = image.table("kallsyms_offsets")?.u32s(count)?;
    let encoding = Encoding::of(image, build)?;
    let tokens = Tokens {
        texts: image.table("kallsyms_token_table")?.bytes,
        starts: image.table("kallsyms_token_index")?.u16s(256)?,
    };

    let mut names = image.table("kallsyms_names")?.bytes;
    let mut lines = Vec::with_capacity(count);
    for (index, &offset) in offsets.iter().enumerate() {
        let line = tokens
            .next(&mut names)
            .ok_or_else(|| anyhow!("kallsyms_names: symbol {index} cannot be decoded"))?;
        let Some((&kind, name)) = line.split_first() else {
            bail!("kallsyms_names: symbol {index} is empty");
        };
        lines.push(Line {
            address: encoding.address(index as u64, offset),
            kind,
            name: name.to_vec(),
        });
    }
    if encoding.is_unrelocated() {
        // All addresses count from 0.
        let first = lines.iter().find(|line| line.name == FIRST.as_bytes());
        let first = first.with_context(|| format!("kallsyms has no {FIRST}"))?;
        let linked = image.address(FIRST);
        let linked = linked.with_context(|| format!("vmlinux has no {FIRST}"))?;
        let base = linked.wrapping_sub(first.address);
        for line in &mut lines {
            line.address = line.address.wrapping_add(base);
        }
    }
    Ok(lines)
}

/// The encoding of kallsyms_offsets.
enum Encoding {
    /// Unsigned distances from a base. With absolute per-cpu symbols, entries are signed: an entry that is not
    /// negative is an address, and entry -1 is the base, entry -2 the base plus one, and so on.
    Base { base: u64, absolute_percpu: bool },
    /// Signed distances from the address of the entry, in a table at address `table`. Kernels without
    /// kallsyms_relative_base have this encoding.
    EntryRelative { table: u64 },
}

impl Encoding {
    fn of(image: &Image, build: &Path) -> Result<Self> {
        let table = image.address("kallsyms_offsets");
        match (image.address("kallsyms_relative_base"), table) {
            (None, Some(table)) => Ok(Self::EntryRelative { table }),
            _ => Ok(Self::Base {
                base: image.table("kallsyms_relative_base")?.u64()?,
                absolute_percpu: configured(build, "CONFIG_KALLSYMS_ABSOLUTE_PERCPU")?,
            }),
        }
    }

    /// True if the base in vmlinux is 0, because a relocation sets the base when the kernel starts.
    fn is_unrelocated(&self) -> bool {
        matches!(
            self,
            Self::Base {
                base: 0,
                absolute_percpu: false
            }
        )
    }

    /// The address of symbol number `index`.
    fn address(&self, index: u64, offset: u32) -> u64 {
        let signed = i64::from(offset as i32);
        match *self {
            Self::EntryRelative { table } => (table + 4 * index).wrapping_add_signed(signed),
            Self::Base {
                base,
                absolute_percpu,
            } => match signed {
                _ if !absolute_percpu => base.wrapping_add(offset.into()),
                absolute @ 0.. => absolute as u64,
                distance => base.wrapping_sub(1).wrapping_add(distance.unsigned_abs()),
            },
        }
    }
}

/// True if `include/config/auto.conf` of the build sets `option` to `y`.
pub fn configured(build: &Path, option: &str) -> Result<bool> {
    let path = build.join("include/config/auto.conf");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let line = format!("{option}=y");
    Ok(text.lines().any(|other| other == line))
}

/// The tokens. A token is the text that a byte of a compressed name stands for.
struct Tokens<'a> {
    texts: &'a [u8],
    starts: Vec<u16>,
}

impl Tokens<'_> {
    /// Decodes the first symbol in `names`, and removes it from `names`. The text begins with the type letter.
    ///
    /// A symbol is a length, and a byte for each token. A length above 127 has two bytes: the low seven bits with
    /// the top bit set, then the high bits.
    fn next(&self, names: &mut &[u8]) -> Option<Vec<u8>> {
        let (&low, mut rest) = names.split_first()?;
        let mut length = usize::from(low);
        if low & 0x80 != 0 {
            let (&high, more) = rest.split_first()?;
            length = usize::from(low & 0x7f) | (usize::from(high) << 7);
            rest = more;
        }
        let (tokens, rest) = rest.split_at_checked(length)?;
        *names = rest;
        let mut text = Vec::new();
        for &token in tokens {
            let start = *self.starts.get(usize::from(token))?;
            let token = self.texts.get(usize::from(start)..)?;
            text.extend_from_slice(token.split(|&byte| byte == 0).next()?);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_each_encoding() {
        let base = 0xffff_ffff_8100_0000;
        let relative = |base, absolute_percpu| Encoding::Base {
            base,
            absolute_percpu,
        };
        let up = relative(base, false);
        assert_eq!(up.address(9, 0x10), base + 0x10);
        let low = relative(0x1000, false);
        assert_eq!(low.address(0, 0xffff_fff0), 0x1_0000_0ff0);
        let percpu = relative(base, true);
        assert_eq!(percpu.address(0, 0x1f000), 0x1f000);
        assert_eq!(percpu.address(0, -1i32 as u32), base);
        assert_eq!(percpu.address(0, -0x101i32 as u32), base + 0x100);
        let table = Encoding::EntryRelative { table: base };
        assert_eq!(table.address(2, 0x10), base + 0x18);
        assert_eq!(table.address(1, -8i32 as u32), base - 4);
    }

    #[test]
    fn names_with_lengths_of_one_and_two_bytes() {
        let tokens = Tokens {
            texts: b"Tab\0c\0",
            starts: [vec![0, 4], vec![0; 254]].concat(),
        };
        let mut names: &[u8] = &[2, 0, 1, 0x81, 0, 0, 3, 1];
        assert_eq!(tokens.next(&mut names), Some(b"Tabc".to_vec()));
        assert_eq!(tokens.next(&mut names), Some(b"Tab".to_vec()));
        assert_eq!(tokens.next(&mut names), None);
    }
}
