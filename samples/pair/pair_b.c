// SPDX-License-Identifier: GPL-2.0

/*
 * The private object file of kallmodsyms_pair_b.
 */

#include <linux/module.h>

#include "pair.h"

static noinline void pair_print(unsigned int sum)
{
	pr_info("%s\n", sum > 1000 ? "added" : "nothing to add");
}

static int __init pair_b_init(void)
{
	pair_print(kallmodsyms_pair_add(2));
	return 0;
}

static void __exit pair_b_exit(void)
{
}

module_init(pair_b_init);
module_exit(pair_b_exit);

MODULE_DESCRIPTION("The second of two modules that share an object file");
MODULE_LICENSE("GPL");
