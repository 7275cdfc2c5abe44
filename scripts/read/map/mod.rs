// SPDX-License-Identifier: GPL-2.0

//! Link maps: the address and the object file of each input section.
//!
//! In comes the text of a map of GNU ld ([`gnu`]) or LLD ([`lld`]). Out comes one form for both linkers,
//! [`LinkMap`], which refers to the text. These files may import `common/` only.

mod gnu;
mod link_map;
mod lld;
mod object_name;
mod parse;
mod script_statement;

pub(crate) use link_map::{Contribution, LinkMap, OutputSection, UnknownLine};
pub(crate) use object_name::ObjectName;
pub(crate) use parse::parse;
