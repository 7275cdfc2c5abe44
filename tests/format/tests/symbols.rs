// SPDX-License-Identifier: GPL-2.0

//! Tests the decoder of symbol names, on tables by the encoder in this file.

use format::sorted_names::{Row, SortedNames};
use format::symbols::{Entry, SymbolError, SymbolNames, MAX_SYMBOL_LEN};
use format::tokens::{Token, Tokens, TOKENS};
use proptest::{collection::vec, prelude::*};

/// The tables of a kernel, in the format of scripts/kallsyms.c.
#[derive(Clone, Debug, Default)]
struct Tables {
    stream: Vec<u8>,
    markers: Vec<u32>,
    token_table: Vec<u8>,
    token_index: Vec<u16>,
    len: u32,
}

impl Tables {
    /// Encodes symbols. Each symbol is a list of token numbers.
    fn new(tokens: &[Vec<u8>], symbols: &[Vec<u8>]) -> Self {
        let mut tables = Self {
            len: symbols.len() as u32,
            ..Self::default()
        };
        for number in 0..TOKENS {
            tables.token_index.push(tables.token_table.len() as u16);
            tables
                .token_table
                .extend(tokens.get(number).map_or(&[][..], Vec::as_slice));
            tables.token_table.push(0);
        }
        for (number, symbol) in symbols.iter().enumerate() {
            if number % 256 == 0 {
                tables.markers.push(tables.stream.len() as u32);
            }
            match symbol.len() {
                len @ 0..=127 => tables.stream.push(len as u8),
                len => tables
                    .stream
                    .extend([(len % 128) as u8 + 128, (len / 128) as u8]),
            }
            tables.stream.extend(symbol);
        }
        tables
    }

    /// Checks the tables, and passes the names and the tokens to `use_them`.
    fn checked<T>(
        &self,
        use_them: impl FnOnce(SymbolNames<'_>, Tokens<'_>) -> T,
    ) -> Result<T, SymbolError> {
        let mut room = [[0; TOKENS]; 5];
        let index = self.token_index.as_slice().try_into().expect("256 tokens");
        let tokens = Tokens::new(&self.token_table, index, &mut room)?;
        let names = SymbolNames::new(&self.stream, &self.markers, self.len, &tokens)?;
        Ok(use_them(names, tokens))
    }

    /// Decodes all symbols from each of `starts` on.
    fn decode(&self, starts: &[u32]) -> Result<Vec<Vec<Vec<u8>>>, SymbolError> {
        self.checked(|names, tokens| decode(names, tokens, starts))
    }

    /// The numbers of the symbols of each name in `wanted`.
    fn find(&self, rows: &[Row], wanted: &[&[u8]]) -> Vec<Vec<u32>> {
        let found = self.checked(|names, tokens| {
            let sorted = SortedNames {
                rows,
                names,
                tokens,
            };
            let wanted = wanted.iter();
            wanted.map(|name| sorted.symbols(name).collect()).collect()
        });
        found.unwrap()
    }

    /// The error for which the decoder refuses the tables.
    fn error(&self) -> Option<SymbolError> {
        self.decode(&[]).err()
    }
}

/// Decodes all symbols from each of `starts` on.
fn decode(names: SymbolNames<'_>, tokens: Tokens<'_>, starts: &[u32]) -> Vec<Vec<Vec<u8>>> {
    let expand = |entry: Entry<'_>| {
        let strings = entry.tokens().iter();
        strings.flat_map(|&token| text(tokens.get(token))).collect()
    };
    let starts = starts.iter();
    starts
        .map(|&start| names.starting_at(start).map(expand).collect())
        .collect()
}

fn text(token: Token<'_>) -> Vec<u8> {
    match token {
        Token::Short { word, len } => word.to_le_bytes()[..len].to_vec(),
        Token::Long(text) => text.to_vec(),
    }
}

/// The tables of 300 symbols `T name`. Token 0 is the type letter.
fn small() -> Tables {
    Tables::new(&[b"T".to_vec(), b"name".to_vec()], &vec![vec![0, 1]; 300])
}

/// The row of a symbol in the table of sorted names.
fn row(number: u32) -> Row {
    let [_, row @ ..] = number.to_be_bytes();
    row
}

/// 256 tokens: printable strings of 1 to 19 bytes.
fn token_strings() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(b'!'..=b'~', 1..20), TOKENS)
}

/// The token numbers of a symbol. A few symbols have more than 127 tokens, so that their length takes two bytes.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![15 => vec(any::<u8>(), 1..20), 1 => vec(any::<u8>(), 1..300)]
}

/// The most symbols: more than 256, the number from one marker to the next. Miri takes a thousand times as long
/// for each symbol.
const MOST: usize = if cfg!(miri) { 300 } else { 700 };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 100 }))]

    #[test]
    fn decodes_encoded_symbols(
        tokens in token_strings(),
        symbols in vec(entry(), 1..MOST),
        start in any::<prop::sample::Index>(),
    ) {
        let start = start.index(symbols.len());
        let tables = Tables::new(&tokens, &symbols);
        let expand = |symbol: &Vec<u8>| -> Vec<u8> {
            symbol.iter().flat_map(|&token| tokens[usize::from(token)].clone()).collect()
        };
        let all: Vec<Vec<u8>> = symbols.iter().map(expand).collect();
        let walks = tables.decode(&[0, start as u32, symbols.len() as u32, u32::MAX]).unwrap();
        prop_assert_eq!(&walks[0], &all);
        prop_assert_eq!(&walks[1], &all[start..]);
        prop_assert!(walks[2].is_empty() && walks[3].is_empty());
    }

    /// Looks up a name, a beginning of the name, and the name with one more byte.
    #[test]
    fn finds_the_symbols_of_a_name(
        tokens in vec(vec(b'a'..=b'c', 1..12), TOKENS),
        symbols in vec(vec(0_u8..9, 1..4), 1..MOST),
        chosen in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let tables = Tables::new(&tokens, &symbols);
        let mut names = tables.decode(&[0]).unwrap().remove(0);
        for name in &mut names {
            name.remove(0);
        }
        let mut numbers: Vec<u32> = (0..tables.len).collect();
        numbers.sort_by_key(|&number| &names[number as usize]);
        let rows: Vec<Row> = numbers.iter().map(|&number| row(number)).collect();
        let whole = &names[chosen.index(names.len())];
        let longer = [whole, &b"b"[..]].concat();
        let wanted = [whole, &whole[..cut.index(whole.len() + 1)], &longer];
        let expected = wanted.map(|wanted| {
            (0..tables.len).filter(|&number| names[number as usize] == wanted).collect::<Vec<_>>()
        });
        prop_assert!(!expected[0].is_empty());
        prop_assert_eq!(tables.find(&rows, &wanted), expected);
    }

    #[test]
    fn rows_in_any_order_find_only_symbols_of_the_name(numbers in vec(0_u32..400, 0..300)) {
        let rows: Vec<Row> = numbers.into_iter().map(row).collect();
        let found = small().find(&rows, &[b"name", b"other"]);
        prop_assert!(found[0].iter().all(|&number| number < 300));
        prop_assert!(found[1].is_empty());
    }

    /// The decoder refuses random tables, or decodes `len` symbols.
    #[test]
    fn random_tables_cause_no_panic(
        stream in vec(any::<u8>(), 0..400),
        markers in vec(0_u32..400, 0..3),
        token_table in vec(0_u8..4, 0..300),
        token_index in vec(0_u16..320, TOKENS),
        len in 0_u32..300,
    ) {
        let tables = Tables { stream, markers, token_table, token_index, len };
        if let Ok(walks) = tables.decode(&[0, 7, 256]) {
            prop_assert_eq!(walks[0].len(), len as usize);
        }
    }

    #[test]
    fn a_flipped_bit_keeps_the_number_of_symbols(at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut tables = small();
        let at = at.index(tables.stream.len());
        tables.stream[at] ^= 1_u8 << bit;
        if let Ok(walks) = tables.decode(&[0, 255, 299]) {
            prop_assert_eq!([walks[0].len(), walks[1].len(), walks[2].len()], [300, 45, 1]);
        }
    }

    #[test]
    fn refuses_a_stream_that_is_cut_short(at in any::<prop::sample::Index>()) {
        let mut tables = small();
        tables.stream.truncate(at.index(tables.stream.len()));
        prop_assert!(tables.error().is_some());
    }
}

#[test]
fn ignores_bytes_behind_the_tables() {
    let mut tables = small();
    tables.stream.extend([0xff; 7]);
    tables.markers.push(0);
    tables.token_table.extend([0; 3]);
    assert_eq!(
        tables.decode(&[0]).unwrap()[0],
        vec![b"Tname".to_vec(); 300]
    );
}

#[test]
fn each_defect_has_its_error() {
    let tables = small();
    let but = |change: fn(&mut Tables)| {
        let mut tables = tables.clone();
        change(&mut tables);
        tables.error()
    };
    let end = tables.token_table.len() as u16;
    assert_eq!(tables.error(), None);
    assert_eq!(
        but(|t| t.token_index[9] = u16::MAX),
        Some(SymbolError::BadToken { token: 9 })
    );
    assert_eq!(
        but(|t| _ = t.token_table.pop()),
        Some(SymbolError::BadToken { token: 255 })
    );
    assert_eq!(
        but(|t| _ = t.markers.pop()),
        Some(SymbolError::MarkerCount {
            markers: 1,
            symbols: 300
        })
    );
    assert_eq!(
        but(|t| t.markers[1] += 1),
        Some(SymbolError::BadMarker { marker: 1 })
    );
    assert_eq!(
        but(|t| t.markers[0] = 3),
        Some(SymbolError::BadMarker { marker: 0 })
    );
    assert_eq!(
        but(|t| t.stream[3] = 0),
        Some(SymbolError::BadEntry { symbol: 1 })
    );
    assert_eq!(
        but(|t| t.len = 301),
        Some(SymbolError::BadEntry { symbol: 300 })
    );
    assert_eq!(
        but(|t| t.stream[4] = 7),
        Some(SymbolError::BadType { symbol: 1 })
    );
    assert_eq!(
        but(|t| t.token_table[0] = b'\n'),
        Some(SymbolError::BadType { symbol: 0 })
    );
    // The offset of the last token is the offset of the table's last byte.
    assert_eq!(tables.token_index[255], end - 1);
}

#[test]
fn refuses_an_entry_with_too_many_tokens() {
    let tokens = [b"t".to_vec()];
    assert_eq!(
        Tables::new(&tokens, &[vec![0; MAX_SYMBOL_LEN + 1]]).error(),
        None
    );
    let long = Tables::new(&tokens, &[vec![0; MAX_SYMBOL_LEN + 2]]);
    assert_eq!(long.error(), Some(SymbolError::BadEntry { symbol: 0 }));
}

#[test]
fn an_empty_kernel_has_no_symbols() {
    assert_eq!(
        Tables::new(&[], &[]).decode(&[0, 1]).unwrap(),
        [Vec::<Vec<u8>>::new(), Vec::new()]
    );
}

#[test]
fn error_messages_name_the_damaged_entry() {
    assert_eq!(
        SymbolError::BadToken { token: 9 }.to_string(),
        "token 9 is not in the token table"
    );
    let count = SymbolError::MarkerCount {
        markers: 1,
        symbols: 300,
    };
    assert_eq!(count.to_string(), "1 markers do not serve 300 symbols");
    assert_eq!(
        SymbolError::BadMarker { marker: 1 }.to_string(),
        "marker 1 does not point at its symbol"
    );
    assert_eq!(
        SymbolError::BadEntry { symbol: 4 }.to_string(),
        "bad name entry of symbol 4"
    );
    assert_eq!(
        SymbolError::BadType { symbol: 4 }.to_string(),
        "symbol 4 has no type"
    );
}
