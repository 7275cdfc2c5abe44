// SPDX-License-Identifier: GPL-2.0

//! Parses a map with the parser of the linker that made it.

use std::path::Path;

use super::link_map::LinkMap;
use super::{gnu, lld};
use crate::common::error::{Error, Result};
use crate::common::lines::Lines;

/// Parses the map `text` of GNU ld or LLD; `path` is for messages.
pub(crate) fn parse<'m>(path: &Path, text: &'m [u8]) -> Result<LinkMap<'m>> {
    let map = match Lines(text).next() {
        Some(first_line) if lld::is_header(first_line) => lld::parse(path, text)?,
        _ => gnu::parse(path, text)?,
    };
    if map.sections.is_empty() {
        return Err(Error::in_file(
            path,
            "no section found: this is not a link map of GNU ld or LLD, or it is cut short",
            "Remove it, vmlinux.o and vmlinux, and build again.",
        ));
    }
    Ok(map)
}
