// SPDX-License-Identifier: GPL-2.0

//! Compares the lines of the format code with lines that the standard library formats.

use format::{
    line::{Line, NoSpace},
    symbols::{SymbolNames, MAX_SYMBOL_LEN},
    tokens::{Tokens, TOKENS},
};
use proptest::{collection::vec, prelude::*};

/// The fields of a line.
#[derive(Clone, Debug)]
struct Parts {
    address: usize,
    size: usize,
    kind: u8,
    name: Vec<u8>,
    modules: Vec<Vec<u8>>,
}

impl Parts {
    /// The line as the standard library formats it.
    fn expected(&self) -> Vec<u8> {
        let width = 2 * size_of::<usize>();
        let mut line = format!(
            "{:0width$x} {:x} {} ",
            self.address,
            self.size,
            char::from(self.kind)
        )
        .into_bytes();
        line.extend(self.name.iter().take(MAX_SYMBOL_LEN));
        for (number, module) in self.modules.iter().enumerate() {
            line.extend(if number == 0 { b"\t[" } else { b" [" });
            line.extend(module);
            line.push(b']');
        }
        line.push(b'\n');
        line
    }

    /// Renders the line into `room` bytes, with an uncompressed name.
    fn plain(&self, room: usize) -> Result<Vec<u8>, NoSpace> {
        self.render(room, |line| line.name(&self.name))
    }

    /// Renders the line into `room` bytes, with a name of tokens of `step` bytes.
    fn tokenised(&self, room: usize, step: usize) -> Result<Vec<u8>, NoSpace> {
        let full: Vec<u8> = [&[self.kind], self.name.as_slice()].concat();
        let mut strings: Vec<&[u8]> = full.chunks(step).collect();
        strings.resize(TOKENS, &[]);
        let count = full.len().div_ceil(step);
        let (mut table, mut index, mut words) = (Vec::new(), [0; TOKENS], [[0; TOKENS]; 5]);
        for (start, string) in index.iter_mut().zip(strings) {
            *start = table.len() as u16;
            table.extend(string);
            table.push(0);
        }
        let tokens = Tokens::new(&table, &index, &mut words).unwrap();
        let mut stream = vec![(count % 128 + if count < 128 { 0 } else { 128 }) as u8];
        stream.extend((count >= 128).then_some((count / 128) as u8));
        stream.extend((0..count).map(|token| token as u8));
        let names = SymbolNames::new(&stream, &[0], 1, &tokens).unwrap();
        let entry = names.starting_at(0).next().unwrap();
        assert_eq!(tokens.first_byte(entry.tokens()[0]), self.kind);
        self.render(room, |line| line.symbol(&tokens, entry))
    }

    fn render(
        &self,
        room: usize,
        name: impl FnOnce(&mut Line<'_>) -> Result<(), NoSpace>,
    ) -> Result<Vec<u8>, NoSpace> {
        let mut buf = vec![b'#'; room];
        let mut line = Line::new(&mut buf);
        line.fields(self.address, self.size, self.kind)?;
        name(&mut line)?;
        for module in &self.modules {
            line.module(module)?;
        }
        let len = line.finish()?;
        Ok(buf[..len].to_vec())
    }
}

/// Numbers of all magnitudes.
fn number() -> impl Strategy<Value = usize> {
    (any::<usize>(), 0..=usize::BITS)
        .prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0))
}

fn parts(names: std::ops::Range<usize>) -> impl Strategy<Value = Parts> {
    let name = || vec(b'!'..=b'~', names.clone());
    let module = vec(b'a'..=b'z', 1..55);
    (number(), number(), b'A'..=b'z', name(), vec(module, 0..4)).prop_map(
        |(address, size, kind, name, modules)| Parts {
            address,
            size,
            kind,
            name,
            modules,
        },
    )
}

proptest! {
    // Miri takes a thousand times as long for each case.
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 256 }))]

    #[test]
    fn lines_with_plain_names(parts in parts(0..600)) {
        prop_assert_eq!(parts.plain(4096), Ok(parts.expected()));
    }

    #[test]
    fn lines_with_names_of_tokens(parts in parts(0..600), step in 3_usize..40) {
        prop_assert_eq!(parts.tokenised(4096, step), Ok(parts.expected()));
    }

    /// The format code may refuse a buffer with fewer than 8 bytes behind the line, but never cuts a line.
    #[test]
    fn lines_in_buffers_of_any_size(parts in parts(0..100), step in 1_usize..20, room in 0_usize..400) {
        let expected = parts.expected();
        for line in [parts.plain(room), parts.tokenised(room, step)] {
            match line {
                Ok(line) => prop_assert_eq!(line, expected.clone()),
                Err(NoSpace) => prop_assert!(room < expected.len() + 8),
            }
        }
    }
}

#[test]
fn addresses_and_sizes_of_every_number_of_digits() {
    for bits in 0..usize::BITS {
        for size in [1 << bits, (1 << bits) - 1, usize::MAX >> bits] {
            let parts = Parts {
                address: !size,
                size,
                kind: b't',
                name: b"n".to_vec(),
                modules: vec![],
            };
            assert_eq!(parts.plain(64), Ok(parts.expected()));
        }
    }
}

#[test]
fn line_of_the_documentation() {
    let parts = Parts {
        address: 0xffff_ffff_81a3_c2f0,
        size: 0x1c7,
        kind: b't',
        name: b"ext4_fill_super".to_vec(),
        modules: vec![b"ext4".to_vec(), b"ext5".to_vec()],
    };
    let line = b"ffffffff81a3c2f0 1c7 t ext4_fill_super\t[ext4] [ext5]\n".to_vec();
    assert_eq!(parts.plain(200), Ok(line.clone()));
    assert_eq!(parts.tokenised(200, 3), Ok(line));
}
