// SPDX-License-Identifier: GPL-2.0

//! `kallmodsyms count`: a table of the modules, or the object files, in texts.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};

use serde::Serialize;

use super::filter::{Filter, Sink};
use super::read_texts;
use super::request::{Count, CountBy};
use super::resolve::{Candidate, Found, KERNEL};
use super::stack::{Stack, Stacks};
use crate::error::{Error, Result};
use crate::kernel::{Kernel, ReadRanges};
use crate::output::Output;
use crate::request::Source;
use crate::symbol::names_in_brackets;

/// The key of a row: the names of all modules or object files that a frame can be in, sorted.
type Row = Vec<Vec<u8>>;

/// The name of a row whose object file is not known.
const UNKNOWN: &[u8] = b"-";

/// The numbers of stacks that a row is in.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Counts {
    /// Stacks that have the row as the innermost frame.
    innermost: u64,
    /// Stacks that have the row as any frame.
    total: u64,
}

/// The table of one run.
struct Table {
    by: CountBy,
    rows: HashMap<Row, Counts>,
    stacks: Stacks<Row>,
}

/// A row in JSON.
#[derive(Serialize)]
struct JsonRow<'t> {
    #[serde(rename = "self")]
    innermost: u64,
    total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    modules: Option<Vec<Cow<'t, str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Option<Cow<'t, str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    any_of: Option<Vec<Cow<'t, str>>>,
}

/// Writes to `out` how often each module, or each object file, occurs in the texts. `stdin` is the text if the
/// request names no text.
///
/// Return: one failure to report if no text has a symbol of the kernel, otherwise an empty list.
///
/// ```no_run
/// let request = kallmodsyms::Count::default();
/// let mut text = &b" ext4_fill_super+0x10/0x2b3a\n"[..];
/// kallmodsyms::count(&request, &mut text, &mut std::io::stdout())?;
/// # Ok::<(), kallmodsyms::Error>(())
/// ```
pub fn count(request: &Count, stdin: &mut dyn Read, out: &mut dyn Write) -> Result<Vec<Error>> {
    let by_object = request.by == CountBy::Object;
    let ranges = match by_object {
        true => ReadRanges::ForObjects,
        false => ReadRanges::Never,
    };
    let texts = &request.texts;
    let kernel = Kernel::read(&Source::of(&texts.kernel), ranges)?;
    let symbols = kernel.symbols()?;
    let sink = Table {
        by: request.by,
        rows: HashMap::new(),
        stacks: Stacks::new(),
    };
    let mut filter = Filter::new(&symbols, texts.offset, by_object, sink);
    read_texts(texts, stdin, &mut filter)?;
    let table = filter.sink;
    Output::with(out, |out| table.write(request.json, out))
}

impl Sink for Table {
    fn line(&mut self, line: &[u8], found: &[Found<'_>]) -> Result<()> {
        let Self { by, rows, stacks } = self;
        stacks.line(
            line,
            found,
            |found| row(found, *by),
            |stack| add(rows, stack),
        );
        Ok(())
    }

    fn pause(&mut self) -> Result<()> {
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if let Some(stack) = self.stacks.end() {
            add(&mut self.rows, stack);
        }
        Ok(())
    }
}

fn row(found: &Found<'_>, by: CountBy) -> Row {
    let name = |candidate: &Candidate<'_>| match by {
        CountBy::Module if candidate.modules.is_empty() => KERNEL.to_vec(),
        CountBy::Module => candidate.modules.to_vec(),
        CountBy::Object => candidate.object.unwrap_or(UNKNOWN).to_vec(),
    };
    let names: BTreeSet<_> = found.candidates.iter().map(name).collect();
    names.into_iter().collect()
}

fn add(rows: &mut HashMap<Row, Counts>, stack: Stack<Row>) {
    let count = stack.count;
    let mut frames = stack.frames;
    if let Some(innermost) = frames.first() {
        let counts = rows.entry(innermost.clone()).or_default();
        counts.innermost = counts.innermost.saturating_add(count);
    }
    frames.sort();
    frames.dedup();
    for frame in frames {
        let counts = rows.entry(frame).or_default();
        counts.total = counts.total.saturating_add(count);
    }
}

impl Table {
    fn write(self, json: bool, out: &mut Output<'_>) -> Result<Vec<Error>> {
        let mut rows: Vec<(Row, Counts)> = self.rows.into_iter().collect();
        rows.sort_by(|(name, counts), (other, others)| others.cmp(counts).then(name.cmp(other)));
        out.begin(json)?;
        if json {
            for (row, counts) in &rows {
                out.object(&JsonRow::new(row, *counts, self.by))?;
            }
        } else if !rows.is_empty() {
            let kind = match self.by {
                CountBy::Module => "module",
                CountBy::Object => "object",
            };
            out.write(format!("{:>10} {:>10}  {kind}\n", "self", "total").as_bytes())?;
            for (row, Counts { innermost, total }) in &rows {
                out.write(format!("{innermost:>10} {total:>10}  ").as_bytes())?;
                out.write(&row.join(&b'|'))?;
                out.write(b"\n")?;
            }
        }
        out.end(json)?;
        Ok(match rows.is_empty() {
            true => vec![Error::new(
                "the text has no symbol of this kernel",
                "Name the kernel that the text is from. `kallmodsyms help annotate` lists the forms in \
                 which symbols are found.",
            )],
            false => Vec::new(),
        })
    }
}

impl<'t> JsonRow<'t> {
    fn new(row: &'t [Vec<u8>], counts: Counts, by: CountBy) -> Self {
        let text = |name: &'t [u8]| String::from_utf8_lossy(name);
        let mut json = Self {
            innermost: counts.innermost,
            total: counts.total,
            modules: None,
            object: None,
            any_of: None,
        };
        match (row, by) {
            ([modules], CountBy::Module) => {
                let modules = modules.as_slice();
                let modules = if modules == KERNEL { b"" } else { modules };
                json.modules = Some(names_in_brackets(modules).map(text).collect());
            }
            ([object], CountBy::Object) => {
                let is_known = object != UNKNOWN;
                json.object = Some(is_known.then(|| text(object)));
            }
            _ => json.any_of = Some(row.iter().map(|name| text(name)).collect()),
        }
        json
    }
}
