/* SPDX-License-Identifier: GPL-2.0 */

/*
 * A reader of /proc/kallmodsyms: which symbol, and which modules, is an address of the kernel in?
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
 * (With checks for NULL, of course: whose.c is a program that has them.) The source is one file,
 * kallmodsyms.c, and needs a C library with the interfaces of POSIX. Nothing is kept outside of a
 * listing, and who has one may use it from several threads.
 */

#ifndef KALLMODSYMS_H
#define KALLMODSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KALLMODSYMS_PATH "/proc/kallmodsyms"

/* All symbols of a kernel, as of when they were read. */
struct kallmodsyms;

/* A line. What it points to stays until kallmodsyms_free(). */
struct kallmodsyms_symbol {
	/* 0 for who may not see addresses; for per-cpu variables an offset. */
	uint64_t address;
	/* In bytes; 0 if there is none, or none that is known or to be seen. */
	uint64_t size;
	/* Not unique. */
	const char *name;
	/* For kallmodsyms_next_module(). */
	const char *first_module;
	unsigned int modules;
	/* As in nm(1). */
	char type;
};

/* Why there is no listing. */
struct kallmodsyms_error {
	/* What went wrong, in English. */
	const char *what;
	/* The line that is not of the format, from 1 on; 0 if it is not that. */
	size_t line;
	/* An errno of what failed; 0 if it is not that. */
	int number;
};

/*
 * Reads the file @path, or the running kernel's for NULL. NULL, and *@error unless that is NULL, if
 * it cannot be read or is not of the format. About 12 MB of memory are taken beside the file's size
 * for 178,000 lines.
 */
struct kallmodsyms *kallmodsyms_read(const char *path, struct kallmodsyms_error *error);

/* The same for @size bytes of text, which need not stay. */
struct kallmodsyms *kallmodsyms_parse(const void *text, size_t size,
				      struct kallmodsyms_error *error);

/* @listing may be NULL. */
void kallmodsyms_free(struct kallmodsyms *listing);

/* How many lines there are, and the one of a number below that, in the order of the file. */
size_t kallmodsyms_count(const struct kallmodsyms *listing);
const struct kallmodsyms_symbol *kallmodsyms_symbol(const struct kallmodsyms *listing,
						    size_t number);

/*
 * Whether all addresses are 0: then the one who read the file may not see them, and none can be
 * found. Names and modules are there.
 */
bool kallmodsyms_hides_addresses(const struct kallmodsyms *listing);

/*
 * The symbol that @address is in, or NULL: of the symbols that have it in their bytes the one that
 * begins last, of several at one address the largest, of several as large the first. So it is the
 * inner one of two of which one contains the other. Addresses below the first of the kernel are
 * offsets of per-cpu variables. Takes logarithmic time, unless many symbols overlap.
 *
 * What the function tracer remembers of the init sections of modules is listed after their memory has
 * gone, and can be found where something newer is.
 */
const struct kallmodsyms_symbol *kallmodsyms_find(const struct kallmodsyms *listing,
						  uint64_t address);

/*
 * The first symbol with this name behind @previous in the order of the file, or of all for NULL;
 * NULL if there is no further one. Takes linear time.
 */
const struct kallmodsyms_symbol *kallmodsyms_named(const struct kallmodsyms *listing,
						   const char *name,
						   const struct kallmodsyms_symbol *previous);

/* The name of the module behind @previous, or of the first for NULL; NULL if there is no further one. */
const char *kallmodsyms_next_module(const struct kallmodsyms_symbol *symbol, const char *previous);

/* Whether @module is not a module but BPF, ftrace or kprobes: "bpf", "__builtin__ftrace", ... */
bool kallmodsyms_is_pseudo_module(const char *module);

#endif
