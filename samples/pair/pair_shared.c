// SPDX-License-Identifier: GPL-2.0

/*
 * The object file that both modules share. It has code, constants, data and bss.
 */

#include <linux/printk.h>

#include "pair.h"

const unsigned int kallmodsyms_pair_steps[KALLMODSYMS_PAIR_STEPS] = { 1, 10, 100 };
unsigned int kallmodsyms_pair_sum = 1000;
unsigned int kallmodsyms_pair_calls;

/* pair_a.c and pair_b.c have functions of this name, too. */
static noinline void pair_print(unsigned int sum)
{
	pr_info("sum %u\n", sum);
}

unsigned int kallmodsyms_pair_add(unsigned int times)
{
	unsigned int i;

	kallmodsyms_pair_calls++;
	while (times--)
		for (i = 0; i < KALLMODSYMS_PAIR_STEPS; i++)
			kallmodsyms_pair_sum += kallmodsyms_pair_steps[i];
	pair_print(kallmodsyms_pair_sum);
	return kallmodsyms_pair_sum;
}
