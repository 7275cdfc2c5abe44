// SPDX-License-Identifier: GPL-2.0

//! Measures the loop that makes the lines of the kernel's own symbols. A read of /proc/kallmodsyms
//! spends most of its time in this loop. The benchmark runs on the host, with the tables of an
//! artificial kernel.

#[path = "../kernel/mod.rs"]
#[expect(dead_code, reason = "only the tests use all of its items")]
mod kernel;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use format::walk::Walk;
use kernel::Kernel;

/// The number of symbols.
const SYMBOLS: usize = 20_000;

/// The number of requested bytes in each call.
const WANTED: usize = 30 * 1024;

/// A generator of pseudo-random numbers, with the same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A kernel with names of 18 bytes on average. A third of the symbols stand for the padding before a function.
fn kernel() -> Kernel {
    const WORDS: [&str; 48] = [
        "acpi", "alloc", "attr", "bit", "buf", "cache", "check", "clear", "cpu", "dev", "device",
        "do", "drm", "event", "exit", "ext4", "file", "free", "get", "handler", "i915", "init",
        "inode", "intel", "ip", "irq", "key", "list", "lock", "map", "mem", "mode", "net", "node",
        "ops", "page", "pci", "put", "read", "reg", "release", "set", "show", "sk", "state", "str",
        "task", "write",
    ];
    let mut random = Random(1);
    let mut symbols = Vec::new();
    while symbols.len() < SYMBOLS {
        let words: Vec<String> = (0..2 + random.below(4))
            .map(|_| match random.below(6) {
                0 => format!("{:x}", random.below(0x1000)),
                _ => WORDS[random.below(WORDS.len())].to_string(),
            })
            .collect();
        let name = words.join("_");
        let kind = b"tTtTdr"[random.below(6)];
        let step = 16 * (1 + random.below(20)) + if random.below(12) == 0 { 4096 } else { 0 };
        let size = [None, Some(0), Some(step - random.below(15))][random.below(10).min(2)];
        if random.below(2) == 0 {
            symbols.push((16, None, kind, format!("__pfx_{name}").into_bytes()));
        }
        symbols.push((step, size, kind, name.into_bytes()));
    }
    let ranges: Vec<(usize, Vec<String>)> = (0..SYMBOLS / 54)
        .map(|number| {
            let modules = (0..number % 2).map(|_| format!("module_{number}"));
            (54, modules.collect())
        })
        .collect();
    Kernel::new(symbols, 30, &ranges, &[], true)
}

fn lines(criterion: &mut Criterion) {
    let tables = kernel().tables();
    let mut group = criterion.benchmark_group("lines");
    group.throughput(Throughput::Elements(SYMBOLS as u64));
    for (name, show_values) in [("with addresses and sizes", true), ("with zeros", false)] {
        group.bench_function(name, |bencher| {
            let mut buf = vec![0; 2 * WANTED];
            tables.with(|tables| {
                bencher.iter(|| {
                    let mut walk = Walk::new(tables, 0);
                    let mut total = 0;
                    while (walk.index() as usize) < tables.places.len() {
                        total += walk.lines(tables, &mut buf, WANTED, show_values);
                    }
                    total
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, lines);
criterion_main!(benches);
