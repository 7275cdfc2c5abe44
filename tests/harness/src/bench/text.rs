// SPDX-License-Identifier: GPL-2.0

//! Formats tables in Markdown, which are also readable as plain text.

use std::fmt::Write;
use std::time::Duration;

use crate::lab::stopwatch::Times;

#[derive(Default)]
pub struct Document {
    text: String,
}

/// A table. All columns but the first are aligned to the right.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Document {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub fn table(&mut self, table: &Table) {
        let columns = table.rows.first().map_or(0, Vec::len);
        let cell = |row: &Vec<String>, column| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = table.rows.iter().map(|row| cell(row, column));
                cells
                    .map(|cell| cell.chars().count())
                    .max()
                    .unwrap_or(0)
                    .max(3)
            })
            .collect();
        self.text.push('\n');
        for (number, row) in table.rows.iter().enumerate() {
            for (column, width) in widths.iter().copied().enumerate() {
                let cell = cell(row, column);
                let _ = match column {
                    0 => write!(self.text, "| {cell:width$} "),
                    _ => write!(self.text, "| {cell:>width$} "),
                };
            }
            self.text.push_str("|\n");
            if number == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let dashes = "-".repeat(width + 1);
                    let _ = match column {
                        0 => write!(self.text, "|{dashes}-"),
                        _ => write!(self.text, "|{dashes}:"),
                    };
                }
                self.text.push_str("|\n");
            }
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Table {
    pub fn new(header: &[&str]) -> Self {
        let header = header.iter().map(|&cell| cell.to_owned()).collect();
        Self { rows: vec![header] }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// Formats a number as `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

/// Formats a size as `4 KiB` or `1 MiB`.
pub fn size(bytes: u64) -> String {
    match bytes >> 10 {
        kib if kib >= 1 << 10 => format!("{} MiB", kib >> 10),
        kib => format!("{kib} KiB"),
    }
}

/// A table of times in seconds, each with its share of the first row. A share has `digits` decimals.
pub fn shares(title: &str, digits: usize, rows: &[(&str, Times)]) -> Table {
    let mut table = Table::new(&[title, "s", "CPU s", "to the first", "CPU to the first"]);
    let first = rows
        .first()
        .map_or_else(Times::default, |(_, first)| *first);
    for (name, times) in rows {
        let seconds = |time: Duration| format!("{:.2}", time.as_secs_f64());
        let share = |time: Duration, of: Duration| {
            format!("{:.digits$}", time.as_secs_f64() / of.as_secs_f64())
        };
        table.row([
            (*name).to_owned(),
            seconds(times.wall),
            seconds(times.cpu),
            share(times.wall, first.wall),
            share(times.cpu, first.cpu),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_and_columns_are_aligned() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(
            (size(4096), size(1 << 20)),
            ("4 KiB".into(), "1 MiB".into())
        );

        let mut table = Table::new(&["what", "n"]);
        table.row(["a longer one".to_owned(), number(10_000)]);
        let mut document = Document::new();
        document.table(&table);
        let expected = "
| what         |      n |
|--------------|-------:|
| a longer one | 10,000 |
";
        assert_eq!(document.text(), expected);
    }

    #[test]
    fn shares_are_relative_to_the_first_row() {
        let taken = |wall, cpu| Times {
            wall: Duration::from_millis(wall),
            cpu: Duration::from_millis(cpu),
        };
        let rows = [("all", taken(2000, 3000)), ("part", taken(500, 600))];
        let mut document = Document::new();
        document.table(&shares("Times", 2, &rows));
        let expected = "
| Times |    s | CPU s | to the first | CPU to the first |
|-------|-----:|------:|-------------:|-----------------:|
| all   | 2.00 |  3.00 |         1.00 |             1.00 |
| part  | 0.50 |  0.60 |         0.25 |             0.20 |
";
        assert_eq!(document.text(), expected);
    }
}
