// SPDX-License-Identifier: GPL-2.0

//! vmlinux.o, an object file that some configurations link from all other object files. They then link
//! vmlinux from vmlinux.o.

use super::map::{LinkMap, ObjectName};

/// The path of vmlinux.o.
pub(crate) const PATH: &str = "vmlinux.o";

/// The path of the map of its link.
pub(crate) const MAP: &str = "vmlinux.o.map";

/// Return: true if `object` is vmlinux.o.
pub(crate) fn is_vmlinux_o(object: &ObjectName<'_>) -> bool {
    object.is(PATH.as_bytes())
}

/// Return: true if `map` is the map of a link from vmlinux.o.
pub(crate) fn is_linked_into(map: &LinkMap<'_>) -> bool {
    map.objects.iter().any(is_vmlinux_o)
}
