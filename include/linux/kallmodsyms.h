/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which modules is an address in, or would it be in if they were not built in?
 * And how large is the symbol there? See kernel/kallmodsyms.
 */
#ifndef _LINUX_KALLMODSYMS_H
#define _LINUX_KALLMODSYMS_H

#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct kallmodsyms_modules - the modules that an address is in
 *
 * Filled by kallmodsyms_lookup_modules() and used up by
 * kallmodsyms_next_module(). It holds no reference and needs no release, and
 * may be copied: a copy goes on where the original is.
 *
 * The names of built-in modules are constants. That of a loaded module is
 * copied into this structure while the module cannot go, so that no lock is
 * needed to use it: it stays after the module has gone.
 */
struct kallmodsyms_modules {
	/* private: */
	const char *next;	/* NULL: @loaded */
	unsigned int left;
	char loaded[MODULE_NAME_LEN];
};

/* For kernel/kallsyms.c: narrows the range in which to search for @addr. */
void kallmodsyms_narrow(unsigned long addr, unsigned long *low,
			unsigned long *high);

/* For kernel/kallsyms.c: the size in bytes of symbol @symbol, or @distance. */
unsigned long kallmodsyms_true_size(unsigned long symbol, unsigned long distance);

#ifdef CONFIG_KALLMODSYMS

/**
 * kallmodsyms_lookup_modules - find the modules that an address is in
 * @addr: any address
 * @modules: what to fill
 *
 * An address of the image is in the modules whose object file defines what is
 * there, which can be several. For an address in padding that is the object
 * before it. Sections without symbols of modules are in no module: the addresses
 * of lock prefixes, for instance, and without CONFIG_KALLSYMS_ALL all data.
 * Another address is in the loaded module that has it, if any has. Code that is
 * made at run time, by BPF, ftrace or kprobes, is in no module.
 *
 * What is loaded can go as soon as this has returned, so the answer for an
 * address in a loaded module is one of the past, unless the caller keeps the
 * module: with a reference, or because it runs in it or is called by it.
 *
 * Context: Any, non-maskable interrupts included. Takes no lock, allocates
 * nothing. Until the component has started, in one of the device initcalls,
 * nothing of the image is in a module.
 * Return: Whether there is any.
 */
bool kallmodsyms_lookup_modules(unsigned long addr,
				struct kallmodsyms_modules *modules);

/**
 * kallmodsyms_lookup_size - find the size of the symbol that an address is in
 * @addr: any address
 * @size: where to store the size in bytes, or NULL
 * @offset: where to store how far into the symbol @addr is, or NULL
 *
 * The symbol is the one that %pS names. The size is the one that the compiler
 * or the assembler source gave it, never a distance to the next symbol. So an
 * address in padding is in no symbol, nor is one in something without a size,
 * such as a label of the linker script. Where a symbol is inside another, an
 * address behind the inner one is in none either.
 *
 * Symbols of the kernel have sizes with CONFIG_KALLMODSYMS_SIZES, and data
 * are symbols with CONFIG_KALLSYMS_ALL, also in loaded modules.
 *
 * Context: Any, non-maskable interrupts included. Takes no lock, allocates
 * nothing. Logarithmic in the kernel's symbols for an address of the image, linear
 * in the module's for one in a loaded module.
 * Return: Whether the address is in a symbol of known size. If not, nothing is
 * stored.
 */
bool kallmodsyms_lookup_size(unsigned long addr, unsigned long *size,
			     unsigned long *offset);

/**
 * kallmodsyms_lookup_distance - find the distance between two symbols
 * @addr: any address
 * @size: where to store the bytes from the symbol to the next one, or NULL
 * @offset: where to store how far behind the symbol @addr is, or NULL
 *
 * kallsyms_lookup_size_offset() answers so without CONFIG_KALLMODSYMS_SIZES. It
 * is for callers that count the padding behind a function as a part of it.
 *
 * Context: Any, non-maskable interrupts included.
 * Return: Nonzero if there is a symbol at or before @addr.
 */
int kallmodsyms_lookup_distance(unsigned long addr, unsigned long *size,
				unsigned long *offset);

#else /* CONFIG_KALLMODSYMS */

static inline bool kallmodsyms_lookup_modules(unsigned long addr,
					      struct kallmodsyms_modules *modules)
{
	modules->left = 0;
	return false;
}

static inline bool kallmodsyms_lookup_size(unsigned long addr,
					   unsigned long *size,
					   unsigned long *offset)
{
	return false;
}

static inline int kallmodsyms_lookup_distance(unsigned long addr,
					      unsigned long *size,
					      unsigned long *offset)
{
	return kallsyms_lookup_size_offset(addr, size, offset);
}

#endif /* CONFIG_KALLMODSYMS */

/**
 * kallmodsyms_next_module - the next of the modules that an address is in
 * @modules: from kallmodsyms_lookup_modules()
 *
 * Built-in modules come in the order of the alphabet.
 *
 * Context: Any.
 * Return: A name, or NULL when there is no further one. The name of a built-in
 * module stays for ever; as it is not said which it is, take it that the name
 * is valid for as long as @modules is, and is not filled again.
 */
static inline const char *
kallmodsyms_next_module(struct kallmodsyms_modules *modules)
{
	const char *name;

	/* Nothing else is set with the option off. */
	if (!modules->left)
		return NULL;
	name = modules->next ? modules->next : modules->loaded;
	modules->left--;
	modules->next = name + strlen(name) + 1;
	return name;
}

#endif /* _LINUX_KALLMODSYMS_H */
