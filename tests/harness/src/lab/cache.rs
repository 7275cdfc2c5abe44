// SPDX-License-Identifier: GPL-2.0

//! Locks the cache: the directory of kernel sources, builds and tools, which all clones of this
//! repository share.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustix::fs::{flock, FlockOperation};

use crate::lab::options::Options;
use crate::lab::progress;

/// The locked cache. Dropping the value unlocks the cache.
pub struct Cache {
    pub path: PathBuf,
    _lock: File,
}

impl Cache {
    /// Locks the cache, and waits while another run has it locked.
    pub fn lock(options: &Options) -> Result<Self> {
        let path = std::path::absolute(&options.cache)?;
        fs::create_dir_all(&path).with_context(|| {
            format!(
                "{}: set KALLMODSYMS_CACHE to a directory that you can write to",
                path.display()
            )
        })?;
        let name = path.join("lock");
        let lock = File::create(&name).with_context(|| name.display().to_string())?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            progress::say(&format!(
                "waiting for another run that uses {}",
                path.display()
            ));
            flock(&lock, FlockOperation::LockExclusive)
                .with_context(|| name.display().to_string())?;
        }
        Ok(Self { path, _lock: lock })
    }
}
