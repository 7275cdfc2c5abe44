// SPDX-License-Identifier: GPL-2.0

//! Runs the generator with a full disk, and kills runs. A later build must find each of the two reports complete, or
//! not at all.

use std::fs::{self, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use crate::build::Build;
use crate::synthetic;

const REPORTS: [&str; 2] = [".tmp_vmlinux.ranges", "modules_thick.builtin"];

fn generator(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
    command.current_dir(directory).args(["link", "vmlinux1"]);
    command
}

fn reports(directory: &Path) -> [Option<Vec<u8>>; 2] {
    REPORTS.map(|file| fs::read(directory.join(file)).ok())
}

/// Checks that the generator left no temporary file.
fn assert_no_temporary_file(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".new"), "{name}");
    }
}

#[test]
fn a_full_disk_for_standard_output() {
    let build = Build::of("gnu-objects");
    build.write("vmlinux1.syms", "ffffffff81000040 t core_main\n");
    for arguments in [
        &["link", "vmlinux1"][..],
        &["sort-symbols", "vmlinux1", "vmlinux1.syms"],
        &["help"],
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kallmodsyms"));
        command
            .current_dir(build.path(""))
            .args(arguments)
            .stdout(full);
        let output = command.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
        assert!(
            message.contains("standard output: No space left"),
            "{message}"
        );
        assert!(message.contains("Make room"), "{message}");
    }
}

/// A limit on the size of files stands for a full disk, because it needs no root. It does not affect standard
/// output, which is a pipe.
#[test]
fn a_full_disk_for_the_files_beside_vmlinux() {
    let directory = TempDir::new().unwrap();
    synthetic::make(directory.path(), 1000).unwrap();
    let limited = || {
        let mut shell = Command::new("sh");
        let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" link vmlinux1";
        shell.args(["-c", script, env!("CARGO_BIN_EXE_kallmodsyms")]);
        shell.current_dir(directory.path()).output().unwrap()
    };
    let before = [None, Some(b"of an earlier build\n".to_vec())];
    fs::write(
        directory.path().join(REPORTS[1]),
        before[1].as_ref().unwrap(),
    )
    .unwrap();
    for before in [before, [Some(b"earlier".to_vec()), Some(b"too".to_vec())]] {
        for (file, content) in REPORTS.iter().zip(&before) {
            if let Some(content) = content {
                fs::write(directory.path().join(file), content).unwrap();
            }
        }
        let output = limited();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(output.stdout.is_empty());
        assert!(
            message.contains(&format!("{}: File too large", REPORTS[0])),
            "{message}"
        );
        assert!(message.contains("Make room"), "{message}");
        assert_eq!(reports(directory.path()), before);
        assert_no_temporary_file(directory.path());
    }
}

#[test]
fn a_killed_run_leaves_no_partial_file() {
    let directory = TempDir::new().unwrap();
    synthetic::make(directory.path(), 5000).unwrap();
    let start = Instant::now();
    let output = generator(directory.path()).output().unwrap();
    let time = start.elapsed();
    assert!(output.status.success());
    let whole = reports(directory.path());
    assert!(whole.iter().all(Option::is_some));

    let mut killed = 0;
    for step in 0..40 {
        for file in REPORTS {
            let _ = fs::remove_file(directory.path().join(file));
        }
        let mut command = generator(directory.path());
        command.stdout(File::create(directory.path().join("printed")).unwrap());
        let mut run = command.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(time * step / 40);
        run.kill().unwrap();
        killed += usize::from(run.wait().unwrap().signal().is_some());
        for (report, whole) in reports(directory.path()).iter().zip(&whole) {
            assert!(report.is_none() || report == whole, "a partial file");
        }
        let printed = fs::read(directory.path().join("printed")).unwrap();
        assert!(output.stdout.starts_with(&printed));
    }
    assert!(killed > 5, "{killed}");

    // The next run replaces the temporary files of a killed run.
    for file in REPORTS {
        let _ = fs::remove_file(directory.path().join(file));
        fs::write(directory.path().join(format!("{file}.new")), "half a li").unwrap();
    }
    let again = generator(directory.path()).output().unwrap();
    assert_eq!(again.stdout, output.stdout);
    assert_eq!(reports(directory.path()), whole);
    assert_no_temporary_file(directory.path());
}

/// A program can close the pipe before it has read the whole output.
#[test]
fn a_closed_pipe() {
    let build = Build::of("gnu-objects");
    let (closed, stdout) = UnixStream::pair().unwrap();
    drop(closed);
    let mut run = generator(&build.path(""));
    let output = run.stdout(OwnedFd::from(stdout)).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("standard output: Broken pipe"),
        "{message}"
    );
}
