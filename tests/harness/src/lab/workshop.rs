// SPDX-License-Identifier: GPL-2.0

//! The toolchain and the source of a kernel. Every command that makes kernels begins here.

use anyhow::Result;

use crate::lab::build;
use crate::lab::cache::Cache;
use crate::lab::configure::{self, Kernel};
use crate::lab::options::Options;
use crate::lab::packages;
use crate::lab::source::{self, Tree};
use crate::lab::toolchain::Toolchain;

pub struct Workshop {
    pub cache: Cache,
    pub toolchain: Toolchain,
    /// With the hooks in it.
    pub tree: Tree,
}

impl Workshop {
    /// Waits for others that use the cache, installs the packages that are missing, and unpacks and
    /// patches the tree unless that was done.
    pub fn open(options: &Options, purpose: packages::For) -> Result<Self> {
        let cache = Cache::lock(options)?;
        packages::install(options, purpose)?;
        let toolchain = Toolchain::find(options, &cache)?;
        let tree = source::tree(options, &cache)?;
        source::apply(options, &tree)?;
        Ok(Self {
            cache,
            toolchain,
            tree,
        })
    }

    /// A kernel of a configuration in `tests/kernel`.
    pub fn configured<'a>(&'a self, options: &'a Options, config: &str) -> Result<Kernel<'a>> {
        let Self {
            cache,
            toolchain,
            tree,
        } = self;
        configure::configure(options, cache, toolchain, &tree.path, config)
    }

    /// The same, with all that `make` makes.
    pub fn built<'a>(&'a self, options: &'a Options, config: &str) -> Result<Kernel<'a>> {
        let kernel = self.configured(options, config)?;
        build::build(&kernel)?;
        Ok(kernel)
    }
}
