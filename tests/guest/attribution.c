// SPDX-License-Identifier: GPL-2.0

/*
 * Tests the modules of symbols. /etc/symbols lists symbols with their expected modules.
 * All modules of the kernel's own symbols must be in modules.builtin.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests.h"

#define KNOWN "/etc/symbols"

static struct text symbols;

/* Returns true if there are symbols named @name, and all of them are in exactly @modules. */
static bool is_in(struct line name, struct line modules)
{
	size_t at = 0, found = 0;
	struct line line;
	struct symbol symbol;

	while (next_line(symbols, &at, &line)) {
		if (!parse_symbol(line, &symbol) || symbol.name.size != name.size ||
		    memcmp(symbol.name.start, name.start, name.size))
			continue;
		found++;
		if (symbol.modules.size != modules.size ||
		    memcmp(symbol.modules.start, modules.start, modules.size)) {
			note("%.*s", (int)line.size, line.start);
			return false;
		}
	}
	if (!found)
		note("no symbol %.*s", (int)name.size, name.start);
	return found;
}

/* Checks each line of /etc/symbols: dpaa2_mac_connect [fsl_dpaa2_eth] [fsl_dpaa2_switch] */
static void test_known(void)
{
	struct text known = read_file(KNOWN);
	size_t at = 0;
	struct line line;

	while (next_line(known, &at, &line)) {
		const char *end = line.start + line.size;
		const char *space = memchr(line.start, ' ', line.size);
		struct line name = { line.start, (space ? space : end) - line.start };
		struct line modules = { space ? space + 1 : end, space ? end - space - 1 : 0 };

		if (!line.size || *line.start == '#')
			continue;
		check(is_in(name, modules), "%.*s is in %.*s", (int)name.size, name.start,
		      modules.size ? (int)modules.size : 9,
		      modules.size ? modules.start : "no module");
	}
	free(known.data);
}

/* Returns true if modules.builtin has @module, in a line like kernel/fs/ext4/ext4.ko. */
static bool is_built_in(struct text builtin, struct line module)
{
	size_t at = 0;
	struct line line;

	while (next_line(builtin, &at, &line)) {
		const char *slash = memrchr(line.start, '/', line.size);
		const char *name = slash ? slash + 1 : line.start;
		size_t size = line.start + line.size - name, i = 0;

		if (size != module.size + strlen(".ko"))
			continue;
		while (i < module.size && module.start[i] == (name[i] == '-' ? '_' : name[i]))
			i++;
		if (i == module.size)
			return true;
	}
	return false;
}

/* Removes the first name from @modules, such as "[a] [b]". Returns false if there is no name. */
static bool next_module(struct line *modules, struct line *module)
{
	const char *close = memchr(modules->start, ']', modules->size);

	if (!close)
		return false;
	*module = (struct line){ modules->start + 1, close - modules->start - 1 };
	modules->size -= close + 1 - modules->start;
	modules->start = close + 1;
	if (modules->size) {
		modules->start++;
		modules->size--;
	}
	return true;
}

/*
 * Returns true if some of the kernel's own symbols are in modules, and modules.builtin has all of
 * these modules. The kernel's own symbols end at the first line of kallsyms that names a module.
 */
static bool all_are_built_in(void)
{
	struct text builtin, theirs = read_file(KALLSYMS);
	size_t at = 0, their_at = 0, in_modules = 0;
	struct line line, their_line, module;
	struct symbol symbol;
	struct utsname kernel;
	char path[200];
	bool all = true;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", kernel.release);
	builtin = read_file(path);
	while (next_line(theirs, &their_at, &their_line) && next_line(symbols, &at, &line)) {
		if (memchr(their_line.start, '\t', their_line.size) || !parse_symbol(line, &symbol))
			break;
		in_modules += symbol.modules.size > 0;
		while (next_module(&symbol.modules, &module)) {
			if (is_built_in(builtin, module))
				continue;
			note("%.*s", (int)line.size, line.start);
			all = false;
		}
	}
	note("%zu of the kernel's own symbols are in modules", in_modules);
	free(builtin.data);
	free(theirs.data);
	return all && in_modules;
}

void test_attribution(void)
{
	symbols = read_file(KALLMODSYMS);
	if (!access(KNOWN, R_OK))
		test_known();
	check(all_are_built_in(), "every module of the kernel's own symbols is in modules.builtin");
	free(symbols.data);
}
