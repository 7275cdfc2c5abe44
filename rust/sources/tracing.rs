// SPDX-License-Identifier: GPL-2.0

//! The symbols of tracing: the trampolines of ftrace, the freed init functions of modules that
//! ftrace remembers, and the pages of instruction slots of kprobes.
//!
//! The C side keeps lists and finds a symbol by its number in a list. So it takes one step for each
//! earlier symbol, as in /proc/kallsyms. A faster walk, as for BPF, would need a hook: the heads of
//! ftrace's lists are private to their C file. The lists that grow at run time are short:
//!
//! - On x86_64, ftrace makes a trampoline for a registered `ftrace_ops`. A live-patched function
//!   has an `ftrace_ops`, and so does an instance of the tracer. The size of a trampoline takes a
//!   second walk, over all registered `ftrace_ops`.
//! - kprobes has pages of instruction slots, and a symbol for each page. On x86_64, a page has 256
//!   slots. An optimised kprobe has a second slot, in a page of about 32 slots. So 10,000 kprobes
//!   have 40 pages, and about 313 more pages if they are optimised.
//!
//! If a list changes between two calls, symbols are missed or seen twice, as in /proc/kallsyms.

use core::ffi::CStr;
use kernel::{bindings, ffi::c_char, page::PAGE_SIZE};

/// The length of the longest symbol name in bytes, with its NUL.
const NAME_LEN: usize = bindings::KSYM_NAME_LEN as usize;

/// The length of the longest module name in bytes, with its NUL.
const MODULE_NAME_LEN: usize = bindings::KALLMODSYMS_MODULE_NAME_LEN as usize;

/// A list of tracing symbols.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TracingList {
    /// C: ftrace_mod_get_kallsym().
    Ftrace,
    /// C: kprobe_get_kallsym().
    Kprobes,
}

/// One symbol of tracing.
pub(crate) struct TracingSymbol<'a> {
    /// The address of the first byte.
    pub(crate) address: usize,
    /// The size in bytes; 0 if the symbol is gone.
    pub(crate) size: usize,
    /// The letter of the type.
    pub(crate) kind: u8,
    /// The name. A symbol with an empty name gets no line.
    pub(crate) name: &'a [u8],
    /// The name that lines show in brackets.
    pub(crate) module: &'a [u8],
    /// True if modules may use the symbol.
    pub(crate) exported: bool,
}

/// Buffers for the names of one symbol.
pub(crate) struct NameBuffers {
    name: [u8; NAME_LEN],
    module: [u8; MODULE_NAME_LEN],
}

impl NameBuffers {
    /// Empty buffers.
    pub(crate) const fn new() -> Self {
        Self {
            name: [0; NAME_LEN],
            module: [0; MODULE_NAME_LEN],
        }
    }
}

impl TracingList {
    /// Symbol number `index` of the list; `None` if there is no such symbol.
    ///
    /// Linear in `index`. Takes no lock and does not sleep.
    pub(crate) fn get(self, index: u32, buffers: &mut NameBuffers) -> Option<TracingSymbol<'_>> {
        let (mut address, mut kind, mut exported) = (0, 0 as c_char, 0);
        let name: *mut c_char = buffers.name.as_mut_ptr().cast();
        let module: *mut c_char = buffers.module.as_mut_ptr().cast();
        // SAFETY:
        // - All pointers are valid for writes during the call.
        // - `name` has room for `KSYM_NAME_LEN` bytes.
        // - `module` has room for `MODULE_NAME_LEN` bytes.
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
        Some(TracingSymbol {
            address,
            size: self.size(address),
            kind,
            name: until_nul(&buffers.name),
            module: match self {
                Self::Ftrace => until_nul(&buffers.module),
                Self::Kprobes => b"__builtin__kprobes",
            },
            exported: exported != 0,
        })
    }

    /// The size in bytes of the symbol that begins at `address`; 0 if the symbol is gone.
    fn size(self, address: usize) -> usize {
        match self {
            // SAFETY: Any address may be looked up.
            Self::Ftrace => unsafe { bindings::kallmodsyms_ftrace_size(address) },
            // A symbol is a whole page of slots. The single slots have no symbols.
            Self::Kprobes => PAGE_SIZE,
        }
    }
}

/// The bytes of `buffer` before the first NUL; all bytes if `buffer` has no NUL.
fn until_nul(buffer: &[u8]) -> &[u8] {
    CStr::from_bytes_until_nul(buffer).map_or(buffer, CStr::to_bytes)
}
