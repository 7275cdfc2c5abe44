// SPDX-License-Identifier: GPL-2.0

//! The room of each table in the assembler file of a pass.
//!
//! A pass of the link changes distances between symbols, so its tables may be longer or shorter than the
//! tables of the previous pass. If the next tables moved, all symbols would move again, and the passes
//! might never end. So each table has spare room from the beginning. A table and its room together never
//! get shorter, and get longer only if the room is too small.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::common::error::{show, Error, Result};
use crate::common::hexadecimal;
use crate::common::lines::Lines;

/// The beginning of the last line that a pass writes.
///
/// ```text
/// /* kallmodsyms rooms: kallsyms_size_words=0x1a8 kallsyms_size_bytes=0x410 */
/// ```
const LINE: &[u8] = b"/* kallmodsyms rooms:";

/// The end of the line.
const LINE_END: &[u8] = b" */";

/// The number of bytes at the end of the file that have the line. No such line is longer.
const TAIL: u64 = 4096;

/// The rooms of tables by label, in bytes.
#[derive(Default)]
pub(crate) struct TableRooms(Vec<(Vec<u8>, u64)>);

impl TableRooms {
    /// The rooms in the pass before the pass that linked `stem`; none if there is no such pass, or if that
    /// pass had no symbols and so no rooms.
    pub(super) fn of_previous_pass(stem: &Path) -> Result<Self> {
        let Some(path) = previous_assembler_file(stem) else {
            return Ok(Self::default());
        };
        let tail = match tail(&path) {
            // kbuild makes this file in the previous pass. Without the file, the tables take the usual
            // rooms, and the link may need one pass more.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            tail => tail.map_err(|error| failure(&path, error.to_string()))?,
        };
        let lines = Lines(&tail).filter_map(|line| line.strip_prefix(LINE));
        match lines.last() {
            Some(line) => Self::parse(line).ok_or_else(|| {
                let line = show(line);
                failure(
                    &path,
                    format!("the last line has no rooms of tables: '{line}'"),
                )
            }),
            None => Ok(Self::default()),
        }
    }

    /// Parses the line after its beginning.
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

    /// The room of the table `label`; `None` if it had none.
    pub(crate) fn of(&self, label: &str) -> Option<u64> {
        let mut rooms = self.0.iter();
        let room = rooms.find(|(name, _)| name == label.as_bytes());
        room.map(|(_, room)| *room)
    }

    pub(crate) fn set(&mut self, label: &str, room: u64) {
        self.0.push((label.as_bytes().to_vec(), room));
    }

    /// The line with the rooms of all of `parts`.
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

/// The assembler file of the previous pass: `.tmp_vmlinux1.kallsyms.S` before `.tmp_vmlinux2`. `None` if
/// the name of `stem` has no number, or 0.
fn previous_assembler_file(stem: &Path) -> Option<PathBuf> {
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
