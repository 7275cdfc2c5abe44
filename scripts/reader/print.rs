// SPDX-License-Identifier: GPL-2.0

//! Where answers go, and the forms that they have there.

use std::io::{ErrorKind, Write};

use crate::digits;
use crate::error::{Error, Result};

use super::listing::Line;
use super::options::Format;

/// As much is kept before it is written.
const FULL: usize = 1 << 16;

/// Where answers go.
pub(super) struct Output<'w> {
    out: &'w mut dyn Write,
    /// What is not yet written.
    kept: Vec<u8>,
    /// Whether nobody reads it any more.
    is_closed: bool,
    /// Objects that are in the array.
    objects: u64,
}

impl<'w> Output<'w> {
    pub(super) fn to(out: &'w mut dyn Write) -> Self {
        Self {
            out,
            kept: Vec::new(),
            is_closed: false,
            objects: 0,
        }
    }

    /// Whether nobody reads it any more: what is written then fails.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes `text`, later if it is little.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<()> {
        if text.len() >= FULL {
            self.flush()?;
            return self.write_now(text);
        }
        self.kept.extend_from_slice(text);
        self.flush_if_full()
    }

    /// Writes what is kept.
    pub(super) fn flush(&mut self) -> Result<()> {
        let kept = std::mem::take(&mut self.kept);
        self.write_now(&kept)
    }

    fn flush_if_full(&mut self) -> Result<()> {
        match self.kept.len() {
            FULL.. => self.flush(),
            _ => Ok(()),
        }
    }

    fn write_now(&mut self, text: &[u8]) -> Result<()> {
        let written = self.out.write_all(text).and_then(|()| self.out.flush());
        written.map_err(|error| {
            self.is_closed = error.kind() == ErrorKind::BrokenPipe;
            Error::new(
                format!("standard output: {error}"),
                "Make room on the disk, or write elsewhere.",
            )
        })
    }

    /// Begins an array, if it is one.
    pub(super) fn begin(&mut self, is_array: bool) -> Result<()> {
        self.write(if is_array { b"[" } else { b"" })
    }

    /// Ends it.
    pub(super) fn end(&mut self, is_array: bool) -> Result<()> {
        self.write(if is_array { b"\n]\n" } else { b"" })
    }

    /// Writes a symbol.
    pub(super) fn line(&mut self, line: &Line<'_>, format: Format) -> Result<()> {
        match format {
            Format::Kallmodsyms => self.kept.extend_from_slice(line.text),
            Format::Kallsyms => self.kallsyms(line, None),
            Format::KallsymsModules => self.kallsyms(line, line.module_names().next()),
            Format::Json => {
                let mut object = self.object();
                object.symbol(line);
                return object.end();
            }
        }
        self.kept.push(b'\n');
        self.flush_if_full()
    }

    /// A line as in `/proc/kallsyms`.
    fn kallsyms(&mut self, line: &Line<'_>, module: Option<&[u8]>) {
        self.kept.extend_from_slice(&digits::of(line.address));
        self.kept.extend_from_slice(&[b' ', line.kind, b' ']);
        self.kept.extend_from_slice(line.name);
        if let Some(module) = module {
            self.kept.extend_from_slice(b"\t[");
            self.kept.extend_from_slice(module);
            self.kept.push(b']');
        }
    }

    /// Begins an object of the array.
    pub(super) fn object(&mut self) -> Object<'_, 'w> {
        let separator: &[u8] = if self.objects == 0 { b"\n{" } else { b",\n{" };
        self.kept.extend_from_slice(separator);
        self.objects = self.objects.wrapping_add(1);
        Object {
            out: self,
            is_empty: true,
        }
    }
}

/// An object of JSON while it is written.
pub(super) struct Object<'o, 'w> {
    out: &'o mut Output<'w>,
    is_empty: bool,
}

impl Object<'_, '_> {
    /// The fields of a symbol. An address is a string, as numbers of JSON may have 53 bits only.
    pub(super) fn symbol(&mut self, line: &Line<'_>) {
        self.address("address", line.address);
        self.number("size", line.size);
        self.string("type", &[line.kind]);
        self.string("name", line.name);
        self.strings("modules", line.module_names());
    }

    pub(super) fn address(&mut self, key: &str, address: u64) {
        let digits = digits::of(address);
        self.string(key, &[b"0x", &digits[..]].concat());
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        let text = number.to_string();
        self.out.kept.extend_from_slice(text.as_bytes());
    }

    pub(super) fn string(&mut self, key: &str, text: &[u8]) {
        self.key(key);
        self.quoted(text);
    }

    pub(super) fn strings<'t>(&mut self, key: &str, texts: impl Iterator<Item = &'t [u8]>) {
        self.key(key);
        self.out.kept.push(b'[');
        for (number, text) in texts.enumerate() {
            if number != 0 {
                self.out.kept.push(b',');
            }
            self.quoted(text);
        }
        self.out.kept.push(b']');
    }

    /// Ends the object.
    pub(super) fn end(self) -> Result<()> {
        self.out.kept.push(b'}');
        self.out.flush_if_full()
    }

    fn key(&mut self, key: &str) {
        if !self.is_empty {
            self.out.kept.push(b',');
        }
        self.is_empty = false;
        self.quoted(key.as_bytes());
        self.out.kept.push(b':');
    }

    fn quoted(&mut self, text: &[u8]) {
        let kept = &mut self.out.kept;
        kept.push(b'"');
        for letter in String::from_utf8_lossy(text).chars() {
            match letter {
                '"' | '\\' => kept.extend_from_slice(&[b'\\', letter as u8]),
                '\0'..='\x1f' => {
                    let digits = digits::of(letter.into());
                    kept.extend_from_slice(b"\\u");
                    kept.extend_from_slice(digits.get(12..).unwrap_or_default());
                }
                _ => {
                    let mut bytes = [0; 4];
                    kept.extend_from_slice(letter.encode_utf8(&mut bytes).as_bytes());
                }
            }
        }
        kept.push(b'"');
    }
}
