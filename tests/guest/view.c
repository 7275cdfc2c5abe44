// SPDX-License-Identifier: GPL-2.0

/* Reads /proc/kallmodsyms and /proc/kallsyms in one process, and compares the two files. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privacy.h"

/*
 * The number of bytes to read from kallsyms. Either all lines of kallsyms show addresses, or all
 * lines show zeros, so the beginning is enough. Reading all of kallsyms is slow.
 */
#define ENOUGH (32 * 1024)

static const char *const view_texts[] = { "differ", "were not seen", "cannot be opened",
					  "are empty", "show zeros", "show addresses",
					  "are the same" };

/* The listing for root without restrictions, and the same listing with zeros. */
static struct text shown, hidden;

/*
 * Returns true if most lines of root's listing have an address, and most have a size. Without this
 * check, a kernel that shows only zeros as sizes would pass all comparisons.
 */
static bool shows_addresses(void)
{
	size_t at = 0, lines = 0, with_address = 0, with_size = 0;
	struct line line;
	struct symbol symbol;

	while (next_line(shown, &at, &line) && parse_symbol(line, &symbol)) {
		lines++;
		with_address += !is_zero(symbol.address);
		with_size += !is_zero(symbol.size);
	}
	note("%zu symbols, %zu with an address, %zu with a size", lines, with_address, with_size);
	return with_address > lines / 2 && with_size > lines / 2;
}

void record_listings(void)
{
	shown = read_file(KALLMODSYMS);
	if (seteuid(USER))
		give_up("seteuid");
	hidden = read_file(KALLMODSYMS);
	if (seteuid(0))
		give_up("seteuid");
	check(shows_addresses(), "root sees addresses and sizes");
	check(is_hidden(hidden, shown), "a user reads the same listing as root, with zeros");
}

static int open_in(const char *proc, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	return open(path, flags | O_CLOEXEC);
}

struct pair open_pair(const char *proc)
{
	struct pair pair;
	int error;

	pair.theirs = open_in(proc, "kallsyms", O_RDONLY);
	error = errno;
	pair.ours = open_in(proc, "kallmodsyms", O_RDONLY);
	if (pair.theirs < 0 && pair.ours < 0 && errno != error) {
		note("opening kallmodsyms fails with %s, opening kallsyms with %s",
		     strerror(errno), strerror(error));
		pair.ours = -2;
	}
	return pair;
}

void close_pair(struct pair pair)
{
	close(pair.ours);
	close(pair.theirs);
}

/* Reads the whole file, or all lines that end within the first ENOUGH bytes. */
static struct text read_start(int fd)
{
	struct text text = { malloc(ENOUGH), 0 };
	ssize_t got;

	if (!text.data)
		give_up("%d bytes", ENOUGH);
	while (text.size < ENOUGH) {
		got = read(fd, text.data + text.size, ENOUGH - text.size);
		if (got < 0)
			give_up("read");
		if (!got)
			return text;
		text.size += got;
	}
	while (text.size && text.data[text.size - 1] != '\n')
		text.size--;
	return text;
}

static bool has_address(struct text text)
{
	struct line line;
	size_t at = 0;

	while (next_line(text, &at, &line))
		if (!is_zero((struct line){ line.start, strcspn(line.start, " ") }))
			return true;
	return false;
}

/*
 * Returns true if the lines of @ours and of @theirs, the beginning of kallsyms, agree by the
 * kallsyms rule in rule.c.
 */
static bool starts_agree(struct text ours, struct text theirs)
{
	size_t at = 0, their_at = 0;
	struct line line, their_line;

	while (next_line(theirs, &their_at, &their_line))
		if (!next_line(ours, &at, &line) || !follows_rule(line, their_line)) {
			note("%.*s, kallsyms: %.*s", (int)line.size, line.start,
			     (int)their_line.size, their_line.start);
			return false;
		}
	return true;
}

/* Returns the view in all of kallmodsyms and the beginning of kallsyms. */
enum view view_of(struct pair pair)
{
	struct text ours, theirs;
	enum view view;

	if (pair.ours == -1 && pair.theirs == -1)
		return ABSENT;
	if (pair.ours < 0 || pair.theirs < 0) {
		note("only one file opens, or open fails with different errors");
		return WRONG;
	}
	ours = read_fd(pair.ours, MIB);
	theirs = read_start(pair.theirs);
	if (!theirs.size)
		view = ours.size ? WRONG : EMPTY;
	else if (!starts_agree(ours, theirs))
		view = WRONG;
	else if (has_address(theirs))
		view = is_same(ours, shown) ? ADDRESSES : WRONG;
	else
		view = is_same(ours, hidden) ? ZEROS : WRONG;
	free(ours.data);
	free(theirs.data);
	return view;
}

enum view view_in(const char *proc)
{
	struct pair pair = open_pair(proc);
	enum view view = view_of(pair);

	close_pair(pair);
	return view;
}

/* Returns the view in kallmodsyms alone, for tests that mount /dev/null over kallsyms. */
enum view view_of_kallmodsyms_in(const char *proc)
{
	int fd = open_in(proc, "kallmodsyms", O_RDONLY);
	struct text text;

	if (fd < 0)
		return ABSENT;
	text = read_fd(fd, MIB);
	close(fd);
	if (!text.size)
		return EMPTY;
	return is_same(text, shown) ? ADDRESSES : is_same(text, hidden) ? ZEROS : WRONG;
}

/*
 * Opens a file, and writes to the file if @flags allow a write. Returns the errno of open, 1000
 * plus the errno of write, or 0 if no call failed.
 */
static int error_of(const char *proc, const char *name, int flags)
{
	int fd = open_in(proc, name, flags);
	int error = fd < 0 ? errno : 0;

	if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		error = write(fd, "x", 1) < 0 ? 1000 + errno : 0;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Returns true if stat(), open() and write() have the same results for both files. */
bool behave_alike(const char *proc)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC,
				     O_RDONLY | O_DIRECTORY, O_RDWR | O_APPEND,
				     O_CREAT | O_EXCL | O_RDWR };
	char our_name[64], their_name[64];
	struct stat ours = { 0 }, theirs = { 0 };
	bool same;

	snprintf(our_name, sizeof(our_name), "%s/kallmodsyms", proc);
	snprintf(their_name, sizeof(their_name), "%s/kallsyms", proc);
	same = stat(our_name, &ours) == stat(their_name, &theirs) &&
	       ours.st_mode == theirs.st_mode && ours.st_uid == theirs.st_uid &&
	       ours.st_gid == theirs.st_gid && ours.st_nlink == theirs.st_nlink &&
	       ours.st_size == theirs.st_size && ours.st_dev == theirs.st_dev;
	if (!same)
		note("stat: mode %o of %u:%u, %zu links, %zu bytes; kallsyms: %o of %u:%u, %zu, %zu",
		     ours.st_mode, ours.st_uid, ours.st_gid, (size_t)ours.st_nlink,
		     (size_t)ours.st_size, theirs.st_mode, theirs.st_uid, theirs.st_gid,
		     (size_t)theirs.st_nlink, (size_t)theirs.st_size);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		int our_error = error_of(proc, "kallmodsyms", flags[i]);
		int their_error = error_of(proc, "kallsyms", flags[i]);

		if (our_error != their_error) {
			note("flags %#o: error %d, kallsyms: %d", flags[i], our_error, their_error);
			same = false;
		}
	}
	return same;
}

void check_view(enum view seen, enum view expected, const char *format, ...)
{
	va_list arguments;
	char name[200];

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	if (seen != expected)
		note("the files %s", view_texts[seen]);
	check(seen == expected, "%s: both %s", name, view_texts[expected]);
}
