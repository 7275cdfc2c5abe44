/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernel/kallsyms.c asks the component in this directory; true_sizes.rs has
 * the answers and says more.
 */
#ifndef KALLMODSYMS_TRUE_SIZES_H
#define KALLMODSYMS_TRUE_SIZES_H

/*
 * Of the symbols @first to @end - 1, which are all those at @start, the first
 * that has a size; sets *@symbol_end, where the next symbol is or the section
 * ends, to its true end. If none has one: @first, and *@symbol_end stays.
 */
unsigned long kallmodsyms_sized_alias(unsigned long first, unsigned long end,
				      unsigned long start,
				      unsigned long *symbol_end);

#endif
