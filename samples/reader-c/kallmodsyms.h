/* SPDX-License-Identifier: GPL-2.0 */

/*
 * A reader of /proc/kallmodsyms: finds the symbol and the modules of a kernel address.
 *
 *	struct kallmodsyms_error error;
 *	struct kallmodsyms *listing = kallmodsyms_read(NULL, &error);
 *	const struct kallmodsyms_symbol *symbol;
 *	const char *module = NULL;
 *
 *	symbol = kallmodsyms_find(listing, 0xffffffff8da4a500);
 *	printf("%s", symbol->name);
 *	while ((module = kallmodsyms_next_module(symbol, module)))
 *		printf(" [%s]", module);
 *	kallmodsyms_free(listing);
 *
 * This example does not check for NULL; the program whose.c does. The source of the reader is one
 * file, kallmodsyms.c, and needs a C library with the interfaces of POSIX. Only kallmodsyms_free()
 * changes a listing after it is made, so several threads may use one listing.
 */

#ifndef KALLMODSYMS_H
#define KALLMODSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KALLMODSYMS_PATH "/proc/kallmodsyms"

/* All symbols of a kernel at the time of the read. */
struct kallmodsyms;

/* The symbol of one line. The strings stay valid until kallmodsyms_free(). */
struct kallmodsyms_symbol {
	/*
	 * 0 if the process that read the file may not see addresses. For a per-cpu variable, can be
	 * an offset.
	 */
	uint64_t address;
	/* In bytes; 0 if the symbol has no size, or if the size is unknown or hidden. */
	uint64_t size;
	/* Several symbols can have the same name. */
	const char *name;
	/* For kallmodsyms_next_module(): the name of the first module, and the number of modules. */
	const char *first_module;
	unsigned int modules;
	/* The end of the path of the object file, as "ext4/super.o"; NULL if the line has none. */
	const char *object;
	/* The letter that nm(1) prints for the type. */
	char type;
};

/* The reason why a function returned no listing. */
struct kallmodsyms_error {
	/* The reason in English. */
	const char *what;
	/* The number of the malformed line, from 1 on; 0 for other errors. */
	size_t line;
	/* The errno of a failed call; 0 for other errors. */
	int number;
};

/*
 * Reads the file @path, or /proc/kallmodsyms if @path is NULL. Returns NULL if the file cannot be
 * read or has a malformed line; *@error then has the reason, unless @error is NULL. A listing of
 * 178,000 lines takes about 13 MB of memory in addition to the size of the file.
 */
struct kallmodsyms *kallmodsyms_read(const char *path, struct kallmodsyms_error *error);

/* Parses the @size bytes of @text, which may be freed afterwards. See kallmodsyms_read(). */
struct kallmodsyms *kallmodsyms_parse(const void *text, size_t size,
				      struct kallmodsyms_error *error);

/* Frees a listing and the strings of its symbols. @listing may be NULL. */
void kallmodsyms_free(struct kallmodsyms *listing);

/* The number of lines. */
size_t kallmodsyms_count(const struct kallmodsyms *listing);

/* Line @number in the order of the file, from 0 to kallmodsyms_count() - 1. */
const struct kallmodsyms_symbol *kallmodsyms_symbol(const struct kallmodsyms *listing,
						    size_t number);

/*
 * True if the listing has lines, and all addresses are 0: the process that read the file may not
 * see addresses. kallmodsyms_find() then finds no symbol, but names and modules are known.
 */
bool kallmodsyms_hides_addresses(const struct kallmodsyms *listing);

/*
 * The symbol that @address is in, or NULL. If @address is in several symbols, returns the symbol
 * with the highest start: for example, the inner of two nested symbols. If several symbols have
 * that start, returns the largest of them. If several of these have the same size, returns the
 * first. Addresses below the kernel can be offsets of per-cpu variables. Takes logarithmic time,
 * unless many symbols overlap.
 *
 * The file has the symbols of freed init functions of modules, if the function tracer remembers
 * them. Other code may use the freed memory. An address in that code can then be in such a symbol.
 */
const struct kallmodsyms_symbol *kallmodsyms_find(const struct kallmodsyms *listing,
						  uint64_t address);

/*
 * The next symbol called @name after @previous in the order of the file, or the first if @previous
 * is NULL. Returns NULL after the last symbol called @name. Takes linear time.
 */
const struct kallmodsyms_symbol *kallmodsyms_named(const struct kallmodsyms *listing,
						   const char *name,
						   const struct kallmodsyms_symbol *previous);

/*
 * The name of the module after @previous, or of the first module if @previous is NULL. Returns NULL
 * after the last module.
 */
const char *kallmodsyms_next_module(const struct kallmodsyms_symbol *symbol, const char *previous);

/* True if @module stands for BPF, ftrace or kprobes: "bpf", "__builtin__ftrace", ... */
bool kallmodsyms_is_pseudo_module(const char *module);

#endif
