// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms link`: one pass of the link of vmlinux, from its maps to its tables.

use std::path::Path;

use crate::attribute::Attribution;
use crate::common::error::Result;
use crate::encode::Tables;
use crate::read::auto_conf::Config;
use crate::read::inputs::has_no_symbols;
use crate::read::{Buffers, Inputs};
use crate::write::Outputs;

/// Makes the outputs of the pass that linked `stem`. Writes nothing.
pub(crate) fn outputs(stem: &Path) -> Result<Outputs> {
    let config = Config::read()?;
    if has_no_symbols(stem)? {
        return Outputs::without_symbols(&Tables::empty(config)?);
    }
    let buffers = Buffers::default();
    let inputs = Inputs::read(stem, config, &buffers)?;
    let attribution = Attribution::of(&inputs)?;
    let tables = Tables::encode(&inputs, &attribution)?;
    Outputs::of(&inputs, &attribution, &tables)
}

/// Return: true if the pass is the second pass with symbols, or a later pass. kbuild runs a third such pass
/// only if the second pass changed the size or a symbol of the tables' object file, or on request.
pub(crate) fn is_last_pass(stem: &Path) -> bool {
    let name = stem.to_string_lossy();
    let digits = name.trim_start_matches(|digit: char| !digit.is_ascii_digit());
    digits.parse().is_ok_and(|pass: u32| pass > 1)
}
