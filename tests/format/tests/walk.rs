// SPDX-License-Identifier: GPL-2.0

//! Compares the lines of whole kernels with lines that the standard library formats. The tests request the
//! lines in pieces of any size.

#[path = "../kernel/mod.rs"]
mod kernel;

use format::{
    symbols::MAX_SYMBOL_LEN,
    walk::{Walk, WINDOW},
};
use kernel::{Kernel, Symbol, Tables};
use proptest::{collection::vec, prelude::*};

/// The expected lines.
fn expected(kernel: &Kernel, show_values: bool) -> Vec<Vec<u8>> {
    let line = |symbol: &Symbol| {
        let (address, size) = if show_values {
            (symbol.address, symbol.size)
        } else {
            (0, 0)
        };
        let mut line = format!("{address:016x} {size:x} {} ", char::from(symbol.kind)).into_bytes();
        line.extend(symbol.name.iter().take(MAX_SYMBOL_LEN));
        for (number, module) in kernel.modules_of(symbol).iter().enumerate() {
            line.extend(if number == 0 { b"\t[" } else { b" [" });
            line.extend(module.as_bytes());
            line.push(b']');
        }
        line.push(b'\n');
        line
    };
    kernel.symbols.iter().map(line).collect()
}

/// The lines of all symbols from `start` on. Each call requests `wanted` bytes with a buffer of `room` bytes.
fn walked(tables: &Tables, start: u32, wanted: usize, room: usize, show_values: bool) -> Vec<u8> {
    let (mut all, mut buf) = (Vec::new(), vec![b'#'; room]);
    tables.with(|tables| {
        // The walk makes lines elsewhere first: the state from there must not affect the lines from `start` on.
        let mut walk = Walk::new(tables, 0);
        walk.lines(tables, &mut buf, wanted, show_values);
        walk.go_to(tables, start);
        while (walk.index() as usize) < tables.places.len() {
            let before = walk.index();
            let len = walk.lines(tables, &mut buf, wanted, show_values);
            assert!(
                walk.index() > before,
                "the line of symbol {} does not fit",
                before
            );
            all.extend_from_slice(&buf[..len]);
        }
        assert_eq!(walk.lines(tables, &mut buf, wanted, show_values), 0);
    });
    all
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let lengths = prop_oneof![20 => 1..60_usize, 2 => 60..250_usize, 1 => 250..512_usize];
    lengths.prop_flat_map(|len| vec(prop_oneof![b'a'..=b'f', b'_'..=b'_'], len))
}

/// Miri takes a thousand times as long for each symbol.
const MOST: usize = if cfg!(miri) { 30 } else { 200 };
const LENGTHS: usize = if cfg!(miri) { 73 } else { 1 };

/// Kernels of up to 199 symbols.
fn kernel() -> impl Strategy<Value = Kernel> {
    let step = prop_oneof![2 => Just(0_usize), 9 => 1..0x100_usize, 1 => 0x100..0x100_0000_usize];
    let size = prop_oneof![
        3 => Just(None),
        3 => (0..0x200_usize).prop_map(Some),
        1 => (0..usize::BITS).prop_map(|bits| Some(usize::MAX >> bits)),
    ];
    let symbol = (step, size, prop_oneof![Just(b't'), Just(b'D')], name());
    let byte = prop_oneof![26 => b'a'..=b'z', 10 => b'0'..=b'9', 1 => Just(b'_')];
    let module = vec(byte, 1..=55).prop_map(|bytes| String::from_utf8(bytes).unwrap());
    let module = vec(module, 0..4);
    (
        vec(symbol, 1..MOST),
        0..20_usize,
        vec((0..40_usize, module), 0..20),
        vec(0..200_usize, 0..4),
        any::<bool>(),
    )
        .prop_map(|(symbols, percpu, ranges, exceptions, sizes)| {
            Kernel::new(symbols, percpu, &ranges, &exceptions, sizes)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 32 }))]

    #[test]
    fn lines_in_pieces_of_any_size(
        kernel in kernel(),
        start in any::<prop::sample::Index>(),
        wanted in prop_oneof![1..100_usize, 100..9000_usize],
        room in WINDOW..4 * WINDOW,
        show_values: bool,
    ) {
        let start = start.index(kernel.symbols.len());
        let lines = expected(&kernel, show_values).split_off(start).concat();
        let tables = kernel.tables();
        let walked = walked(&tables, start as u32, wanted, room, show_values);
        prop_assert_eq!(walked.escape_ascii().to_string(), lines.escape_ascii().to_string());
    }

    /// A buffer of any size gets whole lines only. The last line begins within the requested bytes.
    #[test]
    fn lines_in_buffers_of_any_size(kernel in kernel(), wanted in 1..3000_usize, room in 0..3000_usize) {
        let lines = expected(&kernel, true);
        let mut buf = vec![b'#'; room];
        kernel.tables().with(|tables| {
            let mut walk = Walk::new(tables, 0);
            let len = walk.lines(tables, &mut buf, wanted, true);
            let lines = &lines[..walk.index() as usize];
            assert_eq!(buf[..len].escape_ascii().to_string(), lines.concat().escape_ascii().to_string());
            if let Some((_, before)) = lines.split_last() {
                assert!(before.concat().len() < wanted);
            }
        });
    }
}

/// Names of all lengths up to the limit.
#[test]
fn names_of_all_lengths() {
    for len in (1..=MAX_SYMBOL_LEN).step_by(LENGTHS) {
        let symbols = vec![
            (1, None, b't', vec![b'a'; len]),
            (1, None, b't', vec![b'b'; 3]),
        ];
        let kernel = Kernel::new(symbols, 0, &[(1, vec!["ext4".into()])], &[], true);
        let lines = expected(&kernel, true).concat();
        assert_eq!(
            walked(&kernel.tables(), 0, 8000, 8000, true),
            lines,
            "{len}"
        );
    }
}

/// A line can be longer than the requested bytes and a window together.
#[test]
fn a_line_longer_than_the_window() {
    let modules = (0..60).map(|number| format!("{number:055}")).collect();
    let symbols = ["first", "second", "third", "fourth"];
    let symbols = symbols.map(|name| (16, None, b't', name.into())).to_vec();
    let kernel = Kernel::new(symbols, 0, &[(1, vec![]), (1, modules)], &[], true);
    let lines = expected(&kernel, true);
    assert!(lines.iter().any(|line| line.len() > 2 * WINDOW));
    for wanted in [1, 40, 100] {
        let walked = walked(&kernel.tables(), 0, wanted, 8000, true);
        assert_eq!(
            walked.escape_ascii().to_string(),
            lines.concat().escape_ascii().to_string()
        );
    }
}
