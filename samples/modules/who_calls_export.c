// SPDX-License-Identifier: GPL-2.0

/*
 * The C part of the sample in Rust, who_calls.rs.
 */

#include <linux/export.h>
#include <linux/instruction_pointer.h>

#include "kallmodsyms_sample.h"

/* noinline: in an inlined function, _RET_IP_ would be the return address of the caller. */
noinline void kallmodsyms_sample_rust(void)
{
	kallmodsyms_sample_rust_called_from(_RET_IP_);
}
EXPORT_SYMBOL_GPL(kallmodsyms_sample_rust);
