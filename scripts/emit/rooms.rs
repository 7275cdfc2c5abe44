// SPDX-License-Identifier: GPL-2.0

//! The room that each table has. A pass of the link may leave tables longer or shorter than the pass
//! before it did, as distances between symbols have changed. If that moved the tables behind, all else
//! would move again, and the passes need not come to an end. So a table has some room to spare from the
//! beginning, and never less than in the pass before: the tables only grow, and that only where the
//! room was too small.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::digits;
use crate::lines::Lines;

/// What the room behind a table begins with, and then how many bytes the room has, so that the tables of
/// a kernel without symbols can be found one behind the other.
pub(crate) const MARK: u32 = u32::from_le_bytes(*b"room");

/// The last line of what a pass writes begins so.
///
/// ```text
/// /* kallmodsyms rooms: kallsyms_size_words=0x1a8 kallsyms_size_bytes=0x410 */
/// ```
const LINE: &[u8] = b"/* kallmodsyms rooms:";

/// No such line is longer.
const MOST: u64 = 4096;

/// The rooms of tables by label, in bytes.
#[derive(Default)]
pub(crate) struct Rooms(Vec<(Vec<u8>, usize)>);

impl Rooms {
    /// The rooms in the pass before the one that linked `stem`; none if there is no such pass.
    pub(crate) fn before(stem: &Path) -> Self {
        let tail = previous(stem).and_then(|path| tail(&path));
        let tail = tail.unwrap_or_default();
        let line = Lines(&tail).filter_map(|line| line.strip_prefix(LINE));
        let words = line.last().unwrap_or_default().split(|&byte| byte == b' ');
        let rooms = words.filter_map(|word| {
            let equals = word.iter().position(|&byte| byte == b'=')?;
            let (label, room) = word.split_at(equals);
            let room = digits::parse_prefixed(room.get(1..)?)?;
            Some((label.to_vec(), usize::try_from(room).ok()?))
        });
        Self(rooms.collect())
    }

    /// That of the table `label`; 0 if it has none.
    pub(crate) fn of(&self, label: &str) -> usize {
        let mut rooms = self.0.iter();
        let room = rooms.find(|(name, _)| name == label.as_bytes());
        room.map_or(0, |(_, room)| *room)
    }

    pub(crate) fn set(&mut self, label: &str, room: usize) {
        self.0.push((label.as_bytes().to_vec(), room));
    }

    /// The line that has those of all of `parts`.
    pub(crate) fn line(parts: &[&Self]) -> Vec<u8> {
        let mut line = LINE.to_vec();
        for (label, room) in parts.iter().flat_map(|rooms| &rooms.0) {
            line.push(b' ');
            line.extend(label);
            line.extend(format!("={room:#x}").bytes());
        }
        line.extend(b" */\n");
        line
    }
}

/// The assembler file of the pass before: `.tmp_vmlinux1.kallsyms.S` before `.tmp_vmlinux2`.
fn previous(stem: &Path) -> Option<PathBuf> {
    let name = stem.file_name()?.to_str()?;
    let base = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let number: u32 = name.get(base.len()..)?.parse().ok()?;
    let before = number.checked_sub(1)?;
    Some(stem.with_file_name(format!("{base}{before}.kallsyms.S")))
}

fn tail(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST)))
        .ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    Some(tail)
}
