// SPDX-License-Identifier: GPL-2.0

//! The output: a buffered writer, and the forms in which it writes symbols.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::json;
use crate::request::Format;
use crate::symbol::Symbol;

/// The buffer is written once it has this number of bytes.
const FULL: usize = 1 << 16;

/// The writer of answers.
pub(crate) struct Output<'w> {
    out: &'w mut dyn Write,
    /// Text that is not yet written.
    kept: Vec<u8>,
    /// True if the reader closed the pipe.
    is_closed: bool,
    /// True if an object was written: the next object needs a comma before it.
    has_object: bool,
}

impl<'w> Output<'w> {
    /// Calls `answer` with an output to `out`, and at last writes the rest of the buffer. If the reader closes
    /// the pipe, the result is an empty list.
    pub(crate) fn with(
        out: &'w mut dyn Write,
        answer: impl FnOnce(&mut Self) -> Result<Vec<Error>>,
    ) -> Result<Vec<Error>> {
        let mut out = Self {
            out,
            kept: Vec::new(),
            is_closed: false,
            has_object: false,
        };
        let missing = answer(&mut out).and_then(|missing| out.flush().map(|()| missing));
        match missing {
            _ if out.is_closed => Ok(Vec::new()),
            missing => missing,
        }
    }

    /// Writes `text`, or keeps it in the buffer.
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<()> {
        if text.len() >= FULL {
            self.flush()?;
            return self.write_now(text);
        }
        self.kept.extend_from_slice(text);
        self.flush_if_full()
    }

    /// Writes the buffer.
    pub(crate) fn flush(&mut self) -> Result<()> {
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
        written.map_err(|error| self.failure(&error))
    }

    fn failure(&mut self, error: &io::Error) -> Error {
        self.is_closed = error.kind() == ErrorKind::BrokenPipe;
        let remedy = match error.kind() {
            ErrorKind::StorageFull => "Make room on the disk, or write elsewhere.",
            _ => "Write elsewhere.",
        };
        Error::new(format!("standard output: {error}"), remedy)
    }

    /// Begins the JSON array if `is_array`.
    pub(crate) fn begin(&mut self, is_array: bool) -> Result<()> {
        self.write(if is_array { b"[" } else { b"" })
    }

    /// Ends the JSON array if `is_array`.
    pub(crate) fn end(&mut self, is_array: bool) -> Result<()> {
        self.write(if is_array { b"\n]\n" } else { b"" })
    }

    /// Writes a symbol. `object` is the path of its object file, for JSON.
    pub(crate) fn line(
        &mut self,
        line: &Symbol<'_>,
        object: Option<&[u8]>,
        format: Format,
    ) -> Result<()> {
        match format {
            Format::Kallmodsyms => self.kept.extend_from_slice(line.text),
            Format::Kallsyms => self.kallsyms(line, None)?,
            Format::KallsymsModules => self.kallsyms(line, line.module_names().next())?,
            Format::Json => return self.object(&json::Line::new(line, object)),
        }
        self.kept.push(b'\n');
        self.flush_if_full()
    }

    /// Writes the fields of a line in `/proc/kallsyms`, with `module` in brackets if there is one.
    fn kallsyms(&mut self, line: &Symbol<'_>, module: Option<&[u8]>) -> Result<()> {
        let fields = write!(
            self.kept,
            "{:016x} {} ",
            line.address,
            char::from(line.kind)
        );
        fields.map_err(|error| self.failure(&error))?;
        self.kept.extend_from_slice(line.name);
        if let Some(module) = module {
            self.kept.extend_from_slice(b"\t[");
            self.kept.extend_from_slice(module);
            self.kept.push(b']');
        }
        Ok(())
    }

    /// Writes an object of the JSON array.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> Result<()> {
        let separator: &[u8] = if self.has_object { b",\n" } else { b"\n" };
        self.kept.extend_from_slice(separator);
        self.has_object = true;
        let written = serde_json::to_writer(&mut self.kept, object);
        written.map_err(|error| self.failure(&error.into()))?;
        self.flush_if_full()
    }

    /// Writes a record of comma-separated values.
    pub(crate) fn csv<F: AsRef<[u8]>>(
        &mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Result<()> {
        let written = csv::Writer::from_writer(&mut self.kept).write_record(fields);
        written.map_err(|error| self.failure(&error.into()))?;
        self.flush_if_full()
    }
}
