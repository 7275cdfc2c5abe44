// SPDX-License-Identifier: GPL-2.0

//! QEMU's monitor: a socket that takes commands and gives answers, one JSON object in each line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};

/// The longest time that a command may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A form of dumps that only Windows guests have.
const OF_WINDOWS: &str = "win-dmp";

/// A connection to the monitor.
pub struct Monitor {
    socket: UnixStream,
    answers: BufReader<UnixStream>,
}

/// A dump of a guest's memory: its form, as QEMU calls it, and the file.
pub struct Dump {
    pub form: String,
    pub path: PathBuf,
}

impl Monitor {
    pub fn connect(path: &Path) -> Result<Self> {
        let socket = UnixStream::connect(path).with_context(|| path.display().to_string())?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let answers = BufReader::new(socket.try_clone()?);
        let mut monitor = Self { socket, answers };
        monitor.ask(&json!({"execute": "qmp_capabilities"}))?;
        Ok(monitor)
    }

    /// Writes a dump into `directory` in each form that this QEMU has.
    pub fn dump(&mut self, directory: &Path) -> Result<Vec<Dump>> {
        let forms = self.ask(&json!({"execute": "query-dump-guest-memory-capability"}))?;
        let forms = forms["formats"].as_array().context("no forms of dumps")?;
        let forms = forms.iter().filter_map(Value::as_str);
        let mut dumps = Vec::new();
        for form in forms.filter(|&form| form != OF_WINDOWS) {
            let path = directory.join(form);
            let protocol = format!("file:{}", path.display());
            let arguments = json!({"paging": false, "protocol": protocol, "format": form});
            self.ask(&json!({"execute": "dump-guest-memory", "arguments": arguments}))
                .with_context(|| format!("a dump in the form {form}"))?;
            let form = form.to_owned();
            dumps.push(Dump { form, path });
        }
        Ok(dumps)
    }

    /// Ends QEMU.
    pub fn quit(&mut self) -> Result<()> {
        self.ask(&json!({"execute": "quit"})).map(drop)
    }

    /// The answer to a command.
    fn ask(&mut self, command: &Value) -> Result<Value> {
        writeln!(self.socket, "{command}")?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.answers.read_line(&mut line)? == 0 {
                bail!("QEMU's monitor closed the connection after {command}");
            }
            let mut answer: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
            if let Some(error) = answer.get("error") {
                bail!("QEMU's monitor refuses {command}: {error}");
            }
            // The other lines are a greeting and events.
            if let Some(answer) = answer.get_mut("return") {
                return Ok(answer.take());
            }
        }
    }
}
