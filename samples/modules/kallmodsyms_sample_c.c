// SPDX-License-Identifier: GPL-2.0

/*
 * Which module calls this?
 *
 * kallmodsyms_sample_c() logs the loaded or built-in module of its caller. It also logs the size
 * and the object file of the caller's function, if the kernel knows them:
 *
 *   kallmodsyms_sample_c: called from call_samples+0x9/0x10 in [kallmodsyms_sample_caller]
 *   kallmodsyms_sample_c: that is 9 bytes into a function of 16
 *
 * A caller in the core of the kernel is in no module. When this module starts, it logs
 * such a caller: the kernel calls the module's init function.
 */

#include <linux/export.h>
#include <linux/init.h>
#include <linux/instruction_pointer.h>
#include <linux/kallmodsyms.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "kallmodsyms_sample.h"

#undef pr_fmt
#define pr_fmt(fmt) "kallmodsyms_sample_c: " fmt

static void log_caller(unsigned long caller)
{
	struct kallmodsyms_modules modules;
	unsigned long size, offset;
	const char *name;
	char path[128];

	/* If a function ends with a call, the return address is after the end of the function. */
	caller--;

	if (!kallmodsyms_lookup_modules(caller, &modules))
		pr_info("called from %pS in no module\n", (void *)caller);

	/* Code of an object file that several built-in modules share is in all of these modules. */
	while ((name = kallmodsyms_next_module(&modules)))
		pr_info("called from %pS in [%s]\n", (void *)caller, name);

	if (kallmodsyms_lookup_size(caller, &size, &offset))
		pr_info("that is %lu bytes into a function of %lu\n", offset, size);

	/* With CONFIG_KALLMODSYMS_OBJECTS, the kernel knows the object files of its image. */
	if (kallmodsyms_lookup_object(caller, path, sizeof(path)) > 0)
		pr_info("in the object file %s\n", path);
}

/* noinline: in an inlined function, _RET_IP_ would be the return address of the caller. */
noinline void kallmodsyms_sample_c(void)
{
	log_caller(_RET_IP_);
}
EXPORT_SYMBOL_GPL(kallmodsyms_sample_c);

static int __init sample_init(void)
{
	log_caller(_RET_IP_);
	return 0;
}

static void __exit sample_exit(void)
{
}

module_init(sample_init);
module_exit(sample_exit);

MODULE_DESCRIPTION("Sample: logs the module of its caller");
MODULE_LICENSE("GPL");
