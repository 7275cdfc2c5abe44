// SPDX-License-Identifier: GPL-2.0
/*
 * Exports the functions of the Rust component that loadable modules may call.
 */

#include <linux/export.h>
#include <linux/kallmodsyms.h>

EXPORT_SYMBOL_GPL(kallmodsyms_lookup_modules);
EXPORT_SYMBOL_GPL(kallmodsyms_lookup_size);
#ifdef CONFIG_KALLMODSYMS_OBJECTS
EXPORT_SYMBOL_GPL(kallmodsyms_lookup_object);
#endif
