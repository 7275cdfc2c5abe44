/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The modules of an address, built-in modules included; the size and the object file
 * of the symbol there; and the address of a symbol of a module or an object file.
 * See kernel/kallmodsyms.
 */
#ifndef _LINUX_KALLMODSYMS_H
#define _LINUX_KALLMODSYMS_H

#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct kallmodsyms_modules - the modules that an address is in
 *
 * kallmodsyms_lookup_modules() fills the structure, and
 * kallmodsyms_next_module() takes the names out of it. The structure holds no
 * reference and needs no release. It may be copied: a copy has the remaining
 * names of the original.
 *
 * The names of built-in modules are constants. The name of a loaded module is a
 * copy in this structure; the lookup copies the name while the module cannot be
 * freed. So the name stays valid after the module is freed, and using the name
 * needs no lock.
 */
struct kallmodsyms_modules {
	/* private: */
	const char *next;	/* the next name; NULL if the next name is in @loaded */
	unsigned int left;
	char loaded[MODULE_NAME_LEN];
};

/* For kernel/kallsyms.c: narrows the range of symbols to search for @addr. */
void kallmodsyms_narrow(unsigned long addr, unsigned long *low,
			unsigned long *high);

/*
 * For kernel/kallsyms.c: returns the size of symbol number @symbol, or @distance if the
 * symbol has no size or the size is not known. @distance is the distance to the next
 * symbol.
 */
unsigned long kallmodsyms_true_size(unsigned long symbol, unsigned long distance);

#ifdef CONFIG_KALLMODSYMS

/*
 * For kernel/kallsyms.c: returns the address of a symbol of a built-in module or an
 * object file. @name has the name of the module, or the last components of the path of
 * the object file, a colon, and the name of the symbol. Returns 0 if there is no such
 * symbol, or if several addresses have it.
 */
unsigned long kallmodsyms_lookup_name(const char *name);

/*
 * For kernel/trace/trace_kprobe.c: returns 0 if @place is a built-in module or an object
 * file that has the symbol @name at one address, or if there is no such @place; -ENOENT if
 * @place has no such symbol; -EADDRNOTAVAIL if @place has it at several addresses.
 */
int kallmodsyms_check_probe(const char *place, const char *name);

/**
 * kallmodsyms_is_builtin - ask if a name is that of a built-in module or object file
 * @name: the name of a module, with ``_`` for ``-``, or the last components of the path
 *        of an object file; a colon and the text after it do not count
 *
 * Object files are known with CONFIG_KALLMODSYMS_OBJECTS.
 *
 * Context: Any context, non-maskable interrupts included. Takes no lock and
 * allocates nothing. The component starts in one of the device initcalls. Before
 * that, the function knows no module. The time is linear in the length of the tables.
 * Return: true if a symbol of the kernel is in such a module or object file.
 */
bool kallmodsyms_is_builtin(const char *name);

/**
 * kallmodsyms_lookup_modules - find the modules that an address is in
 * @addr: any address
 * @modules: the structure to fill
 *
 * An address of the image is in the modules whose object file defines the symbol
 * there. Several modules can share an object file. Padding between two object
 * files of a section is in the modules of the first of the two. A section without
 * symbols of modules, such as .smp_locks, is in no module. Without
 * CONFIG_KALLSYMS_ALL, all data of the image are in no module.
 * An address of a loaded module is in that module. Code that BPF, ftrace or
 * kprobes make at run time is in no module.
 *
 * A loaded module can be unloaded as soon as the function has returned. The answer
 * stays true only if the module cannot be unloaded: because the caller holds a
 * reference to the module, because the caller is code of the module, or because
 * code of the module called the caller.
 *
 * Context: Any context, non-maskable interrupts included. Takes no lock and
 * allocates nothing. The component starts in one of the device initcalls. Before
 * that, the function finds no module for an address of the image.
 * Return: true if @addr is in a module; the names are then in @modules.
 */
bool kallmodsyms_lookup_modules(unsigned long addr,
				struct kallmodsyms_modules *modules);

/**
 * kallmodsyms_lookup_size - find the size of the symbol that an address is in
 * @addr: any address
 * @size: memory for the size of the symbol in bytes, or NULL
 * @offset: memory for the distance from the start of the symbol to @addr, or NULL
 *
 * The symbol is the symbol that %pS names for @addr. The size is the size that the
 * compiler or the assembler source gave the symbol, never the distance to the next
 * symbol. So an address in padding is in no symbol. If %pS names a symbol without a
 * size, such as a label of the linker script, @addr is in no symbol. If a symbol is
 * inside another symbol, %pS names the inner symbol also for addresses after the inner
 * symbol. These addresses are in no symbol, even if the outer symbol contains them.
 *
 * Sizes of the kernel's own symbols are known with CONFIG_KALLMODSYMS_SIZES. Sizes
 * of data, also in loaded modules, are known only with CONFIG_KALLSYMS_ALL.
 *
 * Context: Any context, non-maskable interrupts included. Takes no lock and
 * allocates nothing. The time is logarithmic in the number of the kernel's
 * symbols for an address of the image, and linear in the number of a loaded
 * module's symbols for an address in that module.
 * Return: true if @addr is in a symbol of known size; if not, nothing is stored.
 */
bool kallmodsyms_lookup_size(unsigned long addr, unsigned long *size,
			     unsigned long *offset);

/**
 * kallmodsyms_find_in_module - find the address of a symbol of a module
 * @module: the name of a module, with ``_`` for ``-``
 * @name: the name of the symbol
 * @addr: memory for the address
 *
 * If a module of this name is loaded, the function searches that module. Otherwise it
 * searches the symbols of the built-in module of this name. An object file can be in
 * several modules: its symbols are found under the name of each of these modules.
 * Without CONFIG_KALLSYMS_ALL, the function finds no data.
 *
 * The function is not exported to modules, as kallsyms_lookup_name() is not.
 *
 * Context: Any context, non-maskable interrupts included. Takes no lock and
 * allocates nothing. The component starts in one of the device initcalls. Before
 * that, the function finds no symbol of a built-in module. The time is logarithmic
 * in the number of the kernel's symbols, and linear in the number of a loaded
 * module's symbols.
 * Return: 0; -ENOENT if the module has no symbol of this name, or if there is no
 * such module; -ENOTUNIQ if the module has symbols of this name at several
 * addresses. If not 0, nothing is stored.
 */
int kallmodsyms_find_in_module(const char *module, const char *name,
			       unsigned long *addr);

/**
 * kallmodsyms_lookup_distance - find the distance from a symbol to the next symbol
 * @addr: any address
 * @size: memory for the distance from the symbol to the next symbol, or NULL
 * @offset: memory for the distance from the start of the symbol to @addr, or NULL
 *
 * The function stores the values that kallsyms_lookup_size_offset() stores in a
 * kernel without CONFIG_KALLMODSYMS_SIZES. Callers use it if they count the padding
 * after a function as a part of the function.
 *
 * Context: Any context, non-maskable interrupts included.
 * Return: nonzero if kallsyms knows a symbol for @addr.
 */
int kallmodsyms_lookup_distance(unsigned long addr, unsigned long *size,
				unsigned long *offset);

#else /* CONFIG_KALLMODSYMS */

static inline unsigned long kallmodsyms_lookup_name(const char *name)
{
	return 0;
}

static inline int kallmodsyms_check_probe(const char *place, const char *name)
{
	return 0;
}

static inline bool kallmodsyms_is_builtin(const char *name)
{
	return false;
}

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

static inline int kallmodsyms_find_in_module(const char *module, const char *name,
					     unsigned long *addr)
{
	return -ENOENT;
}

static inline int kallmodsyms_lookup_distance(unsigned long addr,
					      unsigned long *size,
					      unsigned long *offset)
{
	return kallsyms_lookup_size_offset(addr, size, offset);
}

#endif /* CONFIG_KALLMODSYMS */

#ifdef CONFIG_KALLMODSYMS_OBJECTS

/**
 * kallmodsyms_lookup_object - find the object file of the symbol at an address
 * @addr: any address
 * @path: memory for the path and a NUL
 * @size: the size of @path in bytes
 *
 * The symbol is the symbol that %pS names for @addr, also if @addr is in the padding
 * after the symbol. The path is relative to the directory of the build, as in
 * ``fs/ext4/super.o``. The object files of loaded modules are not known.
 *
 * Context: Any context, non-maskable interrupts included. Takes no lock and
 * allocates nothing. The component starts in one of the device initcalls. Before
 * that, the function finds no object file. The time is logarithmic in the number of
 * the kernel's symbols.
 * Return: the length of the path without the NUL; -ENOENT if @addr is outside of the
 * image, if no object file defines the symbol, or if the object file is not known;
 * -E2BIG if the path and the NUL do not fit into @size bytes. In the event of an
 * error, nothing is stored.
 */
ssize_t kallmodsyms_lookup_object(unsigned long addr, char *path, size_t size);

/**
 * kallmodsyms_find_in_object - find the address of a symbol of an object file
 * @object: the path of an object file, or the last components of the path, as in
 *          ``ext4/super.o``
 * @name: the name of the symbol
 * @addr: memory for the address
 *
 * If @object is the whole path of an object file that defines a symbol of this name,
 * only that object file counts. The function searches the symbols of the kernel and of
 * built-in modules. Without CONFIG_KALLSYMS_ALL, it finds no data.
 *
 * The function is not exported to modules, as kallsyms_lookup_name() is not.
 *
 * Context: Any context, non-maskable interrupts included. Takes no lock and
 * allocates nothing. The component starts in one of the device initcalls. Before
 * that, the function finds no symbol. The time is logarithmic in the number of the
 * kernel's symbols.
 * Return: 0; -ENOENT if no such object file defines a symbol of this name; -ENOTUNIQ
 * if such object files define symbols of this name at several addresses. If not 0,
 * nothing is stored.
 */
int kallmodsyms_find_in_object(const char *object, const char *name,
			       unsigned long *addr);

#else /* CONFIG_KALLMODSYMS_OBJECTS */

static inline ssize_t kallmodsyms_lookup_object(unsigned long addr, char *path,
						size_t size)
{
	return -ENOENT;
}

static inline int kallmodsyms_find_in_object(const char *object, const char *name,
					     unsigned long *addr)
{
	return -ENOENT;
}

#endif /* CONFIG_KALLMODSYMS_OBJECTS */

/**
 * kallmodsyms_next_module - take the next name of the modules that were found
 * @modules: the structure that kallmodsyms_lookup_modules() filled
 *
 * Built-in modules come in alphabetical order.
 *
 * Context: Any context.
 * Return: the next name, or NULL after the last one. The name may be a copy in
 * @modules, so it is valid for as long as @modules exists and is not filled
 * again.
 */
static inline const char *
kallmodsyms_next_module(struct kallmodsyms_modules *modules)
{
	const char *name;

	/* If CONFIG_KALLMODSYMS is off, the lookup sets only @left. */
	if (!modules->left)
		return NULL;
	name = modules->next ? modules->next : modules->loaded;
	modules->left--;
	modules->next = name + strlen(name) + 1;
	return name;
}

/**
 * kallmodsyms_is_in_module - ask if an address is in a module
 * @addr: any address
 * @module: the name of a module, with ``_`` for ``-``
 *
 * Context: See kallmodsyms_lookup_modules().
 * Return: true if @module is one of the modules that @addr is in.
 */
static inline bool kallmodsyms_is_in_module(unsigned long addr, const char *module)
{
	struct kallmodsyms_modules modules;
	const char *name;

	kallmodsyms_lookup_modules(addr, &modules);
	while ((name = kallmodsyms_next_module(&modules)))
		if (!strcmp(name, module))
			return true;
	return false;
}

#endif /* _LINUX_KALLMODSYMS_H */
