// SPDX-License-Identifier: GPL-2.0

//! The directory where kernel sources, builds and tools are kept, shared by
//! all clones of this repository.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustix::fs::{flock, FlockOperation};

use crate::lab::options::Options;
use crate::lab::progress;

/// The cache, ours until this is dropped.
pub struct Cache {
    pub path: PathBuf,
    _lock: File,
}

impl Cache {
    /// Waits until no other run uses the cache.
    pub fn lock(options: &Options) -> Result<Self> {
        let path = std::path::absolute(&options.cache)?;
        fs::create_dir_all(&path).with_context(|| {
            format!(
                "{}: set KALLMODSYMS_CACHE to a directory that can be written",
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
