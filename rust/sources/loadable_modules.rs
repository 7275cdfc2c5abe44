// SPDX-License-Identifier: GPL-2.0

//! The symbols of loadable modules.
//!
//! /proc/kallsyms finds each symbol anew: it walks the list of modules under RCU and counts symbols
//! up to the wanted number. This code reads many symbols in one RCU read-side section: it walks the
//! list once, up to the first symbol that the reader wants. From that symbol on, the cost of a
//! symbol does not depend on the number of modules. In this file, "section" alone means an RCU
//! read-side section. The sections of a module are called ELF sections.
//!
//! This code takes no lock, so a reader waits for no task that loads or unloads a module. A task
//! that loads or unloads a module waits for a reader only in synchronize_rcu(), and only until the
//! reader's current section ends. A section may be preempted if RCU is preemptible.
//!
//! A section relies on three facts:
//!
//! - list_del_rcu() takes a module off the list, and synchronize_rcu() follows before any memory of
//!   the module is freed, including its symbols, names and exports. The same holds if loading
//!   fails. A node that is taken off the list keeps its `next`.
//! - Once a module has run its init function, the loader replaces `kallsyms` by a table without the
//!   symbols of init ELF sections, by rcu_assign_pointer(). do_free_init() frees the first table
//!   after a synchronize_rcu(). A reader may use either table to the end of its section.
//! - An unformed module may have no symbols yet, or may be about to be freed, so readers skip it.
//!   The loader sets up `kallsyms`, `syms` and `num_syms` before it changes the state, and changes
//!   no symbol afterwards. Only livepatch changes `st_value` of some symbols later.
//!
//! C headers: [`include/linux/module.h`](srctree/include/linux/module.h),
//! [`kernel/module/internal.h`](srctree/kernel/module/internal.h)

use crate::abstractions::rcu;
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

/// /proc/kallsyms cuts off names of this length or longer before it looks for them among the
/// exports.
const NAME_LEN: usize = bindings::KSYM_NAME_LEN as usize;

/// C: Elf_Sym, which is a macro.
#[cfg(CONFIG_64BIT)]
type ElfSym = bindings::Elf64_Sym;
/// C: Elf_Sym, which is a macro.
#[cfg(not(CONFIG_64BIT))]
type ElfSym = bindings::Elf32_Sym;

/// The list of all modules, in an RCU read-side section that ends when this value is dropped.
///
/// The task may not sleep in the section.
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

    /// The symbols of all modules, in the order of the list, after the first `skip` symbols.
    pub(crate) fn symbols(&self, skip: u64) -> Symbols<'_> {
        // SAFETY:
        // - This task is in a read-side section, that of `self`.
        // - The pointer is to the head of a list that RCU protects.
        let first = unsafe { next_node(addr_of!(bindings::modules)) };
        // INVARIANT: `first` is the first node on the list in this section, or the head of an empty
        // list.
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
/// It holds pointers rather than references: C may write to most fields of a `struct module` that
/// is on the list, and livepatch writes to the values of some symbols.
///
/// # Invariants
///
/// - `module` was on the list in the read-side section of `'a`.
/// - `symtab` and `typetab` have `len` elements.
/// - `strtab` has the NUL-terminated names that the symbols give an offset for.
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
/// `node` is the head of the list, or a node that was on the list in the read-side section of `'a`.
pub(crate) struct Symbols<'a> {
    /// The node of the module after the current module.
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
            // SAFETY:
            // - The node is not the head, so it is the `list` of a module on the list, by the
            //   invariant.
            // - The module was found in the section that this task is in, by the invariant.
            let (module, state) = unsafe {
                let module: *const bindings::module = self
                    .node
                    .byte_sub(offset_of!(bindings::module, list))
                    .cast();
                // INVARIANT: `self.node` was on the list in this section. Its `next` is the head,
                // or a node that was on the list in this section; list_del_rcu() leaves `next`
                // alone.
                self.node = next_node(self.node);
                (module, state_of(module))
            };
            if state != bindings::module_state_MODULE_STATE_UNFORMED {
                // SAFETY:
                // - The module was found on the list in this section.
                // - The state is not unformed: this was just tested.
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
    /// - The module was not unformed when it was found.
    unsafe fn new(module: *const bindings::module) -> Self {
        // SAFETY:
        // - `module` is not freed before the section ends: it was on the list, by the contract.
        // - Its `kallsyms` is set, as the module was not unformed, by the contract.
        // - Neither of the two tables of `kallsyms` is freed before the section ends.
        // INVARIANT:
        // - `module` was on the list, by the contract.
        // - The module loader gives `symtab` and `typetab` `num_symtab` elements.
        // - `strtab` is the string table of the module file, or the loader's copy of the names in
        //   that table, so it has the names.
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

    /// Symbol number `index`; `None` if there is no such symbol.
    fn symbol(&self, index: usize) -> Option<ModuleSymbol<'a>> {
        if index >= self.len {
            return None;
        }
        // SAFETY:
        // - There is a symbol and a type of this number, by the invariants.
        // - The name is NUL-terminated, by the invariants.
        // - Nothing writes to the name any more.
        // - The name is not freed before the section ends.
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

/// One symbol of a loadable module.
pub(crate) struct ModuleSymbol<'a> {
    module: Module<'a>,
    /// The address, as /proc/kallsyms shows it.
    pub(crate) address: usize,
    /// The size of the ELF symbol in bytes.
    pub(crate) size: usize,
    /// The letter of the type.
    pub(crate) kind: u8,
    /// The name. Neither /proc/kallsyms nor /proc/kallmodsyms lists a symbol with an empty name.
    pub(crate) name: &'a [u8],
    /// The name with its NUL.
    c_name: *const c_char,
}

impl<'a> ModuleSymbol<'a> {
    /// The name of the module.
    pub(crate) fn module_name(&self) -> &'a [u8] {
        // SAFETY:
        // - The module is not freed before the section ends, by the invariants of `Module`.
        // - The name of the module is NUL-terminated.
        // - Nothing writes to the name.
        unsafe { bytes_until_nul(addr_of!((*self.module.module).name).cast()) }
    }

    /// Return: true if the module exports the symbol without `_GPL`. Logarithmic in the number of
    /// the module's exports.
    pub(crate) fn is_exported(&self) -> bool {
        if self.name.len() >= NAME_LEN {
            return false;
        }
        // SAFETY:
        // - The module is not freed before the section ends, by the invariants of `Module`.
        // - The loader set up the exports before the module was formed, and does not change them.
        let (syms, len) = unsafe { ((*self.module.module).syms, (*self.module.module).num_syms) };
        let (mut low, mut high) = (0, len as usize);
        while low < high {
            // The sum cannot overflow, because no array has half the bytes of the address space.
            let middle = low.wrapping_add(high) / 2;
            // SAFETY: `middle` is less than `len`, the number of elements of `syms`.
            let export = unsafe { syms.add(middle) };
            // SAFETY:
            // - `c_name` is NUL-terminated.
            // - `export` is an export of a module that is not freed before the section ends.
            let order = unsafe { bindings::cmp_name(self.c_name.cast(), export.cast()) };
            match order.cmp(&0) {
                Ordering::Less => high = middle,
                Ordering::Greater => low = middle.wrapping_add(1),
                Ordering::Equal => {
                    // SAFETY: `export` is an export of a module that is not freed before the
                    // section ends.
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
/// - `from` is aligned.
/// - `from` is valid for reads and writes.
/// - All writes to the pointer at `from` are single stores.
unsafe fn load<T>(from: *const *mut T) -> *mut T {
    // SAFETY:
    // - `from` is aligned, by the contract.
    // - `from` is valid for reads and writes, by the contract.
    // - All writes are atomic: they are single stores, by the contract.
    unsafe { AtomicPtr::from_ptr(from.cast_mut()) }.load(atomic::Ordering::Acquire)
}

/// The node after `node`, or the head after the last node.
///
/// # Safety
///
/// - This task is in a read-side section.
/// - `node` is the head of a list that RCU protects, or was found on such a list in that section.
unsafe fn next_node(node: *const bindings::list_head) -> *const bindings::list_head {
    // SAFETY:
    // - `next` is aligned, as all fields of C are.
    // - `next` is valid: the node is not freed before the section ends.
    // - C writes to `next` by rcu_assign_pointer() and WRITE_ONCE(), which are single stores.
    unsafe { load(addr_of!((*node).next)) }
}

/// The state of a module. Later reads see all fields that the loader set before it set the state.
///
/// # Safety
///
/// - This task is in a read-side section.
/// - `module` was found on the list in that section.
unsafe fn state_of(module: *const bindings::module) -> bindings::module_state {
    // SAFETY:
    // - The state is aligned, as all fields of C are.
    // - The state is valid: the module is not freed before the section ends.
    // - C writes to the state by single stores.
    unsafe { AtomicU32::from_ptr(addr_of!((*module).state).cast_mut()) }
        .load(atomic::Ordering::Acquire)
}

/// The bytes of a C string without its NUL.
///
/// # Safety
///
/// - `string` is NUL-terminated.
/// - Nothing writes to the string for all of `'a`.
/// - The string is not freed for all of `'a`.
unsafe fn bytes_until_nul<'a>(string: *const c_char) -> &'a [u8] {
    // SAFETY:
    // - `string` is NUL-terminated, by the contract, so strlen() may be called.
    // - The bytes before the NUL are neither written to nor freed for `'a`, by the contract.
    unsafe { slice::from_raw_parts(string.cast(), bindings::strlen(string)) }
}
