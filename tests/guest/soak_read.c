// SPDX-License-Identifier: GPL-2.0

/*
 * The readers of the soak. The lines of the kernel's own symbols must equal the quiet listing,
 * the listing before the soak, from any offset on. All later lines must be whole, well-formed
 * lines of expected modules.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"

#define MOST_MODULES 64
#define LONGEST_LINE 1024
/* The most reads of one open file. */
#define MOST_READS 1500

static const size_t sizes[] = {
	1, 2, 3, 7, 16, 63, 100, 255, 511, 512, 513, 1000, 2047, 2048, 4095, 4096, 4097,
	8191, 8192, 8193, 32767, 32768, 32769, 65536, 131072, 262144, MIB,
};

static char *modules[MOST_MODULES];
static size_t module_count;

void allow_module(const char *name)
{
	if (module_count == MOST_MODULES || !(modules[module_count] = malloc(strlen(name) + 3)))
		give_up("%zu modules", module_count);
	sprintf(modules[module_count++], "[%s]", name);
}

bool is_allowed_module(struct line bracketed)
{
	for (size_t i = 0; i < module_count; i++)
		if (line_is(bracketed, modules[i]))
			return true;
	return false;
}

static bool is_printable(struct line name)
{
	for (size_t i = 0; i < name.size; i++)
		if (name.start[i] <= ' ' || name.start[i] > '~')
			return false;
	return true;
}

/* Checks a line after the lines of the kernel's own symbols. */
static void check_line(const struct expected *expected, struct line line)
{
	struct symbol symbol;

	counts->lines++;
	if (!parse_symbol(line, &symbol) || !is_printable(symbol.name) ||
	    !is_allowed_module(symbol.modules) ||
	    (expected->hidden && !(is_zero(symbol.address) && is_zero(symbol.size))))
		wrong("%s: %.*s", expected->hidden ? "a user reads" : "root reads",
		      (int)line.size, line.start);
}

/*
 * Checks the bytes that are in lines of the kernel's own symbols. @offset is the offset of @bytes
 * in the file. Returns the number of checked bytes.
 */
static size_t check_core(const struct expected *expected, const char *bytes, size_t size,
			 size_t offset)
{
	const char *at = bytes, *end;

	if (offset >= expected->core.size)
		return 0;
	if (size > expected->core.size - offset)
		size = expected->core.size - offset;
	if (memcmp(bytes, expected->core.data + offset, size))
		wrong("%zu bytes at %zu differ from the quiet listing", size, offset);
	end = bytes + size;
	while ((at = memchr(at, '\n', end - at))) {
		counts->lines++;
		at++;
	}
	return size;
}

/* The beginning of a line at the end of a read; the next read has the rest of the line. */
struct carry {
	char line[LONGEST_LINE];
	size_t size;
};

/*
 * Checks @bytes behind the lines of the kernel's own symbols. @carry has the beginning of the
 * first line.
 */
static void check_rest(const struct expected *expected, struct carry *carry, const char *bytes,
		       size_t size)
{
	const char *end = bytes + size;

	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', end - bytes);
		size_t part = (newline ? newline : end) - bytes;

		if (carry->size + part > sizeof(carry->line)) {
			wrong("a line of more than %zu bytes", sizeof(carry->line));
			carry->size = 0;
			return;
		}
		memcpy(carry->line + carry->size, bytes, part);
		carry->size += part;
		bytes += part + 1;
		if (newline) {
			check_line(expected, (struct line){ carry->line, carry->size });
			carry->size = 0;
		}
	}
}

/*
 * Reads from @start on, in a limited number of reads. A read that ends among the lines of the
 * kernel's own symbols must not be short.
 */
static void read_some(const struct expected *expected, char *buffer, size_t size, size_t start)
{
	int fd = open(KALLMODSYMS, O_RDONLY);
	struct carry carry = { .size = 0 };
	size_t offset = start;
	ssize_t got;

	if (fd < 0 || lseek(fd, start, SEEK_SET) != (off_t)start) {
		wrong("open or lseek to %zu: %m", start);
		close(fd);
		return;
	}
	for (size_t i = 0; i < MOST_READS && !counts->over; i++) {
		size_t core;

		got = read(fd, buffer, size);
		counts->reads++;
		if (got < 0)
			wrong("read of %zu bytes at %zu: %m", size, offset);
		if (got <= 0)
			break;
		core = check_core(expected, buffer, got, offset);
		check_rest(expected, &carry, buffer + core, got - core);
		counts->bytes += got;
		offset += got;
		if ((size_t)got < size && offset <= expected->core.size)
			wrong("read of %zu bytes at %zu gave %zd", size, offset - got, got);
	}
	if (!got && (carry.size || offset < expected->core.size))
		wrong("the file ends at %zu, inside a line or among the kernel's own symbols",
		      offset);
	close(fd);
}

void read_in_a_row(const struct expected *expected)
{
	char *buffer = malloc(MIB);

	while (!counts->over) {
		size_t size = sizes[soak_pick(sizeof(sizes) / sizeof(*sizes))];
		size_t start = 0, back = soak_pick(4 * size < 4096 ? 4096 : 4 * size);

		switch (soak_pick(3)) {
		case 0:
			start = soak_pick(expected->core.size);
			break;
		case 1:
			/* The changing lines are at the end. */
			if (back < expected->core.size)
				start = expected->core.size - back;
		}
		read_some(expected, buffer, size, start);
	}
	free(buffer);
}

/*
 * Reads the changing lines again and again, from the first changing line or from an offset shortly
 * before it.
 */
void read_the_end(const struct expected *expected)
{
	char *buffer = malloc(MIB);

	while (!counts->over) {
		size_t size = sizes[soak_pick(sizeof(sizes) / sizeof(*sizes))];
		size_t back = soak_pick(2) ? 0 : soak_pick(200);

		/* Small reads would take too many calls. */
		read_some(expected, buffer, size < 63 ? 4096 : size, expected->core.size - back);
	}
	free(buffer);
}

/* Checks one read at @offset, which may be inside a line. */
static void check_pread(const struct expected *expected, const char *bytes, size_t size,
			size_t offset)
{
	struct carry carry = { .size = 0 };
	size_t core = check_core(expected, bytes, size, offset);

	if (!core) {
		const char *newline = memchr(bytes, '\n', size);

		core = newline ? (size_t)(newline + 1 - bytes) : size;
	}
	check_rest(expected, &carry, bytes + core, size - core);
	counts->bytes += size;
}

/*
 * Reads its own open file, or the open file @shared, which other processes can read at the same
 * time.
 */
void read_at_random(const struct expected *expected, int shared)
{
	char *buffer = malloc(MIB);

	while (!counts->over) {
		bool own = soak_pick(2);
		int fd = own ? open(KALLMODSYMS, O_RDONLY) : shared;

		if (fd < 0)
			wrong("open: %m");
		for (int i = 0; i < 20 && !counts->over; i++) {
			size_t size = soak_pick(8) ? 1 + soak_pick(8192) :
				sizes[soak_pick(sizeof(sizes) / sizeof(*sizes))];
			size_t offset = soak_pick(expected->core.size + 65536);
			ssize_t got = pread(fd, buffer, size, offset);

			counts->preads++;
			if (got < 0)
				wrong("pread of %zu bytes at %zu: %m", size, offset);
			else if (got)
				check_pread(expected, buffer, got, offset);
			else if (offset < expected->core.size)
				wrong("pread at %zu gave nothing", offset);
		}
		if (own)
			close(fd);
	}
	free(buffer);
}

/* Returns the listing that this process reads before the soak. */
struct expected quiet_listing(void)
{
	struct text ours = read_file(KALLMODSYMS), theirs = read_file(KALLSYMS);
	struct expected expected = { .core = ours, .hidden = true };
	size_t at = 0, their_at = 0;
	struct line line, their_line;
	struct symbol symbol;

	expected.core.size = 0;
	while (next_line(theirs, &their_at, &their_line) && next_line(ours, &at, &line) &&
	       !memchr(their_line.start, '\t', their_line.size)) {
		if (!parse_symbol(line, &symbol))
			give_up("%.*s", (int)line.size, line.start);
		expected.hidden &= is_zero(symbol.address) && is_zero(symbol.size);
		expected.core.size = at;
	}
	free(theirs.data);
	return expected;
}
