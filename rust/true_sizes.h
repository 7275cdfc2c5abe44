/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernel/kallsyms.c asks the component in this directory; true_sizes.rs has
 * the answers and says more.
 */
#ifndef KALLMODSYMS_TRUE_SIZES_H
#define KALLMODSYMS_TRUE_SIZES_H

/*
 * Of the symbols at the address of symbol @first, which is the first of them,
 * the first that has a size; sets *@size, unless @size is NULL, to that. If none
 * has one: @first, and *@size stays.
 */
unsigned long kallmodsyms_sized_alias(unsigned long first, unsigned long *size);

/*
 * Corrects *@size and *@offset, those of @addr in the symbol @first: the size
 * becomes the true one, and the padding behind it an extent of its own. Where
 * no symbol there has a size, or the next one begins in it, both stay.
 */
void kallmodsyms_true_extent(unsigned long first, unsigned long addr,
			     unsigned long *size, unsigned long *offset);

#endif
