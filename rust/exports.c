// SPDX-License-Identifier: GPL-2.0
/*
 * What loadable modules may call of the component, which is written in Rust.
 */

#include <linux/export.h>
#include <linux/kallmodsyms.h>

EXPORT_SYMBOL_GPL(kallmodsyms_lookup_modules);
EXPORT_SYMBOL_GPL(kallmodsyms_lookup_size);
