// SPDX-License-Identifier: GPL-2.0

//! A table for people: numbers to the right, and last a name.

use std::fmt;

/// Rows of columns.
pub(crate) struct TextColumns(Vec<Vec<String>>);

impl TextColumns {
    /// A table with the names of the columns.
    pub(crate) fn new(head: Vec<String>) -> Self {
        Self(vec![head])
    }

    /// Adds a row, which has as many columns as the first one.
    pub(crate) fn push(&mut self, columns: Vec<String>) {
        self.0.push(columns);
    }
}

impl fmt::Display for TextColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.0.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        for row in &self.0 {
            for (number, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match number + 1 == count {
                    true => writeln!(f, "{cell}")?,
                    false => write!(f, "{cell:>width$} ")?,
                }
            }
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
