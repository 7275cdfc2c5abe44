// SPDX-License-Identifier: GPL-2.0

//! Decodes the module tables in vmlinux. This code is not shared with the kernel or the generator.
//!
//! A range ends at the start of the next range. A symbol is in the modules of the range at its offset from
//! `_text`, modulo 2^32, unless its index is among the exceptions. A table entry is an offset into the names: 0
//! is no module; any other offset points to a name, or to a zero byte, a count and that number of names.

use std::collections::HashMap;

use anyhow::{anyhow, bail, Result};

use crate::image::Image;

pub struct Tables {
    base: u64,
    pub starts: Vec<u32>,
    modules: Vec<u32>,
    exceptions: HashMap<u32, u32>,
    names: Vec<u8>,
}

impl Tables {
    /// Reads the tables and checks their order.
    pub fn read(image: &Image) -> Result<Self> {
        let ranges = image.table("kallsyms_num_modules")?.u32()? as usize;
        let exceptions = image.table("kallsyms_num_module_exceptions")?.u32()? as usize;
        let names = image.table("kallsyms_module_names_len")?.u32()? as usize;
        let starts = image.table("kallsyms_module_offsets")?.u32s(ranges)?;
        let symbols = image
            .table("kallsyms_module_exceptions")?
            .u32s(exceptions)?;
        for (table, keys) in [("offsets", &starts), ("exceptions", &symbols)] {
            if let Some(row) = keys.windows(2).position(|pair| pair[0] >= pair[1]) {
                bail!("kallsyms_module_{table}: row {} does not rise", row + 1);
            }
        }
        let entries = image
            .table("kallsyms_exception_modules")?
            .u32s(exceptions)?;
        Ok(Self {
            base: image.table("kallsyms_module_base")?.u64()?,
            starts,
            modules: image.table("kallsyms_modules")?.u32s(ranges)?,
            exceptions: symbols.into_iter().zip(entries).collect(),
            names: image.table("kallsyms_module_names")?.take(names)?.to_vec(),
        })
    }

    /// The modules that the kernel shows for symbol number `index`, sorted. `address` is the address in vmlinux.
    pub fn shown(&self, index: usize, address: u64) -> Result<Vec<String>> {
        let offset = address.wrapping_sub(self.base) as u32;
        let exception = u32::try_from(index)
            .ok()
            .and_then(|index| self.exceptions.get(&index));
        let entry = exception.copied().or_else(|| {
            let range = self.starts.partition_point(|&start| start <= offset);
            self.modules.get(range.checked_sub(1)?).copied()
        });
        let mut modules = self.modules_at(entry.unwrap_or(0))?;
        modules.sort();
        Ok(modules)
    }

    fn modules_at(&self, entry: u32) -> Result<Vec<String>> {
        let bad = || anyhow!("kallsyms_module_names: nothing can be decoded at {entry:#x}");
        let rest = self.names.get(entry as usize..).ok_or_else(bad)?;
        let (count, rest) = match rest {
            _ if entry == 0 => (0, rest),
            [0, count, rest @ ..] => (usize::from(*count), rest),
            _ => (1, rest),
        };
        let mut names = rest.split_inclusive(|&byte| byte == 0);
        (0..count)
            .map(|_| {
                let name = names.next().and_then(|name| name.strip_suffix(&[0]));
                let name = name.filter(|name| !name.is_empty()).ok_or_else(bad)?;
                String::from_utf8(name.to_vec()).map_err(|_| bad())
            })
            .collect()
    }

    /// The number of exceptions.
    pub fn exceptions(&self) -> usize {
        self.exceptions.len()
    }

    /// The number of bytes of the names.
    pub fn names_len(&self) -> usize {
        self.names.len()
    }

    /// The address in vmlinux of each range's start.
    pub fn start_addresses(&self) -> impl Iterator<Item = u64> + '_ {
        self.starts.iter().map(|&start| {
            let absolute = (self.base as u32).wrapping_add(start);
            let linked = self.base.wrapping_add(start.into());
            // Per-cpu symbols can have small absolute addresses, whose offsets from the base wrap around.
            match linked >> 32 == self.base >> 32 {
                true => linked,
                false => absolute.into(),
            }
        })
    }
}
