// SPDX-License-Identifier: GPL-2.0

//! Lists the cells of the matrix. A cell is a kernel to try.

use std::path::Path;

use anyhow::{bail, ensure, Result};

use crate::lab::arch;
use crate::lab::fragment::{self, Fragment};
use crate::lab::options::{self, Matrix, Options};
use crate::lab::release::RELEASES;
use crate::lab::source;

/// The kernel of a cell, and what its trial checks.
pub struct Cell {
    /// `6.12-x86_64-gcc`
    pub name: String,
    pub options: Options,
    pub config: String,
    /// True if the trial also runs the guest's tests, and compares the tool's output with the file.
    pub is_full_trial: bool,
    /// True for a kernel of a distribution, for which the matrix shows additional figures.
    pub is_distribution: bool,
}

/// The directory of the variants' fragments in `tests/kernel`.
const VARIANTS: &str = "variants";

/// The distributions' kernels: triples of (configuration, architecture, `LLVM`).
const DISTRIBUTIONS: &[(&str, &str, &str)] = &[
    ("debian-cloud", "x86_64", ""),
    ("debian-cloud-builtin", "x86_64", ""),
    ("debian", "x86_64", ""),
    ("debian-rt", "x86_64", ""),
    ("debian-cloud", "arm64", "1"),
    ("debian", "arm64", "1"),
];

/// All cells of the requested kind.
pub fn all(matrix: &Matrix) -> Result<Vec<Cell>> {
    let options = &matrix.options;
    if let Some(tree) = options.kdir() {
        if matrix.variants() || matrix.distributions() {
            bail!(
                "KDIR={}: VARIANTS and DISTRIBUTIONS need the packaged source; leave them out, or leave out KDIR",
                tree.display()
            );
        }
        return Ok(vec![user_tree(options, tree)?]);
    }
    match (matrix.variants(), matrix.distributions()) {
        (true, true) => bail!("set VARIANTS or DISTRIBUTIONS, not both"),
        (true, false) => variants(options),
        (false, true) => distributions(options),
        (false, false) => combinations(options),
    }
}

/// The cells that `ONLY` requests: the cell of this name, or all cells with these words in their names.
pub fn only(mut cells: Vec<Cell>, matrix: &Matrix) -> Vec<Cell> {
    let is_name = cells.iter().any(|cell| cell.name == matrix.only);
    cells.retain(|cell| match is_name {
        true => cell.name == matrix.only,
        false => matrix.wants(&cell.name),
    });
    cells
}

/// The cell with the number `turn`, modulo the number of cells. The cell that `make test` tests with the
/// same options does not count.
pub fn in_turn(mut cells: Vec<Cell>, options: &Options, turn: usize) -> Result<Cell> {
    let tested = name(&options.kernel, options)?;
    cells.retain(|cell| cell.name != tested);
    let count = cells.len();
    ensure!(
        count > 0,
        "TURN={turn}: the only cell is {tested}, which make test tests"
    );
    Ok(cells.swap_remove(turn % count))
}

/// The cell of the user's tree.
fn user_tree(options: &Options, tree: &Path) -> Result<Cell> {
    Ok(Cell {
        name: name(&source::series(tree)?, options)?,
        options: options.clone(),
        config: options.config().to_owned(),
        is_full_trial: true,
        is_distribution: false,
    })
}

fn name(series: &str, options: &Options) -> Result<String> {
    let arch = options.arch()?.name;
    let name = format!("{series}-{arch}-{}", toolchain(options));
    Ok(match &*options.compilers {
        "" => name,
        release => format!("{name}-{release}"),
    })
}

fn toolchain(options: &Options) -> &'static str {
    match options.llvm.is_empty() {
        true => "gcc",
        false => "clang",
    }
}

/// A cell for each series with hooks, each architecture and each toolchain. For the host's architecture,
/// also a cell for the compilers of each release in [`RELEASES`].
fn combinations(options: &Options) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for series in options::all_series()? {
        for arch in arch::ARCHES {
            for llvm in ["", "1"] {
                cells.push(packaged(options.for_cell(&series, arch.name, llvm))?);
            }
        }
        // The compilers of a release compile only for the host's architecture.
        if let Some(arch) = arch::ARCHES.iter().find(|arch| !arch.is_foreign()) {
            for release in RELEASES {
                let mut options = options.for_cell(&series, arch.name, "");
                release.name.clone_into(&mut options.compilers);
                cells.push(packaged(options)?);
            }
        }
    }
    Ok(cells)
}

/// The cell of a packaged kernel.
fn packaged(options: Options) -> Result<Cell> {
    Ok(Cell {
        name: name(&options.kernel, &options)?,
        config: options.config().to_owned(),
        options,
        is_full_trial: true,
        is_distribution: false,
    })
}

/// A cell for each variant of one kernel, and for each seed of a variant with seeds. Some fragments choose
/// their own series or compiler.
fn variants(options: &Options) -> Result<Vec<Cell>> {
    let directory = options::repository()?.join("tests/kernel").join(VARIANTS);
    let mut cells = Vec::new();
    for name in fragment::names_in(&directory)? {
        let fragment = Fragment::read(&format!("{VARIANTS}/{name}"), &[])?;
        let seeds = fragment.seeds()?;
        let names = match &seeds[..] {
            [] => vec![name],
            seeds => seeds.iter().map(|seed| format!("{name}-{seed}")).collect(),
        };
        for name in names {
            cells.push(variant(options, &fragment, &name)?);
        }
    }
    Ok(cells)
}

fn variant(options: &Options, fragment: &Fragment, name: &str) -> Result<Cell> {
    let series = fragment.key("series").unwrap_or(&options.kernel);
    let llvm = match (fragment.key("llvm"), &*options.llvm) {
        (Some(llvm), "") => llvm,
        (_, llvm) => llvm,
    };
    let config = format!("{VARIANTS}/{name}");
    let cell = options.for_cell(series, options.arch()?.name, llvm);
    let cell = cell.with_config(&config);
    Ok(Cell {
        name: format!("{}-{name}", self::name(series, &cell)?),
        config,
        options: cell,
        is_full_trial: fragment.key("tests") == Some("guest"),
        is_distribution: false,
    })
}

/// A cell for each kernel of a distribution, with the series of its configuration.
fn distributions(options: &Options) -> Result<Vec<Cell>> {
    let cells = DISTRIBUTIONS.iter().map(|&(config, arch, llvm)| {
        let fragment = Fragment::read(config, &[])?;
        let series = fragment.key("series").unwrap_or(&options.kernel);
        let options = options.for_cell(series, arch, llvm).with_config(config);
        Ok(Cell {
            name: format!("{}-{config}", name(series, &options)?),
            config: config.to_owned(),
            options,
            is_full_trial: true,
            is_distribution: true,
        })
    });
    cells.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser;

    use super::*;
    use crate::lab::options::{Cli, Command};

    fn matrix(arguments: &[&str]) -> Matrix {
        let line = ["harness", "matrix", "--cache", "c"]
            .iter()
            .chain(arguments);
        match Cli::parse_from(line).command {
            Command::Matrix(matrix) => matrix,
            _ => unreachable!("asked for the matrix"),
        }
    }

    /// Pairs of (name, configuration) of the cells that `arguments` choose.
    fn cells(arguments: &[&str]) -> Vec<(String, String)> {
        let matrix = matrix(arguments);
        let cells = only(all(&matrix).unwrap(), &matrix).into_iter();
        cells.map(|cell| (cell.name, cell.config)).collect()
    }

    #[test]
    fn variants_choose_their_series_compiler_and_seeds() {
        let has = |cells: &[(String, String)], name: &str, config: &str| {
            let cell = (name.to_owned(), format!("variants/{config}"));
            assert!(cells.contains(&cell), "{name}: {cells:?}");
        };
        let all = cells(&["--variants", "1"]);
        has(&all, "6.12-x86_64-gcc-trim", "trim");
        has(&all, "7.3-x86_64-clang-profiles", "profiles");
        has(&all, "6.12-x86_64-gcc-random-1", "random-1");
        has(&all, "6.12-x86_64-gcc-random-10", "random-10");
        let all = cells(&["--variants", "1", "--kernel", "7.3", "--llvm", "1"]);
        has(&all, "7.3-x86_64-clang-trim", "trim");
    }

    #[test]
    fn each_distribution_has_a_cell() {
        let all = cells(&["--distributions", "1"]);
        assert_eq!(all.len(), DISTRIBUTIONS.len());
        assert_eq!(all[0].0, "7.3-x86_64-gcc-debian-cloud");
        assert_eq!(all[5].0, "7.3-arm64-clang-debian");
        let chosen = |only: &str| cells(&["--distributions", "1", "--only", only]).len();
        assert_eq!(chosen("x86_64 cloud"), 2);
        assert_eq!(chosen("7.3-x86_64-gcc-debian-cloud"), 1);
        for with in [["--variants", "1"], ["--kdir", "linux"]] {
            let arguments = ["--distributions", "1", with[0], with[1]];
            let error = super::all(&matrix(&arguments)).map(|_| ()).unwrap_err();
            assert!(error.to_string().contains("DISTRIBUTIONS"), "{error}");
        }
    }

    #[test]
    fn each_cell_but_that_of_make_test_has_a_turn() {
        let matrix = matrix(&["--turn", "30"]);
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
