// SPDX-License-Identifier: GPL-2.0

/*
 * Who may not see addresses sees zeros for them and for sizes, but all names
 * and modules; and what counts is who opened the file.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests.h"

#define KPTR_RESTRICT "/proc/sys/kernel/kptr_restrict"
#define PARANOID "/proc/sys/kernel/perf_event_paranoid"

/* What root sees. */
static struct text shown;

static bool sees_hidden(void)
{
	return is_hidden(read_file(KALLMODSYMS), shown);
}

static bool sees_all(void)
{
	return is_same(read_file(KALLMODSYMS), shown);
}

static bool user_sees_hidden(void)
{
	become_user();
	return sees_hidden() && rule_holds();
}

static bool user_sees_all(void)
{
	become_user();
	return sees_all() && rule_holds();
}

static bool user_reads_what_root_opened(void)
{
	int fd = open(KALLMODSYMS, O_RDONLY);

	become_user();
	return is_same(read_fd(fd, MIB), shown);
}

static bool root_reads_what_user_opened(void)
{
	int fd;

	if (seteuid(USER))
		give_up("seteuid");
	fd = open(KALLMODSYMS, O_RDONLY);
	if (seteuid(0))
		give_up("seteuid");
	return is_hidden(read_fd(fd, MIB), shown);
}

static bool user_cannot_write(void)
{
	become_user();
	return open(KALLMODSYMS, O_WRONLY) < 0 && errno == EACCES;
}

static bool is_mode_0444(void)
{
	struct stat file;

	return !stat(KALLMODSYMS, &file) && file.st_mode == (S_IFREG | 0444) &&
	       file.st_uid == 0 && file.st_gid == 0;
}

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

void test_credentials(void)
{
	write_file(KPTR_RESTRICT, "0");
	shown = read_file(KALLMODSYMS);
	check(is_mode_0444(), "the file's mode is 0444");
	check(shows_addresses(), "root sees addresses and sizes");
	check(in_child(user_sees_hidden), "a user sees zeros, and the kallsyms rule holds");
	check(in_child(user_reads_what_root_opened), "a user reads what root opened as root would");
	check(in_child(root_reads_what_user_opened), "root reads what a user opened as the user would");
	check(in_child(user_cannot_write), "a user cannot open it for writing");
	if (!access(PARANOID, W_OK)) {
		write_file(PARANOID, "1");
		check(in_child(user_sees_all), "perf_event_paranoid=1: a user sees all");
		write_file(PARANOID, "2");
	}
	write_file(KPTR_RESTRICT, "1");
	check(in_child(sees_all), "kptr_restrict=1: root sees all");
	check(in_child(user_sees_hidden), "kptr_restrict=1: a user sees zeros");
	write_file(KPTR_RESTRICT, "2");
	check(in_child(sees_hidden) && in_child(rule_holds), "kptr_restrict=2: root sees zeros");
	write_file(KPTR_RESTRICT, "0");
	free(shown.data);
}
