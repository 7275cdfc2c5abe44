// SPDX-License-Identifier: GPL-2.0

//! Boots the guest in QEMU. The console is a serial port, whose output goes to a file, or to the terminal for
//! a shell. The guest sends files as a tar archive through a virtio port.

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
use crate::lab::monitor::{Dump, Monitor};
use crate::lab::options::{Accel, Options};
use crate::lab::progress::Phase;

/// The longest time between two lines of the console. A slower guest counts as hanging.
const SILENCE: Duration = Duration::from_secs(180);
/// The longest time between two lines for clients and kernel selftests. A client reads all symbols and types before it
/// prints a line.
const SILENCE_OF_CLIENTS: Duration = Duration::from_secs(900);

/// The line that the guest's first program prints once it has done its task.
const LAST_WORDS: &str = "guest: done";

/// The files that the guest sent.
pub struct Files {
    pub config: String,
    pub directory: PathBuf,
}

impl Files {
    /// The text of a file.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.directory.join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}

/// Boots the guest in the mode `show`. The guest loads its modules, and sends files such as
/// `/proc/kallmodsyms`, `/proc/kallsyms` and `/proc/modules`.
pub fn show(options: &Options, guest: &Guest) -> Result<Files> {
    show_with(options, guest, "")
}

/// Boots as [`show`] does, with `words` on the kernel's command line.
pub fn show_with(options: &Options, guest: &Guest, words: &str) -> Result<Files> {
    files(options, guest, "show", words)
}

/// Boots the guest in the mode `printed`. The guest sends the kernel's output for the addresses in
/// `etc/addresses`, and files that name symbols. Without KASLR, addresses are those of vmlinux.
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

/// Boots the guest in the mode `clients`, with a disk that QEMU leaves unchanged. The guest runs programs
/// of the disk; `line` gets each line of the console. Returns the directory of the files that the guest
/// sent.
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

/// Boots the guest in the mode `kselftest`. The guest runs the kernel's own tests; `line` gets each line
/// of the console. Returns the directory of the files that the guest sent.
pub fn kselftest(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<PathBuf> {
    let mut qemu = command_for(options, guest, "kselftest", "")?;
    let archive = with_port(&mut qemu, guest);
    watch_for(SILENCE_OF_CLIENTS, qemu, guest, line)?;
    unpack(&archive, guest)
}

/// Adds the port through which the guest sends files. Returns the path of the archive.
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

/// Unpacks the archive into an empty directory, and returns the directory.
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

/// The kernel parameter with which a kernel without ACPI finds the device that passes VMCOREINFO to QEMU.
const DEVICE: &str = "qemu_fw_cfg.ioport=12@0x510:0:1:4";

/// Boots the guest in the mode `dump`, and dumps its memory into `directory` while the guest runs: one dump in
/// each format that this QEMU has for Linux. Returns the files that the guest sent, and the dumps.
pub fn dumps(options: &Options, guest: &Guest, directory: &Path) -> Result<(Files, Vec<Dump>)> {
    let mut phase = Phase::start("boot");
    phase.update("under QEMU, to dump its memory");
    let mut qemu = command_for(options, guest, "dump", DEVICE)?;
    // The path of a socket is at most 107 bytes.
    let sockets = tempfile::tempdir()?;
    let socket = sockets.path().join("monitor");
    let monitor = format!("unix:{},server=on,wait=off", socket.display());
    qemu.args(["-m", "256M", "-device", "vmcoreinfo", "-qmp", &monitor]);
    let archive = with_port(&mut qemu, guest);
    let mut dumps = None;
    watch(qemu, guest, |line| {
        // After these words the guest waits.
        if line == LAST_WORDS {
            dumps = Some(dump(&socket, directory));
        }
    })?;
    let dumps = dumps.context("the guest was not dumped")??;
    let files = Files {
        config: guest.config.clone(),
        directory: unpack(&archive, guest)?,
    };
    phase.done(&guest.config);
    Ok((files, dumps))
}

/// Dumps the memory of a guest, and ends QEMU.
fn dump(socket: &Path, directory: &Path) -> Result<Vec<Dump>> {
    let mut monitor = Monitor::connect(socket)?;
    let dumps = monitor.dump(directory);
    monitor.quit()?;
    dumps
}

/// Boots the guest in the mode `test`. The guest runs its tests; `line` gets each line of the console.
pub fn test(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch(command_for(options, guest, "test", "")?, guest, line)
}

/// Boots the guest in the mode `small`, on a machine with this much `memory`, for example `64M`. The guest runs the tests
/// for little memory.
pub fn test_small(
    options: &Options,
    guest: &Guest,
    memory: &str,
    line: impl FnMut(&str),
) -> Result<()> {
    let mut qemu = command_for(options, guest, "small", "")?;
    // `machine` also sets -m; QEMU uses the last value.
    qemu.args(["-m", memory]);
    watch(qemu, guest, line)
}

/// Boots the guest in the mode `privacy`. The guest tests which readers see addresses.
pub fn test_privacy(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch(command_for(options, guest, "privacy", "")?, guest, line)
}

/// Boots the guest in the mode `livepatch`. The guest loads and disables the live patch
/// `lib/livepatch.ko`.
pub fn live_patch(options: &Options, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch(command_for(options, guest, "livepatch", "")?, guest, line)
}

/// Boots the guest in the mode `soak` for `seconds` seconds. Readers check the file, while other
/// processes load modules, attach BPF programs and trace.
pub fn soak(options: &Options, guest: &Guest, seconds: u64, line: impl FnMut(&str)) -> Result<()> {
    let mode = format!("soak seconds={seconds}");
    watch(command_for(options, guest, &mode, "")?, guest, line)
}

/// Boots the guest to a prompt on this terminal.
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

/// Boots the guest of `bench`, which measures `what`, on a machine whose clock counts instructions.
///
/// The counts of two boots are the same. Idle periods pass at once, the clock begins at a fixed date, and
/// QEMU's random numbers have a fixed seed.
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

/// A QEMU command without `-accel` and `-smp`, and with `words` on the kernel's command line.
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
            &format!(
                "console={} panic=-1 {} {words}",
                arch.console, arch.kernel_parameters
            ),
        ]);
    Ok(qemu)
}

/// Waits for the guest's end, and fails after [`SILENCE`] without a line.
fn watch(qemu: Command, guest: &Guest, line: impl FnMut(&str)) -> Result<()> {
    watch_for(SILENCE, qemu, guest, line)
}

/// Runs QEMU until the guest ends, with the console in a file. Fails if the console is silent for
/// `silence`, or if the guest ends without [`LAST_WORDS`].
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
                "the guest printed nothing for {} s; its last lines:\n{}\nall lines: {}",
                silence.as_secs(),
                command::last_lines(&log_name),
                log_name.display()
            ),
        }
    }
    if !child.0.wait()?.success() || !ended_well {
        bail!(
            "the guest did not end well; its last lines:\n{}\nall lines: {}",
            command::last_lines(&log_name),
            log_name.display()
        );
    }
    Ok(())
}

/// A child process that is killed when the value is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
