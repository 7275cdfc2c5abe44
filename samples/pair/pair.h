/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of the object file that both modules share.
 */

#define KALLMODSYMS_PAIR_STEPS 3

extern const unsigned int kallmodsyms_pair_steps[KALLMODSYMS_PAIR_STEPS];
extern unsigned int kallmodsyms_pair_sum;
extern unsigned int kallmodsyms_pair_calls;

/* Adds each step to kallmodsyms_pair_sum, @times times. Returns the new sum. */
unsigned int kallmodsyms_pair_add(unsigned int times);
