// SPDX-License-Identifier: GPL-2.0

//! All of phase 2: from the inputs to the modules and object files of all symbols.

use super::definition_search::Evidence;
use super::image_layout::ImageLayout;
use super::leftover_definitions;
use super::module_sets::SetId;
use super::object_modules::{ObjectIndex, ObjectModules};
use super::object_symbols::ObjectSymbols;
use super::script_symbols::ScriptSymbols;
use super::symbol_definers::{job_parts, SymbolDefiners};
use super::unattributed::Unattributed;
use crate::common::error::Result;
use crate::common::jobs::Jobs;
use crate::common::threads::in_two_threads;
use crate::read::Inputs;

/// The modules of all object files and symbols, and the object files of all symbols.
pub(crate) struct Attribution<'m> {
    pub(crate) objects: ObjectModules<'m>,
    pub(crate) layout: ImageLayout<'m>,
    /// By index of the symbol in the listing: the modules of the symbol.
    pub(crate) of_symbols: Vec<SetId>,
    /// By index of the symbol in the listing: the object file of the symbol. Empty if object files are not
    /// stored.
    pub(crate) objects_of_symbols: Vec<Option<ObjectIndex>>,
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
            stores_objects: inputs.config.objects,
        };
        let jobs = Jobs::new(job_parts(&inputs.symbols), |(): &mut (), part| {
            SymbolDefiners::find(&evidence, part)
        });
        let (parts, more_parts) = in_two_threads(|| Ok(jobs.work()), || Ok(jobs.work()))?;
        let mut found = SymbolDefiners::concat(parts.join(Some(more_parts))?);
        leftover_definitions::assign(&mut found, &inputs.symbols, &evidence)?;
        let unattributed = Unattributed::of(&inputs.symbols, &found, &objects, &inputs.maps);
        Ok(Self {
            objects,
            layout,
            of_symbols: found.sets,
            objects_of_symbols: found.objects,
            unattributed,
        })
    }
}
