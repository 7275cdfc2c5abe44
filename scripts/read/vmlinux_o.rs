// SPDX-License-Identifier: GPL-2.0

//! vmlinux.o, an object file that kbuild links from vmlinux.a and the libraries. In some configurations, kbuild
//! then links vmlinux from vmlinux.o instead of from vmlinux.a and the libraries.

use super::map::{LinkMap, ObjectName};

/// The path of vmlinux.o.
pub(crate) const PATH: &str = "vmlinux.o";

/// The path of the map of vmlinux.o.
pub(crate) const MAP: &str = "vmlinux.o.map";

/// Return: true if `object` is vmlinux.o.
pub(crate) fn is_vmlinux_o(object: &ObjectName<'_>) -> bool {
    object.is(PATH.as_bytes())
}

/// Return: true if vmlinux.o is an input of the link that made `map`.
pub(crate) fn is_linked_into(map: &LinkMap<'_>) -> bool {
    map.objects.iter().any(is_vmlinux_o)
}
