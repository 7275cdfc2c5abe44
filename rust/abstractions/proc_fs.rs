// SPDX-License-Identifier: GPL-2.0

//! Files in /proc.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)

use super::{
    cred::File,
    open_file::{Contents, OpenFile, Target},
};
use core::{marker::PhantomData, ptr};
use kernel::{bindings, ffi, prelude::*, types::ForeignOwnable};

/// Makes the file `name` in the root of /proc, with the permissions `mode`, for as long as the
/// kernel runs. The contents of each open file are made from `shared`. May sleep.
///
/// Fails with `ENOMEM` if memory is short, and also if the name is taken: C returns null in both
/// cases.
pub(crate) fn create<T: Contents>(
    name: &'static CStr,
    mode: u16,
    shared: &'static T::Shared,
) -> Result {
    // SAFETY:
    // - The name is static and NUL-terminated.
    // - The operations are static.
    // - The data is a `&'static T::Shared`, as the operations expect.
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

/// The operations of a file with the contents `T`.
struct Operations<T>(PhantomData<fn() -> T>);

impl<T: Contents> Operations<T> {
    /// The table for the C side. Reads go through iterators, so that splice() and sendfile() work.
    /// A seek can count from the start or from the current offset. It cannot count from the end, as
    /// the end is not known.
    const TABLE: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        proc_release: Some(Self::release),
        ..ZERO_OPERATIONS
    };

    /// # Safety
    ///
    /// - The caller is the C side, for an entry that [`create`] made with this `T`.
    /// - `inode` and `file` are valid, and `file` is being opened: no other task has it.
    unsafe extern "C" fn open(
        inode: *mut bindings::inode,
        file: *mut bindings::file,
    ) -> ffi::c_int {
        // SAFETY:
        // - `inode` and `file` are valid, by the contract.
        // - No other task has the file, by the contract, so nothing uses its position.
        // - The data of the entry is the `&'static T::Shared` that `create` was given.
        let opened = unsafe {
            let shared = bindings::kallmodsyms_pde_data(inode).cast::<T::Shared>();
            T::open(&*shared, File::from_raw_file(file))
        };
        match OpenFile::<T>::new(opened) {
            Ok(opened) => {
                // The pointer is const in some series and mutable in others.
                let opened = opened.into_foreign() as *mut ffi::c_void;
                // SAFETY:
                // - `file` is valid, by the contract.
                // - Its private data belongs to this operation.
                unsafe { (*file).private_data = opened };
                0
            }
            Err(error) => error.to_errno(),
        }
    }

    /// # Safety
    ///
    /// - The caller is the C side, for a file that [`open`](Self::open) opened.
    /// - The file is not released during the call.
    /// - `kiocb` and `iter` are valid, and no other code uses them during the call.
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY:
        // - `kiocb` and `iter` are valid, and no other code uses them during the call, by the
        //   contract.
        // - `open` opened the file, so its private data is from `into_foreign`.
        // - The file is not released during the call, by the contract.
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
    /// - The caller is the C side, for a file that [`open`](Self::open) opened.
    /// - This is the last use of the file.
    unsafe extern "C" fn release(_: *mut bindings::inode, file: *mut bindings::file) -> ffi::c_int {
        // SAFETY:
        // - `open` opened the file, so its private data is from `into_foreign`.
        // - Nothing uses the data after this, by the contract.
        drop(unsafe { Pin::<KBox<OpenFile<T>>>::from_foreign((*file).private_data.cast()) });
        0
    }
}

/// A table without operations.
// SAFETY: All fields are flags and nullable function pointers; zero is a value of each.
const ZERO_OPERATIONS: bindings::proc_ops = unsafe { core::mem::zeroed() };
