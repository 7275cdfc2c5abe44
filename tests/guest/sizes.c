// SPDX-License-Identifier: GPL-2.0

/*
 * Compares the kernel's answers for addresses with the symbols in the file. A test module
 * asks the kernel. A place is an address with all symbols there. %pS prints the name of
 * the first symbol of a place and the distance to the next place.
 * kallsyms_lookup_size_offset() stores the true size, or the distance if the symbol has no
 * size. kallmodsyms_lookup_size() stores only the true size.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define ENOUGH_NOTES 3

static struct core core;

/* The addresses to look up. */
struct question {
	unsigned long *addresses;
	size_t count;
};

typedef char *answer(const struct place *place, unsigned long offset);

/* The expected output of %pS: vfs_read+0x10/0x160 */
static char *as_printed(const struct place *place, unsigned long offset)
{
	char *text;

	if (asprintf(&text, "%.*s+0x%lx/0x%lx", (int)place->named->name.size,
		     place->named->name.start, offset, place->distance) < 0)
		give_up("asprintf");
	return text;
}

/*
 * The expected answers of kallsyms_lookup_size_offset(), kallmodsyms_lookup_distance() and
 * kallmodsyms_lookup_size(): 10/151 10/160 10/151. In padding, and for a symbol without a
 * stored size, the last answer is "-".
 */
static char *as_looked_up(const struct place *place, unsigned long offset)
{
	unsigned long size = core.sizes_stored ? place->named->size : 0;
	char *text;
	int got;

	got = asprintf(&text, " %lx/%lx %lx/%lx %lx/%lx", offset, size ?: place->distance, offset,
		       place->distance, offset, size);
	if (got < 0)
		give_up("asprintf");
	if (offset >= size)
		strcpy(strrchr(text, ' '), " -");
	return text;
}

/* Returns true if the kernel's answers for all addresses are right. */
static bool is_answered(const char *file, answer *expected, const struct question *question)
{
	struct text answers = ask(file, question->addresses, question->count);
	struct line line;
	size_t at = 0, wrong = 0;

	for (size_t i = 0; i < question->count; i++) {
		unsigned long address = question->addresses[i];
		struct place place = place_at(&core, address);
		char *wanted = expected(&place, address - place.named->address);

		if (!next_line(answers, &at, &line))
			line = (struct line){ "(nothing)", 9 };
		if (!line_is(line, wanted) && ++wrong <= ENOUGH_NOTES)
			note("%lx: %.*s, expected: %s", address, (int)line.size, line.start, wanted);
		free(wanted);
	}
	if (wrong)
		note("%zu of %zu answers are wrong", wrong, question->count);
	wrong += at < answers.size;
	free(answers.data);
	return question->count && !wrong;
}

/* Collects one address in each place. @address_in returns the address, or 0 to skip the place. */
static struct question one_in_each_place(unsigned long (*address_in)(const struct place *place))
{
	struct question question = { calloc(core.count, sizeof(unsigned long)), 0 };
	struct place place;

	if (!question.addresses)
		give_up("calloc");
	for (size_t i = 0; i < core.count; i = place.end) {
		unsigned long address;

		place = place_of(&core, i);
		address = address_in(&place);
		if (address && is_looked_up(&core, place.named->address))
			question.addresses[question.count++] = address;
	}
	return question;
}

static unsigned long start(const struct place *place)
{
	return place->named->address;
}

static unsigned long middle(const struct place *place)
{
	return place->named->size > 1 ? place->named->address + place->named->size / 2 : 0;
}

static unsigned long last_byte(const struct place *place)
{
	return place->named->size ? place->named->address + place->named->size - 1 : 0;
}

static bool is_padded(const struct place *place)
{
	return place->named->size && place->named->size < place->distance;
}

static unsigned long first_of_padding(const struct place *place)
{
	return is_padded(place) ? place->named->address + place->named->size : 0;
}

static unsigned long last_of_padding(const struct place *place)
{
	return is_padded(place) ? place->named->address + place->distance - 1 : 0;
}

static unsigned long without_size(const struct place *place)
{
	return place->named->size ? 0 : place->named->address + place->distance / 2;
}

static unsigned long aliased(const struct place *place)
{
	return place->end - place->first > 1 ? place->named->address : 0;
}

static void test_every(const char *what, unsigned long (*address_in)(const struct place *place))
{
	struct question question = one_in_each_place(address_in);

	check(is_answered(LOOKUP, as_printed, &question), "%%pS is right at %s: %zu addresses", what,
	      question.count);
	check(is_answered(SIZES_OF, as_looked_up, &question), "sizes are right at %s: %zu addresses",
	      what, question.count);
	free(question.addresses);
}

/* The kernel prints only a number for an address without a symbol. */
static char *as_number(const struct place *place, unsigned long offset)
{
	unsigned long address = place->named->address + offset;
	char *text;

	if (is_looked_up(&core, address))
		return as_printed(place, offset);
	if (asprintf(&text, "0x%lx", address) < 0)
		give_up("asprintf");
	return text;
}

/*
 * Returns true if %pS is right at _end and in the per-cpu area. %pS names no symbol at _end. %pS
 * names a symbol in the per-cpu area, except on x86_64 with Linux 6.12 and CONFIG_SMP: there, the
 * area is not in the image.
 */
static bool is_right_outside_image(void)
{
	unsigned long outside[] = {
		core_symbol(&core, "_end")->address,
		core_symbol(&core, "__per_cpu_start")->address + 1,
	};
	struct question question = { outside, sizeof(outside) / sizeof(*outside) };

	return is_answered(LOOKUP, as_number, &question);
}

static bool is_named_before_end(void)
{
	unsigned long last = core_symbol(&core, "_end")->address - 1;
	struct question question = { &last, 1 };

	return is_answered(LOOKUP, as_printed, &question);
}

/*
 * Returns true if the size in the file is the distance to the next place, for each of the kernel's
 * own symbols that lookups search.
 */
static bool are_sizes_distances(void)
{
	size_t wrong = 0;
	struct place place;

	for (size_t i = 0; i < core.count; i = place.end) {
		place = place_of(&core, i);
		for (size_t j = i; j < place.end; j++)
			if (core.symbols[j].size != place.distance &&
			    is_looked_up(&core, place.named->address) && ++wrong <= ENOUGH_NOTES)
				note("%lx %lx %.*s, distance %lx", core.symbols[j].address,
				     core.symbols[j].size, (int)core.symbols[j].name.size,
				     core.symbols[j].name.start, place.distance);
	}
	return !wrong;
}

void test_sizes(void)
{
	core = read_core();
	load_lookup_module();
	test_every("every start", start);
	test_every("every middle", middle);
	test_every("every last byte", last_byte);
	test_every("every start with several symbols", aliased);
	if (core.sizes_stored) {
		test_every("the first byte of padding", first_of_padding);
		test_every("the last byte of padding", last_of_padding);
		test_every("symbols without a size", without_size);
	} else {
		check(are_sizes_distances(), "every size is the distance to the next symbol");
	}
	check(is_named_before_end(), "%%pS names the last byte before _end");
	check(is_right_outside_image(), "%%pS is right at _end and in the per-cpu area");
	unload_lookup_module();
	free(core.symbols);
}
