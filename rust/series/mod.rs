// SPDX-License-Identifier: GPL-2.0

//! What differs between kernel series: `kallmodsyms.rs` names the file of each. This file is compiled
//! for a series that has none.

compile_error!("no support for this kernel series; see the files in rust/series/");
