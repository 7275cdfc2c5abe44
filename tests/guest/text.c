// SPDX-License-Identifier: GPL-2.0

/* Reads and writes whole files, and splits texts into lines. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests.h"

/* Reads to the end of the file, @chunk bytes in each call. */
struct text read_fd(int fd, size_t chunk)
{
	struct text text = { NULL, 0 };
	size_t room = 0;
	ssize_t got;

	do {
		if (room - text.size < chunk) {
			room = 2 * room + chunk;
			text.data = realloc(text.data, room);
			if (!text.data)
				give_up("%zu bytes", room);
		}
		got = read(fd, text.data + text.size, chunk);
		if (got < 0)
			give_up("read");
		text.size += got;
	} while (got);
	return text;
}

struct text read_file(const char *path)
{
	struct text text;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		give_up("%s", path);
	text = read_fd(fd, MIB);
	close(fd);
	return text;
}

void write_file(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		give_up("writing %s to %s", word, path);
	close(fd);
}

bool is_same(struct text a, struct text b)
{
	return a.size == b.size && !memcmp(a.data, b.data, a.size);
}

/*
 * Stores the line that begins at *@at, and moves *@at to the next line. Returns false at the end.
 */
bool next_line(struct text text, size_t *at, struct line *line)
{
	const char *end;

	if (*at >= text.size)
		return false;
	line->start = text.data + *at;
	end = memchr(line->start, '\n', text.size - *at);
	line->size = end ? (size_t)(end - line->start) : text.size - *at;
	*at += line->size + 1;
	return true;
}

bool line_is(struct line line, const char *words)
{
	return line.size == strlen(words) && !memcmp(line.start, words, line.size);
}

/* Returns a number below, equal to or above 0, as memcmp() does. */
int compare_lines(struct line a, struct line b)
{
	int order = memcmp(a.start, b.start, a.size < b.size ? a.size : b.size);

	return order ? order : (a.size > b.size) - (a.size < b.size);
}
