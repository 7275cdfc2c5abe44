// SPDX-License-Identifier: GPL-2.0

//! `whose [-f FILE] [-t] [ADDRESS]...` prints the symbol and the modules of each hexadecimal address.
//! Without arguments, it reads addresses from the standard input, one on each line. -f reads a saved
//! listing instead of /proc/kallmodsyms. -t prints the time of reading to the standard error.
//!
//! ```text
//! $ cargo run --example whose -- ffffffff8da4a500 ffffffff81000000
//! ffffffff8da4a500 ext4_fill_super+0xc1/0x2b22 [ext4]
//! ffffffff81000000 ?
//! ```

use std::error::Error;
use std::fmt::Write;
use std::fs::File;
use std::io::stdin;
use std::time::Instant;

use kallmodsyms::Listing;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut file, mut is_timed, mut addresses) = (None, false, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-f" => file = Some(arguments.next().ok_or("-f: which file?")?),
            "-t" => is_timed = true,
            _ => addresses.push(argument),
        }
    }
    let start = Instant::now();
    let listing = match file {
        Some(file) => Listing::read_from(File::open(file)?)?,
        None => Listing::read()?,
    };
    if is_timed {
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        eprintln!("whose: {} lines in {milliseconds:.1} ms", listing.len());
    }
    if listing.hides_addresses() {
        return Err("the kernel shows you no addresses; try again as root".into());
    }
    if addresses.is_empty() {
        addresses = stdin().lines().collect::<Result<_, _>>()?;
    }
    let mut answers = String::new();
    for word in addresses {
        let address = u64::from_str_radix(&word, 16).map_err(|error| format!("{word}: {error}"))?;
        answer(&mut answers, &listing, address)?;
    }
    print!("{answers}");
    Ok(())
}

/// `ffffffff8da4a500 ext4_fill_super+0xc1/0x2b22 [ext4]`
fn answer(to: &mut String, listing: &Listing, address: u64) -> Result<(), std::fmt::Error> {
    let Some(symbol) = listing.find(address) else {
        return writeln!(to, "{address:x} ?");
    };
    let name = String::from_utf8_lossy(symbol.name());
    let (offset, size) = (address - symbol.address(), symbol.size());
    write!(to, "{address:x} {name}+{offset:#x}/{size:#x}")?;
    for module in symbol.modules() {
        write!(to, " [{module}]")?;
    }
    writeln!(to)
}
