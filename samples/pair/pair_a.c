// SPDX-License-Identifier: GPL-2.0

/*
 * The object file that only kallmodsyms_pair_a has. pair_shared.c is in both modules.
 */

#include <linux/module.h>

#include "pair.h"

static noinline void pair_print(unsigned int sum)
{
	pr_info("%s\n", sum > 1000 ? "added" : "nothing to add");
}

static int __init pair_a_init(void)
{
	pair_print(kallmodsyms_pair_add(1));
	return 0;
}

static void __exit pair_a_exit(void)
{
}

module_init(pair_a_init);
module_exit(pair_a_exit);

MODULE_DESCRIPTION("The first of two modules that share an object file");
MODULE_LICENSE("GPL");
