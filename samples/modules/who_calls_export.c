// SPDX-License-Identifier: GPL-2.0

/*
 * What the sample in Rust, who_calls.rs, needs C for.
 */

#include <linux/export.h>
#include <linux/instruction_pointer.h>

#include "kallmodsyms_sample.h"

/* Not inlined: its return address is the question. */
noinline void kallmodsyms_sample_rust(void)
{
	kallmodsyms_sample_rust_called_from(_RET_IP_);
}
EXPORT_SYMBOL_GPL(kallmodsyms_sample_rust);
