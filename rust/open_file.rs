// SPDX-License-Identifier: GPL-2.0

//! Open files whose contents are made while they are read.
//!
//! A `struct seq_file` makes one record at a time, returns no more than a buffer at a time, and
//! finds an offset by making everything that is before it. Here the contents come in pieces as
//! large as the buffer, a read goes on until it has what was asked for, and the contents
//! themselves say from where an offset is best looked for ([`Contents::seek`]).
//!
//! What was made and not asked for yet is kept, for reads that are smaller than a piece and go on
//! in it.
//!
//! Several tasks may read one open file at the same time: threads that call pread(), and processes
//! that inherited the file. A read takes the contents out of the open file, and puts them back at
//! its end. A read that finds them taken makes contents of its own. So no reader waits for another:
//! a read of the whole file does not hold up a small one, nor does a reader whose memory is slow to
//! be written to. (The tasks that call read() wait for each other outside of this code: C takes
//! `f_pos_lock` for the offset that they share.) A reader that is killed leaves after one piece at
//! the latest.
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h) and
//! [`include/linux/uio.h`](srctree/include/linux/uio.h)

use crate::cred::File;
use kernel::{bindings, new_spinlock, prelude::*, sync::SpinLock};

/// Reads of at least so many bytes, the first number of a row, have a buffer of so many, the second
/// one. Who wants the first line does not wait for more to be cleared, and who reads everything is
/// not held up by going from piece to piece.
const BUFFER_SIZES: [(usize, usize); 3] = [(32 << 10, 32 << 10), (512, 8 << 10), (0, 2 << 10)];

/// Bytes that a buffer may grow to, for a piece that does not fit.
const MAX_BUFFER_SIZE: usize = 64 * 1024;

/// The next piece does not fit into the buffer.
pub(crate) struct Overflow;

/// The contents of one open file, and a place in them.
///
/// All calls are in process context and may sleep. Nothing is called between one read and the next,
/// so no lock should be held from one call to another.
pub(crate) trait Contents: Sized + Send + Unpin + 'static {
    /// What the contents of all open files have in common.
    type Shared: Send + Sync + 'static;

    /// What the contents of one open file are made from.
    type Opened: Send + Sync + 'static;

    /// A file is being opened. Process context.
    fn open(shared: &'static Self::Shared, file: &File) -> Self::Opened;

    /// The contents at their beginning.
    fn new(opened: &Self::Opened) -> Result<Self>;

    /// Goes to a place that is as little before `offset` bytes as can be had without reading, or
    /// there. Returns its offset.
    fn seek(&mut self, offset: u64) -> u64;

    /// Writes what comes next to the beginning of `buf`: `wanted` bytes, or somewhat more or less.
    /// Returns how many bytes were written, 0 if there is no more, and goes on by as many.
    fn read(&mut self, buf: &mut [u8], wanted: usize) -> Result<usize, Overflow>;
}

/// An open file.
#[pin_data]
pub(crate) struct OpenFile<T: Contents> {
    opened: T::Opened,
    /// The state that the last read left; none while it is taken for a read.
    #[pin]
    idle: SpinLock<Option<KBox<State<T>>>>,
}

/// What reading a file changes.
struct State<T> {
    contents: T,
    buffer: KVVec<u8>,
    /// What is in the buffer and was not read yet.
    start: usize,
    end: usize,
    /// The offset of the byte at `start`.
    offset: u64,
}

impl<T: Contents> OpenFile<T> {
    /// A file that was opened with this result.
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

    /// Reads from offset `pos` on until `target` is full or there is no more. Returns how many
    /// bytes were read. May sleep, and waits for no other reader.
    ///
    /// Fails, if not even one byte was read, with `EFAULT` if `target` cannot be written to,
    /// `ENOMEM`, `E2BIG` if a piece is too large, or `EINTR` if the task is to be killed.
    pub(crate) fn read(&self, pos: u64, target: &mut Target<'_>) -> Result<usize> {
        let idle = self.idle.lock().take();
        let mut state = match idle {
            Some(state) => state,
            None => State::new(&self.opened)?,
        };
        let result = state.read(pos, target);
        let surplus = self.idle.lock().replace(state);
        // Freed here, where no lock is held.
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

    /// Copies to `target` what is in the buffer of offset `pos` and after it, having filled the
    /// buffer if there is nothing. Returns how many bytes were copied, 0 at the end.
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

    /// Goes to offset `pos`, or to the end if that is before it.
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

    /// Fills the buffer, which has been read to its end, with `wanted` bytes or less or somewhat
    /// more.
    fn fill(&mut self, wanted: usize) -> Result {
        (self.start, self.end) = (0, 0);
        let mut sizes = BUFFER_SIZES.iter();
        let size = sizes.find(|size| wanted >= size.0).map_or(0, |size| size.1);
        if self.buffer.len() < size {
            self.buffer = KVVec::from_elem(0, size, GFP_KERNEL_ACCOUNT)?;
        }
        loop {
            match self.contents.read(&mut self.buffer, wanted) {
                Ok(len) => {
                    self.end = len.min(self.buffer.len());
                    return Ok(());
                }
                Err(Overflow) => {
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

/// Lets others run, between one piece and the next. Fails with `EINTR` if the task is to be killed.
fn give_way() -> Result {
    // SAFETY: This is process context, and no spin lock is held.
    unsafe { bindings::kallmodsyms_cond_resched() };
    // SAFETY: It looks at the flags of the current task.
    if unsafe { bindings::kallmodsyms_fatal_signal_pending() } {
        return Err(EINTR);
    }
    Ok(())
}

/// Where a reader wants to have what it reads: `struct iov_iter`.
///
/// # Invariants
///
/// `iter` is valid and nobody else uses it for as long as this is.
pub(crate) struct Target<'a> {
    iter: &'a mut bindings::iov_iter,
}

impl<'a> Target<'a> {
    /// # Safety
    ///
    /// `iter` is valid, and nobody else uses it for all of `'a`.
    pub(crate) unsafe fn from_raw(iter: *mut bindings::iov_iter) -> Self {
        // SAFETY: The contract says that it is valid and nobody else uses it.
        // INVARIANT: As just said.
        Self {
            iter: unsafe { &mut *iter },
        }
    }

    /// How many bytes there is room for.
    fn left(&self) -> usize {
        // SAFETY: The iterator is valid by the invariant.
        unsafe { bindings::kallmodsyms_iov_iter_count(self.iter) }
    }

    /// Copies `bytes`. Returns how many were copied, fewer if memory could not be written to or
    /// there is no room. May sleep.
    fn write(&mut self, bytes: &[u8]) -> usize {
        // SAFETY: The slice is valid for reads of its length, and the iterator is valid by the
        // invariant.
        unsafe { bindings::kallmodsyms_copy_to_iter(bytes.as_ptr().cast(), bytes.len(), self.iter) }
    }
}
