// SPDX-License-Identifier: GPL-2.0

//! Fuzzes the names of symbols, and the lines of the symbols.

use crate::format::braces::NoObjects;
use crate::format::line::{Line, NoSpace};
use crate::format::ranges::ModuleTables;
use crate::format::symbols::{Entry, SymbolNames, MAX_SYMBOL_LEN};
use crate::format::tokens::{Token, Tokens, TOKENS};
use crate::format::walk::{Place, Places, Tables, Walk, WINDOW};
use crate::input::Input;

/// The flag for a right token index.
const INDEX: u8 = 1;
/// The flag for right markers.
const MARK: u8 = 2;

pub fn run(input: &[u8]) {
    let mut input = Input(input);
    let flags = input.byte();
    let mut len = match input.short() {
        u16::MAX => input.word(),
        len => len.into(),
    };
    let lengths: [usize; 3] = input.lengths();
    let table = input.bytes(lengths[0]);
    let mut index = [0; TOKENS];
    if flags & INDEX != 0 {
        let ends = table.iter().zip(1..).filter(|(&byte, _)| byte == 0);
        let starts = ends.map(|(_, after): (_, usize)| after);
        for (index, start) in index.iter_mut().skip(1).zip(starts) {
            *index = start.min(table.len() - 1) as u16;
        }
    } else {
        index = std::array::from_fn(|_| input.short());
    }
    let mut markers = input.words(lengths[1]);
    let stream = input.bytes(lengths[2]);
    if flags & MARK != 0 {
        let starts = starts(stream);
        len = len.min(starts.len() as u32);
        markers = starts.into_iter().step_by(256).collect();
    }

    let mut words = [[0; TOKENS]; 5];
    let tokens = match Tokens::new(table, &index, &mut words) {
        Ok(tokens) => tokens,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for (token, &start) in (0..=u8::MAX).zip(&index) {
        let text = text(&tokens, token);
        let start = usize::from(start);
        assert_eq!(table[start..start + text.len()], text);
        assert_eq!(table[start + text.len()], 0);
        assert_eq!(tokens.first_byte(token), *text.first().unwrap_or(&0));
    }
    match SymbolNames::new(stream, &markers, len, &tokens) {
        Ok(names) => check(&names, &tokens, stream, len, &mut input),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The offset of each entry that ends within the stream.
fn starts(stream: &[u8]) -> Vec<u32> {
    let (mut starts, mut at) = (Vec::new(), 0);
    while let Some(&low) = stream.get(at) {
        let (head, len) = match (low, stream.get(at + 1)) {
            (0..=127, _) => (1, usize::from(low)),
            (_, Some(&high)) => (2, usize::from(low) % 128 + usize::from(high) * 128),
            (_, None) => break,
        };
        if at + head + len > stream.len() {
            break;
        }
        starts.push(at as u32);
        at += head + len;
    }
    starts
}

fn text(tokens: &Tokens<'_>, token: u8) -> Vec<u8> {
    match tokens.get(token) {
        Token::Short { word, len } => word.to_le_bytes()[..len].to_vec(),
        Token::Long(text) => text.to_vec(),
    }
}

/// Checks accepted tables: the names from any symbol on are complete, and the line of a symbol is right.
fn check(
    names: &SymbolNames<'_>,
    tokens: &Tokens<'_>,
    stream: &[u8],
    len: u32,
    input: &mut Input<'_>,
) {
    assert_eq!((names.len(), names.is_empty()), (len, len == 0));
    let all: Vec<Entry<'_>> = names.starting_at(0).collect();
    let starts = starts(stream);
    assert_eq!(all.len(), len as usize);
    for (entry, &start) in all.iter().zip(&starts) {
        let entry = entry.tokens();
        let head = if entry.len() < 128 { 1 } else { 2 };
        assert!((1..=MAX_SYMBOL_LEN + 1).contains(&entry.len()));
        // An entry may store a length below 128 in two bytes.
        let heads = [head, 2].map(|head| start as usize + head);
        assert!(heads.iter().any(|&at| stream[at..].starts_with(entry)));
        assert!(tokens.first_byte(entry[0]).is_ascii_graphic());
    }
    for from in [len, u32::MAX] {
        assert_eq!(names.starting_at(from).count(), 0);
    }
    check_walk(names, tokens, &all, input);
    for _ in 0..8 {
        let from = input.short() as usize % (all.len() + 1);
        let rest: Vec<Entry<'_>> = names.starting_at(from as u32).collect();
        assert_eq!(rest, all[from..]);
        if let Some(&entry) = rest.first() {
            check_line(tokens, entry, input);
        }
        if input.0.is_empty() {
            break;
        }
    }
}

/// Checks the line of a symbol in a large buffer and in a smaller buffer. Only the smaller buffer may be
/// refused.
fn check_line(tokens: &Tokens<'_>, entry: Entry<'_>, input: &mut Input<'_>) {
    let shift = input.byte() % 64;
    let (address, size) = (input.long() as usize, (input.long() >> shift) as usize);
    let modules = [&b"ext4"[..], b"mac_80211"];
    let modules = &modules[..usize::from(input.byte() % 3)];
    let full: Vec<u8> = entry
        .tokens()
        .iter()
        .flat_map(|&token| text(tokens, token))
        .collect();
    let (kind, name) = (full[0], &full[1..]);
    let mut expected = format!("{address:016x} {size:x} {} ", char::from(kind)).into_bytes();
    let fields = expected.len();
    expected.extend(name.iter().take(MAX_SYMBOL_LEN));
    for (separator, module) in ["\t", " "].iter().zip(modules) {
        expected.extend([separator.as_bytes(), b"[", module, b"]"].concat());
    }
    expected.push(b'\n');
    // The buffer needs room for the whole name: the format code expands the name before it cuts the name.
    let wanted = expected.len().max(fields + name.len()) + 8;

    for room in [wanted, usize::from(input.short()) % wanted] {
        for by_tokens in [true, false] {
            let mut buf = vec![b'#'; room];
            let mut line = Line::new(&mut buf);
            let mut make = || {
                line.fields(address, size, kind)?;
                match by_tokens {
                    true => line.symbol(tokens, entry)?,
                    false => line.name(name)?,
                }
                modules.iter().try_for_each(|module| line.module(module))
            };
            match make().and_then(|()| line.finish()) {
                Ok(length) => assert_eq!(buf[..length], expected),
                Err(NoSpace) => assert!(room < wanted, "no line in {room} bytes"),
            }
        }
    }
}

/// The places of symbols. Each element is the address of a symbol divided by 16, which is also its offset
/// divided by 16.
pub(super) struct Rows(pub(super) Vec<u32>);

impl Places for Rows {
    type Row = u32;

    fn rows(&self, index: u32) -> &[u32] {
        self.0.get(index as usize..).unwrap_or_default()
    }

    fn place(&self, _index: u32, row: u32) -> Place {
        Place {
            address: row as usize * 16,
            offset: row * 16,
            percpu: false,
        }
    }

    fn to_section_end(&self, _place: Place) -> usize {
        16
    }
}

/// Compares the lines of a walk with the line of each symbol. The check ends at a line that does not fit.
fn check_walk(
    names: &SymbolNames<'_>,
    tokens: &Tokens<'_>,
    all: &[Entry<'_>],
    input: &mut Input<'_>,
) {
    let tables = Tables {
        names,
        tokens,
        places: &Rows((0..names.len()).collect()),
        modules: &ModuleTables::empty(),
        sizes: None,
        objects: NoObjects,
    };
    let mut buf = vec![0; WINDOW + usize::from(input.short() % 8192)];
    let wanted = usize::from(input.short());
    let mut walk = Walk::new(&tables, 0);
    let mut index = 0;
    while index < all.len() {
        let length = walk.lines(&tables, &mut buf, wanted.max(1), true);
        let mut lines = &buf[..length];
        for (number, entry) in all
            .iter()
            .enumerate()
            .take(walk.index() as usize)
            .skip(index)
        {
            let tokens = entry.tokens().iter().flat_map(|&token| text(tokens, token));
            let full: Vec<u8> = tokens.take(MAX_SYMBOL_LEN + 1).collect();
            let mut line = format!("{:016x} 10 {} ", number * 16, char::from(full[0])).into_bytes();
            line.extend(&full[1..]);
            line.push(b'\n');
            assert!(lines.starts_with(&line), "line {number}");
            lines = &lines[line.len()..];
        }
        assert!(lines.is_empty());
        if index == walk.index() as usize {
            let list = all[index].tokens().iter();
            let length: usize = list.map(|&token| text(tokens, token).len()).sum();
            assert!(length + 64 > WINDOW, "{length} bytes do not fit");
            return;
        }
        index = walk.index() as usize;
    }
}
