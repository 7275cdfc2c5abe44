// SPDX-License-Identifier: GPL-2.0

//! The contents of /proc/kallmodsyms: the symbols of all sources, one after the other.
//!
//! Symbols have positions, which count from 0 as in /proc/kallsyms. Those of the core symbols stay,
//! and so do the offsets of their lines, so that an offset among them is found without making
//! everything before it: see [`Checkpoints`](crate::checkpoints::Checkpoints). What comes after
//! them changes as modules and programs are loaded. A reader who jumps back there, or there from
//! elsewhere, gets what comes after the core symbols made anew, and one who only goes on, or jumps
//! forward over what is not made yet, goes on from where it is.
//!
//! It costs nothing to stop anywhere: a line that does not fit is not shown, and its position is
//! where the next read begins.

use crate::{
    core_symbols::CoreSymbols,
    cred::{may_see_addresses, File},
    dynamic::{Scratch, Source},
    format::{
        line::{Line, NoSpace},
        walk::Walk,
    },
    open_file::{Contents, Overflow},
};
use kernel::prelude::*;

/// The most symbols that one RCU read-side section makes lines of, which are some 16 KiB. A line of a
/// module takes about 530 instructions (`make bench`), so a section takes 140,000: about 50
/// microseconds. The walk to its first symbol takes some instructions more for each loaded module.
#[cfg(any(CONFIG_MODULES, CONFIG_BPF_JIT))]
pub(crate) const SECTION: usize = 256;

/// An open file: which symbols, and whether whoever opened it may see addresses and sizes.
pub(crate) struct Opened {
    symbols: &'static CoreSymbols,
    show_values: bool,
}

/// One reader's walk over all symbols.
pub(crate) struct Listing {
    symbols: &'static CoreSymbols,
    /// Whether the reader may see addresses and sizes.
    show_values: bool,
    /// The offset of the next line.
    offset: u64,
    /// The place among the core symbols. At their end, the next symbol is another one.
    core: KBox<Walk<'static>>,
    /// The position of the next symbol, if that is not a core symbol.
    pos: u64,
    /// Where the sources end.
    ends: Ends,
    scratch: Scratch,
}

/// The positions at which sources end. A source whose end is not known has not been read to its
/// end.
#[derive(Default)]
struct Ends {
    modules: Option<u64>,
    ftrace: Option<u64>,
    bpf: Option<u64>,
    /// The place among the symbols of BPF, before their end is known.
    #[cfg(CONFIG_BPF_JIT)]
    in_bpf: crate::bpf::Cursor,
}

impl Contents for Listing {
    type Shared = CoreSymbols;
    type Opened = Opened;

    fn open(symbols: &'static CoreSymbols, file: &File) -> Opened {
        Opened {
            symbols,
            show_values: may_see_addresses(file),
        }
    }

    fn new(opened: &Opened) -> Result<Self> {
        Ok(Self {
            core: opened.symbols.walk()?,
            pos: opened.symbols.len().into(),
            symbols: opened.symbols,
            show_values: opened.show_values,
            offset: 0,
            ends: Ends::default(),
            scratch: Scratch::new(),
        })
    }

    fn seek(&mut self, offset: u64) -> u64 {
        let (index, at) = self.symbols.checkpoints(self.show_values).before(offset);
        if offset == 0 || self.offset > offset || self.offset < at {
            self.symbols.go_to(&mut self.core, index);
            self.pos = self.symbols.len().into();
            self.ends = Ends::default();
            self.offset = at;
        }
        self.offset
    }

    fn read(&mut self, buf: &mut [u8], wanted: usize) -> Result<usize, Overflow> {
        let len = if self.core.index() < self.symbols.len() {
            self.read_core(buf, wanted)?
        } else {
            let mut record = Record {
                buf,
                len: 0,
                wanted,
                show_values: self.show_values,
            };
            match self.read_rest(&mut record) {
                Err(NoSpace) if record.len == 0 => return Err(Overflow),
                Err(NoSpace) | Ok(()) => record.len,
            }
        };
        self.offset = self.offset.saturating_add(len as u64);
        Ok(len)
    }
}

impl Listing {
    /// Reads core symbols, of which there are some left.
    fn read_core(&mut self, buf: &mut [u8], wanted: usize) -> Result<usize, Overflow> {
        let checkpoints = self.symbols.checkpoints(self.show_values);
        let mut len: usize = 0;
        while len < wanted && self.core.index() < self.symbols.len() {
            let before = self.core.index();
            let free = buf.get_mut(len..).unwrap_or_default();
            let wanted = wanted.wrapping_sub(len);
            let lines = self
                .symbols
                .lines(&mut self.core, free, wanted, self.show_values);
            if self.core.index() == before {
                break;
            }
            len = len.saturating_add(lines);
            checkpoints.note(self.core.index(), self.offset.saturating_add(len as u64));
        }
        if len == 0 {
            return Err(Overflow);
        }
        Ok(len)
    }

    /// Adds symbols that are not core symbols to `record`.
    fn read_rest(&mut self, record: &mut Record<'_>) -> Result<(), NoSpace> {
        let core_end = self.symbols.len().into();
        let modules_end = match self.ends.modules {
            Some(end) if end <= self.pos => end,
            _ => self.read_modules(record, core_end)?,
        };
        self.ends.modules = Some(modules_end);
        let ftrace_end = match self.ends.ftrace {
            Some(end) if end <= self.pos => end,
            _ => self.read_dynamic(record, Source::Ftrace, modules_end)?,
        };
        self.ends.ftrace = Some(ftrace_end);
        let bpf_end = match self.ends.bpf {
            Some(end) if end <= self.pos => end,
            _ => self.read_bpf(record)?,
        };
        self.ends.bpf = Some(bpf_end);
        self.read_dynamic(record, Source::Kprobes, bpf_end)?;
        Ok(())
    }

    /// Adds the symbols of modules, which begin at position `start`. Returns where they end.
    #[cfg(CONFIG_MODULES)]
    fn read_modules(&mut self, record: &mut Record<'_>, start: u64) -> Result<u64, NoSpace> {
        loop {
            let list = crate::modules::ModuleList::read_lock();
            let mut symbols = list.symbols(self.pos.saturating_sub(start));
            for _ in 0..SECTION {
                let Some(symbol) = symbols.next() else {
                    return Ok(self.pos);
                };
                record.dynamic(
                    (symbol.address, symbol.size),
                    cased(symbol.kind, symbol.is_exported()),
                    symbol.name,
                    symbol.module_name(),
                )?;
                self.pos = self.pos.wrapping_add(1);
            }
        }
    }

    /// There are no modules.
    #[cfg(not(CONFIG_MODULES))]
    fn read_modules(&mut self, _: &mut Record<'_>, start: u64) -> Result<u64, NoSpace> {
        Ok(start)
    }

    /// Adds the symbols of BPF. Returns where they end.
    #[cfg(CONFIG_BPF_JIT)]
    fn read_bpf(&mut self, record: &mut Record<'_>) -> Result<u64, NoSpace> {
        use crate::bpf::{BpfList, BpfSymbol};
        loop {
            let list = BpfList::read_lock();
            let mut symbols = list.symbols(&self.ends.in_bpf);
            for _ in 0..SECTION {
                let Some(symbol) = symbols.next() else {
                    return Ok(self.pos);
                };
                let value = (symbol.address, symbol.size);
                record.dynamic(value, BpfSymbol::KIND, symbol.name, b"bpf")?;
                self.ends.in_bpf.pass(&symbol);
                self.pos = self.pos.wrapping_add(1);
            }
        }
    }

    /// BPF programs are interpreted, and have no symbols.
    #[cfg(not(CONFIG_BPF_JIT))]
    fn read_bpf(&mut self, _: &mut Record<'_>) -> Result<u64, NoSpace> {
        Ok(self.pos)
    }

    /// Adds the symbols of `source`, which begin at position `start`. Returns where they end.
    fn read_dynamic(
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
            record.dynamic(
                (symbol.address, symbol.size),
                cased(symbol.kind, symbol.exported),
                symbol.name,
                symbol.module,
            )?;
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
    /// How many bytes are enough.
    wanted: usize,
    /// See [`Listing::show_values`].
    show_values: bool,
}

impl Record<'_> {
    /// Adds the line that `render` makes, or nothing if there is no room for it or enough without
    /// it. `render` is told whether to show addresses and sizes.
    #[inline]
    fn line(
        &mut self,
        render: impl FnOnce(&mut Line<'_>, bool) -> Result<(), NoSpace>,
    ) -> Result<(), NoSpace> {
        if self.len >= self.wanted {
            return Err(NoSpace);
        }
        let mut line = Line::new(self.buf.get_mut(self.len..).unwrap_or_default());
        render(&mut line, self.show_values)?;
        self.len = self.len.wrapping_add(line.finish()?);
        Ok(())
    }

    /// Adds the line of a symbol that is not part of the image. Symbols without a name, as some
    /// debugging symbols are, have no line.
    fn dynamic(
        &mut self,
        value: (usize, usize),
        kind: u8,
        name: &[u8],
        module: &[u8],
    ) -> Result<(), NoSpace> {
        if name.is_empty() {
            return Ok(());
        }
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
