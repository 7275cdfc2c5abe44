// SPDX-License-Identifier: GPL-2.0

//! The object files of the core symbols, if the kernel stores them.

#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
use super::linked_tables;
#[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
use crate::format::braces::NoObjects;
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
use crate::format::objects::ObjectTables;
use kernel::prelude::*;

/// The tables of object files; `None` if they were refused.
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
pub(crate) type StoredObjects = Option<&'static ObjectTables<'static>>;

/// Object files are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
pub(crate) type StoredObjects = NoObjects;

/// The object files of `symbols` symbols. If the tables do not pass the checks, prints a message
/// and returns `None`. Fails with `ENOMEM`.
#[cfg(CONFIG_KALLMODSYMS_OBJECTS)]
pub(super) fn object_tables(symbols: u32) -> Result<StoredObjects> {
    const CONSEQUENCE: &str = "no object files are shown";
    let Ok(raw) = linked_tables::object_tables() else {
        pr_err!(
            "tables of object files refused: not in the read-only data; {}\n",
            CONSEQUENCE
        );
        return Ok(None);
    };
    match ObjectTables::new(raw, symbols) {
        // Never freed, like the tables.
        Ok(tables) => Ok(Some(KBox::leak(KBox::new(tables, GFP_KERNEL)?))),
        Err(error) => {
            pr_err!(
                "tables of object files refused: {}; {}\n",
                format_args!("{error}"),
                CONSEQUENCE
            );
            Ok(None)
        }
    }
}

/// Object files are not stored.
#[cfg(not(CONFIG_KALLMODSYMS_OBJECTS))]
pub(super) fn object_tables(_: u32) -> Result<StoredObjects> {
    Ok(NoObjects)
}
