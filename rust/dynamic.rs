// SPDX-License-Identifier: GPL-2.0

//! Symbols of code that is made at run time: trampolines and the like of ftrace, and the instruction
//! slots of kprobes. [`bpf`](crate::bpf) has the symbols of BPF programs.
//!
//! The C side keeps lists and offers one way to go through them: the symbol at a given place in the
//! list. So a symbol costs a step for each one before it, as in /proc/kallsyms. The heads of the
//! lists of ftrace are private to their C file, so that a walk of our own, as for BPF, would take a
//! hook. The lists are short:
//!
//! - ftrace: a trampoline for each `ftrace_ops` that was allocated, as for a live-patched function
//!   or an instance of the tracer. The size takes a second walk, over all `ftrace_ops`.
//! - kprobes: a page of instruction slots. A page has 256 slots on x86_64, or 32 of optimised
//!   kprobes, so 10,000 kprobes have 40 pages, or 313.
//!
//! A list may change from one call to the next, and then symbols are missed or seen twice, as in
//! /proc/kallsyms.

use kernel::{bindings, ffi::c_char, page::PAGE_SIZE};

/// Bytes of the longest name of a symbol with its NUL.
const NAME_LEN: usize = bindings::KSYM_NAME_LEN as usize;

/// Bytes of the longest name of a module with its NUL.
const MODULE_NAME_LEN: usize = bindings::KALLMODSYMS_MODULE_NAME_LEN as usize;

/// A list of symbols.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// C: ftrace_mod_get_kallsym().
    Ftrace,
    /// C: kprobe_get_kallsym().
    Kprobes,
}

/// One symbol.
pub(crate) struct DynamicSymbol<'a> {
    /// The address of its first byte.
    pub(crate) address: usize,
    /// Bytes, 0 where that is not known.
    pub(crate) size: usize,
    /// The letter of the type.
    pub(crate) kind: u8,
    /// The name. Empty for a symbol that is not to be shown.
    pub(crate) name: &'a [u8],
    /// What stands in place of a module's name.
    pub(crate) module: &'a [u8],
    /// Whether modules may use the symbol.
    pub(crate) exported: bool,
}

/// Room for the names of one symbol.
pub(crate) struct Scratch {
    name: [u8; NAME_LEN],
    module: [u8; MODULE_NAME_LEN],
}

impl Scratch {
    /// Room with nothing in it.
    pub(crate) const fn new() -> Self {
        Self {
            name: [0; NAME_LEN],
            module: [0; MODULE_NAME_LEN],
        }
    }
}

impl Source {
    /// The symbol number `index` of the list; `None` if there is no such symbol.
    ///
    /// Linear in `index`. The C side takes locks, so this is for process context, but does not
    /// sleep.
    pub(crate) fn get(self, index: u32, scratch: &mut Scratch) -> Option<DynamicSymbol<'_>> {
        let (mut address, mut kind, mut exported) = (0, 0 as c_char, 0);
        let name: *mut c_char = scratch.name.as_mut_ptr().cast();
        let module: *mut c_char = scratch.module.as_mut_ptr().cast();
        // SAFETY: All pointers are valid for writes during the call, and the names have the room
        // that the C side expects: `KSYM_NAME_LEN` and `MODULE_NAME_LEN` bytes.
        let result = unsafe {
            match self {
                Self::Ftrace => bindings::kallmodsyms_ftrace_mod_get_kallsym(
                    index,
                    &mut address,
                    &mut kind,
                    name,
                    module,
                    &mut exported,
                ),
                Self::Kprobes => {
                    bindings::kallmodsyms_kprobe_get_kallsym(index, &mut address, &mut kind, name)
                }
            }
        };
        if result < 0 {
            return None;
        }
        Some(DynamicSymbol {
            address: address as usize,
            size: self.size(address as usize),
            kind: kind as u8,
            name: text(&scratch.name),
            module: match self {
                Self::Ftrace => text(&scratch.module),
                Self::Kprobes => b"__builtin__kprobes",
            },
            exported: exported != 0,
        })
    }
}

impl Source {
    /// The size in bytes of what begins at `address`; 0 if it has gone.
    fn size(self, address: usize) -> usize {
        match self {
            // SAFETY: Any address may be looked up.
            Self::Ftrace => unsafe { bindings::kallmodsyms_ftrace_size(address as _) as usize },
            // Whole pages are listed; what is in them comes and goes.
            Self::Kprobes => PAGE_SIZE,
        }
    }
}

/// What is in `buffer` before the first NUL.
fn text(buffer: &[u8]) -> &[u8] {
    buffer.split(|&byte| byte == 0).next().unwrap_or_default()
}
