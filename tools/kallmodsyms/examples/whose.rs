// SPDX-License-Identifier: GPL-2.0

//! `whose [-f FILE] [-t] [ADDRESS]...` prints, for each hexadecimal address, the symbol that contains the
//! address, and the modules of the symbol. If the command line has no address, `whose` reads standard input,
//! one address a line. -f reads a kernel of any form in place of /proc/kallmodsyms. -t prints the time of
//! reading and sorting to standard error.
//!
//! ```text
//! $ cargo run --release --example whose -- ffffffff8da4a500 ffffffff81000000
//! ffffffff8da4a500 ext4_fill_super+0xc1/0x2b22 [ext4]
//! ffffffff81000000 ?
//! ```

use std::error::Error;
use std::fmt::Write;
use std::io::stdin;
use std::time::Instant;

use kallmodsyms::{parse_hexadecimal, Kernel, Source, Symbols};

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
    let kernel = match file {
        Some(file) => Kernel::open(&Source::of(file))?,
        None => Kernel::running()?,
    };
    let symbols = kernel.symbols()?;
    if is_timed {
        // The first search sorts the symbols. Include that time.
        symbols.containing(0);
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        eprintln!(
            "whose: {} lines in {milliseconds:.1} ms",
            symbols.iter().len()
        );
    }
    if !symbols.has_addresses() {
        return Err("the listing has zeros for addresses; read or save it as root".into());
    }
    if addresses.is_empty() {
        addresses = stdin().lines().collect::<Result<_, _>>()?;
    }
    let mut answers = String::new();
    for word in addresses {
        let address = parse_hexadecimal(&word).ok_or_else(|| format!("{word}: no address"))?;
        answer(&mut answers, &symbols, address)?;
    }
    print!("{answers}");
    Ok(())
}

/// `ffffffff8da4a500 ext4_fill_super+0xc1/0x2b22 [ext4]`
fn answer(to: &mut String, symbols: &Symbols<'_>, address: u64) -> std::fmt::Result {
    let Some(symbol) = symbols.containing(address) else {
        return writeln!(to, "{address:x} ?");
    };
    let name = String::from_utf8_lossy(symbol.name());
    let (offset, size) = (address - symbol.address(), symbol.size());
    write!(to, "{address:x} {name}+{offset:#x}/{size:#x}")?;
    for module in symbol.module_names() {
        write!(to, " [{}]", String::from_utf8_lossy(module))?;
    }
    writeln!(to)
}
