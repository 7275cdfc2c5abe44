// SPDX-License-Identifier: GPL-2.0

/*
 * Calls the samples, so that they have something to log.
 */

#include <linux/init.h>
#include <linux/module.h>

#include "kallmodsyms_sample.h"

/* Not in an init section, whose symbols go away. */
static noinline int call_samples(void)
{
	kallmodsyms_sample_c();
	kallmodsyms_sample_rust();
	/*
	 * Not the last thing to do: a call that is last could be a jump, which leaves no return
	 * address. The value alone does not help, which the compiler knows.
	 */
	barrier();
	return 0;
}

static int __init caller_init(void)
{
	return call_samples();
}

static void __exit caller_exit(void)
{
}

module_init(caller_init);
module_exit(caller_exit);

MODULE_DESCRIPTION("Sample: calls those that log which module calls them");
MODULE_LICENSE("GPL");
