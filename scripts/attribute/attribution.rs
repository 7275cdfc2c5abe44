// SPDX-License-Identifier: GPL-2.0

//! All of phase 2: from the inputs to the modules of all symbols.

use super::definition_search::Evidence;
use super::image_layout::ImageLayout;
use super::module_sets::SetId;
use super::object_modules::ObjectModules;
use super::object_symbols::ObjectSymbols;
use super::script_symbols::ScriptSymbols;
use super::symbol_modules::{job_parts, SymbolModules};
use super::unattributed::Unattributed;
use crate::common::error::Result;
use crate::common::jobs::Jobs;
use crate::common::threads::in_two_threads;
use crate::read::Inputs;

/// The modules of all object files and symbols.
pub(crate) struct Attribution<'m> {
    pub(crate) objects: ObjectModules<'m>,
    pub(crate) layout: ImageLayout<'m>,
    /// By index of the symbol in the listing: the modules of the symbol.
    pub(crate) of_symbols: Vec<SetId>,
    pub(crate) unattributed: Unattributed,
}

impl<'m> Attribution<'m> {
    /// Finds the modules of all symbols in `inputs`.
    pub(crate) fn of(inputs: &'m Inputs<'m>) -> Result<Self> {
        let (mut layout, objects) = in_two_threads(
            || ImageLayout::of_maps(&inputs.maps),
            || Ok(ObjectModules::new(&inputs.builtin, &inputs.objects)),
        )?;
        layout.settle_merging(&objects, &inputs.maps.path)?;
        let evidence = Evidence {
            image: &inputs.image,
            layout: &layout,
            script_symbols: ScriptSymbols::of(&inputs.maps.vmlinux),
            objects: &objects,
            object_symbols: ObjectSymbols::default(),
            has_all_objects: inputs.maps.unknown_count() == 0,
        };
        let jobs = Jobs::new(job_parts(&inputs.symbols), |(): &mut (), part| {
            SymbolModules::find(&evidence, part)
        });
        let (parts, more_parts) = in_two_threads(|| Ok(jobs.work()), || Ok(jobs.work()))?;
        let found = SymbolModules::concat(parts.join(Some(more_parts))?);
        let unattributed =
            Unattributed::of(&inputs.symbols, &found.unattributed, &objects, &inputs.maps);
        if inputs.config.werror && !unattributed.is_empty() {
            return Err(unattributed.error());
        }
        Ok(Self {
            objects,
            layout,
            of_symbols: found.sets,
            unattributed,
        })
    }
}
