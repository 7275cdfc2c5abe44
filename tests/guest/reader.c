// SPDX-License-Identifier: GPL-2.0

/*
 * Compares the sample reader in C, samples/reader-c, with the bytes of the file and with the
 * kernel's lookups of addresses.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../samples/reader-c/kallmodsyms.h"
#include "tests.h"

#define ENOUGH_NOTES 3
#define LONGEST_LINE 4096

/* Writes the line of @symbol to @to, with a newline. Returns the number of bytes. */
static size_t print_line(char *to, const struct kallmodsyms_symbol *symbol)
{
	size_t size = snprintf(to, LONGEST_LINE, "%016" PRIx64 " %" PRIx64 " %c %s", symbol->address,
			       symbol->size, symbol->type, symbol->name);
	const char *module = NULL, *separator = "\t";

	while ((module = kallmodsyms_next_module(symbol, module))) {
		size += snprintf(to + size, LONGEST_LINE - size, "%s[%s]", separator, module);
		separator = " ";
	}
	if (symbol->object)
		size += snprintf(to + size, LONGEST_LINE - size, "%s{%s}", separator, symbol->object);
	size += snprintf(to + size, LONGEST_LINE - size, "\n");
	return size;
}

/* Returns true if the lines of the reader's symbols equal the file. */
bool reader_agrees(void)
{
	struct text text = read_file(KALLMODSYMS);
	struct kallmodsyms_error error;
	struct kallmodsyms *listing = kallmodsyms_parse(text.data, text.size, &error);
	size_t at = 0, i = 0;
	bool agrees = listing;
	char line[LONGEST_LINE];

	if (!listing)
		note("line %zu: %s", error.line, error.what);
	for (; agrees && i < kallmodsyms_count(listing); i++) {
		size_t size = print_line(line, kallmodsyms_symbol(listing, i));

		agrees = size <= text.size - at && !memcmp(text.data + at, line, size);
		at += size;
		if (!agrees)
			note("line %zu of the file: the sample reader prints %s", i + 1, line);
	}
	agrees = agrees && i && at == text.size;
	kallmodsyms_free(listing);
	free(text.data);
	return agrees;
}

static bool user_finds_names_only(void)
{
	struct kallmodsyms *listing;
	const struct kallmodsyms_symbol *symbol;

	become_user();
	listing = kallmodsyms_read(NULL, NULL);
	symbol = listing ? kallmodsyms_named(listing, "vfs_read", NULL) : NULL;
	return symbol && !symbol->address && kallmodsyms_hides_addresses(listing) &&
	       !kallmodsyms_find(listing, 0);
}

/*
 * Stores the addresses of the first and the last byte of each symbol that the kernel's lookups
 * can find.
 */
static size_t addresses_of(const struct core *core, const struct kallmodsyms *listing,
			   unsigned long **addresses)
{
	size_t count = 0;

	*addresses = calloc(2 * kallmodsyms_count(listing), sizeof(**addresses));
	if (!*addresses)
		give_up("calloc");
	for (size_t i = 0; i < kallmodsyms_count(listing); i++) {
		const struct kallmodsyms_symbol *symbol = kallmodsyms_symbol(listing, i);

		if (!symbol->size || (i < core->count && !is_looked_up(core, symbol->address)))
			continue;
		/* The kernel's lookups know no modules of BPF, ftrace and kprobes. */
		if (symbol->modules && kallmodsyms_is_pseudo_module(symbol->first_module))
			continue;
		(*addresses)[count++] = symbol->address;
		(*addresses)[count++] = symbol->address + symbol->size - 1;
	}
	return count;
}

/*
 * Returns true if @line, such as "[fsl_dpaa2_eth] [fsl_dpaa2_switch]", has the modules of
 * @symbol.
 */
static bool modules_are(const struct kallmodsyms_symbol *symbol, struct line line)
{
	char text[LONGEST_LINE];
	const char *module = NULL, *separator = "";
	size_t size = 0;

	while ((module = kallmodsyms_next_module(symbol, module))) {
		size += snprintf(text + size, sizeof(text) - size, "%s[%s]", separator, module);
		separator = " ";
	}
	return size == line.size && !memcmp(text, line.start, size);
}

/*
 * Returns true if the kernel's answer @line, such as "vfs_read+0x150/0x160", agrees with @symbol,
 * the reader's answer. The kernel names the first symbol at the highest symbol address that is
 * not above @address. The reader looks only at symbols that contain @address, and names the
 * largest symbol at the highest start.
 */
static bool name_is(const struct core *core, const struct kallmodsyms_symbol *symbol,
		    unsigned long address, struct line line)
{
	const struct core_symbol *named = place_at(core, address).named;
	char text[LONGEST_LINE];
	size_t length = snprintf(text, sizeof(text), "%s+0x%lx/", symbol->name,
				 (unsigned long)(address - symbol->address));

	if (symbol->address < named->address)
		return address - named->address >= named->size;
	if (length < line.size && !memcmp(text, line.start, length))
		return true;
	return symbol->address == named->address && symbol->size > named->size;
}

/* Counts the addresses for which the reader and the kernel differ. */
static size_t disagreements(const struct core *core, const struct kallmodsyms *listing,
			    const unsigned long *addresses, size_t count)
{
	struct text modules = ask(MODULES_OF, addresses, count), names = ask(LOOKUP, addresses, count);
	const struct kallmodsyms_symbol *past = kallmodsyms_symbol(listing, 0) + core->count;
	size_t modules_at = 0, names_at = 0, wrong = 0;

	for (size_t i = 0; i < count; i++) {
		const struct kallmodsyms_symbol *symbol = kallmodsyms_find(listing, addresses[i]);
		struct line module = { "", 0 }, name = { "", 0 };
		bool agree = next_line(modules, &modules_at, &module) &&
			     next_line(names, &names_at, &name) && symbol &&
			     modules_are(symbol, module) &&
			     (symbol >= past || name_is(core, symbol, addresses[i], name));

		if (!agree && ++wrong <= ENOUGH_NOTES)
			note("%lx: the kernel: %.*s %.*s, the reader: %s", addresses[i], (int)name.size,
			     name.start, (int)module.size, module.start, symbol ? symbol->name : "?");
	}
	free(modules.data);
	free(names.data);
	return wrong;
}

/*
 * Call this before any test uses ftrace. Once ftrace is used, the file also lists freed init
 * symbols of modules. kallmodsyms_lookup_modules() finds no module for freed symbols.
 */
void test_reader(void)
{
	struct kallmodsyms *listing;
	unsigned long *addresses;
	size_t count, wrong;
	struct core core;

	load_lookup_module();
	core = read_core();
	listing = kallmodsyms_read(NULL, NULL);
	check(in_child(user_finds_names_only), "the sample reader in C finds names without addresses");
	/*
	 * Without CONFIG_KALLMODSYMS_SIZES, the kernel's lookups find no module for a constant
	 * that the linker merged, but the file shows the module. So the reader and the kernel
	 * cannot agree.
	 */
	if (!core.sizes_stored || !listing) {
		check(listing, "the sample reader in C reads the file");
		unload_lookup_module();
		return;
	}
	count = addresses_of(&core, listing, &addresses);
	wrong = disagreements(&core, listing, addresses, count);
	unload_lookup_module();
	check(count && !wrong,
	      "the sample reader in C and the kernel agree: %zu addresses, %zu differences", count,
	      wrong);
	free(addresses);
	kallmodsyms_free(listing);
	free(core.symbols);
}
