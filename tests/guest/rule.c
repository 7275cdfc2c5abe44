// SPDX-License-Identifier: GPL-2.0

/*
 * Tests the kallsyms rule: without the size, and without the brackets and braces of the kernel's
 * own symbols, a line of /proc/kallmodsyms equals the line of /proc/kallsyms.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define ENOUGH_NOTES 3

/*
 * Returns true if @ours, without the size, equals @theirs. If @theirs has no module, the brackets
 * and braces of @ours do not count.
 */
bool follows_rule(struct line ours, struct line theirs)
{
	bool of_module = memchr(theirs.start, '\t', theirs.size);
	const char *at = theirs.start, *end = theirs.start + theirs.size;
	struct symbol symbol;

	if (!parse_symbol(ours, &symbol))
		return false;
	/* address, space, type, space, name */
	if (theirs.size < symbol.address.size + 3 + symbol.name.size ||
	    memcmp(at, symbol.address.start, symbol.address.size))
		return false;
	at += symbol.address.size;
	if (at[0] != ' ' || at[1] != symbol.type || at[2] != ' ')
		return false;
	at += 3;
	if (memcmp(at, symbol.name.start, symbol.name.size))
		return false;
	at += symbol.name.size;
	if (!of_module)
		return at == end;
	return at < end && *at++ == '\t' && !symbol.object.size && symbol.modules.size == (size_t)(end - at) &&
	       !memcmp(at, symbol.modules.start, symbol.modules.size);
}

bool rule_holds(void)
{
	struct text ours = read_file(KALLMODSYMS), theirs = read_file(KALLSYMS);
	size_t at = 0, their_at = 0, lines = 0, wrong = 0;
	struct line line, their_line;

	while (next_line(theirs, &their_at, &their_line)) {
		lines++;
		if (!next_line(ours, &at, &line))
			line = (struct line){ "(nothing)", 9 };
		if (follows_rule(line, their_line))
			continue;
		if (++wrong <= ENOUGH_NOTES)
			note("line %zu: %.*s, kallsyms: %.*s", lines, (int)line.size, line.start,
			     (int)their_line.size, their_line.start);
	}
	while (next_line(ours, &at, &line))
		if (++wrong <= ENOUGH_NOTES)
			note("after kallsyms's end: %.*s", (int)line.size, line.start);
	if (ours.size && ours.data[ours.size - 1] != '\n')
		wrong++;
	free(ours.data);
	free(theirs.data);
	if (wrong || !lines)
		note("%zu of %zu lines break the rule", wrong, lines);
	return lines && !wrong;
}

void test_rule(const char *when)
{
	check(rule_holds(), "the kallsyms rule holds %s", when);
	check(reader_agrees(), "the sample reader in C reads every line %s", when);
}

/* Returns true if @text equals @shown, the listing for root, with zeros as addresses and sizes. */
bool is_hidden(struct text text, struct text shown)
{
	size_t at = 0, shown_at = 0, lines = 0;
	struct line line = { "", 0 }, shown_line;
	struct symbol symbol, shown_symbol;

	while (next_line(shown, &shown_at, &shown_line)) {
		bool right = next_line(text, &at, &line) && parse_symbol(line, &symbol) &&
			     parse_symbol(shown_line, &shown_symbol);
		size_t rest = 0;

		lines++;
		if (right)
			rest = shown_line.start + shown_line.size - shown_symbol.name.start;
		right = right && is_zero(symbol.address) && is_zero(symbol.size) &&
			symbol.type == shown_symbol.type &&
			line.start + line.size == symbol.name.start + rest &&
			!memcmp(symbol.name.start, shown_symbol.name.start, rest);
		if (!right) {
			note("line %zu: %.*s, root sees: %.*s", lines, (int)line.size, line.start,
			     (int)shown_line.size, shown_line.start);
			return false;
		}
	}
	return lines && at >= text.size;
}

/*
 * Programs find the end of the kernel's own symbols by the symbol _end. So _end must be
 * among these symbols, and none of them after _end may have a lower address. Those after
 * _end are in sections behind the kernel, such as .init.scratch of x86.
 */
void test_order(void)
{
	struct text ours = read_file(KALLMODSYMS), theirs = read_file(KALLSYMS);
	struct line line, their_line, end = { 0 };
	bool in_order = true;
	size_t at = 0, their_at = 0;
	struct symbol symbol;

	while (next_line(theirs, &their_at, &their_line) && next_line(ours, &at, &line)) {
		if (memchr(their_line.start, '\t', their_line.size))
			break;
		if (!parse_symbol(line, &symbol))
			break;
		if (line_is(symbol.name, "_end"))
			end = symbol.address;
		else if (end.size && memcmp(symbol.address.start, end.start, end.size) < 0)
			in_order = false;
	}
	check(end.size && in_order,
	      "none of the kernel's own symbols after _end has a lower address");
	free(ours.data);
	free(theirs.data);
}
