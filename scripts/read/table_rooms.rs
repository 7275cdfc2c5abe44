// SPDX-License-Identifier: GPL-2.0

//! The length of each table with its room, in the assembler file of a pass.
//!
//! A pass of the link changes distances between symbols, so a table may get longer or shorter from one pass
//! to the next. The tables and symbols after such a table would move, the distances would change again, and
//! kbuild fails if its last pass, the third with symbols, still changes addresses. So a table whose length may change
//! can have room: spare bytes after the table. A table and its room together never get shorter, and get
//! longer only if the room is too small.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::common::error::{show, Error, Result};
use crate::common::hexadecimal;
use crate::common::lines::Lines;

/// The beginning of the last line of the assembler file.
///
/// ```text
/// /* kallmodsyms rooms: kallsyms_size_words=0x1a8 kallsyms_size_bytes=0x410 */
/// ```
const LINE: &[u8] = b"/* kallmodsyms rooms:";

/// The end of the last line.
const LINE_END: &[u8] = b" */";

/// The number of bytes to read from the end of the file. The last line is shorter.
const TAIL: u64 = 4096;

/// By label: the length of the table in bytes, including its room.
#[derive(Default)]
pub(crate) struct TableRooms(Vec<(Vec<u8>, u64)>);

impl TableRooms {
    /// The lengths in the pass before the pass that linked `stem`. Empty if there is no previous pass, or if
    /// the previous pass had no symbols.
    pub(super) fn of_previous_pass(stem: &Path) -> Result<Self> {
        let Some(path) = previous_assembler_file(stem) else {
            return Ok(Self::default());
        };
        let tail = match tail(&path) {
            // kbuild makes this file in the previous pass. Without the file, the tables get the rooms of a
            // first pass, and the link may need one pass more.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            tail => tail.map_err(|error| failure(&path, error.to_string()))?,
        };
        let lines = Lines(&tail).filter_map(|line| line.strip_prefix(LINE));
        match lines.last() {
            Some(line) => Self::parse(line).ok_or_else(|| {
                let line = show(line);
                failure(&path, format!("no rooms of tables: '{line}'"))
            }),
            None => Ok(Self::default()),
        }
    }

    /// Parses the remainder of the line, after [`LINE`].
    fn parse(line: &[u8]) -> Option<Self> {
        let words = line.strip_suffix(LINE_END)?.split(|&byte| byte == b' ');
        let rooms = words.filter(|word| !word.is_empty()).map(|word| {
            let equals = word.iter().position(|&byte| byte == b'=')?;
            let (label, room) = word.split_at(equals);
            let room = hexadecimal::parse_prefixed(room.strip_prefix(b"=")?)?;
            Some((label.to_vec(), room))
        });
        rooms.collect::<Option<_>>().map(Self)
    }

    /// The length of the table `label` including its room; `None` if the pass stored no length.
    pub(crate) fn of(&self, label: &str) -> Option<u64> {
        let mut rooms = self.0.iter();
        let room = rooms.find(|(name, _)| name == label.as_bytes());
        room.map(|(_, room)| *room)
    }

    pub(crate) fn set(&mut self, label: &str, room: u64) {
        self.0.push((label.as_bytes().to_vec(), room));
    }

    /// The last line of the assembler file, with the lengths in all `parts`.
    pub(crate) fn line(parts: &[&Self]) -> Vec<u8> {
        let mut line = LINE.to_vec();
        for (label, room) in parts.iter().flat_map(|rooms| &rooms.0) {
            line.push(b' ');
            line.extend(label);
            line.extend(format!("={room:#x}").bytes());
        }
        line.extend(LINE_END);
        line.push(b'\n');
        line
    }
}

/// The assembler file of the pass before the pass that linked `stem`: for example `.tmp_vmlinux1.kallsyms.S`
/// for `.tmp_vmlinux2`. `None` if the name of `stem` does not end in a number, or if the number is 0.
pub(crate) fn previous_assembler_file(stem: &Path) -> Option<PathBuf> {
    let name = stem.file_name()?.to_str()?;
    let base = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let number: u32 = name.get(base.len()..)?.parse().ok()?;
    let before = number.checked_sub(1)?;
    Some(stem.with_file_name(format!("{base}{before}.kallsyms.S")))
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(tail)
}

fn failure(path: &Path, problem: String) -> Error {
    Error::in_file(
        path,
        problem,
        "Remove the file and vmlinux, and build again.",
    )
}
