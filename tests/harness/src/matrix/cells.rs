// SPDX-License-Identifier: GPL-2.0

//! Which kernels there are to try.

use std::path::Path;

use anyhow::{bail, ensure, Result};

use crate::arch;
use crate::configure;
use crate::options::{self, Matrix, Options};
use crate::source;

/// What is built and booted, and how much of it is tried.
pub struct Cell {
    /// `6.12-x86_64-gcc`
    pub name: String,
    pub options: Options,
    pub config: String,
    /// Whether the guest's tests are run too, and not only what the file says is compared.
    pub whole: bool,
}

/// Where the fragments of the variants are, in `tests/kernel`.
const VARIANTS: &str = "variants";

pub fn all(matrix: &Matrix) -> Result<Vec<Cell>> {
    match matrix.options.kdir() {
        Some(tree) if matrix.variants() => bail!(
            "KDIR={}: the variants are tried of the packaged kernel only; leave VARIANTS out",
            tree.display()
        ),
        Some(tree) => Ok(vec![of_tree(&matrix.options, tree)?]),
        None if matrix.variants() => variants(&matrix.options),
        None => combinations(&matrix.options),
    }
}

/// The one whose turn it is, of those that `make test` does not try with the same options.
pub fn in_turn(mut cells: Vec<Cell>, options: &Options, turn: usize) -> Result<Cell> {
    let tested = name(&options.kernel, options)?;
    cells.retain(|cell| cell.name != tested);
    let count = cells.len();
    ensure!(count > 0, "TURN={turn}: there is no cell but {tested}");
    Ok(cells.swap_remove(turn % count))
}

/// The one of a tree of the user's own.
fn of_tree(options: &Options, tree: &Path) -> Result<Cell> {
    Ok(Cell {
        name: name(&source::series(tree)?, options)?,
        options: options.clone(),
        config: options.config().to_owned(),
        whole: true,
    })
}

fn name(series: &str, options: &Options) -> Result<String> {
    let arch = options.arch()?.name;
    Ok(format!("{series}-{arch}-{}", toolchain(options)))
}

fn toolchain(options: &Options) -> &'static str {
    match options.llvm.is_empty() {
        true => "gcc",
        false => "clang",
    }
}

/// Each series, which are those that there are hooks for, with each architecture and toolchain.
fn combinations(options: &Options) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for series in options::all_series()? {
        for arch in arch::ARCHES {
            for llvm in ["", "1"] {
                let options = options.of_cell(&series, arch.name, llvm);
                cells.push(Cell {
                    name: name(&series, &options)?,
                    config: options.config().to_owned(),
                    options,
                    whole: true,
                });
            }
        }
    }
    Ok(cells)
}

/// Each variant of one kernel.
fn variants(options: &Options) -> Result<Vec<Cell>> {
    let arch = options.arch()?.name;
    let options = options.of_cell(&options.kernel, arch, &options.llvm);
    let directory = options::repository()?.join("tests/kernel").join(VARIANTS);
    let names = configure::names_in(&directory)?;
    let cells = names.into_iter().map(|name| Cell {
        config: format!("{VARIANTS}/{name}"),
        name: format!("{}-{arch}-{}-{name}", options.kernel, toolchain(&options)),
        options: options.clone(),
        whole: false,
    });
    Ok(cells.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser;

    use super::*;
    use crate::options::{Cli, Command};

    #[test]
    fn each_but_the_tested_one_has_its_turn() {
        let line = ["harness", "matrix", "--cache", "c", "--turn", "30"];
        let Command::Matrix(matrix) = Cli::parse_from(line).command else {
            unreachable!("asked for the matrix");
        };
        assert_eq!(matrix.turn().unwrap(), Some(30));
        let all = || combinations(&matrix.options).unwrap();
        let others = all().len() - 1;
        let names = (0..others).map(|turn| in_turn(all(), &matrix.options, turn).unwrap().name);
        let names: BTreeSet<_> = names.collect();
        assert_eq!(names.len(), others);
        assert!(!names.contains("6.12-x86_64-gcc"));
        let turns = [3, 3 + others].map(|turn| in_turn(all(), &matrix.options, turn).unwrap());
        assert_eq!(turns[0].name, turns[1].name);
    }
}
