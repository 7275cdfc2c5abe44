// SPDX-License-Identifier: GPL-2.0

//! The selection of symbols by address, or by object file.

use std::ops::Range;

use crate::error::Result;
use crate::link_ranges::LinkRanges;
use crate::request::Show;

/// Selected addresses.
pub(crate) struct Selection {
    /// The ranges; `None` selects all addresses.
    ranges: Option<Vec<Range<u64>>>,
}

impl Selection {
    /// The addresses that `request` selects. `of_link` reads the ranges of the object files.
    pub(crate) fn of(request: &Show, of_link: impl FnOnce() -> Result<LinkRanges>) -> Result<Self> {
        if request.ranges.is_empty() && request.objects.is_empty() {
            return Ok(Self { ranges: None });
        }
        let mut ranges = request.ranges.clone();
        if !request.objects.is_empty() {
            let of_link = of_link()?;
            for object in &request.objects {
                ranges.extend(of_link.of_object(object)?);
            }
        }
        Ok(Self {
            ranges: Some(ranges),
        })
    }

    /// Return: true if all symbols are selected.
    pub(crate) fn is_all(&self) -> bool {
        self.ranges.is_none()
    }

    /// Return: true if a symbol that begins at `address` is selected.
    pub(crate) fn has(&self, address: u64) -> bool {
        let ranges = self.ranges.as_ref();
        ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(&address)))
    }
}
