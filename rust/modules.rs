// SPDX-License-Identifier: GPL-2.0

//! The symbols of loadable modules.
//!
//! /proc/kallsyms finds each symbol anew: it walks the list of modules under RCU and counts symbols
//! until it comes to the one at its position. Here one RCU read-side section serves many symbols:
//! the list is walked once, to the symbol at which a reader goes on, and from there a symbol costs
//! the same however many modules there are.
//!
//! A reader waits for no lock here, so neither for a task that loads or unloads a module. Such a
//! task waits for readers in synchronize_rcu() alone, for the rest of a section, which is at most
//! [`SECTION`](crate::listing::SECTION) symbols long. A section may be preempted where RCU is
//! preemptible.
//!
//! What a section relies on:
//!
//! - A module is taken off the list by list_del_rcu(), and synchronize_rcu() comes before anything
//!   of it is freed: its memory, and with that its symbols, names and exports. The same holds where
//!   loading fails. The node itself keeps its `next`.
//! - Once a module has run its init function, the loader exchanges `kallsyms` for a table without
//!   the init sections, by rcu_assign_pointer(). do_free_init() frees the first table after a
//!   synchronize_rcu(). A reader in a section may be in either table, to the end of the section.
//! - A module that is unformed may have no symbols yet, or be about to go. The loader sets up
//!   `kallsyms`, `syms` and `num_syms` before it changes the state, and changes no symbol
//!   afterwards. Livepatch writes to values.
//!
//! C headers: [`include/linux/module.h`](srctree/include/linux/module.h),
//! [`kernel/module/internal.h`](srctree/kernel/module/internal.h)

use crate::series::rcu;
use core::{
    cmp::Ordering,
    marker::PhantomData,
    mem::offset_of,
    ptr,
    ptr::addr_of,
    slice,
    sync::atomic::{self, AtomicPtr, AtomicU32},
};
use kernel::{bindings, ffi::c_char};

/// Names of this length or longer are cut off before /proc/kallsyms looks for them among the
/// exports.
const NAME_LEN: usize = bindings::KSYM_NAME_LEN as usize;

/// C: Elf_Sym, which is a macro.
#[cfg(CONFIG_64BIT)]
type ElfSym = bindings::Elf64_Sym;
/// C: Elf_Sym, which is a macro.
#[cfg(not(CONFIG_64BIT))]
type ElfSym = bindings::Elf32_Sym;

/// The list of all modules, in an RCU read-side section that ends when this is dropped.
///
/// Nothing may sleep meanwhile.
pub(crate) struct ModuleList {
    _rcu: rcu::Guard,
}

impl ModuleList {
    /// Begins a section. Never waits.
    pub(crate) fn read_lock() -> Self {
        Self {
            _rcu: rcu::Guard::new(),
        }
    }

    /// The symbols of all modules without the first `skip`, in the order of the list.
    pub(crate) fn symbols(&self, skip: u64) -> Symbols<'_> {
        // SAFETY: The head is static, and is written to only by those who change the list.
        let first = unsafe { next_node(addr_of!(bindings::modules)) };
        // INVARIANT: The first node, or the head of an empty list.
        let mut symbols = Symbols {
            node: first,
            current: None,
            _list: PhantomData,
        };
        let mut skip = skip;
        while let Some(module) = symbols.next_module() {
            let len = module.len as u64;
            if skip < len {
                symbols.current = Some(Current {
                    module,
                    index: skip as usize,
                });
                break;
            }
            skip = skip.wrapping_sub(len);
        }
        symbols
    }
}

/// A module that was found on the list and has its symbols set up.
///
/// Pointers rather than references, as much of a `struct module` may be written to while it is on
/// the list, and livepatch writes to the values of some symbols.
///
/// # Invariants
///
/// `module` was on the list in the read-side section of `'a`. `symtab` and `typetab` have `len`
/// elements, and `strtab` has the names that the symbols give an offset for.
#[derive(Clone, Copy)]
struct Module<'a> {
    module: *const bindings::module,
    symtab: *const ElfSym,
    typetab: *const u8,
    strtab: *const c_char,
    len: usize,
    _list: PhantomData<&'a ModuleList>,
}

/// A place among the symbols of a module.
struct Current<'a> {
    module: Module<'a>,
    index: usize,
}

/// An iterator over the symbols of modules.
///
/// # Invariants
///
/// `node` is the head of the list, or a node that was on it in the read-side section of `'a`.
pub(crate) struct Symbols<'a> {
    /// The node of the module after the current one.
    node: *const bindings::list_head,
    current: Option<Current<'a>>,
    _list: PhantomData<&'a ModuleList>,
}

impl<'a> Symbols<'a> {
    /// Goes to the next module that has its symbols set up.
    fn next_module(&mut self) -> Option<Module<'a>> {
        loop {
            if ptr::eq(self.node, addr_of!(bindings::modules)) {
                return None;
            }
            // SAFETY: The node is not the head, so it is the `list` of a module, which is not freed
            // before the section ends.
            let (module, state) = unsafe {
                let module: *const bindings::module = self
                    .node
                    .byte_sub(offset_of!(bindings::module, list))
                    .cast();
                // INVARIANT: The `next` of a node that was on the list in this section is the head or
                // another such node, and list_del_rcu() leaves it as it was.
                self.node = next_node(self.node);
                (module, state_of(module))
            };
            if state != bindings::module_state_MODULE_STATE_UNFORMED {
                // SAFETY:
                // - The module was found in this section.
                // - It is not unformed.
                return Some(unsafe { Module::new(module) });
            }
        }
    }
}

impl<'a> Module<'a> {
    /// Finds the symbols of a module.
    ///
    /// # Safety
    ///
    /// - `module` was found on the list in the read-side section of `'a`.
    /// - It was not unformed then.
    unsafe fn new(module: *const bindings::module) -> Self {
        // SAFETY:
        // - The module is not freed before the section ends.
        // - A module that has been formed has its `kallsyms`, and whichever of the two tables that
        //   is now is not freed before the section ends.
        // INVARIANT: The module loader set these so that the invariants hold.
        unsafe {
            let kallsyms = load(addr_of!((*module).kallsyms));
            Self {
                module,
                symtab: (*kallsyms).symtab,
                typetab: (*kallsyms).typetab.cast(),
                strtab: (*kallsyms).strtab,
                len: (*kallsyms).num_symtab as usize,
                _list: PhantomData,
            }
        }
    }

    /// The symbol number `index`; `None` if there is no such symbol.
    fn symbol(&self, index: usize) -> Option<ModuleSymbol<'a>> {
        if index >= self.len {
            return None;
        }
        // SAFETY:
        // - By the invariants there is a symbol and a type of this number.
        // - The name is inside the string table, which has a NUL after it, is not written to any
        //   more, and is not freed before the section ends.
        unsafe {
            let symbol = self.symtab.add(index);
            let c_name = self.strtab.add((*symbol).st_name as usize);
            Some(ModuleSymbol {
                module: *self,
                address: bindings::kallmodsyms_kallsyms_symbol_value(symbol) as usize,
                size: (*symbol).st_size as usize,
                kind: self.typetab.add(index).read(),
                name: bytes_until_nul(c_name),
                c_name,
            })
        }
    }
}

impl<'a> Iterator for Symbols<'a> {
    type Item = ModuleSymbol<'a>;

    fn next(&mut self) -> Option<ModuleSymbol<'a>> {
        loop {
            let current = self.current.as_mut()?;
            if let Some(symbol) = current.module.symbol(current.index) {
                current.index = current.index.wrapping_add(1);
                return Some(symbol);
            }
            self.current = self
                .next_module()
                .map(|module| Current { module, index: 0 });
        }
    }
}

/// One symbol of a module.
pub(crate) struct ModuleSymbol<'a> {
    module: Module<'a>,
    /// The address, as /proc/kallsyms shows it.
    pub(crate) address: usize,
    /// The size of the ELF symbol in bytes.
    pub(crate) size: usize,
    /// The letter of the type.
    pub(crate) kind: u8,
    /// The name. Empty for a symbol that is not to be shown.
    pub(crate) name: &'a [u8],
    /// The same with its NUL.
    c_name: *const c_char,
}

impl<'a> ModuleSymbol<'a> {
    /// The name of the module.
    pub(crate) fn module_name(&self) -> &'a [u8] {
        // SAFETY: By its invariants the module is not freed before the section ends. Its name is
        // NUL-terminated and does not change.
        unsafe { bytes_until_nul(addr_of!((*self.module.module).name).cast()) }
    }

    /// Tells whether the module exports the symbol without `_GPL`. Logarithmic in its exports.
    pub(crate) fn is_exported(&self) -> bool {
        if self.name.len() >= NAME_LEN {
            return false;
        }
        // SAFETY: By its invariants the module is not freed before the section ends. Its exports are
        // set up before it is formed and do not change.
        let (syms, len) = unsafe { ((*self.module.module).syms, (*self.module.module).num_syms) };
        let (mut low, mut high) = (0, len as usize);
        while low < high {
            // Cannot overflow: there is no array of half the address space.
            let middle = low.wrapping_add(high) / 2;
            // SAFETY: `middle` is less than `len`, the number of elements of `syms`, which are in the
            // module's memory.
            let export = unsafe { syms.add(middle) };
            // SAFETY: The function compares a NUL-terminated string with the name of an export.
            let order = unsafe { bindings::cmp_name(self.c_name.cast(), export.cast()) };
            match order.cmp(&0) {
                Ordering::Less => high = middle,
                Ordering::Greater => low = middle.wrapping_add(1),
                Ordering::Equal => {
                    // SAFETY: The function reads the export, which is a valid one.
                    let value = unsafe { bindings::kallmodsyms_kernel_symbol_value(export) };
                    return value as usize == self.address;
                }
            }
        }
        false
    }
}

/// Reads a pointer that C publishes by rcu_assign_pointer(). C: rcu_dereference().
///
/// # Safety
///
/// `from` is aligned and valid for reads and writes, and written to by single stores alone.
unsafe fn load<T>(from: *const *mut T) -> *mut T {
    // SAFETY: The contract has the conditions of `from_ptr`, as single stores are atomic.
    unsafe { AtomicPtr::from_ptr(from.cast_mut()) }.load(atomic::Ordering::Acquire)
}

/// The node after `node`, or the head after the last one.
///
/// # Safety
///
/// `node` is the head of a list of RCU, or was found on it in the read-side section that this task
/// is in.
unsafe fn next_node(node: *const bindings::list_head) -> *const bindings::list_head {
    // SAFETY: The node is not freed before the section ends, and C writes to `next` as
    // rcu_dereference() wants it.
    unsafe { load(addr_of!((*node).next)) }
}

/// The state of a module. What the loader set up before it set the state can be read after this.
///
/// # Safety
///
/// `module` was found on the list in the read-side section that this task is in.
unsafe fn state_of(module: *const bindings::module) -> bindings::module_state {
    // SAFETY: The module is not freed before the section ends. The state is an aligned word, which
    // C writes to by single stores.
    unsafe { AtomicU32::from_ptr(addr_of!((*module).state).cast_mut()) }
        .load(atomic::Ordering::Acquire)
}

/// The bytes of a C string without its NUL.
///
/// # Safety
///
/// `string` is NUL-terminated, and is neither written to nor freed for all of `'a`.
unsafe fn bytes_until_nul<'a>(string: *const c_char) -> &'a [u8] {
    // SAFETY: The contract is that of strlen(), and the bytes before the NUL can be read as it
    // says.
    unsafe { slice::from_raw_parts(string.cast(), bindings::strlen(string)) }
}
