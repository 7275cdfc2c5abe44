// SPDX-License-Identifier: GPL-2.0

//! The kernel's configuration, as far as the tables depend on it.

use std::path::Path;

use crate::error::Result;
use crate::lines::Lines;
use crate::output;

const AUTO_CONF: &str = "include/config/auto.conf";

/// What to make.
pub(crate) struct Config {
    /// `CONFIG_KALLMODSYMS_SIZES`: the size tables.
    pub(crate) sizes: bool,
    /// `CONFIG_KALLMODSYMS_WERROR`: whether the link fails if it is not known which modules a symbol is
    /// in.
    pub(crate) werror: bool,
}

impl Config {
    /// Reads what kbuild has made of the configuration.
    pub(crate) fn read() -> Result<Self> {
        let text = output::read(Path::new(AUTO_CONF))?;
        let has = |wanted: &[u8]| Lines(&text).any(|line| line == wanted);
        Ok(Self {
            sizes: has(b"CONFIG_KALLMODSYMS_SIZES=y"),
            werror: has(b"CONFIG_KALLMODSYMS_WERROR=y"),
        })
    }
}
