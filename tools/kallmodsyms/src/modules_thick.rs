// SPDX-License-Identifier: GPL-2.0

//! The object files of each built-in module: `modules_thick.builtin`, which the build leaves beside
//! vmlinux.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::line::each_line;

const FILE: &str = "modules_thick.builtin";

/// The object files of built-in modules, by the name of the module.
pub(crate) struct ModulesThick(BTreeMap<String, Vec<String>>);

impl ModulesThick {
    /// Reads the file beside `vmlinux`.
    pub(crate) fn read(vmlinux: &Path) -> Result<Self> {
        let path = vmlinux.with_file_name(FILE);
        let text = fs::read(&path).map_err(|error| {
            Error::in_file(
                &path,
                error.to_string(),
                "The build leaves it beside vmlinux: build the kernel again.",
            )
        })?;
        let mut modules = BTreeMap::<String, Vec<String>>::new();
        for (number, line) in (1..).zip(each_line(&text)) {
            let (module, objects) = parse(&String::from_utf8_lossy(line)).ok_or_else(|| {
                Error::at_line(
                    &path,
                    number,
                    "not an object file, a colon and object files",
                    "Build the kernel again.",
                )
            })?;
            modules.entry(module).or_default().extend(objects);
        }
        Ok(Self(modules))
    }

    /// The modules, with their object files.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        let modules = self.0.iter();
        modules.map(|(module, objects)| (module.as_str(), objects.as_slice()))
    }

    /// For each object file of a built-in module, its modules in alphabetical order.
    pub(crate) fn by_object(&self) -> HashMap<&str, Vec<String>> {
        let mut by_object = HashMap::<&str, Vec<String>>::new();
        for (module, objects) in &self.0 {
            for object in objects {
                let modules = by_object.entry(object).or_default();
                if modules.last() != Some(module) {
                    modules.push(module.clone());
                }
            }
        }
        by_object
    }
}

/// The name and the object files of the module in `line`.
///
/// ```text
/// fs/fat/msdos.o: fs/fat/namei_msdos.o
/// ```
fn parse(line: &str) -> Option<(String, Vec<String>)> {
    let (file, objects) = line.split_once(':')?;
    let name = file.rsplit('/').next()?.strip_suffix(".o")?;
    let objects = objects.split_ascii_whitespace().map(str::to_owned);
    Some((name.replace('-', "_"), objects.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_module_and_its_objects() {
        let (module, objects) = parse("lib/crc-t10.o: lib/a.o lib/b.o").unwrap();
        assert_eq!(module, "crc_t10");
        assert_eq!(objects, ["lib/a.o", "lib/b.o"]);
        assert_eq!(parse("lib/c.o:").unwrap().1, [""; 0]);
        assert_eq!(parse("lib/c.o lib/d.o"), None);
        assert_eq!(parse("lib/c: lib/d.o"), None);
    }

    #[test]
    fn a_shared_object_has_all_its_modules_once() {
        let thick = ModulesThick(BTreeMap::from([
            ("b".into(), vec!["s.o".into(), "b.o".into()]),
            ("a".into(), vec!["s.o".into(), "s.o".into()]),
        ]));
        let by_object = thick.by_object();
        assert_eq!(by_object["s.o"], ["a", "b"]);
        assert_eq!(by_object["b.o"], ["b"]);
    }
}
