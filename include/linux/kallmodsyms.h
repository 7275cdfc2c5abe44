/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which modules is an address in, or would it be in if they were not built in?
 * See kernel/kallmodsyms.
 */
#ifndef _LINUX_KALLMODSYMS_H
#define _LINUX_KALLMODSYMS_H

#include <linux/module.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct kallmodsyms_modules - the modules that an address is in
 *
 * Made by kallmodsyms_lookup_modules() and used up by
 * kallmodsyms_next_module(). It holds no reference and needs no release. The
 * names are valid for as long as it is: those of built-in modules are
 * constants, and that of a loaded module is copied into it. It points into
 * itself then, so it must not be copied.
 */
struct kallmodsyms_modules {
	/* private: */
	const char *next;
	unsigned int left;
	char loaded[MODULE_NAME_LEN];
};

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
 * Another address is in the loaded module that has it, if any has.
 *
 * Context: Any. Before the device initcalls, nothing of the image is in a
 * module.
 * Return: Whether there is any.
 */
bool kallmodsyms_lookup_modules(unsigned long addr,
				struct kallmodsyms_modules *modules);

#else

static inline bool kallmodsyms_lookup_modules(unsigned long addr,
					      struct kallmodsyms_modules *modules)
{
	modules->left = 0;
	return false;
}

#endif /* CONFIG_KALLMODSYMS */

/**
 * kallmodsyms_next_module - the next of the modules that an address is in
 * @modules: from kallmodsyms_lookup_modules()
 *
 * Context: Any.
 * Return: A name, or NULL when there is no further one.
 */
static inline const char *
kallmodsyms_next_module(struct kallmodsyms_modules *modules)
{
	const char *name = modules->next;

	if (!modules->left)
		return NULL;
	modules->left--;
	modules->next = name + strlen(name) + 1;
	return name;
}

#endif /* _LINUX_KALLMODSYMS_H */
