// SPDX-License-Identifier: GPL-2.0

//! Damages files with a kernel. The library must show the kernel or refuse the file, and must not panic.

use kallmodsyms::{Error, Show};

use crate::dump::core;
use crate::kdump::{flattened, kdump};
use crate::kernel::Vmlinux;
use crate::raw_image::{arm64_image, zboot};
use crate::show::Place;
use crate::vmlinuz::compressed;

/// The generator xorshift64* of pseudo-random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

/// The number of damaged copies of each file.
const CHANGES: u32 = 500;

fn change(file: &mut Vec<u8>, random: &mut Random) {
    // Half of the changes are limited to the first 0x100 bytes, because the headers are short.
    let bound = [0x100, file.len()][random.below(2)].min(file.len());
    let at = random.below(bound.max(1));
    match random.below(4) {
        0 => file.truncate(at),
        1 => file[at] = random.below(256) as u8,
        2 => {
            let end = (at + 8).min(file.len());
            file[at..end].fill([0, 0xff, 0x80, 0x7f][random.below(4)]);
        }
        _ => drop(file.drain(at..(at + 4).min(file.len()))),
    }
}

#[test]
fn a_damaged_file_is_shown_or_refused() {
    let image = arm64_image(&Vmlinux::unrelocated());
    let program = zboot("gzip", &compressed("gzip", &image).unwrap());
    let mut random = Random(9);
    for file in [
        image,
        program,
        core(&Vmlinux::new()),
        core(&Vmlinux::relative()),
        kdump(&Vmlinux::new()),
        flattened(&kdump(&Vmlinux::new())),
    ] {
        let place = Place::with(b"");
        let (mut answered, mut refused) = (0, 0);
        for _ in 0..CHANGES {
            let mut damaged = file.clone();
            for _ in 0..=random.below(2) {
                change(&mut damaged, &mut random);
            }
            place.write("vmlinux", &damaged);
            let request = Show::of(place.directory().join("vmlinux"));
            match kallmodsyms::show(&request, &mut Vec::new()) {
                Ok(_) => answered += 1,
                Err(error) => {
                    check(&error);
                    refused += 1;
                }
            }
        }
        assert!(answered > 0 && refused > 0, "{answered} {refused}");
    }
}

/// Checks that an error has a problem, and a line with a remedy.
fn check(error: &Error) {
    let text = error.to_string();
    assert!(
        matches!(text.split_once("\n  "), Some((_, remedy)) if !remedy.contains('\n')),
        "{text}"
    );
}
