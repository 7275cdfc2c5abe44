// SPDX-License-Identifier: GPL-2.0

/*
 * Reads the kernel's own symbols, and finds the expected answers for an address. A place
 * is an address with all symbols there. An asked address belongs to the last place that is
 * not above the asked address. The kernel names the first symbol of this place.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define KERNEL_CONFIG "/etc/config"

bool kernel_has(const char *option)
{
	struct text config = read_file(KERNEL_CONFIG);
	struct line line;
	size_t at = 0;
	bool has = false;

	while (!has && next_line(config, &at, &line))
		has = line_is(line, option);
	free(config.data);
	return has;
}

struct core read_core(void)
{
	struct text ours = read_file(KALLMODSYMS), theirs = read_file(KALLSYMS);
	struct line line, their_line;
	size_t at = 0, their_at = 0, room = 0;
	struct core core = { 0 };
	struct symbol symbol;

	core.sizes_stored = kernel_has("CONFIG_KALLMODSYMS_SIZES=y");
	while (next_line(theirs, &their_at, &their_line) && next_line(ours, &at, &line)) {
		if (memchr(their_line.start, '\t', their_line.size))
			break;
		if (!parse_symbol(line, &symbol))
			give_up("%.*s", (int)line.size, line.start);
		if (core.count == room) {
			room = 2 * room + 1024;
			core.symbols = reallocarray(core.symbols, room, sizeof(*core.symbols));
			if (!core.symbols)
				give_up("%zu symbols", room);
		}
		core.symbols[core.count++] = (struct core_symbol){
			strtoul(symbol.address.start, NULL, 16),
			strtoul(symbol.size.start, NULL, 16),
			symbol.type,
			symbol.name,
		};
	}
	free(theirs.data);
	return core;
}

const struct core_symbol *core_symbol(const struct core *core, const char *name)
{
	for (size_t i = 0; i < core->count; i++)
		if (line_is(core->symbols[i].name, name))
			return &core->symbols[i];
	give_up("no symbol %s", name);
}

/* Returns true if a kernel with CONFIG_KALLSYMS_ALL searches its own symbols for @address. */
bool is_looked_up(const struct core *core, unsigned long address)
{
	static unsigned long stext, end, init_begin, init_end;

	if (!end) {
		stext = core_symbol(core, "_stext")->address;
		end = core_symbol(core, "_end")->address;
		init_begin = core_symbol(core, "__init_begin")->address;
		init_end = core_symbol(core, "__init_end")->address;
	}
	return (address >= stext && address < end) ||
	       (address >= init_begin && address < init_end);
}

/* Returns the place of the symbol with index @index. */
struct place place_of(const struct core *core, size_t index)
{
	const struct core_symbol *symbols = core->symbols;
	struct place place = { .first = index, .end = index };

	while (place.first && symbols[place.first - 1].address == symbols[index].address)
		place.first--;
	while (place.end < core->count && symbols[place.end].address == symbols[index].address)
		place.end++;
	if (place.end < core->count)
		place.distance = symbols[place.end].address - symbols[index].address;

	place.named = &symbols[place.first];
	return place;
}

/* Returns the place with the highest address that is not above @address. */
struct place place_at(const struct core *core, unsigned long address)
{
	size_t low = 0, high = core->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (core->symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return place_of(core, low);
}
