// SPDX-License-Identifier: GPL-2.0

/* Measures reads of a whole file, and of its first line. */

#include <inttypes.h>
#include <unistd.h>

#include "bench.h"

/* The bytes that a program reads if it needs only the first line. */
#define BEGINNING 128
#define OPENS 100

static void read_with(struct file file, const char *user, size_t size, uint64_t lines)
{
	struct reading reading;

	for (int run = 0; run < RUNS; run++) {
		reading = read_whole(file, size);
		say("read file=%s user=%s buffer=%zu instructions=%" PRIu64 " reads=%" PRIu64
		    " bytes=%" PRIu64 " lines=%" PRIu64,
		    file.name, user, size, reading.instructions, reading.reads,
		    reading.bytes, lines);
	}
}

void bench_reads(const char *user, const size_t *sizes, size_t number)
{
	const struct file files[] = { kallsyms, kallmodsyms, copy_to_tmpfs(kallmodsyms) };
	uint64_t lines[3];

	/* Reads each file once before the measurements, because the first read costs more. */
	for (int file = 0; file < 3; file++)
		lines[file] = count_lines(files[file]);
	for (size_t at = 0; at < number; at++)
		for (int file = 0; file < 3; file++)
			read_with(files[file], user, sizes[at], lines[file]);
}

static void read_first_line(struct file file, const char *user)
{
	uint64_t start;
	int fd;

	for (int run = 0; run < RUNS; run++) {
		start = instructions();
		for (int times = 0; times < OPENS; times++) {
			fd = open_file(file);
			if (read(fd, buffer, BEGINNING) <= 0)
				give_up("%s", file.path);
			close(fd);
		}
		say("first-line file=%s user=%s count=%d instructions=%" PRIu64,
		    file.name, user, OPENS, instructions() - start);
	}
}

void bench_first_line(const char *user)
{
	read_first_line(kallsyms, user);
	read_first_line(kallmodsyms, user);
	read_first_line(copy_to_tmpfs(kallmodsyms), user);
}
