// SPDX-License-Identifier: GPL-2.0

//! Files in /proc.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)

use crate::{
    cred::File,
    open_file::{Contents, OpenFile, Target},
};
use core::{marker::PhantomData, ptr};
use kernel::{bindings, ffi, prelude::*, types::ForeignOwnable};

/// Makes the file `name` in the root of /proc, with the permissions `mode`, for as long as the kernel
/// runs. Each open file gets contents made from `shared`. May sleep.
///
/// Fails with `ENOMEM`, also if the name is taken: the C side does not say why it fails.
pub(crate) fn create<T: Contents>(
    name: &'static CStr,
    mode: u16,
    shared: &'static T::Shared,
) -> Result {
    // SAFETY:
    // - The name and the operations are static.
    // - The operations take the data for a `&'static T::Shared`, which it is.
    let entry = unsafe {
        bindings::proc_create_data(
            name.as_char_ptr(),
            mode,
            ptr::null_mut(),
            Operations::<T>::TABLE,
            ptr::from_ref(shared).cast_mut().cast(),
        )
    };
    if entry.is_null() {
        return Err(ENOMEM);
    }
    Ok(())
}

/// What C calls for a file of the contents `T`.
struct Operations<T>(PhantomData<fn() -> T>);

impl<T: Contents> Operations<T> {
    /// What the C side is given. It reads through iterators, so that splice() and sendfile() work.
    /// Offsets count from the start or from the current one, as where the end is is not known.
    const TABLE: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        proc_release: Some(Self::release),
        ..ZERO_OPERATIONS
    };

    /// # Safety
    ///
    /// To be called by the C side only, as the `open` operation of an entry made by
    /// [`create`].
    unsafe extern "C" fn open(
        inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY:
        // - `inode` and `file` are valid and in the course of being opened: only this task has the
        //   file, and its position is not in use.
        // - The data of the entry is the `&'static T::Shared` that `create` was given.
        let opened = unsafe {
            let shared = bindings::kallmodsyms_pde_data(inode).cast::<T::Shared>();
            T::open(&*shared, File::from_raw_file(file))
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
    /// [`create`].
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
    /// [`create`].
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> ffi::c_int {
        // SAFETY: The C side releases what it has opened, once, and does not use it any more. `open`
        // made the private data with `into_foreign`.
        drop(unsafe { Pin::<KBox<OpenFile<T>>>::from_foreign((*file).private_data.cast()) });
        0
    }
}

/// No operation at all.
// SAFETY: All fields are flags and nullable function pointers, for which zero bytes are valid.
const ZERO_OPERATIONS: bindings::proc_ops = unsafe { core::mem::zeroed() };
