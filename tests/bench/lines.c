// SPDX-License-Identifier: GPL-2.0

/* Measures the cost of the lines from the first line of one kind to the end of a file. */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define SIZE (1 << 17)

/* Returns the offset of the first line that ends in @mark. *@lines is the number of such lines. */
static uint64_t find_lines(struct file file, const char *mark, uint64_t *lines)
{
	size_t room = BUFFER_MAX, size = 0;
	char *text = malloc(room), *at;
	int fd = open_file(file);
	ssize_t got;

	while ((got = read(fd, text + size, room - size - 1)) > 0) {
		size += got;
		if (room - size < SIZE)
			text = realloc(text, room *= 2);
		if (!text)
			give_up("%zu bytes", room);
	}
	if (got < 0)
		give_up("%s", file.path);
	close(fd);
	text[size] = 0;
	*lines = 0;
	for (at = text; (at = strstr(at, mark)); at += strlen(mark))
		++*lines;
	at = strstr(text, mark);
	if (!at)
		give_up("%s: no line with%s", file.path, mark);
	while (at > text && at[-1] != '\n')
		at--;
	size = at - text;
	free(text);
	return size;
}

/* Measures the reads from offset @from to the end, after reads of all earlier lines. */
static uint64_t read_end(struct file file, uint64_t from)
{
	int fd = open_file(file);
	uint64_t start;
	ssize_t got;

	while (from) {
		got = read(fd, buffer, from < SIZE ? from : SIZE);
		if (got <= 0)
			give_up("%s", file.path);
		from -= got;
	}
	start = instructions();
	while ((got = read(fd, buffer, SIZE)) > 0)
		;
	start = instructions() - start;
	if (got < 0)
		give_up("%s", file.path);
	close(fd);
	return start;
}

/*
 * Measures the lines from the first line that ends in @mark on, and the whole file.
 * @count is the number of programs or trampolines of these lines. The smallest of
 * several runs counts: a timer tick can only add instructions.
 */
void measure_lines(const char *kind, struct file file, const char *mark, int count)
{
	uint64_t lines, from = find_lines(file, mark, &lines), taken, whole;
	uint64_t least = UINT64_MAX, least_whole = UINT64_MAX;

	for (int run = 0; run < RUNS; run++) {
		taken = read_end(file, from);
		whole = read_whole(file, SIZE).instructions;
		least = taken < least ? taken : least;
		least_whole = whole < least_whole ? whole : least_whole;
	}
	say("%s file=%s count=%d lines=%" PRIu64 " instructions=%" PRIu64, kind, file.name, count,
	    lines, least);
	say("%s-whole file=%s count=%d instructions=%" PRIu64, kind, file.name, count, least_whole);
}
