// SPDX-License-Identifier: GPL-2.0

//! Unpacks the recorded links in `fixtures`. The script `fixtures/make.sh` records them.
//!
//! The repository has the whole output of the oldest version of each linker. For a newer version, the repository
//! has the difference to the version before it. A version with the same output is not in `LINKS`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::elf::Dump;

/// Every recorded link: the linker, the inputs of the link of the image, and the version of the linker. The oldest
/// version made the links without a version. Versions are in rising order.
pub(crate) const LINKS: [&str; 14] = [
    "gnu-objects",
    "gnu-objects 2.44",
    "gnu-objects 2.47",
    "gnu-vmlinux_o",
    "gnu-vmlinux_o 2.44",
    "gnu-vmlinux_o 2.47",
    "lld-objects",
    "lld-objects 16",
    "lld-objects 19",
    "lld-objects 22",
    "lld-vmlinux_o",
    "lld-vmlinux_o 16",
    "lld-vmlinux_o 19",
    "lld-vmlinux_o 22",
];

/// One recorded link for each linker and each kind of input, for tests that run the generator thousands of times.
pub(crate) const ONE_VERSION_OF_EACH: [&str; 4] = [
    "gnu-objects",
    "gnu-vmlinux_o 2.47",
    "lld-objects 22",
    "lld-vmlinux_o",
];

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Writes the recorded files of `link`, and the files of `fixtures/source`, into `directory`. Then makes an ELF
/// file from each dump, beside the dump.
pub(crate) fn write(link: &str, directory: &Path) {
    let way = link.split(' ').next().unwrap();
    copy(&fixtures().join("source"), directory);
    copy(&fixtures().join(way), directory);
    let last = LINKS.iter().position(|known| *known == link).unwrap();
    let versions = LINKS[..=last]
        .iter()
        .filter_map(|link| link.split_once(' '));
    for (_, version) in versions.filter(|(its_way, _)| *its_way == way) {
        let difference = fixtures().join(way).join(format!("{version}.diff"));
        apply(&fs::read_to_string(difference).unwrap(), directory);
    }
    make_files(directory);
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if target.extension().is_none_or(|kind| kind != "diff") {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Makes an ELF file from each dump below `directory`.
fn make_files(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            make_files(&path);
        } else if path.extension().is_some_and(|kind| kind == "dump") {
            let dump = Dump::parse(&fs::read_to_string(&path).unwrap());
            fs::write(path.with_extension(""), dump.to_elf()).unwrap();
        }
    }
}

/// Applies a difference to the files in `directory`, as `diff -U0` writes it:
///
/// ```text
/// --- vmlinux1.map
/// +++ vmlinux1.map
/// @@ -56 +56,2 @@
/// - .iplt          0xffffffff81000105        0x0 core/head.o
/// + .iplt          0xffffffff81000105        0x0 linker stubs
/// +                                         0x10 (size before relaxing)
/// ```
fn apply(difference: &str, directory: &Path) {
    let files = difference.split("--- ").skip(1);
    for file in files {
        let (name, hunks) = file.split_once('\n').unwrap();
        let path = directory.join(name);
        let old = fs::read_to_string(&path).unwrap();
        let mut old = old.split_inclusive('\n');
        let (mut new, mut taken) = (String::new(), 0);
        for line in hunks.split_inclusive('\n').skip(1) {
            if let Some(place) = line.strip_prefix("@@ -") {
                let place = place.split(' ').next().unwrap();
                let (first, count) = place.split_once(',').unwrap_or((place, "1"));
                // With the count 0, `first` is the line before the new lines.
                let before = first.parse::<usize>().unwrap() - usize::from(count != "0");
                new.extend(old.by_ref().take(before - taken));
                taken = before;
            } else if let Some(line) = line.strip_prefix('-') {
                assert_eq!(old.next(), Some(line), "{}", path.display());
                taken += 1;
            } else {
                new += line.strip_prefix('+').unwrap();
            }
        }
        new.extend(old);
        fs::write(path, new).unwrap();
    }
}

#[test]
fn every_recorded_link_is_tested() {
    let mut recorded = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let way = path.file_name().unwrap().to_str().unwrap();
        if way == "source" || !path.is_dir() {
            continue;
        }
        recorded.push(way.to_owned());
        for file in fs::read_dir(&path).unwrap() {
            let file = file.unwrap().file_name().into_string().unwrap();
            let version = file.strip_suffix(".diff");
            recorded.extend(version.map(|version| format!("{way} {version}")));
        }
    }
    recorded.sort();
    assert_eq!(recorded, LINKS);
}
