// SPDX-License-Identifier: GPL-2.0

//! Reads a fragment of a kernel configuration from `tests/kernel`: the keys in its header, and the
//! lines that the kernel's `.config` must have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};

use crate::lab::options;

/// A fragment. Its header ends before the first line that does not begin with `# `. All keys are optional:
///
/// ```text
/// # base: tinyconfig                      the make target of the base configuration
/// # flavour: none_cloud-ARCH              or Debian's configuration of this name as the base
/// # then: mod2yesconfig                   a make target that changes the base before the merge
/// # with: guest.config                    a fragment that is merged before this fragment
/// # series: 7.3                           the only kernel series of this fragment
/// # steps: 1950                           the approximate number of build steps
/// # packages: pahole zlib1g-dev           Debian packages for the build
/// # rustc: rustc-kcsan.sh                 a script in tests/kernel that kbuild runs as rustc
/// # make: KCFLAGS=-ffunction-sections     a variable for the kernel's make
/// # file: CLANG_AUTOFDO_PROFILE=autofdo   a variable whose value is a file in tests/kernel
/// # modules: fs/minix/minix               the only modules that the build makes
/// # seeds: 1 2 3                          one kernel for each seed: NAME-1, NAME-2, NAME-3
/// # unpinned: CONFIG_A CONFIG_B           options that are set after randconfig, and so do not
///                                         change what it chooses for a seed
/// ```
///
/// Only variants of the matrix have these keys:
///
/// ```text
/// # llvm: 1                               the matrix builds with clang and LLD
/// # needs: HAVE_LD_DEAD_CODE_DATA_ELIMINATION    an option that some architectures lack
/// # tests: guest                          the matrix also runs the guest's tests
/// # ratio: any                            the matrix accepts any cost of reading
/// # words: cfi=fineibt                    parameters on the kernel's command line
/// # says: kallsyms_selftest: finish       text that the console must contain
/// # never: failed                         text that no line of the console may contain
/// # live-patch: fs/ext4/sysfs.c           the source file that klp-build patches
/// ```
pub struct Fragment {
    /// The merged files, in order. The file of the fragment comes after the file of `with`, and before
    /// the files for its series and architecture.
    pub files: Vec<PathBuf>,
    /// The text of all `files`.
    pub text: String,
    /// The text of the fragment's own file, whose header has the keys.
    own_text: String,
    /// The directory that `rustc` and `file` are relative to.
    directory: PathBuf,
    /// The seed in the fragment's name, if any.
    pub seed: Option<u32>,
}

/// The end of a line for an option that is not set.
pub const NOT_SET: &str = " is not set";

impl Fragment {
    /// Reads a fragment, and the fragments of the same name in the subdirectories `additions`.
    pub fn read(name: &str, additions: &[String]) -> Result<Self> {
        Self::read_in(
            &options::repository()?.join("tests/kernel"),
            name,
            additions,
        )
    }

    fn read_in(directory: &Path, name: &str, additions: &[String]) -> Result<Self> {
        if !directory.join(format!("{name}.config")).exists() {
            if let Some(fragment) = Self::read_seeded(directory, name, additions)? {
                return Ok(fragment);
            }
        }
        let file = directory.join(format!("{name}.config"));
        let Ok(text) = fs::read_to_string(&file) else {
            bail!(
                "CONFIG={name}: {} does not exist; the configurations are: {}",
                file.display(),
                names_in(directory)?.join(" ")
            );
        };
        let mut fragment = Self {
            files: Vec::new(),
            text: String::new(),
            own_text: text,
            directory: directory.to_owned(),
            seed: None,
        };
        if let Some(with) = fragment.key("with") {
            let with = Self::read_in(directory, with.trim_end_matches(".config"), additions)?;
            fragment.files = with.files;
            fragment.text = with.text;
        }
        fragment.files.push(file);
        fragment.text.push_str(&fragment.own_text);
        for directory in additions.iter().map(|name| directory.join(name)) {
            let more = directory.join(format!("{name}.config"));
            if let Ok(text) = fs::read_to_string(&more) {
                fragment.files.push(more);
                fragment.text.push_str(&text);
            }
        }
        Ok(fragment)
    }

    /// Reads `random.config` for the name `random-3`, and sets the seed to 3.
    fn read_seeded(directory: &Path, name: &str, additions: &[String]) -> Result<Option<Self>> {
        let Some((stem, seed)) = name.rsplit_once('-') else {
            return Ok(None);
        };
        let (Ok(seed), true) = (
            seed.parse(),
            directory.join(format!("{stem}.config")).exists(),
        ) else {
            return Ok(None);
        };
        let mut fragment = Self::read_in(directory, stem, additions)?;
        let seeds = fragment.seeds()?;
        ensure!(
            seeds.contains(&seed),
            "CONFIG={name}: the seeds of {stem}.config are {seeds:?}"
        );
        fragment.seed = Some(seed);
        Ok(Some(fragment))
    }

    /// The value of a key in the header; the first value if the key is there several times.
    pub fn key(&self, key: &str) -> Option<&str> {
        self.keys(key).next()
    }

    /// All values of a key in the header.
    pub fn keys<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> {
        let key = format!("# {key}: ");
        self.own_text
            .lines()
            .take_while(|line| line.starts_with("# "))
            .filter_map(move |line| line.strip_prefix(&key))
    }

    /// The words in the value of a key.
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

    /// The variables for the kernel's make, as `KCFLAGS=-ffunction-sections`.
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

    /// The lines that randconfig keeps.
    pub fn pinned(&self) -> String {
        let unpinned: Vec<String> = self.words("unpinned").collect();
        let is_pinned = |line: &&str| {
            option_of(line).is_none_or(|option| !unpinned.iter().any(|other| other == option))
        };
        self.text
            .split_inclusive('\n')
            .filter(|line| is_pinned(&line.trim_end()))
            .collect()
    }

    /// The only modules that the build makes, as `fs/minix/minix`; `None` for all modules.
    pub fn modules(&self) -> Option<Vec<String>> {
        self.key("modules").map(|_| self.words("modules").collect())
    }

    /// The lines of the fragment that `config`, the text of a `.config`, contradicts.
    pub fn missing<'a>(&'a self, config: &str) -> Vec<&'a str> {
        let set = settings(config);
        let holds = |option: &str, line: &str| match set.get(option) {
            Some(set) => *set == line,
            None => line.ends_with(NOT_SET),
        };
        settings(&self.text)
            .into_iter()
            .filter(|(option, line)| !holds(option, line))
            .map(|(_, line)| line)
            .collect()
    }
}

/// Fragments that are only merged into other fragments.
const PARTS: &[&str] = &["guest", "debug"];

/// The names of the configurations in a directory, sorted.
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

/// The last line about each option: a later line overrides an earlier one.
fn settings(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .filter_map(|line| Some((option_of(line)?, line)))
        .collect()
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
    fn keys_come_from_the_header_of_the_fragment_itself() {
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

        // The last line about an option overrides earlier lines. An absent option is not set.
        assert!(b.missing("CONFIG_A=m\nCONFIG_B=y\n").is_empty());
        let missing = b.missing("CONFIG_A=y\nCONFIG_C=y\n");
        assert_eq!(
            missing,
            ["CONFIG_A=m", "CONFIG_B=y", "# CONFIG_C is not set"]
        );
    }

    /// Every option of this repository depends on `CONFIG_KALLMODSYMS`.
    #[test]
    fn a_kernel_without_the_option_asks_for_nothing_that_depends_on_it() {
        let directory = options::repository().unwrap().join("tests/kernel");
        let mut without = 0;
        for name in names_in(&directory).unwrap() {
            let fragment = Fragment::read(&name, &[]).unwrap();
            let settings = settings(&fragment.text);
            let is_off = |line: &&str| line.ends_with(NOT_SET);
            if !settings.get("CONFIG_KALLMODSYMS").is_some_and(is_off) {
                continue;
            }
            without += 1;
            for (option, line) in settings {
                assert!(
                    !option.contains("KALLMODSYMS") || is_off(&line),
                    "{name}.config needs: # {option}{NOT_SET}"
                );
            }
        }
        assert!(without > 0);
    }

    #[test]
    fn a_name_can_end_with_a_seed() {
        let files = [
            (
                "random.config",
                "# base: randconfig\n# seeds: 3 14\n# unpinned: CONFIG_B\n\nCONFIG_A=y\n# CONFIG_B is not set\n",
            ),
            ("plain.config", "# modules: a/b c\n"),
        ];
        let directory = directory(&files);
        let read = |name: &str| Fragment::read_in(directory.path(), name, &[]);
        assert_eq!(read("random-14").unwrap().seed, Some(14));
        assert_eq!(read("random").unwrap().seed, None);
        assert_eq!(read("random").unwrap().seeds().unwrap(), [3, 14]);
        let pinned = read("random-3").unwrap().pinned();
        assert!(pinned.ends_with("\n\nCONFIG_A=y\n"), "{pinned}");
        let plain = read("plain").unwrap().modules();
        assert_eq!(plain, Some(vec!["a/b".to_owned(), "c".to_owned()]));
        for name in ["random-4", "plain-1", "random-x", "other"] {
            assert!(read(name).is_err(), "{name}");
        }
    }
}
