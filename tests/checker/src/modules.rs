// SPDX-License-Identifier: GPL-2.0

//! Finds the modules of each object.
//!
//! kbuild passes the module file (the path of the module) to the compiler, even for code that cannot be a
//! module. So the `.cmd` file beside the object has the module file. `modules.builtin` lists the module
//! files of built-in modules.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The names of the built-in modules, by module file.
pub struct BuiltIn(HashMap<String, String>);

/// The modules of an object.
#[derive(Debug, PartialEq, Eq)]
pub enum Owner {
    /// The modules, sorted. Empty for an object in no module.
    Modules(Vec<String>),
    /// A Rust library (rust/core.o, ...): kbuild compiles it without a module file. It is in no module.
    Library,
    /// The modules are unknown, for this reason. The kernel shows the symbols of the object in no module.
    Unknown(&'static str),
}

impl BuiltIn {
    /// Reads modules.builtin:
    ///
    /// ```text
    /// kernel/drivers/char/hw_random/rng-core.ko
    /// ```
    pub fn read(build: &Path) -> Result<Self> {
        let path = build.join("modules.builtin");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: kbuild leaves it with vmlinux.o", path.display()))?;
        let module = |line: &str| {
            let file = line.strip_prefix("kernel/")?.strip_suffix(".ko")?;
            let name = file.rsplit('/').next()?.replace(['-', ','], "_");
            Some((file.to_owned(), name))
        };
        let modules = text.lines().map(|line| {
            module(line).with_context(|| format!("{}: {line}: not kernel/*.ko", path.display()))
        });
        modules.collect::<Result<_>>().map(Self)
    }

    /// The number of built-in modules.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the built-in modules that the command of `object` names. For a command with input objects, returns the
    /// modules of the input objects. `object` is relative to `build`.
    pub fn owner(&self, build: &Path, object: &Path) -> Result<Owner> {
        let mut modules = BTreeSet::new();
        let mut is_compiled = false;
        let mut seen = HashSet::from([object.to_path_buf()]);
        let mut parts = vec![object.to_path_buf()];
        while let Some(part) = parts.pop() {
            match Command::of(build, &part)? {
                Command::Files(files) => {
                    is_compiled = true;
                    let files = files.split(' ');
                    modules.extend(files.filter_map(|file| self.0.get(file).cloned()));
                }
                Command::Library if part == object => return Ok(Owner::Library),
                Command::Library => is_compiled = true,
                Command::Objects(others) => {
                    let new = others
                        .into_iter()
                        .filter(|other| seen.insert(other.clone()));
                    parts.extend(new);
                }
                Command::Unknown(why) => return Ok(Owner::Unknown(why)),
            }
        }
        match is_compiled {
            true => Ok(Owner::Modules(modules.into_iter().collect())),
            false => Ok(Owner::Unknown("its command makes it from itself")),
        }
    }
}

/// The command that made an object.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    /// A compiler, with these module files, separated by spaces.
    Files(String),
    /// A Rust compiler, without a module file.
    Library,
    /// A linker or objcopy, with these objects as inputs.
    Objects(Vec<PathBuf>),
    /// A command of no known form, or no command. The text is the reason.
    Unknown(&'static str),
}

impl Command {
    /// Reads the command that kbuild recorded beside `object`. kbuild records no command for prebuilt objects
    /// (`x.o_shipped`).
    fn of(build: &Path, object: &Path) -> Result<Self> {
        let mut name = OsString::from(".");
        name.push(object.file_name().unwrap_or_default());
        name.push(".cmd");
        let path = build.join(object).with_file_name(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self::Unknown("kbuild recorded no command for it"));
            }
            text => text.with_context(|| path.display().to_string())?,
        };
        let line = text.split(|&byte| byte == b'\n').next();
        Ok(Self::parse(
            &String::from_utf8_lossy(line.unwrap_or_default()),
            object,
        ))
    }

    /// Parses the command of `object`. The known forms are the commands for C and assembler, for Rust, and for
    /// objects made from other objects:
    ///
    /// ```text
    /// savedcmd_x.o := gcc ... -DKBUILD_MODFILE='"drivers/net/sw/sw drivers/net/eth/eth"' ...
    /// savedcmd_x.o := ... RUST_MODFILE=drivers/net/phy/ax88796b_rust rustc ...
    /// savedcmd_x.pi.o := objcopy --prefix-symbols=__pi_ x.o x.pi.o
    /// ```
    fn parse(line: &str, object: &Path) -> Self {
        let command = line.split_once(" := ").map_or("", |(_, command)| command);
        if let Some((_, rest)) = command.rsplit_once("-DKBUILD_MODFILE='\"") {
            if let Some((files, _)) = rest.split_once("\"'") {
                return Self::Files(files.to_owned());
            }
        }
        let mut words = command.split_whitespace();
        let rust = words.clone().rev();
        if let Some(file) = { rust }.find_map(|word| word.strip_prefix("RUST_MODFILE=")) {
            return Self::Files(file.to_owned());
        }
        if words.any(|word| word == "--crate-type" || word.starts_with("--crate-type=")) {
            return Self::Library;
        }
        let words = command.split_whitespace().map(Path::new);
        let objects = words.filter(|word| word.extension() == Some(OsStr::new("o")));
        let others: Vec<_> = objects
            .filter(|other| *other != object)
            .map(Path::to_path_buf)
            .collect();
        match others.is_empty() {
            true => Self::Unknown("its command names neither a module file nor an object"),
            false => Self::Objects(others),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        Command::parse(line, Path::new("d/x.o"))
    }

    #[test]
    fn compiler_commands_of_c_and_rust() {
        let c = r#"savedcmd_a.o := gcc -DKBUILD_MODFILE='"net/a net/b-c"' -c -o a.o a.c"#;
        assert_eq!(parse(c), Command::Files("net/a net/b-c".into()));
        let rust = "savedcmd_r.o := RUST_MODFILE=samples/rust/r rustc --crate-type rlib";
        assert_eq!(parse(rust), Command::Files("samples/rust/r".into()));
        let library = "savedcmd_core.o := rustc --crate-name core --crate-type rlib";
        assert_eq!(parse(library), Command::Library);
    }

    #[test]
    fn commands_with_input_objects_and_commands_of_unknown_form() {
        let objcopy = "savedcmd_d/x.o := objcopy --prefix-symbols=__pi_ d/y.o d/x.o";
        assert_eq!(parse(objcopy), Command::Objects(vec!["d/y.o".into()]));
        for command in [
            "",
            "savedcmd_d/x.o := cat d/x.o_shipped > d/x.o",
            "cmd_d/x.o := ld -r --format=binary -o d/x.o d/x.bin",
        ] {
            assert!(matches!(parse(command), Command::Unknown(_)), "{command}");
        }
    }

    #[test]
    fn an_object_has_the_modules_of_its_input_objects() {
        let build = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(build.path().join(file), text).unwrap();
        write(
            "modules.builtin",
            "kernel/a/a.ko\nkernel/b/one,b-mod.ko\nkernel/other/a.ko\n",
        );
        let of = |object: &str, command: &str| {
            write(
                &format!(".{object}.o.cmd"),
                &format!("savedcmd_{object}.o := {command}\n"),
            );
        };
        of("a", r#"gcc -DKBUILD_MODFILE='"a/a other/a"'"#);
        of("b", r#"gcc -DKBUILD_MODFILE='"b/one,b-mod"'"#);
        of("both", "ld -r -o both.o a.o b.o");
        of("one", "objcopy two.o one.o");
        of("two", "objcopy one.o b.o two.o");
        of("blob", "cat blob.o_shipped > blob.o");
        of("left", "objcopy right.o left.o");
        of("right", "objcopy left.o right.o");
        of("with_blob", "ld -r -o with_blob.o a.o blob.o prebuilt.o");
        let built_in = BuiltIn::read(build.path()).unwrap();
        let modules =
            |names: &[&str]| Owner::Modules(names.iter().map(|&name| name.to_owned()).collect());
        for (object, owner) in [
            ("a.o", modules(&["a"])),
            ("both.o", modules(&["a", "one_b_mod"])),
            ("one.o", modules(&["one_b_mod"])),
            (
                "with_blob.o",
                Owner::Unknown("kbuild recorded no command for it"),
            ),
            (
                "prebuilt.o",
                Owner::Unknown("kbuild recorded no command for it"),
            ),
            ("left.o", Owner::Unknown("its command makes it from itself")),
        ] {
            let found = built_in.owner(build.path(), Path::new(object)).unwrap();
            assert_eq!(found, owner, "{object}");
        }
    }
}
