// SPDX-License-Identifier: GPL-2.0

//! Files that are made of records: `struct seq_file`.
//!
//! A [`Records`] is one open file's walk over the records. The C side asks for records until a
//! reader's buffer is full, keeps what is left for the next read, and repeats the walk from the
//! beginning to find a byte offset.
//!
//! Its own buffer is one page, which means as many calls, and as many times taking the locks of the
//! sources, as there are pages in the file. It takes a buffer that is there already, though, so
//! [`open`] gives it one of [`BUFFER_SIZE`]. That one is never exchanged, as records are not
//! larger.
//!
//! C header: [`include/linux/seq_file.h`](srctree/include/linux/seq_file.h)

use crate::cred::File;
use core::{marker::PhantomData, ptr, slice};
use kernel::{bindings, error::to_result, ffi, prelude::*, sync::Arc};

/// Bytes of the buffer of each open file, and so the limit for a record.
const BUFFER_SIZE: usize = 64 * 1024;

/// A record does not fit in what is left of the buffer.
pub(crate) struct Overflow;

/// The walk of one open file over its records.
///
/// The calls for one file do not overlap and are in this order: [`seek`](Self::seek) once, then
/// [`show`](Self::show) and [`next`](Self::next) in turn, from the start again at any time. All are
/// in process context and may sleep. Nothing is called between one read and the next, so no lock
/// should be held from one call to another.
pub(crate) trait Records: Sized + Send + 'static {
    /// What the walks of all open files have in common.
    type Shared: Send + Sync + 'static;

    /// Begins a walk for a file that is being opened. Process context.
    fn open(shared: Arc<Self::Shared>, file: &File) -> Result<Self>;

    /// Goes to the record at position `pos`. The first record is at 0.
    fn seek(&mut self, pos: u64);

    /// Writes the current record to the beginning of `buf` and returns its length in bytes. 0 is a
    /// record that is not seen. When it fails it is asked for the same position again with the
    /// whole buffer, and when it fails then, the read fails with `E2BIG`.
    fn show(&mut self, buf: &mut [u8]) -> Result<usize, Overflow>;

    /// Goes on from the record that was just shown. Returns the position of the next record, and
    /// whether there may be one.
    fn next(&mut self) -> (u64, bool);
}

/// The callbacks for a type of records.
pub(crate) struct Callbacks<T>(PhantomData<T>);

impl<T: Records> Callbacks<T> {
    /// What the C side is given.
    pub(crate) const OPERATIONS: &'static bindings::seq_operations = &bindings::seq_operations {
        start: Some(Self::start),
        stop: Some(Self::stop),
        next: Some(Self::next),
        show: Some(Self::show),
    };

    /// # Safety
    ///
    /// To be called by the C side only, for a file that [`open`] opened for `T`.
    unsafe extern "C" fn start(
        m: *mut bindings::seq_file,
        pos: *mut bindings::loff_t,
    ) -> *mut ffi::c_void {
        // SAFETY: `m` is from `open`, and seq_file holds its lock. `pos` is valid by the C
        // contract.
        let (records, pos) = unsafe { (records::<T>(m), *pos) };
        records.seek(pos as u64);
        ptr::from_mut(records).cast()
    }

    /// # Safety
    ///
    /// As for [`start`](Self::start).
    unsafe extern "C" fn next(
        m: *mut bindings::seq_file,
        _: *mut ffi::c_void,
        pos: *mut bindings::loff_t,
    ) -> *mut ffi::c_void {
        // SAFETY: `m` is from `open`, and seq_file holds its lock. `pos` is valid by the C
        // contract.
        let (records, pos) = unsafe { (records::<T>(m), &mut *pos) };
        let (next, more) = records.next();
        // The C side requires that the position changes, even at the end.
        *pos = (next as bindings::loff_t).max(pos.saturating_add(1));
        if more {
            ptr::from_mut(records).cast()
        } else {
            ptr::null_mut()
        }
    }

    /// # Safety
    ///
    /// As for [`start`](Self::start).
    unsafe extern "C" fn show(m: *mut bindings::seq_file, _: *mut ffi::c_void) -> ffi::c_int {
        // SAFETY: `m` is from `open`, and seq_file holds its lock. The tail is not part of the
        // records.
        let (records, tail) = unsafe { (records::<T>(m), tail(m)) };
        let shown = records.show(tail);
        // SAFETY: As above, and `tail` is no longer in use.
        unsafe { commit(m, shown) }.map_or_else(|error| error.to_errno(), |()| 0)
    }

    /// # Safety
    ///
    /// None: nothing is held from one call to another.
    unsafe extern "C" fn stop(_: *mut bindings::seq_file, _: *mut ffi::c_void) {}
}

/// The records of an open file.
///
/// # Safety
///
/// `m` is of a file that [`open`] opened for `T` and that is not released; its lock is held, and no
/// other reference from here is in use, for all of `'a`.
unsafe fn records<'a, T: Records>(m: *mut bindings::seq_file) -> &'a mut T {
    // SAFETY: `open` made `private` from a box of `T`, which `release` alone takes back. The lock
    // excludes other users.
    unsafe { &mut *(*m).private.cast() }
}

/// The free part of the buffer.
///
/// # Safety
///
/// `m` is of a file that [`open`] opened and that is not released; its lock is held, and nobody
/// else uses the free part for all of `'a`.
unsafe fn tail<'a>(m: *mut bindings::seq_file) -> &'a mut [u8] {
    // SAFETY: `m` is valid by the contract.
    let (buf, size, count) = unsafe { ((*m).buf, (*m).size, (*m).count) };
    // A buffer that is full to the last byte counts as overflown, so that byte is not offered.
    let free = size.saturating_sub(count).saturating_sub(1);
    if buf.is_null() || free == 0 {
        return &mut [];
    }
    // SAFETY: `buf` is the buffer that `open` made, as `commit` keeps the C side from making
    // another. It has `size` bytes, which were initialised, and the slice is inside of it. Nobody
    // else uses that part, by the contract.
    unsafe { slice::from_raw_parts_mut(buf.add(count).cast(), free) }
}

/// Tells the C side how many bytes of its free part were written, or that the record did not fit.
///
/// Fails with `E2BIG` if it did not fit into the whole buffer: the C side would make a larger one.
///
/// # Safety
///
/// `m` is valid and its lock is held.
unsafe fn commit(m: *mut bindings::seq_file, shown: Result<usize, Overflow>) -> Result {
    // SAFETY: `m` is valid by the contract, and the fields are protected by the lock.
    let (count, size) = unsafe { (&mut (*m).count, (*m).size) };
    *count = match shown {
        Ok(len) => count.saturating_add(len).min(size),
        Err(Overflow) if *count == 0 => return Err(E2BIG),
        Err(Overflow) => size,
    };
    Ok(())
}

/// Makes `file`, which is being opened, one of `records`. To be called from its `open` operation,
/// in process context; its `release` operation has to be [`release`].
///
/// # Safety
///
/// `file` is valid, and this is part of opening it.
pub(crate) unsafe fn open<T: Records>(file: *mut bindings::file, records: T) -> Result {
    let records = KBox::new(records, GFP_KERNEL)?;
    let buffer = KVVec::<u8>::from_elem(0, BUFFER_SIZE, GFP_KERNEL_ACCOUNT)?;
    // SAFETY: `file` is valid and being opened by the contract; the operations are static.
    to_result(unsafe { bindings::seq_open(file, Callbacks::<T>::OPERATIONS) })?;
    let (buffer, size, _) = buffer.into_raw_parts();
    // SAFETY: seq_open() succeeded, so the private data is a `seq_file`, which nobody else knows
    // yet. It is given the ownership of both allocations. Its buffer is freed with kvfree(), which
    // suits the allocator of `KVVec`.
    unsafe {
        let m: *mut bindings::seq_file = (*file).private_data.cast();
        (*m).private = KBox::into_raw(records).cast();
        (*m).buf = buffer.cast();
        (*m).size = size;
    }
    Ok(())
}

/// Releases a file that [`open`] opened.
///
/// # Safety
///
/// `file` is valid, [`open`] succeeded on it for the same `T`, and this is its last use.
pub(crate) unsafe fn release<T: Records>(inode: *mut bindings::inode, file: *mut bindings::file) {
    // SAFETY: `open` made the private data a `seq_file`, and that one's private data from a box of
    // `T`. Nobody else uses them any more.
    let records: KBox<T> = unsafe {
        let m: *mut bindings::seq_file = (*file).private_data.cast();
        KBox::from_raw((*m).private.cast())
    };
    drop(records);
    // SAFETY: As above; seq_release() frees the buffer and the `seq_file`.
    unsafe { bindings::seq_release(inode, file) };
}
