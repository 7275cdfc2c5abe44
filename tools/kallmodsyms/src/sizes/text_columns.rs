// SPDX-License-Identifier: GPL-2.0

//! A table for people: columns of right-aligned numbers, then a column of names.

use std::fmt;

use crate::color::{Color, PLAIN};

/// The rows of the table; the first row has the names of the columns.
pub(crate) struct TextColumns(Vec<Row>);

/// The columns of a row, and its colour.
struct Row {
    columns: Vec<String>,
    color: Option<Color>,
}

impl TextColumns {
    /// A table with the names of the columns.
    pub(crate) fn new(head: Vec<String>) -> Self {
        let mut table = Self(Vec::new());
        table.push(head);
        table
    }

    /// Adds a row, which has as many columns as the first one.
    pub(crate) fn push(&mut self, columns: Vec<String>) {
        self.0.push(Row {
            columns,
            color: None,
        });
    }

    /// Adds a row in colour.
    pub(crate) fn push_colored(&mut self, columns: Vec<String>, color: Color) {
        self.0.push(Row {
            columns,
            color: Some(color),
        });
    }
}

impl fmt::Display for TextColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self
            .0
            .iter()
            .map(|row| row.columns.len())
            .max()
            .unwrap_or(0);
        let width = |column: usize| {
            let cells = self.0.iter().filter_map(|row| row.columns.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        for Row { columns, color } in &self.0 {
            f.write_str(color.unwrap_or_default())?;
            for (number, (cell, width)) in columns.iter().zip(&widths).enumerate() {
                match number + 1 == count {
                    true => f.write_str(cell)?,
                    false => write!(f, "{cell:>width$} ")?,
                }
            }
            f.write_str(color.map_or("", |_| PLAIN))?;
            f.write_str("\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_to_the_right() {
        let mut table = TextColumns::new(["text", "module"].map(str::to_owned).into());
        table.push(["1", "a b"].map(str::to_owned).into());
        table.push(["12345", "c"].map(str::to_owned).into());
        assert_eq!(table.to_string(), " text module\n    1 a b\n12345 c\n");
    }
}
