// SPDX-License-Identifier: GPL-2.0

//! The contents of /proc/kallmodsyms: the symbols of all sources, one after the other.
//!
//! A position is the number of a symbol, as in /proc/kallsyms, but a record is as many lines as are
//! handy rather than one. That leaves one indirect call per [`RECORD_LINES`] lines of core symbols,
//! and one taking of the lock of the module list per buffer.
//!
//! It costs nothing to stop anywhere: a line that does not fit is not shown, and its position is
//! where the next record begins.

use crate::{
    core_symbols::{CoreCursor, CoreSymbols},
    cred::File,
    dynamic::{Scratch, Source},
    format::line::{Line, NoSpace},
    seq_file::{Overflow, Records},
};
use kernel::{prelude::*, sync::Arc};

/// Most lines of core symbols in a record. Few, as one who wants the first line gets all of a
/// record made.
const RECORD_LINES: usize = 64;

/// One reader's walk over all symbols.
pub(crate) struct Listing {
    symbols: Arc<CoreSymbols>,
    /// Whether the reader may see addresses and sizes.
    show_values: bool,
    /// The position of the next symbol.
    pos: u64,
    /// The place among the core symbols, good while they last and if its index is `pos`.
    core: CoreCursor,
    /// Where the sources end.
    ends: Ends,
    /// Whether the last source has come to its end.
    done: bool,
    scratch: Scratch,
}

/// The positions at which sources end. A source whose end is not known has not been read to its
/// end.
#[derive(Default)]
struct Ends {
    modules: Option<u64>,
    ftrace: Option<u64>,
    bpf: Option<u64>,
}

impl Records for Listing {
    type Shared = CoreSymbols;

    fn open(symbols: Arc<CoreSymbols>, file: &File) -> Result<Self> {
        Ok(Self {
            core: symbols.cursor(0),
            symbols,
            show_values: file.cred().may_see_addresses(),
            pos: 0,
            ends: Ends::default(),
            done: false,
            scratch: Scratch::new(),
        })
    }

    fn seek(&mut self, pos: u64) {
        if pos == 0 {
            // From the beginning again: what comes after the core symbols may have changed.
            self.ends = Ends::default();
        }
        self.pos = pos;
        self.done = false;
    }

    fn show(&mut self, buf: &mut [u8]) -> Result<usize, Overflow> {
        let mut record = Record {
            buf,
            len: 0,
            show_values: self.show_values,
        };
        match self.fill(&mut record) {
            Err(NoSpace) if record.len == 0 => Err(Overflow),
            Err(NoSpace) | Ok(()) => Ok(record.len),
        }
    }

    fn next(&mut self) -> (u64, bool) {
        (self.pos, !self.done)
    }
}

impl Listing {
    /// Adds lines to `record` and goes on by as many symbols.
    fn fill(&mut self, record: &mut Record<'_>) -> Result<(), NoSpace> {
        let core_end = self.symbols.len().into();
        if self.pos < core_end {
            return self.fill_core(record, core_end);
        }
        let modules_end = match self.ends.modules {
            Some(end) if end <= self.pos => end,
            _ => self.fill_modules(record, core_end)?,
        };
        self.ends.modules = Some(modules_end);
        let ftrace_end = match self.ends.ftrace {
            Some(end) if end <= self.pos => end,
            _ => self.fill_dynamic(record, Source::Ftrace, modules_end)?,
        };
        self.ends.ftrace = Some(ftrace_end);
        let bpf_end = match self.ends.bpf {
            Some(end) if end <= self.pos => end,
            _ => self.fill_dynamic(record, Source::Bpf, ftrace_end)?,
        };
        self.ends.bpf = Some(bpf_end);
        self.fill_dynamic(record, Source::Kprobes, bpf_end)?;
        self.done = true;
        Ok(())
    }

    /// Adds some core symbols, of which the last is before position `end`.
    fn fill_core(&mut self, record: &mut Record<'_>, end: u64) -> Result<(), NoSpace> {
        if u64::from(self.core.index()) != self.pos {
            self.core = self.symbols.cursor(self.pos as u32);
        }
        for _ in 0..RECORD_LINES {
            let Some(symbol) = self.symbols.next(&mut self.core) else {
                self.pos = end;
                break;
            };
            record.line(|line, show_values| {
                let (address, size) = if show_values {
                    (symbol.address, symbol.size)
                } else {
                    (0, 0)
                };
                line.fields(address, size, symbol.kind)?;
                line.symbol(self.symbols.tokens(), symbol.name)?;
                for module in symbol.modules {
                    line.module(module)?;
                }
                Ok(())
            })?;
            self.pos = self.pos.wrapping_add(1);
        }
        Ok(())
    }

    /// Adds the symbols of modules, which begin at position `start`. Returns where they end.
    #[cfg(CONFIG_MODULES)]
    fn fill_modules(&mut self, record: &mut Record<'_>, start: u64) -> Result<u64, NoSpace> {
        let list = crate::modules::ModuleList::lock();
        for symbol in list.symbols(self.pos.saturating_sub(start)) {
            // Some debugging symbols have no name, and are not shown.
            if !symbol.name.is_empty() {
                record.dynamic(
                    (symbol.address, symbol.size),
                    cased(symbol.kind, symbol.is_exported()),
                    symbol.name,
                    symbol.module_name(),
                )?;
            }
            self.pos = self.pos.wrapping_add(1);
        }
        Ok(self.pos)
    }

    /// There are no modules.
    #[cfg(not(CONFIG_MODULES))]
    fn fill_modules(&mut self, _: &mut Record<'_>, start: u64) -> Result<u64, NoSpace> {
        Ok(start)
    }

    /// Adds the symbols of `source`, which begin at position `start`. Returns where they end.
    fn fill_dynamic(
        &mut self,
        record: &mut Record<'_>,
        source: Source,
        start: u64,
    ) -> Result<u64, NoSpace> {
        loop {
            let index = u32::try_from(self.pos.saturating_sub(start)).unwrap_or(u32::MAX);
            let Some(symbol) = source.get(index, &mut self.scratch) else {
                return Ok(self.pos);
            };
            if !symbol.name.is_empty() {
                record.dynamic(
                    (symbol.address, symbol.size),
                    cased(symbol.kind, symbol.exported),
                    symbol.name,
                    symbol.module,
                )?;
            }
            self.pos = self.pos.wrapping_add(1);
        }
    }
}

/// The letter of a symbol that is not part of the image: upper case if modules may use the symbol.
fn cased(kind: u8, exported: bool) -> u8 {
    if exported {
        kind.to_ascii_uppercase()
    } else {
        kind.to_ascii_lowercase()
    }
}

/// A record in the making: whole lines.
struct Record<'b> {
    buf: &'b mut [u8],
    /// Bytes of `buf` that have lines in them.
    len: usize,
    /// See [`Listing::show_values`].
    show_values: bool,
}

impl Record<'_> {
    /// Adds the line that `render` makes, or nothing if there is no room for it. `render` is told
    /// whether to show addresses and sizes.
    #[inline]
    fn line(
        &mut self,
        render: impl FnOnce(&mut Line<'_>, bool) -> Result<(), NoSpace>,
    ) -> Result<(), NoSpace> {
        let mut line = Line::new(self.buf.get_mut(self.len..).unwrap_or_default());
        render(&mut line, self.show_values)?;
        self.len = self.len.wrapping_add(line.finish()?);
        Ok(())
    }

    /// Adds the line of a symbol that is not part of the image.
    fn dynamic(
        &mut self,
        value: (usize, usize),
        kind: u8,
        name: &[u8],
        module: &[u8],
    ) -> Result<(), NoSpace> {
        self.line(|line, show_values| {
            let (address, size) = if show_values { value } else { (0, 0) };
            line.fields(address, size, kind)?;
            line.name(name)?;
            if !module.is_empty() {
                line.module(module)?;
            }
            Ok(())
        })
    }
}
