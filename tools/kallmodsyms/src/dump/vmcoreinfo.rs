// SPDX-License-Identifier: GPL-2.0

//! VMCOREINFO: facts about a kernel and its memory, one in each line.
//!
//! ```text
//! SYMBOL(kallsyms_num_syms)=ffffffff9bb81200
//! KERNELOFFSET=19800000
//! NUMBER(phys_base)=-8388608
//! ```

use std::collections::HashMap;

use crate::hexadecimal::parse_hexadecimal;

/// The virtual address in the image of physical address 0 on x86, if `phys_base` is 0.
const X86_TEXT: u64 = 0xffff_ffff_8000_0000;

/// The first letters of the entry of each table.
const TABLE: &str = "SYMBOL(kallsyms_";

/// The text of VMCOREINFO.
pub(super) struct Vmcoreinfo<'t>(HashMap<&'t str, &'t str>);

impl<'t> Vmcoreinfo<'t> {
    pub(super) fn parse(text: &'t str) -> Self {
        Self(
            text.lines()
                .filter_map(|line| line.split_once('='))
                .collect(),
        )
    }

    pub(super) fn hexadecimal(&self, name: &str) -> Option<u64> {
        parse_hexadecimal(self.0.get(name)?)
    }

    /// The address of the last table in memory that VMCOREINFO names.
    pub(super) fn last_table(&self) -> Option<u64> {
        let tables = self.0.keys().filter(|name| name.starts_with(TABLE));
        tables.filter_map(|name| self.hexadecimal(name)).max()
    }

    /// The physical address of `address`, a virtual address in the image.
    pub(super) fn physical(&self, address: u64) -> Option<u64> {
        let distances = ["NUMBER(kimage_voffset)", "NUMBER(va_kernel_pa_offset)"];
        if let Some(distance) = distances.iter().find_map(|name| self.hexadecimal(name)) {
            return Some(address.wrapping_sub(distance));
        }
        let base = self.0.get("NUMBER(phys_base)")?.parse::<i64>().ok()?;
        let distance = address.checked_sub(X86_TEXT)?;
        Some(distance.wrapping_add_signed(base))
    }
}
