// SPDX-License-Identifier: GPL-2.0

//! The options of the kernel's configuration that the generator depends on.

use std::path::Path;

use super::input_file;
use crate::common::error::Result;
use crate::common::lines::Lines;

const AUTO_CONF: &str = "include/config/auto.conf";

/// The options.
#[derive(Clone, Copy)]
pub(crate) struct Config {
    /// `CONFIG_KALLMODSYMS_SIZES`: make the size tables.
    pub(crate) sizes: bool,
    /// `CONFIG_KALLMODSYMS_OBJECTS`: make the tables of object files.
    pub(crate) objects: bool,
    /// `CONFIG_KALLMODSYMS_WERROR`: fail the link if the modules of a symbol or object file, or the object
    /// file of a symbol, are not known, or if a line of a link map cannot be parsed.
    pub(crate) werror: bool,
}

impl Config {
    /// Reads the configuration from the file that kbuild writes.
    pub(crate) fn read() -> Result<Self> {
        let text = input_file::read(Path::new(AUTO_CONF))?;
        let has = |option: &[u8]| Lines(&text).any(|line| line == option);
        Ok(Self {
            sizes: has(b"CONFIG_KALLMODSYMS_SIZES=y"),
            objects: has(b"CONFIG_KALLMODSYMS_OBJECTS=y"),
            werror: has(b"CONFIG_KALLMODSYMS_WERROR=y"),
        })
    }
}
