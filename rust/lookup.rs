// SPDX-License-Identifier: GPL-2.0

//! Answers for the kernel itself: the modules of an address, and the size of the symbol there.
//!
//! May be called from any context, interrupts that cannot be masked included. Before the component
//! has started, no built-in module is known.
//!
//! C header: [`include/linux/kallmodsyms.h`](srctree/include/linux/kallmodsyms.h)

use crate::{
    address_index::AddressIndex,
    core_symbols::CoreSymbols,
    format::{names::ModuleNames, ranges::RangeHint},
};
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::{bindings, prelude::*};

/// What [`publish`] was given; null before that. What it points to is never freed.
static PUBLISHED: AtomicPtr<Published> = AtomicPtr::new(ptr::null_mut());

/// What a lookup needs.
pub(crate) struct Published {
    pub(crate) symbols: &'static CoreSymbols,
    pub(crate) index: AddressIndex,
    /// Sorted by where they start.
    exceptions: KVec<Extent>,
}

/// A symbol that is not in the modules of its range, and has a size: a constant that the linker
/// merged with equal ones of other objects. One can be inside of another.
struct Extent {
    /// Bytes from `_text`.
    start: usize,
    /// Bytes.
    size: usize,
    /// Where the last byte is of this one and of all before it, and one more: bytes from `_text`.
    reach: usize,
    modules: ModuleNames<'static>,
}

/// Lets the functions of this directory that the kernel calls use `symbols` from now on.
///
/// Fails with `ENOMEM`. To be called once, in process context.
pub(crate) fn publish(symbols: &'static CoreSymbols) -> Result {
    let exceptions = extents(symbols)?;
    let index = AddressIndex::new(symbols.len())?;
    let published = Published {
        symbols,
        index,
        exceptions,
    };
    let published = KBox::new(published, GFP_KERNEL)?;
    // Never freed: who uses it may be anywhere.
    PUBLISHED.store(KBox::leak(published), Ordering::Release);
    Ok(())
}

/// What was published, if anything was.
pub(crate) fn published() -> Option<&'static Published> {
    // SAFETY: The pointer is null or from `KBox::leak`. In the latter case what it points to was
    // made before it was stored, which the ordering lets this see; it is not changed and never
    // freed.
    unsafe { PUBLISHED.load(Ordering::Acquire).as_ref() }
}

/// The exceptions that an address can be in. Without stored sizes there are none: which of the
/// symbols at an address have bytes there is not known then.
fn extents(symbols: &CoreSymbols) -> Result<KVec<Extent>> {
    let text = ptr::addr_of!(bindings::_text) as usize;
    let mut extents: KVec<Extent> = KVec::new();
    for (index, modules) in symbols.modules().exceptions() {
        let Some((address, size)) = symbols.extent(index) else {
            break;
        };
        // Per-cpu symbols are below the image.
        let (Some(start), 1..) = (address.checked_sub(text), size) else {
            continue;
        };
        let reach = start.saturating_add(size);
        let reach = extents.last().map_or(reach, |last| last.reach.max(reach));
        let extent = Extent {
            start,
            size,
            reach,
            modules,
        };
        // Of several at one address, the first of the largest counts.
        match extents.last_mut().filter(|last| last.start == start) {
            Some(last) if last.size < size => *last = extent,
            Some(_) => {}
            None => extents.push(extent, GFP_KERNEL)?,
        }
    }
    Ok(extents)
}

impl Published {
    /// The modules of the byte at `addr`, which is `offset` bytes from `_text` in the image.
    fn modules_at(&self, addr: usize, offset: usize) -> ModuleNames<'static> {
        let (modules, hint) = (self.symbols.modules(), &mut RangeHint::default());
        let Some(exception) = self.exception_at(offset) else {
            return modules.at_offset(offset as u32, hint);
        };
        // Inside of it, or at its address, there may be a symbol that is none.
        match symbol_at(addr) {
            Some((symbol, inside)) => {
                let start = offset.wrapping_sub(inside.offset);
                modules.of_symbol(symbol, start as u32, hint)
            }
            None => exception.modules,
        }
    }

    /// The exception that a byte is in; of several, the one that begins last.
    fn exception_at(&self, offset: usize) -> Option<&Extent> {
        let after = self
            .exceptions
            .partition_point(|extent| extent.start <= offset);
        let before = self.exceptions.get(..after)?.iter().rev();
        before
            .take_while(|extent| offset < extent.reach)
            .find(|extent| offset.wrapping_sub(extent.start) < extent.size)
    }
}

#[cfg(CONFIG_KALLMODSYMS_SIZES)]
use crate::true_sizes::symbol_at;

/// Sizes are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_SIZES))]
fn symbol_at(_: usize) -> Option<(u32, Inside)> {
    None
}

/// How many bytes from `_text` an address is; `None` if it is not in the image.
fn in_image(addr: usize) -> Option<usize> {
    let text = ptr::addr_of!(bindings::_text) as usize;
    let end = ptr::addr_of!(bindings::_end) as usize;
    let is_in_image = (text..end).contains(&addr);
    is_in_image.then(|| addr.wrapping_sub(text))
}

/// The modules of a byte of the image; `None` if the address is not in the image.
fn built_in(addr: usize) -> Option<ModuleNames<'static>> {
    let offset = in_image(addr)?;
    Some(published().map_or_else(ModuleNames::none, |published| {
        published.modules_at(addr, offset)
    }))
}

/// Finds the modules that `addr` is in: those that the object file is for which defines what is
/// there, or the loaded module that has it. Whether there is any.
///
/// # Safety
///
/// `modules` is valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_lookup_modules(
    addr: usize,
    modules: *mut bindings::kallmodsyms_modules,
) -> bool {
    // SAFETY: The pointer is valid by the contract, and so is one to a field.
    let (next, left, loaded) = unsafe {
        (
            ptr::addr_of_mut!((*modules).next),
            ptr::addr_of_mut!((*modules).left),
            ptr::addr_of_mut!((*modules).loaded),
        )
    };
    let (names, count) = match built_in(addr) {
        Some(names) => {
            let (bytes, count) = names.encoded();
            (bytes.as_ptr().cast(), count.into())
        }
        // SAFETY: `loaded` has room for the name of a module and is valid for writing. A null pointer
        // stands for it, so that what was filled can be copied.
        None => (ptr::null(), unsafe {
            bindings::kallmodsyms_loaded_module(addr as _, loaded.cast()).into()
        }),
    };
    // SAFETY: Both are valid for writing.
    unsafe {
        *next = names;
        *left = count;
    }
    count != 0
}

/// Where an address is in a symbol.
pub(crate) struct Inside {
    /// Bytes.
    pub(crate) size: usize,
    /// How many bytes into it the address is, less than `size`.
    pub(crate) offset: usize,
}

/// The symbol of a loaded module that `addr` is in.
fn loaded_extent(addr: usize) -> Option<Inside> {
    let (mut size, mut offset) = (0, 0);
    // SAFETY: Any address may be looked up, and both numbers can be written to.
    let found = unsafe { bindings::kallmodsyms_loaded_size(addr as _, &mut size, &mut offset) };
    found.then_some(Inside {
        size: size as usize,
        offset: offset as usize,
    })
}

/// The symbol that `addr` is in, if its size is known.
fn extent(addr: usize) -> Option<Inside> {
    match in_image(addr) {
        Some(_) => symbol_at(addr).map(|(_, inside)| inside),
        None => loaded_extent(addr),
    }
}

/// Finds the symbol that `addr` is in: `size` becomes its size, and `offset` how far into it that
/// is. Whether there is one whose size is known; if not, nothing is written.
///
/// # Safety
///
/// Each of the pointers is null or valid for writing.
#[no_mangle]
pub(crate) unsafe extern "C" fn kallmodsyms_lookup_size(
    addr: usize,
    size: *mut usize,
    offset: *mut usize,
) -> bool {
    let Some(extent) = extent(addr) else {
        return false;
    };
    if !size.is_null() {
        // SAFETY: It is not null, so by the contract it is valid for writing.
        unsafe { *size = extent.size };
    }
    if !offset.is_null() {
        // SAFETY: As above.
        unsafe { *offset = extent.offset };
    }
    true
}
