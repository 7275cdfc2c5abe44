// SPDX-License-Identifier: GPL-2.0

//! A fragment of a kernel configuration, in `tests/kernel`: its lines, which must hold, and the keys in
//! its header.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};

use crate::lab::options;

/// A fragment. The keys in its header, which ends at a line that is empty or `#` alone; each may be absent:
///
/// ```text
/// # base: tinyconfig                      the target of the kernel's make that it is merged into
/// # flavour: none_cloud-ARCH              or Debian's configuration of this name
/// # then: mod2yesconfig                   a target that changes that, before the fragment is merged
/// # with: guest.config                    a fragment that is merged before it
/// # series: 7.3                           the only series that it is for
/// # llvm: 1                               always with clang and LLD
/// # steps: 1950                           about how many steps the build has
/// # needs: HAVE_LD_DEAD_CODE_DATA_ELIMINATION    an option that not all architectures have
/// # packages: pahole zlib1g-dev           Debian packages that its build needs
/// # rustc: rustc-kcsan.sh                 a program that stands for rustc
/// # make: KCFLAGS=-ffunction-sections     a variable for the kernel's make
/// # file: CLANG_AUTOFDO_PROFILE=autofdo   the same, with the path of a file in tests/kernel
/// # modules: fs/minix/minix               the only modules that are built
/// # seeds: 1 2 3                          a kernel for each: NAME-1, NAME-2, NAME-3
/// # tests: guest                          as a variant: the guest's tests are run, too
/// # ratio: any                            as a variant: it is instrumented, so that reading takes long
/// # words: cfi=fineibt                    as a variant: what the kernel is told when it boots
/// # says: kallsyms_selftest: finish       as a variant: what it must say when it boots
/// # never: failed                         as a variant: what no line of that may have
/// # live-patch: fs/ext4/sysfs.c           as a variant: what klp-build patches
/// ```
pub struct Fragment {
    /// In the order in which they are merged; the fragment itself is the last.
    pub files: Vec<PathBuf>,
    /// The text of all of these.
    pub text: String,
    /// Its own lines, without those of others.
    own: String,
    /// The path of the fragment.
    directory: PathBuf,
    /// The one of several that its name chose.
    pub seed: Option<u32>,
}

pub const NOT_SET: &str = " is not set";

impl Fragment {
    /// Reads a fragment, and what is added to it in the directories `added`.
    pub fn read(name: &str, added: &[String]) -> Result<Self> {
        Self::read_in(&options::repository()?.join("tests/kernel"), name, added)
    }

    fn read_in(directory: &Path, name: &str, added: &[String]) -> Result<Self> {
        if !directory.join(format!("{name}.config")).exists() {
            if let Some(fragment) = Self::of_seed(directory, name, added)? {
                return Ok(fragment);
            }
        }
        let file = directory.join(format!("{name}.config"));
        let Ok(text) = fs::read_to_string(&file) else {
            bail!(
                "CONFIG={name}: there is no such file: {}; there are: {}",
                file.display(),
                names_in(directory)?.join(" ")
            );
        };
        let mut fragment = Self {
            files: Vec::new(),
            text: String::new(),
            own: text,
            directory: directory.to_owned(),
            seed: None,
        };
        if let Some(other) = fragment.key("with") {
            let other = Self::read_in(directory, other.trim_end_matches(".config"), added)?;
            fragment.files = other.files;
            fragment.text = other.text;
        }
        fragment.files.push(file);
        fragment.text.push_str(&fragment.own);
        for directory in added.iter().map(|added| directory.join(added)) {
            let more = directory.join(format!("{name}.config"));
            if let Ok(text) = fs::read_to_string(&more) {
                fragment.files.push(more);
                fragment.text.push_str(&text);
            }
        }
        Ok(fragment)
    }

    /// `random-3` is `random.config` with seed 3.
    fn of_seed(directory: &Path, name: &str, added: &[String]) -> Result<Option<Self>> {
        let Some((stem, seed)) = name.rsplit_once('-') else {
            return Ok(None);
        };
        let (Ok(seed), true) = (
            seed.parse(),
            directory.join(format!("{stem}.config")).exists(),
        ) else {
            return Ok(None);
        };
        let mut fragment = Self::read_in(directory, stem, added)?;
        let seeds = fragment.seeds()?;
        ensure!(
            seeds.contains(&seed),
            "CONFIG={name}: the seeds of {stem}.config are {seeds:?}"
        );
        fragment.seed = Some(seed);
        Ok(Some(fragment))
    }

    /// The value of a key of the header.
    pub fn key(&self, key: &str) -> Option<&str> {
        self.keys(key).next()
    }

    /// The values of a key that may be there more than once.
    pub fn keys<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> {
        let key = format!("# {key}: ");
        self.own
            .lines()
            .take_while(|line| line.starts_with("# "))
            .filter_map(move |line| line.strip_prefix(&key))
    }

    /// The words of a key.
    pub fn words(&self, key: &str) -> impl Iterator<Item = String> + '_ {
        let words = self.key(key).unwrap_or_default().split_whitespace();
        words.map(str::to_owned)
    }

    pub fn steps(&self) -> Option<u32> {
        self.key("steps").and_then(|steps| steps.parse().ok())
    }

    pub fn rustc(&self) -> Option<PathBuf> {
        self.key("rustc").map(|name| self.directory.join(name))
    }

    pub fn seeds(&self) -> Result<Vec<u32>> {
        let seeds = self.words("seeds").map(|seed| seed.parse());
        seeds.collect::<Result<_, _>>().context("# seeds:")
    }

    /// The variables for the kernel's make: `KCFLAGS=-ffunction-sections`
    pub fn variables(&self) -> Vec<String> {
        let with_path = |variable: &str| {
            let (name, file) = variable.split_once('=').unwrap_or((variable, ""));
            format!("{name}={}", self.directory.join(file).display())
        };
        self.keys("make")
            .map(str::to_owned)
            .chain(self.keys("file").map(with_path))
            .collect()
    }

    /// The modules that are built, if not all are: `fs/minix/minix`
    pub fn modules(&self) -> Option<Vec<String>> {
        self.key("modules").map(|_| self.words("modules").collect())
    }

    /// The lines that do not hold in `config`.
    pub fn missing<'a>(&'a self, config: &str) -> Vec<&'a str> {
        // A later line about the same option overrides an earlier one.
        let wanted: BTreeMap<_, _> = self
            .text
            .lines()
            .filter_map(|line| Some((option_of(line)?, line)))
            .collect();
        let set: BTreeMap<_, _> = config
            .lines()
            .filter_map(|line| Some((option_of(line)?, line)))
            .collect();
        let holds = |option: &str, line: &str| match set.get(option) {
            Some(set) => *set == line,
            None => line.ends_with(NOT_SET),
        };
        wanted
            .into_iter()
            .filter(|(option, line)| !holds(option, line))
            .map(|(_, line)| line)
            .collect()
    }
}

/// Fragments that only others begin with.
const PARTS: &[&str] = &["guest", "debug"];

/// The configurations in a directory.
pub fn names_in(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        names.extend(name.strip_suffix(".config").map(str::to_owned));
    }
    names.retain(|name| !PARTS.contains(&&**name));
    names.sort();
    Ok(names)
}

/// The name in `CONFIG_SMP=y` or `# CONFIG_SMP is not set`.
fn option_of(line: &str) -> Option<&str> {
    match line.strip_prefix("# ") {
        Some(rest) => rest.strip_suffix(NOT_SET),
        None => line.split_once('=').map(|(option, _)| option),
    }
    .filter(|option| option.starts_with("CONFIG_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    #[test]
    fn keys_are_those_of_its_own_header() {
        let files = [
            ("a.config", "# base: tinyconfig\n# steps: 7\n\nCONFIG_A=y\n"),
            (
                "b.config",
                "# base: defconfig\n# with: a.config\n# make: X=1 2\n# make: Y=3\n# file: P=q/r\n\
                 # says: a: b\n#\n# Prose about\n# modules: not a key.\n\nCONFIG_B=y\n# llvm: 1\n",
            ),
            ("7.3/b.config", "CONFIG_A=m\n# CONFIG_C is not set\n"),
        ];
        let directory = directory(&files);
        let b = Fragment::read_in(directory.path(), "b", &["7.3".to_owned()]).unwrap();
        assert_eq!(b.key("base"), Some("defconfig"));
        assert_eq!((b.steps(), b.key("llvm"), b.modules()), (None, None, None));
        assert_eq!(b.key("says"), Some("a: b"));
        let path = directory.path().join("q/r");
        let variables = [
            "X=1 2".into(),
            "Y=3".into(),
            format!("P={}", path.display()),
        ];
        assert_eq!(b.variables(), variables);
        assert_eq!(b.files.len(), 3);

        // The last line about an option counts, and what is not there is not set.
        assert!(b.missing("CONFIG_A=m\nCONFIG_B=y\n").is_empty());
        let missing = b.missing("CONFIG_A=y\nCONFIG_C=y\n");
        assert_eq!(
            missing,
            ["CONFIG_A=m", "CONFIG_B=y", "# CONFIG_C is not set"]
        );
    }

    #[test]
    fn a_seed_is_in_the_name() {
        let files = [
            ("random.config", "# base: randconfig\n# seeds: 3 14\n"),
            ("plain.config", "# modules: a/b c\n"),
        ];
        let directory = directory(&files);
        let read = |name: &str| Fragment::read_in(directory.path(), name, &[]);
        assert_eq!(read("random-14").unwrap().seed, Some(14));
        assert_eq!(read("random").unwrap().seed, None);
        assert_eq!(read("random").unwrap().seeds().unwrap(), [3, 14]);
        let plain = read("plain").unwrap().modules();
        assert_eq!(plain, Some(vec!["a/b".to_owned(), "c".to_owned()]));
        for name in ["random-4", "plain-1", "random-x", "other"] {
            assert!(read(name).is_err(), "{name}");
        }
    }
}
