// SPDX-License-Identifier: GPL-2.0

/*
 * Parses a line of /proc/kallmodsyms in its strict format:
 *
 *	ffffffff81373d4a 42 T dpaa2_mac_connect\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]
 */

#include <string.h>

#include "tests.h"

#define ADDRESS_DIGITS (2 * sizeof(long))

static size_t hex_digits(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && *at && strchr("0123456789abcdef", *at))
		at++;
	return at - start;
}

/* Parses "[a] [b]": one space between brackets, and no - in a name. */
static bool is_modules(const char *at, const char *end)
{
	while (at < end && *at == '[') {
		const char *close = memchr(at, ']', end - at);

		if (!close || close == at + 1)
			return false;
		for (at++; at < close; at++)
			if (*at == ' ' || *at == '\t' || *at == '-' || *at == '[')
				return false;
		at = close + 1;
		if (at == end)
			return true;
		if (*at++ != ' ')
			return false;
	}
	return false;
}

/* A name has no space, except at the end of ".L0 ", a label in riscv modules. */
static bool is_name(struct line name)
{
	const char *space = memchr(name.start, ' ', name.size);

	return name.size && (!space || (space > name.start && space == name.start + name.size - 1));
}

bool parse_symbol(struct line line, struct symbol *symbol)
{
	const char *at = line.start, *end = line.start + line.size, *tab;

	symbol->address = (struct line){ at, hex_digits(at, end) };
	at += symbol->address.size;
	if (symbol->address.size != ADDRESS_DIGITS || at == end || *at++ != ' ')
		return false;

	symbol->size = (struct line){ at, hex_digits(at, end) };
	if (!symbol->size.size || (*at == '0' && symbol->size.size > 1))
		return false;
	at += symbol->size.size;

	if (end - at < 4 || at[0] != ' ' || at[1] <= ' ' || at[1] > '~' || at[2] != ' ')
		return false;
	symbol->type = at[1];
	at += 3;

	tab = memchr(at, '\t', end - at);
	symbol->name = (struct line){ at, (tab ? tab : end) - at };
	symbol->modules = (struct line){ tab ? tab + 1 : end, tab ? end - tab - 1 : 0 };
	if (!is_name(symbol->name))
		return false;
	return !tab || is_modules(tab + 1, end);
}

bool is_zero(struct line number)
{
	while (number.size && *number.start == '0') {
		number.start++;
		number.size--;
	}
	return !number.size;
}
