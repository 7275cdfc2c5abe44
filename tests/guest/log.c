// SPDX-License-Identifier: GPL-2.0

/* Reads the kernel's log. */

#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "tests.h"

#define READ_ALL 3
#define LOG_SIZE (1 << 18)

struct text read_log(void)
{
	struct text log = { malloc(LOG_SIZE), 0 };
	int got = log.data ? klogctl(READ_ALL, log.data, LOG_SIZE) : -1;

	if (got < 0)
		give_up("klogctl");
	log.size = got;
	return log;
}

/*
 * Returns the line without its prefix, such as "<6>[    1.234567] ", and without spaces after the
 * prefix.
 */
struct line log_message(struct line line)
{
	const char *end = line.start + line.size;
	const char *at = line.start;

	if (at < end && *at == '<' && memchr(at, '>', end - at))
		at = (const char *)memchr(at, '>', end - at) + 1;
	if (at < end && *at == '[' && memchr(at, ']', end - at))
		at = (const char *)memchr(at, ']', end - at) + 1;
	while (at < end && *at == ' ')
		at++;
	return (struct line){ at, end - at };
}

bool line_begins(struct line line, const char *with)
{
	return line.size >= strlen(with) && !memcmp(line.start, with, strlen(with));
}

bool line_ends(struct line line, const char *with)
{
	size_t size = strlen(with);

	return line.size >= size && !memcmp(line.start + line.size - size, with, size);
}
