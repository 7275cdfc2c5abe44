// SPDX-License-Identifier: GPL-2.0

/*
 * Compares kallmodsyms_lookup_modules() with the modules in the file, for addresses of the
 * kernel's own symbols and of symbols of loadable modules.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define ENOUGH_NOTES 3

/* Addresses, and the expected modules of each address. */
struct question {
	unsigned long *addresses;
	struct line *modules;
	size_t count;
};

static void add(struct question *question, unsigned long address, struct line modules)
{
	question->addresses[question->count] = address;
	question->modules[question->count++] = modules;
}

/*
 * Adds the addresses of the first and the last byte of each symbol that has a size. Leaves out
 * symbols of tracing and BPF. Of the kernel's own symbols at an address, adds only the first, if
 * lookups search that address.
 */
static struct question every_symbol(const struct core *core, struct text ours)
{
	size_t most = 2 * core->count + ours.size / 20, at = 0, index = 0;
	struct question question = {
		calloc(most, sizeof(unsigned long)), calloc(most, sizeof(struct line)), 0
	};
	struct symbol symbol;
	struct line line;

	if (!question.addresses || !question.modules)
		give_up("calloc");
	while (next_line(ours, &at, &line) && parse_symbol(line, &symbol)) {
		unsigned long address = strtoul(symbol.address.start, NULL, 16);
		unsigned long size = strtoul(symbol.size.start, NULL, 16);
		bool is_core = index < core->count;

		index++;
		if (!size || (is_core && !is_looked_up(core, address)))
			continue;
		if (is_core && place_of(core, index - 1).named != &core->symbols[index - 1])
			continue;
		/* Lookups find no module for symbols of tracing and BPF. */
		if (!is_core && (line_is(symbol.modules, "[bpf]") ||
				 memmem(symbol.modules.start, symbol.modules.size, "[__", 3)))
			continue;
		add(&question, address, symbol.modules);
		add(&question, address + size - 1, symbol.modules);
	}
	return question;
}

static bool is_answered(const struct question *question, size_t *in_modules)
{
	struct text answers = ask(MODULES_OF, question->addresses, question->count);
	size_t at = 0, wrong = 0;
	struct line line;

	*in_modules = 0;
	for (size_t i = 0; i < question->count; i++) {
		struct line expected = question->modules[i];

		*in_modules += expected.size != 0;
		if (!next_line(answers, &at, &line))
			line = (struct line){ "(nothing)", 9 };
		if ((line.size != expected.size || memcmp(line.start, expected.start, line.size)) &&
		    ++wrong <= ENOUGH_NOTES)
			note("%lx: '%.*s', expected: '%.*s'", question->addresses[i],
			     (int)line.size, line.start, (int)expected.size, expected.start);
	}
	if (wrong)
		note("%zu of %zu answers are wrong", wrong, question->count);
	wrong += at < answers.size;
	free(answers.data);
	return !wrong;
}

void test_lookup(void)
{
	struct core core = read_core();
	struct question question;
	struct text ours;
	size_t in_modules;
	bool answered;

	/*
	 * Without stored sizes, the file shows the distance to the next address as the size of each
	 * symbol. So the test does not know which of several symbols at an address contains a byte.
	 */
	if (!core.sizes_stored)
		return;
	load_lookup_module();
	ours = read_file(KALLMODSYMS);
	question = every_symbol(&core, ours);
	answered = is_answered(&question, &in_modules);
	check(answered && in_modules && in_modules < question.count,
	      "lookups agree with the file at %zu addresses, %zu of them in modules",
	      question.count, in_modules);
	unload_lookup_module();
	free(question.addresses);
	free(question.modules);
	free(ours.data);
	free(core.symbols);
}
