// SPDX-License-Identifier: GPL-2.0

//! The symbols of loadable modules.
//!
//! /proc/kallsyms finds each symbol anew: it walks the list of modules under RCU and counts symbols
//! until it comes to the one at its position. Here the list is walked once, to the symbol at which
//! a reader goes on, and from there a symbol costs the same however many modules there are. That
//! takes a lock for as long as the place in the list is remembered. `module_mutex` it is, as for
//! /proc/modules: it lets a reader be preempted in the middle of a buffer, and while it is held no
//! module can leave the list, have its memory freed or exchange its symbol table for the one
//! without its init sections. Who loads or unloads a module waits for at most one buffer to be
//! filled.
//!
//! C headers: [`include/linux/module.h`](srctree/include/linux/module.h),
//! [`kernel/module/internal.h`](srctree/kernel/module/internal.h)

use core::{cmp::Ordering, marker::PhantomData, mem::offset_of, ptr, ptr::addr_of, slice};
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

/// The list of all modules, locked. Dropping it unlocks the list.
///
/// # Invariants
///
/// This task holds `module_mutex`.
pub(crate) struct ModuleList {
    /// A mutex is unlocked by the task that locked it.
    _not_send: PhantomData<*mut ()>,
}

impl ModuleList {
    /// Locks the list. May sleep.
    pub(crate) fn lock() -> Self {
        // SAFETY: `module_mutex` is static and initialised. Nothing here is called with it held.
        unsafe { bindings::mutex_lock(ptr::addr_of_mut!(bindings::module_mutex)) };
        // INVARIANT: It was just locked.
        Self {
            _not_send: PhantomData,
        }
    }

    /// The symbols of all modules without the first `skip`, in the order of the list.
    pub(crate) fn symbols(&self, skip: u64) -> Symbols<'_> {
        // SAFETY: The list is static and locked, by the invariant.
        let first = unsafe { bindings::modules.next };
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

impl Drop for ModuleList {
    fn drop(&mut self) {
        // SAFETY: This task holds the mutex, by the invariant.
        unsafe { bindings::mutex_unlock(ptr::addr_of_mut!(bindings::module_mutex)) };
    }
}

/// A module that is on the locked list and has its symbols set up.
///
/// Pointers rather than references, as much of a `struct module` may be written to while it is on
/// the list, and livepatch writes to the values of some symbols.
///
/// # Invariants
///
/// `module` is on the list for all of `'a`. `symtab` and `typetab` have `len` elements, and
/// `strtab` has the names that the symbols give an offset for.
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
/// `node` is a node of the list, or its head.
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
            // SAFETY: The node is not the head, so it is the `list` of a module, which stays on the
            // list while that is locked.
            let (module, state) = unsafe {
                let module: *const bindings::module = self
                    .node
                    .byte_sub(offset_of!(bindings::module, list))
                    .cast();
                // INVARIANT: What follows a node in the list is a node or the head.
                self.node = (*module).list.next;
                (module, addr_of!((*module).state).read_volatile())
            };
            if state != bindings::module_state_MODULE_STATE_UNFORMED {
                // SAFETY: As above. A module that has been formed has its symbols.
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
    /// `module` is on the list, which is locked for all of `'a`, and is not unformed.
    unsafe fn new(module: *const bindings::module) -> Self {
        // SAFETY: The module has been formed, so `kallsyms` is set, and is changed, and what it
        // points to freed, only with the list locked.
        // INVARIANT: The module loader set these so that the invariants hold.
        unsafe {
            let kallsyms: *const bindings::mod_kallsyms = (*module).kallsyms;
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
        // SAFETY: By the invariants there is a symbol and a type of this number, and the name is
        // inside the string table, which has a NUL after it and is not written to any more.
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
        // SAFETY: The module is on the list by its invariants. Its name is NUL-terminated and does
        // not change.
        unsafe { bytes_until_nul(addr_of!((*self.module.module).name).cast()) }
    }

    /// Tells whether the module exports the symbol without `_GPL`. Logarithmic in its exports.
    pub(crate) fn is_exported(&self) -> bool {
        if self.name.len() >= NAME_LEN {
            return false;
        }
        // SAFETY: The module is on the list by its invariants, and its exports do not change.
        let (syms, len) = unsafe { ((*self.module.module).syms, (*self.module.module).num_syms) };
        let (mut low, mut high) = (0, len as usize);
        while low < high {
            // Cannot overflow: there is no array of half the address space.
            let middle = low.wrapping_add(high) / 2;
            // SAFETY: `middle` is less than `len`, the number of elements of `syms`.
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
