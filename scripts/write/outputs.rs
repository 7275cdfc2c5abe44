// SPDX-License-Identifier: GPL-2.0

//! All of phase 4: from the tables to all outputs of the pass.

use super::assembler::Source;
use super::output_files::{print, OutputFile};
use super::{module_rows, object_rows, reports, size_rows};
use crate::attribute::module_sets::ModuleSets;
use crate::attribute::{unattributed, Attribution};
use crate::common::error::{Error, Result};
use crate::common::threads::in_two_threads;
use crate::encode::Tables;
use crate::format::layout::Table;
use crate::read::elf::Symbol;
use crate::read::modules_builtin::BuiltinModules;
use crate::read::table_rooms::TableRooms;
use crate::read::Inputs;

/// All outputs of one pass of the link. Nothing is written before [`write`](Self::write).
#[derive(Default)]
pub(crate) struct Outputs {
    /// The parts of standard output.
    pub(crate) printed: Vec<Vec<u8>>,
    files: Vec<OutputFile>,
    warning: Option<String>,
    /// The error that the pass ends with.
    error: Option<Error>,
}

impl Outputs {
    /// The outputs of a pass with symbols.
    pub(crate) fn of(
        inputs: &Inputs<'_>,
        attribution: &Attribution<'_>,
        tables: &Tables<'_>,
    ) -> Result<Self> {
        let unattributed = &attribution.unattributed;
        let list = OutputFile::new(unattributed::PATH, reports::unattributed(unattributed));
        if inputs.config.werror && !unattributed.is_empty() {
            return Ok(Self {
                files: vec![list],
                error: Some(unattributed.error()),
                ..Self::default()
            });
        }
        let rooms_before = &inputs.rooms_before;
        let ((modules, objects), (sizes, files)) = in_two_threads(
            || {
                let modules = modules(tables, &attribution.objects.sets, rooms_before)?;
                Ok((modules, objects(tables, &inputs.symbols, rooms_before)?))
            },
            || {
                let sizes = sizes(tables, &inputs.symbols, rooms_before)?;
                let pieces = reports::ranges(&attribution.layout.pieces);
                let thick = reports::modules_thick(&attribution.objects, &inputs.builtin);
                let pieces = OutputFile::new(reports::RANGES, pieces);
                let thick = OutputFile::new(reports::MODULES_THICK, thick);
                Ok((sizes, vec![pieces, thick, list]))
            },
        )?;
        let rooms = TableRooms::line(&[&modules.1, &sizes.1, &objects.1]);
        Ok(Self {
            printed: vec![modules.0, sizes.0, objects.0, rooms],
            files,
            warning: (!unattributed.is_empty()).then(|| unattributed.to_string()),
            error: None,
        })
    }

    /// The outputs of a pass without symbols; `tables` are empty. The lengths of empty tables say nothing
    /// about the next pass, so the output leaves them out.
    pub(crate) fn without_symbols(tables: &Tables<'_>) -> Result<Self> {
        let rooms = TableRooms::default();
        let builtin = BuiltinModules::default();
        let (modules, _) = modules(tables, &ModuleSets::new(&builtin), &rooms)?;
        let (sizes, _) = sizes(tables, &[], &rooms)?;
        let (objects, _) = objects(tables, &[], &rooms)?;
        Ok(Self {
            printed: vec![modules, sizes, objects],
            ..Self::default()
        })
    }

    /// The output of a command that prints `text`.
    pub(crate) fn printed(text: Vec<u8>) -> Self {
        Self {
            printed: vec![text],
            ..Self::default()
        }
    }

    /// Writes the files, prints the warning if the pass `is_last`, and prints the tables. With
    /// `CONFIG_KALLMODSYMS_WERROR`, a report is an error: then writes only the list of the report.
    pub(crate) fn write(self, is_last: bool) -> Result<()> {
        for file in &self.files {
            file.write()?;
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        if let Some(warning) = self.warning.as_ref().filter(|_| is_last) {
            eprintln!("kallmodsyms: warning: {warning}");
        }
        let parts: Vec<_> = self.printed.iter().map(Vec::as_slice).collect();
        print(&parts)
    }
}

/// The source of the module tables, and the lengths of the tables including their rooms.
fn modules(
    tables: &Tables<'_>,
    sets: &ModuleSets<'_>,
    rooms_before: &TableRooms,
) -> Result<(Vec<u8>, TableRooms)> {
    let mut source = Source::new(&Table::OF_MODULES, &tables.counts, rooms_before);
    source.section_rodata();
    module_rows::write(&mut source, &tables.modules, sets)?;
    source.finish()
}

/// The source of the size tables, and the lengths of the tables including their rooms. Both are empty if
/// `CONFIG_KALLMODSYMS_SIZES` is off.
fn sizes(
    tables: &Tables<'_>,
    symbols: &[Symbol<'_>],
    rooms_before: &TableRooms,
) -> Result<(Vec<u8>, TableRooms)> {
    let Some(sizes) = &tables.sizes else {
        return Ok(Default::default());
    };
    let mut source = Source::new(&Table::OF_SIZES, &tables.counts, rooms_before);
    size_rows::write(&mut source, sizes, symbols, &tables.counts)?;
    source.finish()
}

/// The source of the tables of object files, and the lengths of the tables including their rooms. Both are
/// empty if `CONFIG_KALLMODSYMS_OBJECTS` is off.
fn objects(
    tables: &Tables<'_>,
    symbols: &[Symbol<'_>],
    rooms_before: &TableRooms,
) -> Result<(Vec<u8>, TableRooms)> {
    let Some(objects) = &tables.objects else {
        return Ok(Default::default());
    };
    let mut source = Source::new(&Table::OF_OBJECTS, &tables.counts, rooms_before);
    object_rows::write(&mut source, objects, symbols, &tables.counts)?;
    source.finish()
}
