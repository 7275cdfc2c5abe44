// SPDX-License-Identifier: GPL-2.0

//! Answers as JSON objects. An address is a string, because many readers keep only 53 bits of a JSON number.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::symbol;

/// An address.
#[derive(Clone, Copy)]
pub(crate) struct Address(pub(crate) u64);

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:#018x}", self.0))
    }
}

/// A symbol.
#[derive(Serialize)]
pub(crate) struct Symbol<'t> {
    address: Address,
    size: u64,
    #[serde(rename = "type")]
    kind: char,
    name: Cow<'t, str>,
    modules: Vec<Cow<'t, str>>,
}

impl<'t> From<&symbol::Symbol<'t>> for Symbol<'t> {
    fn from(line: &symbol::Symbol<'t>) -> Self {
        Self {
            address: Address(line.address),
            size: line.size,
            kind: char::from(line.kind),
            name: String::from_utf8_lossy(line.name),
            modules: line.module_names().map(String::from_utf8_lossy).collect(),
        }
    }
}

/// A line of the listing.
#[derive(Serialize)]
pub(crate) struct Line<'t> {
    #[serde(flatten)]
    symbol: Symbol<'t>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Cow<'t, str>>,
}

impl<'t> Line<'t> {
    /// The line of `symbol`, which the object file `object` defines.
    pub(crate) fn new(symbol: &symbol::Symbol<'t>, object: Option<&'t [u8]>) -> Self {
        Self {
            symbol: symbol.into(),
            object: object.map(String::from_utf8_lossy),
        }
    }
}

/// An answer to a query.
#[derive(Serialize)]
pub(crate) struct Answer<'t> {
    pub(crate) query: &'t str,
    /// The address that the query asks for; `None` if the query asks for a symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Address>,
    /// The distance of `at` from the start of the symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
    #[serde(flatten)]
    pub(crate) symbol: Symbol<'t>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) section: Option<Cow<'t, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<Cow<'t, str>>,
}
