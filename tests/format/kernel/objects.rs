// SPDX-License-Identifier: GPL-2.0

//! Encodes object files, independently of the generator.

use format::{
    object_layout::NAME_STEP,
    objects::{RawObjects, BLOCK},
};

/// The tables of object files.
#[derive(Default)]
pub struct Encoded {
    pub objects: u32,
    pub runs: Vec<u8>,
    pub markers: Vec<u32>,
    pub names: Vec<u8>,
    pub name_offsets: Vec<u32>,
    pub directory_starts: Vec<u32>,
    pub directory_offsets: Vec<u32>,
    pub directories: Vec<u8>,
}

impl Encoded {
    /// Encodes the object file of each symbol. `is_long` selects the longest form of each run.
    pub fn new(paths: &[String], symbols: &[(Option<usize>, u8)], is_long: bool) -> Self {
        let mut tables = Self {
            objects: paths.len() as u32,
            ..Self::default()
        };
        for (number, path) in (0..).zip(paths) {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            if number % NAME_STEP == 0 {
                tables.name_offsets.push(tables.names.len() as u32);
            }
            let (name, end) = match name.strip_suffix(".o") {
                Some(stem) if !stem.is_empty() => (stem, 0),
                _ => (name, 1),
            };
            tables.names.extend(name.as_bytes());
            tables.names.push(end);
            tables.directory_starts.push(number);
            tables
                .directory_offsets
                .push(tables.directories.len() as u32);
            tables.directories.extend(directory.as_bytes());
            tables.directories.push(0);
        }
        for block in symbols.chunks(BLOCK as usize) {
            let has_braces = block.iter().any(|&(_, components)| components != 0);
            let flag = if has_braces { 1 << 31 } else { 0 };
            tables.markers.push(tables.runs.len() as u32 | flag);
            let mut previous = 0;
            for run in block.chunk_by(|one, next| one == next) {
                let (object, components) = run[0];
                tables.run(run.len(), object, components, previous, is_long);
                previous = object.unwrap_or(previous);
            }
        }
        tables
    }

    fn run(
        &mut self,
        len: usize,
        object: Option<usize>,
        components: u8,
        previous: usize,
        is_long: bool,
    ) {
        let difference = object.map_or(0, |object| object as i64 - previous as i64);
        let mut after = Vec::new();
        let code = match object {
            None => 12,
            Some(object) if is_long || components > 1 => {
                after.extend((object as u32).to_le_bytes());
                after.push(components);
                15
            }
            Some(_) if (0..12).contains(&difference) => difference as u8,
            Some(_) if (-128..128).contains(&difference) => {
                after.push(difference as i8 as u8);
                13
            }
            Some(object) => {
                after.extend((object as u16).to_le_bytes());
                14
            }
        };
        let head = code | (u8::from(components != 0) << 4);
        match len {
            1..=7 if !is_long => self.runs.push(head | ((len as u8) << 5)),
            _ => self.runs.extend([head, (len - 1) as u8]),
        }
        self.runs.extend(after);
    }

    pub fn raw(&self) -> RawObjects<'_> {
        RawObjects {
            objects: self.objects,
            runs: &self.runs,
            markers: &self.markers,
            names: &self.names,
            name_offsets: &self.name_offsets,
            directory_starts: &self.directory_starts,
            directory_offsets: &self.directory_offsets,
            directories: &self.directories,
        }
    }
}
