// SPDX-License-Identifier: GPL-2.0

//! Makes the build directory of a kernel with RANGES ranges, as an input for the generator:
//!
//!     cargo run -p generator --example synthetic -- DIRECTORY RANGES

use std::path::Path;

#[path = "../tests/generator/synthetic.rs"]
mod synthetic;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, ranges] = arguments.as_slice() else {
        return Err("the arguments are DIRECTORY and RANGES".into());
    };
    synthetic::make(Path::new(directory), ranges.parse()?)?;
    println!(
        "cd {directory} && .../scripts/kallmodsyms link {}",
        synthetic::STEM
    );
    Ok(())
}
