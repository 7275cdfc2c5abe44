// SPDX-License-Identifier: GPL-2.0

/*
 * Parses a line of /proc/kallmodsyms in its strict format:
 *
 *	ffffffff81373d4a 42 T dpaa2_mac_connect\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]
 *	ffffffff81a3c2f0 0 b __key.7\t[ext4] {ext4/super.o}
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

/* Parses "{ext4/super.o}": the path has no space and no brace, and no component is empty. */
static bool is_object(const char *at, const char *end)
{
	const char *path = at + 1;

	if (end - at < 3 || *at != '{' || end[-1] != '}' || *path == '/' || end[-2] == '/')
		return false;
	for (at = path; at < end - 1; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '{' || *at == '}' ||
		    (*at == '/' && at[1] == '/'))
			return false;
	return true;
}

/*
 * Splits the text after the tab, such as "[a] [b] {c.o}", into modules and object file. Returns
 * false if the text is malformed.
 */
static bool parse_places(const char *at, const char *end, struct symbol *symbol)
{
	const char *brace = memchr(at, '{', end - at), *modules_end = brace ? brace : end;

	symbol->object = (struct line){ modules_end, end - modules_end };
	if (brace && !is_object(brace, end))
		return false;
	/* A space is between the modules and the object file. */
	if (brace && brace > at && *--modules_end != ' ')
		return false;
	symbol->modules = (struct line){ at, modules_end - at };
	return brace == at || is_modules(at, modules_end);
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
	symbol->modules = symbol->object = (struct line){ end, 0 };
	return is_name(symbol->name) && (!tab || parse_places(tab + 1, end, symbol));
}

bool is_zero(struct line number)
{
	while (number.size && *number.start == '0') {
		number.start++;
		number.size--;
	}
	return !number.size;
}
