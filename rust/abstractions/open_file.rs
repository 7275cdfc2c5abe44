// SPDX-License-Identifier: GPL-2.0

//! Open files whose contents are made while they are read.
//!
//! A `struct seq_file` makes one record at a time, and finds an offset by making all records before
//! the offset. A read from a `struct seq_file` returns at most one buffer. This code makes the
//! contents in pieces that can fill the buffer. A read goes on until it has copied the requested
//! number of bytes. [`Contents::seek`] finds an offset, and may do so without making everything
//! before the offset.
//!
//! A read may be smaller than a piece. The buffer then keeps the remaining bytes for the next read.
//!
//! Several tasks may read one open file at the same time: threads that call pread(), and processes
//! that inherited the file. A read takes the contents out of the open file, and puts them back when
//! it ends. A read that finds no contents makes new contents. So no reader waits for another
//! reader: a small read does not wait for a read of the whole file, and no read waits for a reader
//! whose memory is slow. (Tasks that call read() wait for each other outside of this code: C takes
//! `f_pos_lock` for the shared offset.) If a reader is killed, its read ends after one piece at the
//! latest.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h) and
//! [`include/linux/uio.h`](srctree/include/linux/uio.h)

use super::cred::File;
use kernel::{bindings, new_spinlock, prelude::*, sync::SpinLock};

/// The size of the buffer for a read of `wanted` bytes. The buffer of a small read is small,
/// because clearing a large buffer takes time. The buffer of a large read is large, because each
/// piece costs some time.
const fn buffer_size(wanted: usize) -> usize {
    match wanted {
        0..0x200 => 0x800,
        0x200..0x8000 => 0x2000,
        0x8000.. => 0x8000,
    }
}

/// The largest size of a buffer. A buffer grows if a piece does not fit into it.
const MAX_BUFFER_SIZE: usize = 64 * 1024;

/// The next piece does not fit into the buffer.
pub(crate) struct BufferTooSmall;

/// The contents of one open file, and a place in them.
///
/// All calls are in process context and may sleep. An implementation must hold no lock between two
/// calls: a second call may never come.
pub(crate) trait Contents: Sized + Send + Unpin + 'static {
    /// The state that the contents of all open files share.
    type Shared: Send + Sync + 'static;

    /// The state of one open file, from which its contents are made.
    type Opened: Send + Sync + 'static;

    /// Opens `file`.
    fn open(shared: &'static Self::Shared, file: &File) -> Self::Opened;

    /// The contents at their beginning.
    fn new(opened: &Self::Opened) -> Result<Self>;

    /// Goes to a place at `offset` bytes or before: the last such place that this call finds
    /// without reading. Returns the offset of the place.
    fn seek(&mut self, offset: u64) -> u64;

    /// Writes the next bytes of the contents to the beginning of `buf`: `wanted` bytes, or somewhat
    /// more or fewer. Moves the place behind these bytes. Returns the number of bytes written; 0 at
    /// the end.
    fn read(&mut self, buf: &mut [u8], wanted: usize) -> Result<usize, BufferTooSmall>;
}

/// An open file.
#[pin_data]
pub(crate) struct OpenFile<T: Contents> {
    opened: T::Opened,
    /// The state that the last read left; `None` while a read has taken it.
    #[pin]
    idle: SpinLock<Option<KBox<State<T>>>>,
}

/// The part of an open file's state that changes in a read.
struct State<T> {
    contents: T,
    buffer: KVVec<u8>,
    /// The bounds of the bytes in the buffer that no read has copied yet.
    start: usize,
    end: usize,
    /// The offset of the byte at `start`.
    offset: u64,
}

impl<T: Contents> OpenFile<T> {
    /// An open file with the state `opened`.
    pub(crate) fn new(opened: T::Opened) -> Result<Pin<KBox<Self>>> {
        let idle = Some(State::new(&opened)?);
        KBox::pin_init(
            pin_init!(Self {
                opened,
                idle <- new_spinlock!(idle, "kallmodsyms"),
            }),
            GFP_KERNEL_ACCOUNT,
        )
    }

    /// Reads from offset `pos` on until `target` is full or the contents end. Returns the number of
    /// bytes read. May sleep, and waits for no other reader.
    ///
    /// Fails only if no byte was read: with `EFAULT` if `target` cannot be written to, with
    /// `ENOMEM`, with `E2BIG` if a piece is too large, or with `EINTR` if the task is being killed.
    pub(crate) fn read(&self, pos: u64, target: &mut Target<'_>) -> Result<usize> {
        let idle = self.idle.lock().take();
        let mut state = match idle {
            Some(state) => state,
            None => State::new(&self.opened)?,
        };
        let result = state.read(pos, target);
        let surplus = self.idle.lock().replace(state);
        // Drop the surplus state here, without the lock, as this may free memory.
        drop(surplus);
        result
    }
}

impl<T: Contents> State<T> {
    /// The state of a file at its beginning.
    fn new(opened: &T::Opened) -> Result<KBox<Self>> {
        let state = Self {
            contents: T::new(opened)?,
            buffer: KVVec::new(),
            start: 0,
            end: 0,
            offset: 0,
        };
        Ok(KBox::new(state, GFP_KERNEL_ACCOUNT)?)
    }

    /// See [`OpenFile::read`].
    fn read(&mut self, pos: u64, target: &mut Target<'_>) -> Result<usize> {
        let mut total: usize = 0;
        while target.left() > 0 {
            match self.read_piece(pos.wrapping_add(total as u64), target) {
                Ok(0) => break,
                Ok(len) => total = total.wrapping_add(len),
                Err(error) if total == 0 => return Err(error),
                Err(_) => break,
            }
            if give_way().is_err() {
                break;
            }
        }
        Ok(total)
    }

    /// Copies bytes from offset `pos` on from the buffer to `target`. If the buffer has no byte at
    /// `pos`, fills the buffer first. Returns the number of bytes copied; 0 at the end.
    fn read_piece(&mut self, pos: u64, target: &mut Target<'_>) -> Result<usize> {
        let ahead = pos.checked_sub(self.offset);
        let ahead = ahead.and_then(|ahead| usize::try_from(ahead).ok());
        match ahead.filter(|&ahead| ahead <= self.end.saturating_sub(self.start)) {
            Some(ahead) => {
                self.start = self.start.saturating_add(ahead);
                self.offset = pos;
            }
            None => self.seek(pos)?,
        }
        if self.start == self.end {
            self.fill(target.left())?;
        }
        let made = self.buffer.get(self.start..self.end).unwrap_or_default();
        if made.is_empty() || self.offset != pos {
            return Ok(0);
        }
        let wanted = made.get(..target.left()).unwrap_or(made);
        let copied = target.write(wanted);
        self.start = self.start.saturating_add(copied);
        self.offset = self.offset.saturating_add(copied as u64);
        if copied == 0 {
            return Err(EFAULT);
        }
        Ok(copied)
    }

    /// Goes to offset `pos`, or to the end of the contents if `pos` is after the end.
    fn seek(&mut self, pos: u64) -> Result {
        self.offset = self.contents.seek(pos);
        (self.start, self.end) = (0, 0);
        while self.offset < pos {
            let missing = usize::try_from(pos.wrapping_sub(self.offset)).unwrap_or(usize::MAX);
            self.fill(missing)?;
            if self.end == 0 {
                break;
            }
            self.start = missing.min(self.end);
            self.offset = self.offset.saturating_add(self.start as u64);
            give_way()?;
        }
        Ok(())
    }

    /// Fills the buffer with `wanted` bytes, or somewhat more or fewer. Drops the bytes that are
    /// left in the buffer.
    fn fill(&mut self, wanted: usize) -> Result {
        (self.start, self.end) = (0, 0);
        let size = buffer_size(wanted);
        if self.buffer.len() < size {
            self.buffer = KVVec::from_elem(0, size, GFP_KERNEL_ACCOUNT)?;
        }
        loop {
            match self.contents.read(&mut self.buffer, wanted) {
                Ok(len) => {
                    self.end = len.min(self.buffer.len());
                    return Ok(());
                }
                Err(BufferTooSmall) => {
                    let size = self.buffer.len().saturating_mul(2);
                    if size > MAX_BUFFER_SIZE {
                        return Err(E2BIG);
                    }
                    self.buffer = KVVec::from_elem(0, size, GFP_KERNEL_ACCOUNT)?;
                }
            }
        }
    }
}

/// Lets other tasks run, between two pieces. Fails with `EINTR` if the task is being killed.
fn give_way() -> Result {
    // SAFETY:
    // - This is process context.
    // - No spin lock is held.
    unsafe { bindings::kallmodsyms_cond_resched() };
    // SAFETY: The function reads the flags of the current task, which is valid.
    if unsafe { bindings::kallmodsyms_fatal_signal_pending() } {
        return Err(EINTR);
    }
    Ok(())
}

/// The memory that a read writes to: `struct iov_iter`.
///
/// # Invariants
///
/// - `iter` is valid.
/// - No other code uses `iter` for as long as this `Target` exists.
pub(crate) struct Target<'a> {
    iter: &'a mut bindings::iov_iter,
}

impl<'a> Target<'a> {
    /// The target at a pointer from C.
    ///
    /// # Safety
    ///
    /// - `iter` is valid for all of `'a`.
    /// - No other code uses `iter` for all of `'a`.
    pub(crate) unsafe fn from_raw(iter: *mut bindings::iov_iter) -> Self {
        // SAFETY:
        // - `iter` is valid for `'a`, by the contract.
        // - No other code uses `iter` for `'a`, by the contract.
        let iter = unsafe { &mut *iter };
        // INVARIANT:
        // - `iter` is valid for `'a`, by the contract.
        // - No other code uses `iter` for `'a`, by the contract.
        Self { iter }
    }

    /// The number of bytes that still fit.
    fn left(&self) -> usize {
        // SAFETY: `iter` is valid, by the invariant.
        unsafe { bindings::kallmodsyms_iov_iter_count(self.iter) }
    }

    /// Copies `bytes` to the target. Returns the number of bytes copied. It is less than the length
    /// of `bytes` if the target is full, or if its memory cannot be written to. May sleep.
    fn write(&mut self, bytes: &[u8]) -> usize {
        // SAFETY:
        // - The slice is valid for reads of its length.
        // - `iter` is valid, by the invariant.
        // - This is process context, as for all of [`Contents`].
        unsafe { bindings::kallmodsyms_copy_to_iter(bytes.as_ptr().cast(), bytes.len(), self.iter) }
    }
}
