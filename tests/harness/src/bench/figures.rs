// SPDX-License-Identifier: GPL-2.0

//! Parses the figures that the guest prints, and combines the runs of one measurement to one figure.

use std::collections::BTreeMap;

use anyhow::{ensure, Context, Result};

/// The clock may exceed the instructions of a known loop by less than this share. Reading the clock takes
/// instructions too.
const CLOCK_OVERHEAD: f64 = 0.01;

#[derive(Default)]
pub struct Figures(Vec<Figure>);

/// A measurement: `bench read file=kallsyms user=root buffer=4096 instructions=380436887 reads=1960 ...`
pub struct Figure {
    kind: String,
    words: BTreeMap<String, String>,
    /// The instructions of each run.
    runs: Vec<u64>,
}

const RUN: &str = "instructions";

impl Figure {
    fn parse(line: &str) -> Option<Self> {
        let (kind, rest) = line.strip_prefix("bench ")?.split_once(' ')?;
        let mut words: BTreeMap<String, String> = rest
            .split(' ')
            .map(|word| word.split_once('='))
            .map(|pair| pair.map(|(key, value)| (key.to_owned(), value.to_owned())))
            .collect::<Option<_>>()?;
        let run = words.remove(RUN).map(|number| number.parse());
        Some(Self {
            kind: kind.to_owned(),
            words,
            runs: run.into_iter().collect::<Result<_, _>>().ok()?,
        })
    }

    pub fn word(&self, key: &str) -> &str {
        self.words.get(key).map_or("", String::as_str)
    }

    pub fn number(&self, key: &str) -> Result<u64> {
        let word = self.word(key);
        word.parse()
            .with_context(|| format!("the guest's {} has {key}={word:?}", self.kind))
    }

    /// The median of the runs.
    pub fn instructions(&self) -> u64 {
        let mut runs = self.runs.clone();
        runs.sort_unstable();
        runs.get(runs.len() / 2).copied().unwrap_or_default()
    }

    /// The difference between the largest and the smallest run, as a share of the median.
    #[expect(clippy::cast_precision_loss, reason = "a share to show")]
    fn spread(&self) -> f64 {
        let (least, most) = (self.runs.iter().min(), self.runs.iter().max());
        let apart = most.zip(least).map_or(0, |(most, least)| most - least);
        apart as f64 / self.instructions().max(1) as f64
    }

    /// True if `other` is another run of the same measurement.
    fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.words == other.words
    }
}

impl Figures {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the figure in a line of the guest's console. Returns true if the line has a figure.
    pub fn add(&mut self, line: &str) -> bool {
        let Some(figure) = Figure::parse(line) else {
            return false;
        };
        match self.0.iter_mut().find(|earlier| earlier.is_same(&figure)) {
            Some(earlier) => earlier.runs.extend(figure.runs),
            None => self.0.push(figure),
        }
        true
    }

    /// The figure of this kind and file that has `count=` with this number.
    pub fn counted(&self, kind: &str, file: &str, count: &str) -> Option<&Figure> {
        self.0.iter().find(|figure| {
            figure.kind == kind && figure.word("file") == file && figure.word("count") == count
        })
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Figure> {
        self.0.iter().filter(move |figure| figure.kind == kind)
    }

    /// The figure of /proc/kallsyms that has the same kind and the same values of `keys`.
    pub fn counterpart(&self, figure: &Figure, keys: &[&str]) -> Option<&Figure> {
        self.0.iter().find(|other| {
            other.kind == figure.kind
                && other.word("file") == "kallsyms"
                && keys.iter().all(|key| other.word(key) == figure.word(key))
        })
    }

    /// Fails if the guest's clock does not count instructions, because the figures would then be of time.
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    pub fn check(&self) -> Result<()> {
        let clock = self.of_kind("clock").next();
        let clock = clock.context("the guest printed no figure of its clock")?;
        let (executed, counted) = (clock.number("loop")?, clock.number("counted")?);
        let excess = counted as f64 / executed as f64 - 1.0;
        ensure!(
            (0.0..CLOCK_OVERHEAD).contains(&excess),
            "the guest's clock does not count instructions: {counted} in a loop of {executed}"
        );
        Ok(())
    }

    /// The largest spread of all figures.
    pub fn largest_spread(&self) -> f64 {
        self.0.iter().map(Figure::spread).fold(0.0, f64::max)
    }
}

/// `a / b`
#[expect(clippy::cast_precision_loss, reason = "a ratio to show or to compare")]
pub fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "\
[    0.1] Linux
bench clock loop=200000 counted=200024
bench read file=kallsyms buffer=4096 instructions=30 reads=2
bench read file=kallsyms buffer=4096 instructions=50 reads=2
bench read file=kallsyms buffer=4096 instructions=31 reads=2
bench read file=kallmodsyms buffer=4096 instructions=10 reads=3
";

    #[test]
    fn runs_of_one_measurement_are_one_figure() {
        let mut figures = Figures::new();
        let found = LINES.lines().filter(|line| figures.add(line)).count();
        assert_eq!(found, 5);
        let reads: Vec<_> = figures.of_kind("read").collect();
        let [kallsyms, kallmodsyms] = reads[..] else {
            panic!("{} figures", reads.len());
        };
        assert_eq!(kallsyms.instructions(), 31);
        assert!((kallsyms.spread() - 20.0 / 31.0).abs() < 1e-9);
        let counterpart = figures.counterpart(kallmodsyms, &["buffer"]).unwrap();
        assert_eq!(counterpart.number("reads").unwrap(), 2);
        figures.check().unwrap();
    }

    #[test]
    fn a_clock_that_counts_time_is_refused() {
        for counted in [100_000, 202_100] {
            let mut figures = Figures::new();
            figures.add(&format!("bench clock loop=200000 counted={counted}"));
            figures.check().unwrap_err();
        }
    }
}
