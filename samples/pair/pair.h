/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both modules have of the object that they share.
 */

#define KALLMODSYMS_PAIR_STEPS 3

extern const unsigned int kallmodsyms_pair_steps[KALLMODSYMS_PAIR_STEPS];
extern unsigned int kallmodsyms_pair_sum;
extern unsigned int kallmodsyms_pair_calls;

/* Adds a step of each kind so many times, and says what the sum is now. */
unsigned int kallmodsyms_pair_add(unsigned int times);
