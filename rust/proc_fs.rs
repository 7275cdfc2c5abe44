// SPDX-License-Identifier: GPL-2.0

//! Files in /proc.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)

use crate::{
    cred::File,
    open_file::{Contents, OpenFile, Target},
};
use core::{marker::PhantomData, ptr, ptr::NonNull};
use kernel::{
    bindings, ffi,
    prelude::*,
    sync::{Arc, ArcBorrow},
    types::ForeignOwnable,
};

/// A file in /proc that is of the contents `T`. Dropping it removes the file.
///
/// # Invariants
///
/// `entry` is from proc_create_data() and not removed. Its data is `shared`, to which this holds a
/// reference.
pub(crate) struct Entry<T: Contents> {
    entry: NonNull<bindings::proc_dir_entry>,
    shared: NonNull<T::Shared>,
    _contents: PhantomData<fn() -> T>,
}

// SAFETY: The entry has no tie to a task, and what is shared may be used from any.
unsafe impl<T: Contents> Send for Entry<T> {}
// SAFETY: A shared entry offers nothing.
unsafe impl<T: Contents> Sync for Entry<T> {}

impl<T: Contents> Entry<T> {
    /// What the C side is given. It reads through iterators, so that splice() and sendfile() work.
    /// Offsets count from the start or from the current one, as where the end is is not known.
    const OPERATIONS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        proc_release: Some(Self::release),
        ..ZERO_OPERATIONS
    };

    /// Makes the file `name` in the root of /proc, with the permissions `mode`. Everyone who opens
    /// it gets contents made from `shared`. May sleep.
    ///
    /// Fails with `ENOMEM` also where the C side does not say why it fails, which is for a name
    /// that is taken.
    pub(crate) fn new(name: &'static CStr, mode: u16, shared: Arc<T::Shared>) -> Result<Self> {
        let shared = Arc::into_raw(shared);
        // SAFETY: The name and the operations are static. The operations take the data for a
        // `T::Shared` in an `Arc`, which it is until `drop` has removed the entry.
        let entry = unsafe {
            bindings::proc_create_data(
                name.as_char_ptr(),
                mode,
                ptr::null_mut(),
                Self::OPERATIONS,
                shared.cast_mut().cast(),
            )
        };
        match (NonNull::new(entry), NonNull::new(shared.cast_mut())) {
            // INVARIANT: The entry was just made, and the reference to its data is kept.
            (Some(entry), Some(shared)) => Ok(Self {
                entry,
                shared,
                _contents: PhantomData,
            }),
            _ => {
                // SAFETY: `shared` is from `Arc::into_raw`, and no entry has got it.
                drop(unsafe { Arc::from_raw(shared) });
                Err(ENOMEM)
            }
        }
    }

    /// # Safety
    ///
    /// To be called by the C side only, as the `open` operation of an entry made by
    /// [`new`](Self::new).
    unsafe extern "C" fn open(
        inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY: `inode` and `file` are valid and in the course of being opened: only this task has
        // the file, and its position is not in use. The data of the entry is an `Arc` that stays
        // referenced, as the entry is not removed before this returns.
        let opened = unsafe {
            let shared =
                ArcBorrow::from_raw(bindings::kallmodsyms_pde_data(inode).cast::<T::Shared>());
            T::open(shared.into(), File::from_raw_file(file))
        };
        match OpenFile::<T>::new(opened) {
            Ok(opened) => {
                // A pointer to what may or may not be changed, by series.
                let opened = opened.into_foreign() as *mut ffi::c_void;
                // SAFETY: `file` is valid, and its private data is for whoever opens it.
                unsafe { (*file).private_data = opened };
                0
            }
            Err(error) => error.to_errno(),
        }
    }

    /// # Safety
    ///
    /// To be called by the C side only, as the `read_iter` operation of an entry made by
    /// [`new`](Self::new).
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: `kiocb` and `iter` are valid and for this call alone. The file is one that `open`
        // opened, so that its private data is from `into_foreign`, and it is not released before
        // this returns.
        let (kiocb, mut target, opened) = unsafe {
            let kiocb = &mut *kiocb;
            let opened = (*kiocb.ki_filp).private_data;
            (
                kiocb,
                Target::from_raw(iter),
                Pin::<KBox<OpenFile<T>>>::borrow(opened.cast()),
            )
        };
        match opened.read(kiocb.ki_pos as u64, &mut target) {
            Ok(len) => {
                kiocb.ki_pos = kiocb.ki_pos.saturating_add(len as bindings::loff_t);
                len as isize
            }
            Err(error) => error.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// To be called by the C side only, as the `release` operation of an entry made by
    /// [`new`](Self::new).
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> ffi::c_int {
        // SAFETY: The C side releases what it has opened, once, and does not use it any more. `open`
        // made the private data with `into_foreign`.
        drop(unsafe { Pin::<KBox<OpenFile<T>>>::from_foreign((*file).private_data.cast()) });
        0
    }
}

impl<T: Contents> Drop for Entry<T> {
    fn drop(&mut self) {
        // SAFETY: By the invariants the entry exists. proc_remove() waits for operations under way
        // and releases the files that are open, so that no operation is called after it.
        unsafe { bindings::proc_remove(self.entry.as_ptr()) };
        // SAFETY: The reference is from `Arc::into_raw` in `new`, and the entry no longer uses it.
        drop(unsafe { Arc::from_raw(self.shared.as_ptr()) });
    }
}

/// No operation at all.
// SAFETY: All fields are flags and nullable function pointers, for which zero bytes are valid.
const ZERO_OPERATIONS: bindings::proc_ops = unsafe { core::mem::zeroed() };
