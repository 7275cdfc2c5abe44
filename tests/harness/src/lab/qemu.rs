// SPDX-License-Identifier: GPL-2.0

//! Boots the guest. The console is a serial port, whose output goes to a file. The guest sends
//! files as a tar archive through a virtio port.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{bail, Context, Result};

use crate::lab::command;
use crate::lab::guest::Guest;
use crate::lab::options::{Accel, Options};
use crate::lab::progress::Phase;

/// A guest that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(180);
/// So long for one that runs a client at a time, each of which reads all symbols and types first.
const SILENCE_OF_CLIENTS: Duration = Duration::from_secs(900);

/// The last line of the guest, which a crashed kernel does not print.
const LAST_WORDS: &str = "guest: done";

/// The files that the guest sent.
pub struct Files {
    pub config: String,
    pub directory: PathBuf,
}

impl Files {
    /// One of them, which is text.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.directory.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}

/// Boots, and has the guest send what it sees.
pub fn show(options: &Options, guest: &Guest) -> Result<Files> {
    show_with(options, guest, "")
}

/// The same, with more `words` for the kernel.
pub fn show_with(options: &Options, guest: &Guest, words: &str) -> Result<Files> {
    files(options, guest, "show", words)
}

/// Boots, and has the guest send what it prints for the addresses in `etc/addresses`, which are those of
/// vmlinux, and its other words on symbols.
pub fn printed(options: &Options, guest: &Guest) -> Result<Files> {
    files(options, guest, "printed", "nokaslr")
}

fn files(options: &Options, guest: &Guest, mode: &str, words: &str) -> Result<Files> {
    let mut phase = Phase::start("boot");
    phase.update("under QEMU");
    let mut qemu = command_for(options, guest, mode, words)?;
    let archive = with_port(&mut qemu, guest);
    watch(qemu, guest, |_| ())?;
    let directory = unpack(&archive, guest)?;
    phase.done(&guest.config);
    Ok(Files {
        config: guest.config.clone(),
        directory,
    })
}

/// Boots with a disk, which stays as it is, and has the guest run the programs on it; `line` sees
/// what it prints. The directory with the files that it sent.
pub fn clients(
    options: &Options,
    guest: &Guest,
    disk: &Path,
    line: impl FnMut(&str),
) -> Result<PathBuf> {
    let mut qemu = command_for(options, guest, "clients", "")?;
    qemu.args(["-m", "3G", "-drive"]).arg(format!(
        "if=virtio,format=raw,snapshot=on,file={}",
        disk.display()
    ));
    let archive = with_port(&mut qemu, guest);
    watch_for(SILENCE_OF_CLIENTS, qemu, guest, line)?;
    unpack(&archive, guest)
}

/// Boots, and has the guest run the kernel's own tests; `line` sees what it prints. The directory with
/// the files that it sent.
pub fn kselftest(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<PathBuf> {
    let mut qemu = command_for(options, guest, "kselftest", "")?;
    let archive = with_port(&mut qemu, guest);
    watch_for(SILENCE_OF_CLIENTS, qemu, guest, line)?;
    unpack(&archive, guest)
}

/// Adds the port through which the guest sends files: the archive that they come in.
fn with_port(qemu: &mut Command, guest: &Guest) -> PathBuf {
    let archive = guest.directory.join("out.tar");
    qemu.args([
        "-device",
        "virtio-serial-pci",
        "-device",
        "virtserialport,chardev=out,name=out",
    ])
    .args([
        "-chardev",
        &format!("file,id=out,path={}", archive.display()),
    ]);
    archive
}

/// The directory with the files of the archive, and no others.
fn unpack(archive: &Path, guest: &Guest) -> Result<PathBuf> {
    let directory = guest.directory.join("out");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    let mut tar = Command::new("tar");
    command::output(tar.arg("-xf").arg(archive).arg("-C").arg(&directory))?;
    Ok(directory)
}

/// Boots, and has the guest run its tests; `line` sees what they print.
pub fn test(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch(command_for(options, guest, "test", "")?, guest, line)
}

/// As [`test`], on a machine with so little memory.
pub fn test_small(
    options: &Options,
    guest: &Guest,
    memory: &str,
    line: impl FnMut(&str),
) -> Result<()> {
    let mut qemu = command_for(options, guest, "small", "")?;
    // The last word on it counts.
    qemu.args(["-m", memory]);
    watch(qemu, guest, line)
}

/// As [`test`], for the tests of who sees what.
pub fn test_privacy(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch(command_for(options, guest, "privacy", "")?, guest, line)
}

/// As [`test`], for the test of a live patch, `lib/livepatch.ko`.
pub fn live_patch(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch(command_for(options, guest, "livepatch", "")?, guest, line)
}

/// Boots, and has the guest read for so many seconds while what it reads changes.
pub fn soak(options: &Options, guest: &Guest, seconds: u64, line: impl FnMut(&str)) -> Result<()> {
    let mode = format!("soak seconds={seconds}");
    watch(command_for(options, guest, &mode, "")?, guest, line)
}

/// Boots to a prompt on this terminal.
pub fn shell(options: &Options, guest: &Guest) -> Result<()> {
    eprintln!("kallmodsyms: a shell in the guest; leave with exit, or Ctrl-A X");
    let status = command_for(options, guest, "shell", "quiet")?
        .status()
        .context(options.arch()?.qemu)?;
    if !status.success() {
        bail!("{}: {status}", options.arch()?.qemu);
    }
    Ok(())
}

/// Boots a guest of `bench`, which measures `what`, on a machine whose clock counts instructions.
///
/// Nothing there is left to chance: idle time passes at once, the clock of the day begins with the
/// guest, and random numbers are always the same. So the counts of two boots do not differ.
pub fn count(options: &Options, guest: &Guest, what: &str, line: impl FnMut(&str)) -> Result<()> {
    let mut qemu = machine(options, guest, &format!("nokaslr bench={what}"))?;
    qemu.args(["-accel", "tcg", "-icount", "shift=0,sleep=off", "-smp", "1"]);
    qemu.args(["-rtc", "base=2026-01-01,clock=vm", "-seed", "1"]);
    watch(qemu, guest, line)
}

fn command_for(options: &Options, guest: &Guest, mode: &str, words: &str) -> Result<Command> {
    let mut qemu = machine(options, guest, &format!("{words} mode={mode}"))?;
    qemu.args(match options.accel {
        Accel::Tcg => ["-accel", "tcg,thread=multi"],
        Accel::Kvm => ["-accel", "kvm"],
    });
    qemu.args(["-smp", "2"]);
    Ok(qemu)
}

/// The guest with `words` for its kernel; processors are still to be added.
fn machine(options: &Options, guest: &Guest, words: &str) -> Result<Command> {
    let arch = options.arch()?;
    let mut qemu = Command::new(arch.qemu);
    qemu.args(arch.qemu_machine)
        .args(["-m", "1G", "-nographic", "-no-reboot", "-nic", "none"])
        .arg("-kernel")
        .arg(&guest.image)
        .arg("-initrd")
        .arg(&guest.initramfs)
        .args([
            "-append",
            &format!("console={} panic=-1 {} {words}", arch.console, arch.words),
        ]);
    Ok(qemu)
}

/// Waits for the guest's end, with its console in a file.
fn watch(qemu: Command, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch_for(SILENCE, qemu, guest, line)
}

fn watch_for(
    silence: Duration,
    mut qemu: Command,
    guest: &Guest,
    mut line: impl FnMut(&str),
) -> Result<()> {
    let log_name = guest.directory.join("console.log");
    let mut log = File::create(&log_name).with_context(|| log_name.display().to_string())?;
    qemu.stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone()?);
    let program = qemu.get_program().to_string_lossy().into_owned();
    let mut child = Killed(qemu.spawn().with_context(|| program)?);

    let console = child.0.stdout.take().context("no console")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });

    let mut ended_well = false;
    loop {
        match lines.recv_timeout(silence) {
            Ok(bytes) => {
                log.write_all(&bytes)?;
                log.write_all(b"\n")?;
                let text = String::from_utf8_lossy(&bytes);
                let text = text.trim_end();
                ended_well |= text == LAST_WORDS;
                line(text);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => bail!(
                "the guest has said nothing for {} s; its last words:\n{}\nall of them: {}",
                silence.as_secs(),
                command::last_lines(&log_name),
                log_name.display()
            ),
        }
    }
    if !child.0.wait()?.success() || !ended_well {
        bail!(
            "the guest died; its last words:\n{}\nall of them: {}",
            command::last_lines(&log_name),
            log_name.display()
        );
    }
    Ok(())
}

/// A child that does not outlive us.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
