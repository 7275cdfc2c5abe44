// SPDX-License-Identifier: GPL-2.0

//! The outcome of a cell, as a row of the table and as the text of a file.

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

/// The outcome of a cell. A figure stays empty if the trial ended before the figure was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// True if the kernel lacks the option that the cell needs for this architecture and compiler: `HAVE_RUST`,
    /// unless the fragment names another.
    pub is_unsupported: bool,
    /// True if a package, a compiler or the source was missing, so there was no trial.
    pub is_untried: bool,
    pub built: bool,
    pub booted: bool,
    pub passed: u32,
    pub failed: u32,
    /// The percentage of modules' symbols that the file shows with their modules.
    pub recall: String,
    /// The number of symbols with a size that the file shows in a wrong module.
    pub wrong: String,
    /// The instructions of reading the file, divided by those of reading /proc/kallsyms.
    pub ratio: String,
    /// The length of the tables.
    pub bytes: String,
    /// The failures; for an unsupported cell, the lines of the kernel's Kconfig with the reason.
    pub note: String,
    /// Additional figures of a distribution's kernel, as pairs of (name, value).
    pub figures: Vec<(String, String)>,
}

impl Outcome {
    /// True for a supported kernel that was not built, did not boot, or failed a check.
    pub fn failed(&self) -> bool {
        !self.is_unsupported && (self.failed > 0 || !self.built || !self.booted)
    }

    /// The outcome in a few words, for the line at the end of a trial.
    pub fn summary(&self) -> &'static str {
        match (self.is_unsupported, self.failed()) {
            (true, _) => "not supported by the kernel",
            (false, true) if self.is_untried => "could not be tried",
            (false, false) => "passed",
            (false, true) => "FAILED",
        }
    }

    /// The columns of the table, without the name of the cell. An unsupported cell has only one column.
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

    /// The text of the cell's file.
    ///
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
            ("untried", self.is_untried.to_string()),
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

    /// Parses a text of [`Outcome::to_text`]; `None` if a line has an unknown key or a malformed value.
    pub fn parse(text: &str) -> Option<Self> {
        let mut outcome = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once('=')?;
            match key {
                "unsupported" => outcome.is_unsupported = value.parse().ok()?,
                "untried" => outcome.is_untried = value.parse().ok()?,
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
    fn a_file_has_all_fields_of_an_outcome() {
        let mut outcome = good();
        outcome.is_untried = true;
        outcome.note = "not ok: a=b\nwhy\n".to_owned();
        outcome.figures = vec![("a b".to_owned(), "1=2".to_owned())];
        assert_eq!(Outcome::parse(&outcome.to_text()), Some(outcome));
        assert_eq!(Outcome::parse("built=perhaps\n"), None);
        assert_eq!(Outcome::parse("something else\n"), None);
        assert_eq!(good().row().len() + 1, HEADER.len());
    }

    #[test]
    fn a_missing_build_or_boot_and_a_failed_check_are_failures() {
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
