// SPDX-License-Identifier: GPL-2.0

/*
 * A reader of /proc/kallmodsyms; see kallmodsyms.h.
 *
 * The functions parse lines, sort places by address, make listings and search, in this order. A
 * listing keeps the text of the file, in which the parser ends each name with a NUL.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kallmodsyms.h"

/* The kernel makes the lines during each read, so a few large reads are the fastest. */
#define CHUNK (1 << 20)

/* Stands for "no place" in an index. */
#define NONE UINT32_MAX

/* An address that has symbols, and the symbol to return for that address. */
struct place {
	uint64_t address;
	uint32_t symbol;
	/* The last place before this place whose symbol contains @address, or NONE. */
	uint32_t outer;
};

struct kallmodsyms {
	char *text;
	struct kallmodsyms_symbol *symbols;	/* in the order of the file */
	size_t count;
	struct place *places;			/* sorted by address */
	size_t place_count;
	bool hides_addresses;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Parses "ffffffff8d9b28c4 ". Returns the end of the space, or NULL. */
static char *parse_number(char *at, uint64_t *number)
{
	char *start = at;
	int digit;

	*number = 0;
	while ((digit = hex_digit(*at)) >= 0) {
		*number = *number << 4 | (unsigned int)digit;
		at++;
	}
	return at > start && at - start <= 16 && *at == ' ' ? at + 1 : NULL;
}

/* True if @c is neither a space nor a control character. */
static bool is_graphic(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

/* Parses "{ext4/super.o}\n". Returns the newline, or NULL. */
static char *parse_object(char *at, struct kallmodsyms_symbol *symbol)
{
	symbol->object = ++at;
	while (is_graphic(*at) && *at != '}' && *at != '{')
		at++;
	if (at == symbol->object || *at != '}')
		return NULL;
	*at++ = '\0';
	return *at == '\n' ? at : NULL;
}

/* Parses "[fsl_dpaa2_eth] [fsl_dpaa2_switch] {dpaa2/dpaa2-mac.o}\n". Returns the newline, or NULL. */
static char *parse_places(char *at, struct kallmodsyms_symbol *symbol)
{
	if (*at == '{')
		return parse_object(at, symbol);
	symbol->first_module = at + 1;
	do {
		if (symbol->modules && *at == '{')
			return parse_object(at, symbol);
		if (*at++ != '[' || *at == ']')
			return NULL;
		while (is_graphic(*at) && *at != ']' && *at != '[')
			at++;
		if (*at != ']')
			return NULL;
		*at++ = '\0';
		symbol->modules++;
	} while (*at == ' ' && at++);
	return *at == '\n' ? at : NULL;
}

/*
 * Parses "ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]\n". Returns the end of the newline, or
 * NULL with the reason in *@what. The text ends with a newline, so all loops stop in the text.
 */
static char *parse_line(char *at, struct kallmodsyms_symbol *symbol, const char **what)
{
	char *name;

	*what = "the address or the size is not a number";
	at = parse_number(at, &symbol->address);
	at = at ? parse_number(at, &symbol->size) : NULL;
	if (!at)
		return NULL;
	*what = "the type is not one letter";
	if (!is_graphic(at[0]) || at[1] != ' ')
		return NULL;
	symbol->type = at[0];
	at += 2;

	*what = "the name is malformed";
	name = at;
	while (is_graphic(*at))
		at++;
	/* Labels in riscv modules are called ".L0 ". */
	if (at > name && *at == ' ')
		at++;
	if (at == name || (*at != '\t' && *at != '\n'))
		return NULL;
	symbol->name = name;
	symbol->first_module = NULL;
	symbol->modules = 0;
	symbol->object = NULL;
	if (*at == '\t') {
		*what = "the modules are not in brackets, or the object file is not in braces";
		*at = '\0';
		at = parse_places(at + 1, symbol);
		if (!at)
			return NULL;
	}
	*at = '\0';
	return at + 1;
}

/* Parses all lines of the text, which ends with a newline. */
static bool parse_lines(struct kallmodsyms *listing, struct kallmodsyms_error *error)
{
	char *at = listing->text;

	listing->hides_addresses = listing->count != 0;
	for (size_t i = 0; i < listing->count; i++) {
		const char *what;

		at = parse_line(at, &listing->symbols[i], &what);
		if (!at) {
			*error = (struct kallmodsyms_error){ what, i + 1, 0 };
			return false;
		}
		listing->hides_addresses &= !listing->symbols[i].address;
	}
	return true;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return left->symbol < right->symbol ? -1 : left->symbol > right->symbol;
}

static void sort(struct place *places, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (compare_places(&places[i - 1], &places[i]) > 0) {
			qsort(places, count, sizeof(*places), compare_places);
			return;
		}
	}
}

/* Keeps one place, that of the largest symbol, for each address. Returns the number of places. */
static size_t keep_largest(struct place *places, size_t count,
			   const struct kallmodsyms_symbol *symbols)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct place *last = kept ? &places[kept - 1] : NULL;

		if (!last || last->address != places[i].address)
			places[kept++] = places[i];
		else if (symbols[places[i].symbol].size > symbols[last->symbol].size)
			last->symbol = places[i].symbol;
	}
	return kept;
}

static bool is_in(const struct kallmodsyms *listing, uint64_t address, uint32_t place)
{
	const struct kallmodsyms_symbol *symbol = &listing->symbols[listing->places[place].symbol];

	return address - symbol->address < symbol->size;
}

/*
 * Finds the outer place of each place. A place and its outer places form a stack. The loop drops a
 * place from the stack if the symbol of that place does not contain the address of the next place.
 */
static void find_outer(struct kallmodsyms *listing)
{
	struct place *places = listing->places;

	for (uint32_t i = 0; i < listing->place_count; i++) {
		uint32_t outer = i ? i - 1 : NONE;

		while (outer != NONE && !is_in(listing, places[i].address, outer))
			outer = places[outer].outer;
		places[i].outer = outer;
	}
}

static bool find_places(struct kallmodsyms *listing)
{
	size_t count = listing->hides_addresses ? 0 : listing->count;

	listing->places = malloc((count + 1) * sizeof(*listing->places));
	if (!listing->places)
		return false;
	for (size_t i = 0; i < count; i++)
		listing->places[i] = (struct place){ listing->symbols[i].address, i, NONE };
	sort(listing->places, count);
	listing->place_count = keep_largest(listing->places, count, listing->symbols);
	find_outer(listing);
	return true;
}

void kallmodsyms_free(struct kallmodsyms *listing)
{
	if (!listing)
		return;
	free(listing->places);
	free(listing->symbols);
	free(listing->text);
	free(listing);
}

/* Fills @listing from its text, which has @size bytes. */
static bool fill(struct kallmodsyms *listing, size_t size, struct kallmodsyms_error *error)
{
	const char *end = listing->text + size;

	for (const char *at = listing->text; (at = memchr(at, '\n', end - at)); at++)
		listing->count++;
	if (size && listing->text[size - 1] != '\n') {
		*error = (struct kallmodsyms_error){ "the last line is cut off", listing->count + 1, 0 };
		return false;
	}
	if (listing->count < NONE)
		listing->symbols = malloc((listing->count + 1) * sizeof(*listing->symbols));
	return listing->symbols && parse_lines(listing, error) && find_places(listing);
}

/* Makes a listing that owns @text, which comes from malloc(). */
static struct kallmodsyms *listing_of(char *text, size_t size, struct kallmodsyms_error *error)
{
	struct kallmodsyms *listing = calloc(1, sizeof(*listing));
	struct kallmodsyms_error ignored;

	if (!error)
		error = &ignored;
	*error = (struct kallmodsyms_error){ "not enough memory", 0, ENOMEM };
	if (!listing) {
		free(text);
		return NULL;
	}
	listing->text = text;
	if (!fill(listing, size, error)) {
		kallmodsyms_free(listing);
		return NULL;
	}
	return listing;
}

static struct kallmodsyms *failed(struct kallmodsyms_error *error, const char *what, int number)
{
	if (error)
		*error = (struct kallmodsyms_error){ what, 0, number };
	return NULL;
}

struct kallmodsyms *kallmodsyms_parse(const void *text, size_t size,
				      struct kallmodsyms_error *error)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return failed(error, "not enough memory", ENOMEM);
	if (size)
		memcpy(copy, text, size);
	return listing_of(copy, size, error);
}

/* Reads @fd to its end. Returns the text, or NULL with errno. */
static char *read_all(int fd, size_t *size)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t got;

	*size = 0;
	do {
		if (room - *size < CHUNK) {
			char *larger = realloc(text, 2 * room + CHUNK);

			if (!larger)
				goto fail;
			room = 2 * room + CHUNK;
			text = larger;
		}
		got = read(fd, text + *size, CHUNK);
		if (got < 0)
			goto fail;
		*size += got;
	} while (got);
	return text;
fail:
	free(text);
	return NULL;
}

struct kallmodsyms *kallmodsyms_read(const char *path, struct kallmodsyms_error *error)
{
	int fd = open(path ? path : KALLMODSYMS_PATH, O_RDONLY | O_CLOEXEC);
	size_t size;
	char *text;

	if (fd < 0)
		return failed(error, "the file cannot be opened", errno);
	text = read_all(fd, &size);
	if (!text)
		failed(error, "the file cannot be read", errno);
	close(fd);
	return text ? listing_of(text, size, error) : NULL;
}

size_t kallmodsyms_count(const struct kallmodsyms *listing)
{
	return listing->count;
}

const struct kallmodsyms_symbol *kallmodsyms_symbol(const struct kallmodsyms *listing,
						    size_t number)
{
	return &listing->symbols[number];
}

bool kallmodsyms_hides_addresses(const struct kallmodsyms *listing)
{
	return listing->hides_addresses;
}

const struct kallmodsyms_symbol *kallmodsyms_find(const struct kallmodsyms *listing,
						  uint64_t address)
{
	size_t low = 0, high = listing->place_count;
	uint32_t place;

	/* Counts the places that are not above the address. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (listing->places[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	place = low ? low - 1 : NONE;
	while (place != NONE && !is_in(listing, address, place))
		place = listing->places[place].outer;
	return place == NONE ? NULL : &listing->symbols[listing->places[place].symbol];
}

const struct kallmodsyms_symbol *kallmodsyms_named(const struct kallmodsyms *listing,
						   const char *name,
						   const struct kallmodsyms_symbol *previous)
{
	size_t i = previous ? previous - listing->symbols + 1 : 0;

	for (; i < listing->count; i++)
		if (!strcmp(listing->symbols[i].name, name))
			return &listing->symbols[i];
	return NULL;
}

const char *kallmodsyms_next_module(const struct kallmodsyms_symbol *symbol, const char *previous)
{
	const char *module = symbol->first_module;

	if (!previous)
		return module;
	for (unsigned int i = 1; i < symbol->modules; i++) {
		const char *next = module + strlen(module) + sizeof("\0 [") - 1;

		if (module == previous)
			return next;
		module = next;
	}
	return NULL;
}

bool kallmodsyms_is_pseudo_module(const char *module)
{
	return !strcmp(module, "bpf") || !strncmp(module, "__builtin__", strlen("__builtin__"));
}
