// SPDX-License-Identifier: GPL-2.0

//! `make rust-analyzer`: describes the component and the generator to editors.
//!
//! The kernel's own `make rust-analyzer` describes its crates, but looks for
//! others in `samples/` and `drivers/` only. Ours are added to what it writes.

use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};

use crate::cache::Cache;
use crate::command;
use crate::configure;
use crate::options::{self, Options};
use crate::packages;
use crate::source;
use crate::toolchain::Toolchain;

/// What editors look for.
const PROJECT: &str = "rust-project.json";

pub fn run(options: &Options) -> Result<()> {
    let cache = Cache::lock(options)?;
    packages::install(options, packages::For::Editor)?;
    let toolchain = Toolchain::find(&cache)?;
    let tree = source::tree(options, &cache)?;
    source::apply(options, &tree)?;
    let kernel = configure::configure(options, &cache, &toolchain, &tree.path, options.config())?;
    let bindings = kernel.objtree.join("rust/bindings/bindings_generated.rs");
    if !bindings.exists() {
        bail!(
            "{}: the kernel's Rust code is not built there: make run CONFIG={}, and then this again",
            kernel.objtree.display(),
            kernel.config
        );
    }
    let log = kernel.objtree.join("rust-analyzer.log");
    command::logged(kernel.make()?.arg("rust-analyzer"), &log)?;

    let path = kernel.objtree.join(PROJECT);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut project: Value =
        serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let repository = options::repository()?;
    add(&mut project, &repository, &series(&kernel.tree)?)
        .with_context(|| format!("{}: not of the form that is known", path.display()))?;

    let path = repository.join(PROJECT);
    fs::write(&path, serde_json::to_string_pretty(&project)? + "\n")
        .with_context(|| path.display().to_string())?;
    println!("rust/ and scripts/, for editors: {}", path.display());
    println!(
        "tests/ is a cargo workspace: {}",
        repository.join("tests/Cargo.toml").display()
    );
    Ok(())
}

/// Adds our crates, as `rust/Kbuild` and `scripts/Makefile` compile them.
fn add(project: &mut Value, repository: &Path, series: &str) -> Option<()> {
    let crates = project.get_mut("crates")?.as_array_mut()?;
    let index = |name: &str| {
        let known = crates
            .iter()
            .position(|known| known["display_name"] == name);
        known.map(|index| json!({ "crate": index, "name": name }))
    };
    let deps_of_component = json!([index("core")?, index("kernel")?]);
    let deps_of_generator = json!([index("std")?]);
    let kernel = crates
        .iter()
        .find(|known| known["display_name"] == "kernel")?;
    let mut cfg = kernel["cfg"].as_array()?.clone();
    cfg.push(json!(format!("kallmodsyms_series=\"{series}\"")));

    let mut add = |name: &str, root: &str, deps: Value, cfg: Vec<Value>| {
        crates.push(json!({
            "display_name": name,
            "root_module": repository.join(root),
            "edition": "2021",
            "is_workspace_member": true,
            "is_proc_macro": false,
            "deps": deps,
            "cfg": cfg,
            "env": { "RUST_MODFILE": "for rust-analyzer only" },
        }));
    };
    add("kallmodsyms", "rust/kallmodsyms.rs", deps_of_component, cfg);
    let generator = "scripts/kallmodsyms.rs";
    add(
        "kallmodsyms_generator",
        generator,
        deps_of_generator,
        Vec::new(),
    );
    Some(())
}

/// `6.12`, of the tree's Makefile.
fn series(tree: &Path) -> Result<String> {
    let path = tree.join("Makefile");
    let makefile = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    // VERSION = 6
    let value = |name: &str| {
        let line = makefile.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim_start().strip_prefix('='))
            .map(|value| value.trim().to_owned())
            .with_context(|| format!("{}: no {name}", path.display()))
    };
    Ok(format!("{}.{}", value("VERSION")?, value("PATCHLEVEL")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Value {
        let of = |name: &str, cfg: &[&str]| json!({ "display_name": name, "cfg": cfg });
        json!({ "crates": [of("core", &[]), of("std", &[]), of("kernel", &["CONFIG_RUST"])] })
    }

    #[test]
    fn both_crates_are_added_with_what_they_are_compiled_with() {
        let mut project = project();
        add(&mut project, Path::new("/k"), "6.12").unwrap();
        let crates = project["crates"].as_array().unwrap();
        assert_eq!(crates.len(), 5);
        assert_eq!(crates[3]["root_module"], "/k/rust/kallmodsyms.rs");
        assert_eq!(
            crates[3]["deps"][1],
            json!({ "crate": 2, "name": "kernel" })
        );
        let cfg = json!(["CONFIG_RUST", "kallmodsyms_series=\"6.12\""]);
        assert_eq!(crates[3]["cfg"], cfg);
        assert_eq!(crates[4]["root_module"], "/k/scripts/kallmodsyms.rs");
        assert_eq!(crates[4]["deps"], json!([{ "crate": 1, "name": "std" }]));
    }

    #[test]
    fn a_project_without_the_kernel_crate_is_refused() {
        let mut project = project();
        project["crates"].as_array_mut().unwrap().pop();
        assert_eq!(add(&mut project, Path::new("/k"), "6.12"), None);
    }
}
