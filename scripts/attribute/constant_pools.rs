// SPDX-License-Identifier: GPL-2.0

//! Pools of object files. The linker merges equal constants of the object files in one pool.

use super::piece::PoolId;
use crate::common::hash::{FastMap, FastSet};
use crate::read::map::ObjectName;
use crate::read::merge_kind::MergeKind;

/// The pools. Each output section has one pool for each kind of constants.
#[derive(Debug, Default)]
pub(super) struct ConstantPools<'m> {
    by_kind: FastMap<(usize, MergeKind), PoolId>,
    /// By pool: the object files of the pool, each once.
    objects: Vec<Vec<ObjectName<'m>>>,
    members: FastSet<(usize, ObjectName<'m>)>,
}

impl<'m> ConstantPools<'m> {
    /// Adds `object` to the pool of the constants of `kind` in the output section `output`.
    ///
    /// Return: the pool.
    pub(super) fn add(&mut self, output: usize, kind: MergeKind, object: ObjectName<'m>) -> PoolId {
        let index = self.objects.len();
        let new = PoolId { index, kind };
        let pool = *self.by_kind.entry((output, kind)).or_insert(new);
        let is_new_member = self.members.insert((pool.index, object));
        match self.objects.get_mut(pool.index) {
            Some(objects) if is_new_member => objects.push(object),
            Some(_) => {}
            None => self.objects.push(vec![object]),
        }
        pool
    }

    /// The object files of a pool. [`add`](Self::add) makes a pool together with its first object file, so no
    /// pool is empty.
    pub(super) fn objects(&self, pool: PoolId) -> &[ObjectName<'m>] {
        self.objects.get(pool.index).map_or(&[], Vec::as_slice)
    }
}
