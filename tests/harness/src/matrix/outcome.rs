// SPDX-License-Identifier: GPL-2.0

//! The outcome of a cell: a row of the table, and the lines of a file.

use std::fmt::Write;

/// The columns of the table, with the cell's name first.
pub const HEADER: &[&str] = &[
    "cell",
    "built",
    "booted",
    "passed",
    "failed",
    "recall, %",
    "wrong labels",
    "read ratio",
    "bytes of tables",
];

/// A figure that was not got stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The kernel's own words, where it has no Rust in this combination.
    pub is_unsupported: bool,
    /// A package or the source could not be had, so that nothing was tried.
    pub lacks: bool,
    pub built: bool,
    pub booted: bool,
    pub passed: u32,
    pub failed: u32,
    /// Of the symbols of modules, how many are shown with their modules, in percent.
    pub recall: String,
    /// Symbols with a size that are shown in a wrong module.
    pub wrong: String,
    /// Of the instructions that reading /proc/kallsyms takes.
    pub ratio: String,
    pub bytes: String,
    /// The failure, or the reason for skipping the cell.
    pub note: String,
    /// More figures of a distribution's kernel, each with its name.
    pub figures: Vec<(String, String)>,
}

impl Outcome {
    /// True if something is not as it should be.
    pub fn failed(&self) -> bool {
        !self.is_unsupported && (self.failed > 0 || !self.built || !self.booted)
    }

    /// `passed`, `FAILED`
    pub fn word(&self) -> &'static str {
        match (self.is_unsupported, self.failed()) {
            (true, _) => "not supported by the kernel",
            (false, true) if self.lacks => "could not be tried",
            (false, false) => "passed",
            (false, true) => "FAILED",
        }
    }

    /// The cells of its row after the name.
    pub fn row(&self) -> Vec<String> {
        let yes = |is: bool| if is { "yes" } else { "NO" }.to_owned();
        if self.is_unsupported {
            return vec!["not supported".to_owned()];
        }
        vec![
            yes(self.built),
            yes(self.booted),
            self.passed.to_string(),
            self.failed.to_string(),
            self.recall.clone(),
            self.wrong.clone(),
            self.ratio.clone(),
            self.bytes.clone(),
        ]
    }

    /// ```text
    /// built=true
    /// recall=100.000
    /// note=a line each
    /// figure=ranges=12,345
    /// ```
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (key, value) in [
            ("unsupported", self.is_unsupported.to_string()),
            ("lacks", self.lacks.to_string()),
            ("built", self.built.to_string()),
            ("booted", self.booted.to_string()),
            ("passed", self.passed.to_string()),
            ("failed", self.failed.to_string()),
            ("recall", self.recall.clone()),
            ("wrong", self.wrong.clone()),
            ("ratio", self.ratio.clone()),
            ("bytes", self.bytes.clone()),
        ] {
            let _ = writeln!(text, "{key}={value}");
        }
        for line in self.note.lines() {
            let _ = writeln!(text, "note={line}");
        }
        for (name, figure) in &self.figures {
            let _ = writeln!(text, "figure={name}={figure}");
        }
        text
    }

    /// `None` for what [`Outcome::to_text`] did not write.
    pub fn parse(text: &str) -> Option<Self> {
        let mut outcome = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once('=')?;
            match key {
                "unsupported" => outcome.is_unsupported = value.parse().ok()?,
                "lacks" => outcome.lacks = value.parse().ok()?,
                "built" => outcome.built = value.parse().ok()?,
                "booted" => outcome.booted = value.parse().ok()?,
                "passed" => outcome.passed = value.parse().ok()?,
                "failed" => outcome.failed = value.parse().ok()?,
                "recall" => value.clone_into(&mut outcome.recall),
                "wrong" => value.clone_into(&mut outcome.wrong),
                "ratio" => value.clone_into(&mut outcome.ratio),
                "bytes" => value.clone_into(&mut outcome.bytes),
                "note" => {
                    outcome.note.push_str(value);
                    outcome.note.push('\n');
                }
                "figure" => {
                    let (name, figure) = value.split_once('=')?;
                    outcome.figures.push((name.to_owned(), figure.to_owned()));
                }
                _ => return None,
            }
        }
        Some(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Outcome {
        Outcome {
            built: true,
            booted: true,
            passed: 231,
            recall: "100.000".to_owned(),
            wrong: "0".to_owned(),
            ratio: "0.114".to_owned(),
            bytes: "12,345".to_owned(),
            ..Outcome::default()
        }
    }

    #[test]
    fn a_file_has_all_of_it() {
        let mut outcome = good();
        outcome.lacks = true;
        outcome.note = "not ok: a=b\nwhy\n".to_owned();
        outcome.figures = vec![("a b".to_owned(), "1=2".to_owned())];
        assert_eq!(Outcome::parse(&outcome.to_text()), Some(outcome));
        assert_eq!(Outcome::parse("built=perhaps\n"), None);
        assert_eq!(Outcome::parse("something else\n"), None);
        assert_eq!(good().row().len() + 1, HEADER.len());
    }

    #[test]
    fn what_is_not_all_right_failed() {
        assert!(!good().failed());
        for break_it in [
            (|outcome| outcome.built = false) as fn(&mut Outcome),
            |outcome| outcome.booted = false,
            |outcome| outcome.failed = 1,
        ] {
            let mut outcome = good();
            break_it(&mut outcome);
            assert!(outcome.failed(), "{outcome:?}");
        }
        let unsupported = Outcome {
            is_unsupported: true,
            ..Outcome::default()
        };
        assert!(!unsupported.failed());
    }
}
