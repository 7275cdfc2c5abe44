// SPDX-License-Identifier: GPL-2.0

//! The lines after the core symbols: the symbols of loadable modules, ftrace, BPF and kprobes.
//!
//! These symbols come and go while the kernel runs. A reader that reads on, or seeks forward,
//! continues at its place in the current source. A reader that seeks backwards makes the lines of
//! these symbols again, from the first source on.
//!
//! If the line of a symbol does not fit into the buffer, the next read begins with that symbol.

use super::line_buffer::LineBuffer;
use crate::{
    format::line::NoSpace,
    sources::tracing::{NameBuffers, TracingList},
};

/// The most symbols to read in one RCU read-side section. The lines of this many symbols have about
/// 16 KiB. A line of a module takes about 530 instructions (`make bench`). So a read-side section
/// takes 140,000 instructions, or about 50 microseconds. The walk to the first symbol of a
/// read-side section takes some more instructions for each loaded module.
#[cfg(any(CONFIG_MODULES, CONFIG_BPF_JIT))]
const SECTION: usize = 256;

/// The sources, in the order of /proc/kallsyms.
enum Source {
    Modules,
    Ftrace,
    Bpf,
    Kprobes,
}

/// One reader's place among the run-time symbols.
pub(super) struct RunTimeSymbols {
    /// The source of the next symbol.
    source: Source,
    /// The number of the next symbol in its source.
    index: u64,
    /// The place of the next symbol in the list of BPF symbols.
    #[cfg(CONFIG_BPF_JIT)]
    bpf: crate::sources::bpf::Cursor,
    buffers: NameBuffers,
}

impl RunTimeSymbols {
    /// A place before the first symbol.
    pub(super) fn new() -> Self {
        Self {
            source: Source::Modules,
            index: 0,
            #[cfg(CONFIG_BPF_JIT)]
            bpf: Default::default(),
            buffers: NameBuffers::new(),
        }
    }

    /// Goes to the place before the first symbol.
    pub(super) fn rewind(&mut self) {
        self.source = Source::Modules;
        self.index = 0;
        #[cfg(CONFIG_BPF_JIT)]
        {
            self.bpf = Default::default();
        }
    }

    /// Adds the lines of the next symbols to `lines`, up to the last symbol.
    ///
    /// Fails if `lines` takes no further line.
    pub(super) fn read(&mut self, lines: &mut LineBuffer<'_>) -> Result<(), NoSpace> {
        loop {
            self.source = match self.source {
                Source::Modules => {
                    self.read_modules(lines)?;
                    Source::Ftrace
                }
                Source::Ftrace => {
                    self.read_tracing(lines, TracingList::Ftrace)?;
                    Source::Bpf
                }
                Source::Bpf => {
                    self.read_bpf(lines)?;
                    Source::Kprobes
                }
                Source::Kprobes => return self.read_tracing(lines, TracingList::Kprobes),
            };
            self.index = 0;
        }
    }

    /// Adds the symbols of loadable modules.
    #[cfg(CONFIG_MODULES)]
    fn read_modules(&mut self, lines: &mut LineBuffer<'_>) -> Result<(), NoSpace> {
        loop {
            let list = crate::sources::loadable_modules::ModuleList::read_lock();
            let mut symbols = list.symbols(self.index);
            for _ in 0..SECTION {
                let Some(symbol) = symbols.next() else {
                    return Ok(());
                };
                lines.add(
                    (symbol.address, symbol.size),
                    cased(symbol.kind, symbol.is_exported()),
                    symbol.name,
                    symbol.module_name(),
                )?;
                self.index = self.index.wrapping_add(1);
            }
        }
    }

    /// This kernel has no loadable modules.
    #[cfg(not(CONFIG_MODULES))]
    fn read_modules(&mut self, _: &mut LineBuffer<'_>) -> Result<(), NoSpace> {
        Ok(())
    }

    /// Adds the symbols of BPF.
    #[cfg(CONFIG_BPF_JIT)]
    fn read_bpf(&mut self, lines: &mut LineBuffer<'_>) -> Result<(), NoSpace> {
        use crate::sources::bpf::{BpfList, BpfSymbol};
        loop {
            let list = BpfList::read_lock();
            let mut symbols = list.symbols(&self.bpf);
            for _ in 0..SECTION {
                let Some(symbol) = symbols.next() else {
                    return Ok(());
                };
                let value = (symbol.address, symbol.size);
                lines.add(value, BpfSymbol::KIND, symbol.name, b"bpf")?;
                self.bpf.pass(&symbol);
            }
        }
    }

    /// The kernel interprets BPF programs, so they have no symbols.
    #[cfg(not(CONFIG_BPF_JIT))]
    fn read_bpf(&mut self, _: &mut LineBuffer<'_>) -> Result<(), NoSpace> {
        Ok(())
    }

    /// Adds the symbols of `list`.
    fn read_tracing(
        &mut self,
        lines: &mut LineBuffer<'_>,
        list: TracingList,
    ) -> Result<(), NoSpace> {
        loop {
            let index = u32::try_from(self.index).unwrap_or(u32::MAX);
            let Some(symbol) = list.get(index, &mut self.buffers) else {
                return Ok(());
            };
            lines.add(
                (symbol.address, symbol.size),
                cased(symbol.kind, symbol.exported),
                symbol.name,
                symbol.module,
            )?;
            self.index = self.index.wrapping_add(1);
        }
    }
}

/// The letter of a run-time symbol: upper case if modules may use the symbol.
fn cased(kind: u8, exported: bool) -> u8 {
    if exported {
        kind.to_ascii_uppercase()
    } else {
        kind.to_ascii_lowercase()
    }
}
