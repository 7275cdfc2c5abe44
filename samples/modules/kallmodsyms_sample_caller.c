// SPDX-License-Identifier: GPL-2.0

/*
 * Calls the samples, which log the module of this caller.
 */

#include <linux/init.h>
#include <linux/module.h>

#include "kallmodsyms_sample.h"

/* Not __init: the kernel frees the symbols of a loaded module's __init functions. */
static noinline void call_samples(void)
{
	kallmodsyms_sample_c();
	kallmodsyms_sample_rust();
	/*
	 * Without this barrier, the compiler could replace the last call by a jump. A jump stores
	 * no return address in this function.
	 */
	barrier();
}

static int __init caller_init(void)
{
	call_samples();
	return 0;
}

static void __exit caller_exit(void)
{
}

module_init(caller_init);
module_exit(caller_exit);

MODULE_DESCRIPTION("Sample: calls the samples that log the module of their caller");
MODULE_LICENSE("GPL");
