// SPDX-License-Identifier: GPL-2.0

//! `make rust-analyzer`: describes the component and the generator to editors.
//!
//! The kernel's own `make rust-analyzer` describes the kernel's crates, and looks for modules only in
//! `samples/` and `drivers/`. The harness adds the component and the generator to that description. The
//! harness also removes Rust's libraries from the description. rust-analyzer then reads the libraries
//! itself, and knows more about them, for example the methods of `usize`.

use std::fs;
use std::path::Path;

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};

use crate::lab::command;
use crate::lab::options::{self, Options};
use crate::lab::packages;
use crate::lab::workshop::Workshop;

/// The file that editors look for.
const PROJECT: &str = "rust-project.json";

pub fn run(options: &Options) -> Result<()> {
    let workshop = Workshop::open(options, packages::For::Editor)?;
    let kernel = workshop.configured(options, options.config())?;
    let bindings = kernel.objtree.join("rust/bindings/bindings_generated.rs");
    if !bindings.exists() {
        bail!(
            "{}: the kernel's Rust code is not built; run `make run CONFIG={}` first",
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
    let known = adapt(&mut project, &kernel.tree)
        .and_then(|()| add(&mut project, &repository, &kernel.series));
    known.with_context(|| {
        format!(
            "{}: the kernel writes another form than expected",
            path.display()
        )
    })?;

    let path = repository.join(PROJECT);
    fs::write(&path, serde_json::to_string_pretty(&project)? + "\n")
        .with_context(|| path.display().to_string())?;
    println!(
        "rust/ and scripts/ are described for editors in {}",
        path.display()
    );
    for workspace in ["tests", "tools/kallmodsyms"] {
        let manifest = repository.join(workspace).join("Cargo.toml");
        println!("{workspace}/ is a cargo workspace: {}", manifest.display());
    }
    Ok(())
}

/// Removes Rust's libraries, and sets the directory where rust-analyzer finds their source. Adds `rust/` of
/// the component to the source directories of the kernel crate.
fn adapt(project: &mut Value, tree: &Path) -> Option<()> {
    let library = Path::new(project["sysroot"].as_str()?).join("lib/rustlib/src/rust/library");
    project["sysroot_src"] = json!(library);
    let crates = project["crates"].as_array_mut()?;
    let is_kept: Vec<_> = crates
        .iter()
        .map(|known| Some(!Path::new(known["root_module"].as_str()?).starts_with(&library)))
        .collect::<Option<_>>()?;
    // A dependency is the index of a crate, so indexes change when crates are removed.
    let renumbered = |old: &Value| -> Option<Value> {
        let old = usize::try_from(old.as_u64()?).ok()?;
        let before = is_kept.get(..old)?.iter().filter(|&&kept| kept).count();
        is_kept.get(old)?.then(|| json!(before))
    };
    let mut index = 0..;
    crates.retain(|_| index.next().is_some_and(|index: usize| is_kept[index]));
    for known in crates.iter_mut() {
        let deps = known["deps"].as_array_mut()?;
        deps.retain_mut(|dep| match renumbered(&dep["crate"]) {
            Some(number) => {
                dep["crate"] = number;
                true
            }
            None => false,
        });
    }
    let mut crates = crates.iter_mut();
    let kernel = crates.find(|known| known["display_name"] == "kernel")?;
    let directories = kernel["source"]["include_dirs"].as_array_mut()?;
    directories.push(json!(tree.join("kernel/kallmodsyms/rust")));
    Some(())
}

/// Adds two crates. The component gets the cfg of the kernel crate, and `kallmodsyms_series` with the value
/// `series`, which `rust/Kbuild` sets too. The generator gets no cfg. Returns `None` without a kernel crate.
fn add(project: &mut Value, repository: &Path, series: &str) -> Option<()> {
    let crates = project["crates"].as_array_mut()?;
    let index = crates
        .iter()
        .position(|known| known["display_name"] == "kernel")?;
    let mut cfg = crates[index]["cfg"].as_array()?.clone();
    cfg.push(json!(format!("kallmodsyms_series=\"{series}\"")));
    let kernel = json!({ "crate": index, "name": "kernel" });

    let mut add = |name: &str, root: &str, directories: &[&str], deps: Value, cfg: Vec<Value>| {
        let directories = directories.iter().map(|name| repository.join(name));
        crates.push(json!({
            "display_name": name,
            "root_module": repository.join(root),
            "edition": "2021",
            "is_workspace_member": true,
            "is_proc_macro": false,
            "deps": deps,
            "cfg": cfg,
            "env": { "RUST_MODFILE": "for rust-analyzer only" },
            "source": {
                "include_dirs": directories.collect::<Vec<_>>(),
                "exclude_dirs": [],
            },
        }));
    };
    let component = "rust/kallmodsyms.rs";
    add("kallmodsyms", component, &["rust"], json!([kernel]), cfg);
    // The generator includes the format code, which is in `rust/`.
    let generator = "scripts/kallmodsyms.rs";
    let directories = ["scripts", "rust"];
    add(
        "kallmodsyms_generator",
        generator,
        &directories,
        json!([]),
        Vec::new(),
    );
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A description in the form that the kernel writes.
    fn project() -> Value {
        let of = |name: &str, root: &str, deps: &[usize], cfg: &[&str]| {
            let deps = deps.iter().map(|dep| json!({ "crate": dep, "name": "" }));
            json!({
                "display_name": name,
                "root_module": root,
                "deps": deps.collect::<Vec<_>>(),
                "cfg": cfg,
                "source": { "include_dirs": ["/o/rust"], "exclude_dirs": [] },
            })
        };
        let library = "/usr/lib/rustlib/src/rust/library";
        json!({
            "sysroot": "/usr",
            "crates": [
                of("core", &format!("{library}/core/src/lib.rs"), &[], &[]),
                of("ffi", "/k/rust/ffi.rs", &[0], &[]),
                of("std", &format!("{library}/std/src/lib.rs"), &[0], &[]),
                of("kernel", "/k/rust/kernel/lib.rs", &[0, 1], &["CONFIG_RUST"]),
            ],
        })
    }

    #[test]
    fn libraries_are_removed_and_dependencies_renumbered() {
        let mut project = project();
        adapt(&mut project, Path::new("/k")).unwrap();
        assert_eq!(project["sysroot_src"], "/usr/lib/rustlib/src/rust/library");
        let crates = project["crates"].as_array().unwrap();
        let names: Vec<_> = crates.iter().map(|known| &known["display_name"]).collect();
        assert_eq!(names, ["ffi", "kernel"]);
        assert_eq!(crates[0]["deps"], json!([]));
        assert_eq!(crates[1]["deps"], json!([{ "crate": 0, "name": "" }]));
        let directories = json!(["/o/rust", "/k/kernel/kallmodsyms/rust"]);
        assert_eq!(crates[1]["source"]["include_dirs"], directories);
    }

    #[test]
    fn both_crates_are_added() {
        let mut project = project();
        adapt(&mut project, Path::new("/k")).unwrap();
        add(&mut project, Path::new("/r"), "6.12").unwrap();
        let crates = project["crates"].as_array().unwrap();
        assert_eq!(crates.len(), 4);
        assert_eq!(crates[2]["root_module"], "/r/rust/kallmodsyms.rs");
        let deps = json!([{ "crate": 1, "name": "kernel" }]);
        assert_eq!(crates[2]["deps"], deps);
        let cfg = json!(["CONFIG_RUST", "kallmodsyms_series=\"6.12\""]);
        assert_eq!(crates[2]["cfg"], cfg);
        assert_eq!(crates[3]["root_module"], "/r/scripts/kallmodsyms.rs");
        let directories = json!(["/r/scripts", "/r/rust"]);
        assert_eq!(crates[3]["source"]["include_dirs"], directories);
    }

    #[test]
    fn a_project_without_the_kernel_crate_is_refused() {
        let mut project = project();
        project["crates"].as_array_mut().unwrap().pop();
        assert_eq!(adapt(&mut project, Path::new("/k")), None);
        assert_eq!(add(&mut project, Path::new("/r"), "6.12"), None);
    }
}
