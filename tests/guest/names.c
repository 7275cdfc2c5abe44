// SPDX-License-Identifier: GPL-2.0

/*
 * Compares the kernel's lookups by name with the file: the address of the only symbol of a name in
 * a module or in an object file, or the answer that there are several.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define ENOUGH_NOTES 3

struct named {
	struct line name, modules, braces;
	unsigned long address;
	bool asked;
	/* The rest is known only if @asked. */
	struct line path;	/* "-" if the object file is not known */
	struct line found;	/* what the kernel finds: in the object file, and in each module */
};

/* Symbols of the file. check_names() sorts them by name. */
struct names {
	struct named *all;
	size_t count;
};

/* Returns true for the names of labels in loaded modules that %ps does not print. */
static bool is_mapping_symbol(struct line name)
{
	return line_begins(name, ".L") || line_begins(name, "L0") || line_begins(name, "$");
}

/*
 * Reads the symbols of the kernel and of loaded modules, in the order of the file. Marks the
 * symbols that %ps names, if they have a size.
 */
static struct names read_names(const struct core *core, struct text ours)
{
	struct names names = { calloc(ours.size / 20, sizeof(struct named)), 0 };
	struct symbol symbol;
	struct line line;
	size_t at = 0;

	if (!names.all)
		give_up("calloc");
	while (next_line(ours, &at, &line) && parse_symbol(line, &symbol)) {
		size_t index = names.count;
		bool is_core = index < core->count;
		struct named *named = &names.all[index];

		/* Lookups find no module for symbols of tracing and BPF. */
		if (!is_core && (line_is(symbol.modules, "[bpf]") ||
				 memmem(symbol.modules.start, symbol.modules.size, "[__", 3)))
			continue;
		*named = (struct named){
			.name = symbol.name,
			.modules = symbol.modules,
			.braces = symbol.object,
			.address = strtoul(symbol.address.start, NULL, 16),
		};
		if (is_core)
			named->asked = is_looked_up(core, named->address) &&
				       place_of(core, index).named == &core->symbols[index];
		else
			named->asked = !is_mapping_symbol(symbol.name);
		named->asked &= !is_zero(symbol.size);
		names.count++;
	}
	return names;
}

/* Unmarks the symbols of loaded modules that have the address of another symbol of a module. */
static void keep_alone(const struct core *core, struct names names)
{
	for (size_t i = core->count; i < names.count; i++)
		for (size_t j = core->count; j < names.count; j++)
			if (i != j && names.all[i].address == names.all[j].address)
				names.all[i].asked = false;
}

/* Asks the kernel about the marked symbols, which then point into the returned text. */
static struct text ask_names(struct names names)
{
	unsigned long *addresses = calloc(names.count, sizeof(*addresses));
	size_t count = 0, at = 0;
	struct text answers;
	struct line line;

	if (!addresses)
		give_up("calloc");
	for (size_t i = 0; i < names.count; i++)
		if (names.all[i].asked)
			addresses[count++] = names.all[i].address;
	answers = ask(NAMES_OF, addresses, count);
	for (size_t i = 0; i < names.count; i++) {
		struct named *named = &names.all[i];
		const char *space;

		if (!named->asked)
			continue;
		if (!next_line(answers, &at, &line) || !(space = memchr(line.start, ' ', line.size)))
			give_up("no answer for %lx", named->address);
		named->path = (struct line){ line.start, space - line.start };
		named->found = (struct line){ space, line.start + line.size - space };
	}
	free(addresses);
	return answers;
}

static int by_name(const void *a, const void *b)
{
	return compare_lines(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Takes the next word of @words, which begins with a space. */
static struct line next_word(struct line *words)
{
	const char *start = words->start + 1, *end = words->start + words->size, *space;
	struct line word = { end, 0 };

	if (!words->size)
		return word;
	space = memchr(start, ' ', end - start);
	word = (struct line){ start, (space ? space : end) - start };
	*words = (struct line){ word.start + word.size, end - (word.start + word.size) };
	return word;
}

static bool is_address(struct line word, unsigned long address)
{
	char digits[2 * sizeof(address) + 1];

	snprintf(digits, sizeof(digits), "%lx", address);
	return line_is(word, digits);
}

/* Checks what the kernel found in the object file. @group is the symbols of the same name. */
static bool is_object_right(const struct named *named, struct names group, struct line word)
{
	bool some_unknown = false;

	if (line_is(named->path, "-"))
		return line_is(word, "none") && !named->braces.size;
	for (size_t i = 0; i < group.count; i++) {
		const struct named *other = &group.all[i];

		if (other->address == named->address)
			continue;
		if (other->asked && !compare_lines(other->path, named->path))
			return line_is(word, "several");
		some_unknown |= !other->asked;
	}
	return is_address(word, named->address) || (some_unknown && line_is(word, "several"));
}

/* Checks what the kernel found in @module, such as "[ext4]". */
static bool is_module_right(const struct named *named, struct names group, struct line module,
			    struct line word)
{
	for (size_t i = 0; i < group.count; i++) {
		const struct named *other = &group.all[i];

		if (other->address != named->address &&
		    memmem(other->modules.start, other->modules.size, module.start, module.size))
			return line_is(word, "several");
	}
	return is_address(word, named->address);
}

/* Returns true if the path ends with the components in braces: "{ext4/super.o}". */
static bool ends_with_braces(const struct named *named)
{
	size_t size = named->braces.size - 2;

	return !named->braces.size ||
	       (named->path.size >= size &&
		!memcmp(named->path.start + named->path.size - size, named->braces.start + 1, size));
}

static bool is_right(const struct named *named, struct names group)
{
	const char *at = named->modules.start, *end = at + named->modules.size;
	struct line words = named->found;
	bool right = is_object_right(named, group, next_word(&words)) && ends_with_braces(named);

	while (at < end) {
		const char *close = (const char *)memchr(at, ']', end - at) + 1;
		struct line module = { at, close - at };

		right &= is_module_right(named, group, module, next_word(&words));
		at = close + 1;
	}
	return right && !words.size;
}

static void check_names(struct names names)
{
	size_t asked = 0, objects = 0, wrong = 0, end;

	qsort(names.all, names.count, sizeof(*names.all), by_name);
	for (size_t start = 0; start < names.count; start = end) {
		struct names group;

		for (end = start; end < names.count; end++)
			if (by_name(&names.all[start], &names.all[end]))
				break;
		group = (struct names){ &names.all[start], end - start };
		for (size_t i = start; i < end; i++) {
			const struct named *named = &names.all[i];

			if (!named->asked)
				continue;
			asked++;
			objects += !line_is(named->path, "-");
			if (!is_right(named, group) && ++wrong <= ENOUGH_NOTES)
				note("%lx %.*s %.*s: '%.*s%.*s'", named->address,
				     (int)named->name.size, named->name.start,
				     (int)named->modules.size, named->modules.start,
				     (int)named->path.size, named->path.start,
				     (int)named->found.size, named->found.start);
		}
	}
	if (wrong)
		note("%zu answers are wrong", wrong);
	check(!wrong && asked && !objects == !kernel_has("CONFIG_KALLMODSYMS_OBJECTS=y"),
	      "lookups by name agree with the file for %zu symbols, %zu of them with object files",
	      asked, objects);
}

void test_names(void)
{
	struct core core = read_core();
	struct text ours, answers;
	struct names names;

	/* Without sizes, the first symbol at an address can be a symbol without bytes. */
	if (!core.sizes_stored) {
		free(core.symbols);
		return;
	}
	load_lookup_module();
	ours = read_file(KALLMODSYMS);
	names = read_names(&core, ours);
	keep_alone(&core, names);
	answers = ask_names(names);
	check_names(names);
	unload_lookup_module();
	free(names.all);
	free(answers.data);
	free(ours.data);
	free(core.symbols);
}
