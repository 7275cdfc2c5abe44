// SPDX-License-Identifier: GPL-2.0
/*
 * A walk of the list of BPF symbols. kernel/bpf/core.c includes this file at
 * its end, as the list and the tree of the symbols are static there.
 */

#if defined(CONFIG_KALLMODSYMS) && defined(CONFIG_BPF_JIT)

#include "bpf_symbols.h"

/* BpfSymbol::KIND in rust/sources/bpf.rs must be the same letter. */
static_assert(BPF_SYM_ELF_TYPE == 't');

/* Returns symbol number @index, from 0; NULL if the list is shorter. Linear in @index. */
const struct bpf_ksym *kallmodsyms_bpf_number(unsigned long index)
{
	const struct bpf_ksym *ksym;

	list_for_each_entry_rcu(ksym, &bpf_kallsyms, lnode)
		if (!index--)
			return ksym;
	return NULL;
}

/* Returns the symbol that begins at @address, or NULL. Logarithmic in the length of the list. */
const struct bpf_ksym *kallmodsyms_bpf_at(unsigned long address)
{
	/*
	 * bpf_ksym_find() may return a symbol that ends at the given address. So look up the next
	 * address, which is in a symbol that begins at @address.
	 */
	const struct bpf_ksym *ksym = bpf_ksym_find(address + 1);

	return ksym && ksym->start == address ? ksym : NULL;
}

/*
 * Returns the symbol after @ksym, or the first symbol if @ksym is NULL, and fills @symbol. Returns
 * NULL at the end of the list, or if the kernel does not show BPF symbols.
 */
const struct bpf_ksym *kallmodsyms_bpf_next(const struct bpf_ksym *ksym,
					    struct kallmodsyms_bpf_symbol *symbol)
{
	const struct list_head *node = ksym ? &ksym->lnode : &bpf_kallsyms;

	if (!bpf_jit_kallsyms_enabled())
		return NULL;
	ksym = list_entry_rcu(node->next, struct bpf_ksym, lnode);
	if (&ksym->lnode == &bpf_kallsyms)
		return NULL;
	symbol->address = ksym->start;
	symbol->size = ksym->end - ksym->start;
	symbol->name = ksym->name;
	return ksym;
}

#endif
