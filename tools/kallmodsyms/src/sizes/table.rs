// SPDX-License-Identifier: GPL-2.0

//! Writes the table of sizes as text, comma-separated values or JSON.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::error::Result;
use crate::output::Output;
use crate::sizes::class::{Class, ClassBytes};
use crate::sizes::request::{By, TableFormat};
use crate::sizes::rows::Row;
use crate::sizes::text_columns::TextColumns;

/// Writes the rows in the form `format`.
pub(crate) fn write(rows: &[Row], by: By, format: TableFormat, out: &mut Output<'_>) -> Result<()> {
    match format {
        TableFormat::Text => text(rows, by, out),
        TableFormat::Csv => csv(rows, by, out),
        TableFormat::Json => {
            out.begin(true)?;
            for row in rows {
                out.object(&JsonRow { row, by })?;
            }
            out.end(true)
        }
    }
}

/// Writes columns for the classes that have bytes, and a last row with the sums.
fn text(rows: &[Row], by: By, out: &mut Output<'_>) -> Result<()> {
    let mut sum = ClassBytes::default();
    rows.iter().for_each(|row| sum.add_all(&row.bytes));
    let present = sum.iter().filter(|(_, bytes)| *bytes > 0);
    let classes: Vec<Class> = present.map(|(class, _)| class).collect();
    let columns = |bytes: &ClassBytes, label: String| {
        let of_classes = bytes.iter().filter(|(class, _)| classes.contains(class));
        let numbers = of_classes.map(|(_, bytes)| bytes).chain([bytes.total()]);
        let mut columns: Vec<String> = numbers.map(|number| number.to_string()).collect();
        columns.push(label);
        columns
    };
    let names = classes.iter().map(|class| class.name());
    let head = names.chain(["total", by_name(by)]).map(str::to_owned);
    let mut table = TextColumns::new(head.collect());
    for row in rows {
        table.push(columns(&row.bytes, row.label(by)));
    }
    table.push(columns(&sum, "total".into()));
    out.write(table.to_string().as_bytes())
}

/// The heading, in a table for people, of the column that names the rows.
pub(crate) fn by_name(by: By) -> &'static str {
    match by {
        By::Module => "module",
        By::Object => "object",
        By::Path => "path",
    }
}

/// Writes the modules, the path, the bytes of each class and their sum.
fn csv(rows: &[Row], by: By, out: &mut Output<'_>) -> Result<()> {
    let classes = Class::ALL.map(Class::name);
    let head = ["modules", by.column()].into_iter().chain(classes);
    out.csv(head.chain(["total"]))?;
    for row in rows {
        let modules: Vec<&str> = row.modules.iter().map(String::as_str).collect();
        let place = row.key.path().unwrap_or_default();
        let numbers = row.bytes.iter().map(|(_, bytes)| bytes);
        let numbers = numbers.chain([row.bytes.total()]);
        let numbers = numbers.map(|number| number.to_string());
        let names = [modules.join(" "), place.to_owned()];
        out.csv(names.into_iter().chain(numbers))?;
    }
    Ok(())
}

/// A row as a JSON object.
struct JsonRow<'r> {
    row: &'r Row,
    by: By,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Row {
            key,
            modules,
            bytes,
        } = self.row;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("modules", modules)?;
        if let Some(place) = key.path() {
            map.serialize_entry(self.by.column(), place)?;
        }
        for (class, bytes) in bytes.iter() {
            map.serialize_entry(class.name(), &bytes)?;
        }
        map.serialize_entry("total", &bytes.total())?;
        map.end()
    }
}
