// SPDX-License-Identifier: GPL-2.0

/*
 * What the kernel itself makes of the sizes, which %pS shows: with those that
 * are stored, name+offset/size is in the symbol if the offset is less than the
 * size, and in the padding behind it if not. A module prints %pS for us.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define ENOUGH_NOTES 3

static struct core core;

/* Addresses that are asked for, and how many of them are behind their symbol. */
struct question {
	unsigned long *addresses;
	size_t count, behind;
};

/* vfs_read+0x10/0x151, and the number alone for what no symbol is looked up for. */
static void expect(unsigned long address, struct question *question, char **answer)
{
	struct place place = place_at(&core, address);
	unsigned long offset = address - place.named->address;
	unsigned long size = place.distance;
	int got;

	if (core.sizes_stored && place.named->size)
		size = place.named->size;
	if (is_looked_up(&core, address)) {
		question->behind += offset >= size;
		got = asprintf(answer, "%.*s+0x%lx/0x%lx", (int)place.named->name.size,
			       place.named->name.start, offset, size);
	} else {
		got = asprintf(answer, "0x%lx", address);
	}
	if (got < 0)
		give_up("asprintf");
}

/* Whether the kernel says of all addresses what it should. */
static bool is_answered(struct question *question)
{
	struct text answers = ask(LOOKUP, question->addresses, question->count);
	struct line line;
	size_t at = 0, wrong = 0;

	for (size_t i = 0; i < question->count; i++) {
		char *expected;

		expect(question->addresses[i], question, &expected);
		if (!next_line(answers, &at, &line))
			line = (struct line){ "(nothing)", 9 };
		if (!line_is(line, expected) && ++wrong <= ENOUGH_NOTES)
			note("%lx: %.*s, expected: %s", question->addresses[i], (int)line.size,
			     line.start, expected);
		free(expected);
	}
	if (wrong)
		note("%zu of %zu answers are wrong", wrong, question->count);
	wrong += at < answers.size || memmem(answers.data, answers.size, "/0x0\n", 5);
	free(answers.data);
	return question->count && !wrong;
}

/* Asks for an address in every place that has one to ask for; 0 is none. */
static struct question every(unsigned long (*address_in)(const struct place *place))
{
	struct question question = { calloc(core.count, sizeof(unsigned long)), 0, 0 };
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

static unsigned long behind_markers(const struct place *place)
{
	return place->named > &core.symbols[place->first] ? place->named->address : 0;
}

static unsigned long aliased(const struct place *place)
{
	return place->end - place->first > 1 ? place->named->address : 0;
}

static void test_every(const char *what, unsigned long (*address_in)(const struct place *place))
{
	struct question question = every(address_in);

	check(is_answered(&question), "%%pS is right at %s: %zu addresses", what, question.count);
	free(question.addresses);
}

/* Padding is told apart: its offset is not less than the size. */
static void test_padding(const char *what, unsigned long (*address_in)(const struct place *place))
{
	struct question question = every(address_in);
	bool answered = is_answered(&question);

	check(answered && question.behind == question.count,
	      "%%pS tells %s from the symbol: %zu addresses", what, question.count);
	free(question.addresses);
}

/* Where no symbol is looked up: behind the last one, and in the per-cpu area. */
static bool is_unnamed_outside(void)
{
	unsigned long outside[] = {
		core_symbol(&core, "_end")->address,
		core_symbol(&core, "__per_cpu_start")->address + 1,
	};
	struct question question = { outside, sizeof(outside) / sizeof(*outside), 0 };

	return is_answered(&question);
}

static bool is_named_before_end(void)
{
	unsigned long last = core_symbol(&core, "_end")->address - 1;
	struct question question = { &last, 1, 0 };

	return is_answered(&question);
}

/* Those without a size come first, as markers do; then the larger before the smaller. */
static bool is_ordered(void)
{
	size_t wrong = 0;

	for (size_t i = 1; i < core.count; i++) {
		const struct core_symbol *one = &core.symbols[i - 1], *other = &core.symbols[i];

		if (one->address != other->address || !one->size ||
		    (other->size && other->size <= one->size))
			continue;
		if (++wrong <= ENOUGH_NOTES)
			note("%lx: %.*s of %lx bytes is before %.*s of %lx bytes", one->address,
			     (int)one->name.size, one->name.start, one->size,
			     (int)other->name.size, other->name.start, other->size);
	}
	return !wrong;
}

static bool are_distances(void)
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
		check(is_ordered(), "of symbols at one address the larger come first, behind those "
				    "without a size");
		test_padding("the first byte of padding", first_of_padding);
		test_padding("the last byte of padding", last_of_padding);
		test_every("symbols without a size", without_size);
		test_every("symbols behind markers", behind_markers);
	} else {
		check(are_distances(), "every size is the distance to the next symbol");
	}
	check(is_named_before_end(), "%%pS names the last byte before _end");
	check(is_unnamed_outside(), "%%pS names nothing at _end and in the per-cpu area");
	unload_lookup_module();
	free(core.symbols);
}
