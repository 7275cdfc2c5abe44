// SPDX-License-Identifier: GPL-2.0

//! Additional figures for kernels of distributions: the numbers of modules, shared object files, symbols,
//! ranges and exceptions, and the bytes of each group of tables. Also the time and memory of the generator, and
//! the time of the build.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use crate::bench;
use crate::bench::text::number;
use crate::lab::build;
use crate::lab::configure::Kernel;
use crate::lab::progress;

/// The figures, as pairs of (name, value).
pub fn figures(kernel: &Kernel) -> Result<Vec<(String, String)>> {
    let modules = kernel.objtree.join("modules_thick.builtin");
    let modules = fs::read_to_string(&modules).with_context(|| modules.display().to_string())?;
    let (modules, shared) = count(&modules);
    let mut figures = vec![
        ("built-in modules".to_owned(), number(modules)),
        ("objects in several modules".to_owned(), number(shared)),
    ];
    for (name, counted) in bench::counts(&kernel.objtree)? {
        figures.push((name, number(counted)));
    }
    for row in bench::own_programs(&kernel.objtree, &kernel.tree)? {
        let milliseconds = 1e3 * row.times.wall.as_secs_f64();
        let memory = number(row.peak_kib);
        figures.push((
            row.program.to_owned(),
            format!("{milliseconds:.0} ms, {memory} KiB"),
        ));
    }
    if let Some(taken) = build::time_from_nothing(kernel) {
        figures.push(("the build".to_owned(), progress::time(taken.wall)));
    }
    Ok(figures)
}

/// Counts the modules, and the object files in several modules, in `modules_thick.builtin`.
///
/// ```text
/// fs/fat/fat.o: fs/fat/cache.o fs/fat/dir.o
/// ```
fn count(modules: &str) -> (u64, u64) {
    let mut objects: BTreeMap<&str, u64> = BTreeMap::new();
    let of_modules = modules
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.1));
    for object in of_modules.clone().flat_map(str::split_whitespace) {
        *objects.entry(object).or_default() += 1;
    }
    let shared = objects.values().filter(|&&modules| modules > 1).count();
    (of_modules.count() as u64, shared as u64)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn shared_objects_are_counted_once() {
        assert_eq!(count(""), (0, 0));
        let modules = "a/a.o: a/b.o a/c.o\na/d.o: a/b.o\na/e.o: a/b.o a/c.o a/e1.o\n";
        assert_eq!(count(modules), (3, 2));
    }
}
