/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of BPF symbols, for rust/sources/bpf.rs. Call all functions in an RCU
 * read-side section. A returned symbol is valid until the end of that section.
 */

#ifndef KALLMODSYMS_BPF_SYMBOLS_H
#define KALLMODSYMS_BPF_SYMBOLS_H

struct bpf_ksym;

struct kallmodsyms_bpf_symbol {
	unsigned long address;
	unsigned long size;
	const char *name;
};

const struct bpf_ksym *kallmodsyms_bpf_number(unsigned long index);
const struct bpf_ksym *kallmodsyms_bpf_at(unsigned long address);
const struct bpf_ksym *kallmodsyms_bpf_next(const struct bpf_ksym *ksym,
					    struct kallmodsyms_bpf_symbol *symbol);

#endif
