// SPDX-License-Identifier: GPL-2.0

//! Finds the symbols and addresses in a line of text, in the forms that the kernel and its tracers print. Above
//! each rule stands an example of its form.
//!
//! The rules only look at the text. `resolve` decides whether the kernel has the symbol.

use super::suffix::{self, Suffix};
use crate::hexadecimal::parse_digits;

/// A symbol, an address, or an address with its symbol behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    /// The place in the line of the token's first word.
    pub(crate) start: usize,
    pub(crate) address: Option<Address>,
    pub(crate) symbol: Option<Symbol<'t>>,
    /// The module that the text names behind the token.
    pub(crate) module: Option<&'t [u8]>,
    /// True if the text already names the module or the object file.
    pub(crate) is_marked: bool,
}

/// A number that can be an address of the kernel's image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) value: u64,
    /// The place in the line behind the address.
    pub(crate) end: usize,
}

/// A name, and the offset and the size that may follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol<'t> {
    pub(crate) name: &'t [u8],
    pub(crate) offset: Option<u64>,
    pub(crate) size: Option<u64>,
    /// The place in the line behind the last number, or behind the name if no number follows it.
    pub(crate) end: usize,
}

/// The tokens of a line, in order.
pub(crate) struct Tokens<'t> {
    line: &'t [u8],
    /// The first 16 bits of each address of the image; if `None`, no number is taken for an address.
    prefix: Option<u16>,
    /// The place in the line where the search continues.
    at: usize,
    /// The place in the line behind the last user-space address.
    user_address: Option<usize>,
}

/// The places in the line where a word begins and ends.
type Word = (usize, usize);

impl<'t> Tokens<'t> {
    /// The tokens of `line`. `prefix` is the first 16 bits of each address of the image.
    pub(crate) fn of(line: &'t [u8], prefix: Option<u16>) -> Self {
        Self {
            line,
            prefix,
            at: 0,
            user_address: None,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.line.get(at).copied()
    }

    fn from(&self, at: usize) -> &'t [u8] {
        self.line.get(at..).unwrap_or_default()
    }

    fn text(&self, (start, end): Word) -> &'t [u8] {
        self.line.get(start..end).unwrap_or_default()
    }

    /// The first word at or behind `at`.
    fn word(&self, at: usize) -> Option<Word> {
        let is_first = |byte: &u8| is_name(*byte) && *byte != b'.';
        let start = at + self.from(at).iter().position(is_first)?;
        Some((start, self.end_of_word(start)))
    }

    fn end_of_word(&self, start: usize) -> usize {
        let rest = self.from(start);
        let length = rest.iter().position(|byte| !is_name(*byte));
        start + length.unwrap_or(rest.len())
    }

    /// The word that begins at `at`.
    fn word_at(&self, at: usize) -> Option<Word> {
        self.word(at).filter(|word| word.0 == at)
    }

    /// The number at `at`, hexadecimal with `0x` or decimal, and the place behind it.
    fn number(&self, at: usize) -> Option<(u64, usize)> {
        let rest = self.from(at);
        let is_hexadecimal = rest.starts_with(b"0x");
        let start = if is_hexadecimal { at + 2 } else { at };
        let is_digit: fn(&u8) -> bool = match is_hexadecimal {
            true => u8::is_ascii_hexdigit,
            false => u8::is_ascii_digit,
        };
        let length = self.from(start).iter().take_while(|byte| is_digit(byte));
        let end = start + length.count();
        let digits = self.line.get(start..end).filter(|text| !text.is_empty())?;
        let number = match is_hexadecimal {
            true => parse_digits(digits)?,
            false => std::str::from_utf8(digits).ok()?.parse().ok()?,
        };
        Some((number, end))
    }

    /// Tells whether a token can end at `at`.
    fn can_end(&self, at: usize) -> bool {
        let is_inside = |at| {
            self.byte(at)
                .is_some_and(|byte| is_name(byte) || byte >= 0x80)
        };
        match self.byte(at) {
            // `Faulted in vfs_read+0x10.`
            Some(b'.') => !is_inside(at + 1),
            Some(b'_') => self.from(at).starts_with(FOLDED),
            _ => !is_inside(at),
        }
    }

    /// Tells whether a symbol can begin at `start`. A word in a path, or behind a double colon or a hyphen, is
    /// part of a program's name.
    fn can_begin(&self, start: usize) -> bool {
        let before = |bytes: usize| start.checked_sub(bytes).and_then(|at| self.byte(at));
        match before(1) {
            // `/usr/bin/true+0x10`
            Some(b'/') => false,
            // `std::io::read+0x10`
            Some(b':') => before(2) != Some(b':'),
            // `ld-linux+0x10`, but not `vfs_read+0x0/0x151 <-ksys_read+0x75/0xe0`
            Some(b'-') => !before(2).is_some_and(is_name),
            Some(byte) => byte < 0x80,
            None => true,
        }
    }

    /// The symbol that begins with `word`.
    fn symbol(&self, word: Word) -> Option<Symbol<'t>> {
        let (start, end) = word;
        let name = self.text(word);
        if !is_symbol(name) || !self.can_begin(start) {
            return None;
        }
        if self.byte(end) == Some(b'+') {
            return self.with_offset(name, end);
        }
        // `cat;do_syscall_64_[k];ksys_read_[k];vfs_read_[k] 12`
        if self.from(end).starts_with(b"[k]") {
            let name = name.strip_suffix(b"_").filter(|name| !name.is_empty())?;
            return Some(Symbol::bare(name, end - 1));
        }
        // ` ? ext4_file_read_iter`
        // ` => ext4_file_read_iter`
        let before = self.text((0, start));
        let marked = [&b"? "[..], b"=> "].into_iter();
        let mut marked = marked.filter_map(|mark| before.strip_suffix(mark));
        let is_marked = marked.any(|before| before.last().is_none_or(u8::is_ascii_whitespace));
        (is_marked && self.can_end(end)).then_some(Symbol::bare(name, end))
    }

    /// The symbol `name` with the offset and the size behind the `+` at `plus`.
    fn with_offset(&self, name: &'t [u8], plus: usize) -> Option<Symbol<'t>> {
        // ` ext4_file_read_iter+12`
        let (offset, end) = self.number(plus + 1)?;
        let mut symbol = Symbol {
            offset: Some(offset),
            ..Symbol::bare(name, end)
        };
        // ` ext4_file_read_iter+0x1f/0x40`
        if self.byte(end) == Some(b'/') {
            let (size, end) = self.number(end + 1)?;
            symbol.size = Some(size);
            symbol.end = end;
        }
        self.can_end(symbol.end).then_some(symbol)
    }

    /// The symbol behind a back quote, as DTrace prints it. `owner` is the word before the back quote: the
    /// kernel or a file.
    fn quoted(&mut self, owner: Word) -> Option<Symbol<'t>> {
        let (start, quote) = owner;
        let word = self.word_at(quote + 1);
        self.at = word.map_or(quote + 1, |word| word.1);
        let word = word.filter(|word| is_symbol(self.text(*word)))?;
        let symbol = match self.byte(word.1) {
            // "              vmlinux`vfs_read+0x10"
            Some(b'+') => self.with_offset(self.text(word), word.1)?,
            // "              vmlinux`vfs_read"
            _ => Symbol::bare(self.text(word), word.1),
        };
        self.at = symbol.end;
        // "              libc.so.6`read+0x10", "              ext4`ext4_file_read_iter+0x1f"
        let is_kernel = matches!(self.text(owner), b"vmlinux" | b"kernel");
        (is_kernel && self.can_begin(start)).then_some(symbol)
    }

    /// The address in `word`; its end is behind its brackets, if it has any.
    fn address(&self, word: Word) -> Option<Address> {
        let digits = self.text(word);
        let digits = digits.strip_prefix(b"0x").unwrap_or(digits);
        if digits.len() != 16 {
            return None;
        }
        let value = parse_digits(digits)?;
        if (value >> 48) as u16 != self.prefix? {
            return None;
        }
        let (start, end) = word;
        // `[<ffffffff8123c300>] ext4_file_read_iter+0x1f/0x40`
        let is_bracketed = self.text((0, start)).ends_with(b"[<");
        let is_bracketed = is_bracketed && self.from(end).starts_with(b">]");
        let end = if is_bracketed { end + 2 } else { end };
        Some(Address { value, end })
    }

    /// The symbol behind an address. The address ends at `end`.
    fn symbol_of_address(&self, end: usize) -> Option<Symbol<'t>> {
        let gap = self.from(end).iter();
        let gap = gap.take_while(|byte| b" \t?<(".contains(byte)).count();
        if gap == 0 {
            return None;
        }
        let word = self.word_at(end + gap)?;
        // `ffffffff8123c300 ext4_file_read_iter+0x1f (/boot/vmlinux)`
        // `[<ffffffff8123c300>] ? ext4_file_read_iter+0x1f/0x40`
        // `ffffffff8123c300 <ext4_file_read_iter+0x1f>:`
        if let Some(symbol) = self.symbol(word) {
            return Some(symbol);
        }
        let next = |word: Word| match self.byte(word.1) {
            Some(b' ') => self.word_at(word.1 + 1),
            _ => None,
        };
        let is_letter = |word: &Word| word.1 - word.0 == 1;
        let word = match next(word) {
            // `ffffffff8123c2e0 t ext4_file_read_iter`
            Some(name) if is_letter(&word) => name,
            // `ffffffff8123c2e0 4a1 t ext4_file_read_iter`
            Some(letter) if is_letter(&letter) && parse_digits(self.text(word)).is_some() => {
                next(letter)?
            }
            // `ffffffff8123c300 ext4_file_read_iter ([kernel.kallsyms])`
            _ => word,
        };
        let can_be_symbol = is_symbol(self.text(word)) && self.address(word).is_none();
        let ends = !matches!(self.byte(word.1), Some(b'+' | b'`')) && self.can_end(word.1);
        (can_be_symbol && ends).then(|| Symbol::bare(self.text(word), word.1))
    }

    /// The end of `word`, if the word is a user-space address.
    fn end_of_user_address(&self, word: Word) -> Option<usize> {
        let digits = self.text(word);
        let has_letter = digits.iter().any(u8::is_ascii_alphabetic);
        let value = parse_digits(digits).filter(|_| has_letter)?;
        let is_bracketed = self.text((0, word.0)).ends_with(b"<");
        (!is_bracketed && (1 << 32..1 << 48).contains(&value)).then_some(word.1)
    }

    /// Tells whether only blanks are between the last user-space address and the word at `start`.
    fn is_after_user_address(&self, start: usize) -> bool {
        let gap = self.user_address.map(|end| self.text((end, start)));
        gap.is_some_and(|gap| gap.iter().all(u8::is_ascii_whitespace))
    }

    /// The token of these parts; `None` if the text behind the token names a program.
    fn token(
        &mut self,
        start: usize,
        address: Option<Address>,
        symbol: Option<Symbol<'t>>,
    ) -> Option<Token<'t>> {
        let ends = [
            symbol.map(|symbol| symbol.end),
            address.map(|place| place.end),
        ];
        let end = ends.into_iter().flatten().max()?;
        self.at = self.at.max(end);
        let (module, is_marked) = match suffix::of(self.from(end)) {
            Suffix::OfProgram => return None,
            Suffix::Module(module) => (Some(module), true),
            Suffix::Object => (None, true),
            Suffix::None => (None, false),
        };
        Some(Token {
            start,
            address,
            symbol,
            module,
            is_marked,
        })
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        while let Some(word) = self.word(self.at) {
            self.at = word.1;
            let token = if self.byte(word.1) == Some(b'`') {
                let symbol = self.quoted(word);
                symbol.and_then(|symbol| self.token(word.0, None, Some(symbol)))
            } else if let Some(address) = self.address(word) {
                let symbol = self.symbol_of_address(address.end);
                self.token(word.0, Some(address), symbol)
            } else if let Some(symbol) = self.symbol(word) {
                // `    7f2a3b4c5d6e read+0x10`
                let is_user = self.is_after_user_address(word.0);
                let token = self.token(word.0, None, Some(symbol));
                token.filter(|_| !is_user)
            } else {
                self.user_address = self.end_of_user_address(word).or(self.user_address);
                None
            };
            if token.is_some() {
                return token;
            }
        }
        None
    }
}

impl<'t> Symbol<'t> {
    fn bare(name: &'t [u8], end: usize) -> Self {
        Self {
            name,
            offset: None,
            size: None,
            end,
        }
    }
}

/// The text behind a function of the kernel in a folded stack.
const FOLDED: &[u8] = b"_[k]";

/// Tells whether a name can have this byte.
fn is_name(byte: u8) -> bool {
    NAME[usize::from(byte)]
}

/// For each byte: true if a name can have it. A table, because nearly every byte of a text is looked up.
const NAME: [bool; 256] = {
    let mut is_name = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        is_name[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    is_name[b'_' as usize] = true;
    is_name[b'.' as usize] = true;
    is_name[b'$' as usize] = true;
    is_name
};

/// Tells whether a symbol can have this name.
fn is_symbol(name: &[u8]) -> bool {
    name.first().is_some_and(|byte| !byte.is_ascii_digit())
}
