// SPDX-License-Identifier: GPL-2.0

//! Prepares the toolchain and the kernel tree for the commands that make kernels. Only `make matrix` prepares
//! the kernel of each cell itself.

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
    /// The tree with the component and the hooks.
    pub tree: Tree,
}

impl Workshop {
    /// Locks the cache, installs missing packages, and finds the toolchain. Then unpacks the tree, if
    /// necessary, and applies the component and the hooks to the tree.
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

    /// Configures a kernel with a configuration from `tests/kernel`.
    pub fn configured<'a>(&'a self, options: &'a Options, config: &str) -> Result<Kernel<'a>> {
        let Self {
            cache,
            toolchain,
            tree,
        } = self;
        configure::configure(options, cache, toolchain, &tree.path, config)
    }

    /// Configures and builds a kernel with a configuration from `tests/kernel`.
    pub fn built<'a>(&'a self, options: &'a Options, config: &str) -> Result<Kernel<'a>> {
        let kernel = self.configured(options, config)?;
        build::build(&kernel)?;
        Ok(kernel)
    }
}
