// SPDX-License-Identifier: GPL-2.0

//! The modules of each object.
//!
//! kbuild passes the path of the module (the module file) to the compiler, and so to the `.cmd`
//! file beside the object, even for code that cannot be a module. `modules.builtin` lists the
//! module files that are built-in modules.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The modules that are built in: by module file, their name.
pub struct BuiltIn(HashMap<String, String>);

/// The modules of an object.
#[derive(Debug, PartialEq, Eq)]
pub enum Owner {
    /// These modules, sorted; none for the kernel proper.
    Modules(Vec<String>),
    /// None. Rust's own libraries (rust/core.o, ...) are made without a module file.
    Library,
    /// Nothing tells, for this reason. Such an object is shown in no module.
    Unknown(&'static str),
}

impl BuiltIn {
    /// Reads modules.builtin:
    ///
    /// ```text
    /// kernel/net/ipv4/netfilter/nf-conntrack.ko
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

    /// The number of modules.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The modules of `object`, relative to `build`: those that its command names, or else those of
    /// the objects that it is made of.
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
            false => Ok(Owner::Unknown("it is said to be made of itself")),
        }
    }
}

/// The command that made an object.
#[derive(Debug, PartialEq, Eq)]
enum Command {
    /// A compiler, for these module files, separated by spaces.
    Files(String),
    /// A Rust compiler, for no module file.
    Library,
    /// A linker or objcopy, of these objects.
    Objects(Vec<PathBuf>),
    /// Nothing that is known.
    Unknown(&'static str),
}

impl Command {
    /// Reads the command that kbuild keeps beside `object`. The rule for prebuilt objects
    /// (`x.o_shipped`) keeps none.
    fn of(build: &Path, object: &Path) -> Result<Self> {
        let mut name = OsString::from(".");
        name.push(object.file_name().unwrap_or_default());
        name.push(".cmd");
        let path = build.join(object).with_file_name(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self::Unknown("no command is kept for it"));
            }
            text => text.with_context(|| path.display().to_string())?,
        };
        let line = text.split(|&byte| byte == b'\n').next();
        Ok(Self::parse(
            &String::from_utf8_lossy(line.unwrap_or_default()),
            object,
        ))
    }

    /// The command of `object` is one of these forms: C and assembler, Rust, and of other objects:
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
    fn c_and_rust() {
        let c = r#"savedcmd_a.o := gcc -DKBUILD_MODFILE='"net/a net/b-c"' -c -o a.o a.c"#;
        assert_eq!(parse(c), Command::Files("net/a net/b-c".into()));
        let rust = "savedcmd_r.o := RUST_MODFILE=samples/rust/r rustc --crate-type rlib";
        assert_eq!(parse(rust), Command::Files("samples/rust/r".into()));
        let library = "savedcmd_core.o := rustc --crate-name core --crate-type rlib";
        assert_eq!(parse(library), Command::Library);
    }

    #[test]
    fn of_other_objects_or_of_none() {
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
    fn objects_give_their_modules() {
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
            ("with_blob.o", Owner::Unknown("no command is kept for it")),
            ("prebuilt.o", Owner::Unknown("no command is kept for it")),
            ("left.o", Owner::Unknown("it is said to be made of itself")),
        ] {
            let found = built_in.owner(build.path(), Path::new(object)).unwrap();
            assert_eq!(found, owner, "{object}");
        }
    }
}
