// SPDX-License-Identifier: GPL-2.0

//! Finds the stacks in a text: the lines of each stack, and how often each stack occurred.

use memchr::memchr;

use super::resolve::Found;

/// A stack, or a line with tokens that is part of no stack.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stack<R> {
    /// The innermost frame comes first.
    pub(super) frames: Vec<R>,
    /// How often the stack occurred.
    pub(super) count: u64,
}

/// Makes stacks of lines.
pub(super) struct Stacks<R> {
    /// The frames so far of the stack whose lines are being read.
    open: Vec<R>,
}

impl<R> Stacks<R> {
    pub(super) fn new() -> Self {
        Self { open: Vec::new() }
    }

    /// Takes a line with its tokens, and passes each complete stack to `take`. `row` makes a frame of a token.
    pub(super) fn line(
        &mut self,
        line: &[u8],
        found: &[Found<'_>],
        row: impl Fn(&Found<'_>) -> R,
        mut take: impl FnMut(Stack<R>),
    ) {
        let margin = margin(line);
        let text = line.get(margin..).unwrap_or_default();
        let is_indented = margin > 0 && !text.trim_ascii().is_empty();
        let frame = found.first();
        let frame = frame.filter(|frame| is_indented && frame.start == first_word(line, margin));
        if !self.open.is_empty() {
            if let Some(count) = count_below(text) {
                return take(self.close(count));
            }
            if is_indented {
                return self.open.extend(frame.map(row));
            }
            take(self.close(1));
        }
        if let Some(frame) = frame {
            return self.open.push(row(frame));
        }
        let count = folded_count(text);
        let mut frames: Vec<R> = found.iter().map(row).collect();
        if count.is_some() {
            frames.reverse();
        }
        if !frames.is_empty() {
            let count = count.unwrap_or(1);
            take(Stack { frames, count });
        }
    }

    /// The stack that is still open at the end of the text.
    pub(super) fn end(&mut self) -> Option<Stack<R>> {
        (!self.open.is_empty()).then(|| self.close(1))
    }

    fn close(&mut self, count: u64) -> Stack<R> {
        Stack {
            frames: std::mem::take(&mut self.open),
            count,
        }
    }
}

/// The number of bytes of `line` before an indented text; 0 if the text is not indented. The stamps of the
/// kernel, and the one blank behind the stamps, are no indentation. A line of `/proc/PID/stack` counts as
/// indented.
///
/// ```text
/// [   12.345678][  T123]  vfs_read+0x10/0x151
/// ```
fn margin(line: &[u8]) -> usize {
    // `[<0>] vfs_read+0x10/0x151`, in /proc/PID/stack
    if line.starts_with(PROC_STACK) {
        return PROC_STACK.len();
    }
    let mut rest = line;
    while let Some((stamp, after)) = rest.strip_prefix(b"[").and_then(split_at_bracket) {
        let is_stamp = |byte: &u8| byte.is_ascii_digit() || b" .TC".contains(byte);
        if !stamp.iter().all(is_stamp) {
            break;
        }
        rest = after;
    }
    let stamps = line.len() - rest.len();
    let blanks = rest.len() - rest.trim_ascii_start().len();
    let is_indented = blanks > usize::from(stamps > 0);
    if is_indented {
        stamps + blanks
    } else {
        0
    }
}

/// The first bytes of each line of `/proc/PID/stack`.
const PROC_STACK: &[u8] = b"[<0>] ";

/// The text before the first `]`, and the text behind it.
fn split_at_bracket(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = text.split_at_checked(memchr(b']', text)?)?;
    Some((inside, rest.strip_prefix(b"]")?))
}

/// The place of a frame's first word: behind the margin and a mark such as `? `, `=> ` or `[<`.
fn first_word(line: &[u8], margin: usize) -> usize {
    let text = line.get(margin..).unwrap_or_default();
    let mark = text.iter().take_while(|byte| b"?=>[< ".contains(byte));
    margin + mark.count()
}

/// The count in a line that ends a stack, as bpftrace and DTrace print it; `None` if `text` is no such line.
///
/// ```text
/// ]: 42
/// , cat]: 42
///               42
/// ```
fn count_below(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let of_bpftrace = text.rsplit(|&byte| byte == b' ').next()?;
    let before = text.strip_suffix(of_bpftrace)?;
    match before.is_empty() || before.ends_with(b"]: ") {
        true => number(of_bpftrace),
        false => None,
    }
}

/// The count behind a folded stack; `None` if `text` is no folded stack.
///
/// ```text
/// cat;do_syscall_64_[k];ksys_read_[k];vfs_read_[k] 12
/// ```
fn folded_count(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_end();
    let last = text.rsplit(|&byte| byte == b' ').next()?;
    text.contains(&b';').then(|| number(last))?
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    digits.parse().ok()
}
