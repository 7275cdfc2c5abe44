// SPDX-License-Identifier: GPL-2.0

/* Many open files, what memory they take, and readers that are killed. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests.h"

#define FILES 1000
#define KILLED 20

/* What an open file takes besides its buffer, at most: with what the kernel has for any file. */
#define STATE 6144

static struct text whole;
static char buffer[65536];

/* "Slab:              11520 kB": in bytes. */
static long memory(const char *name)
{
	struct text text = read_file("/proc/meminfo");
	size_t at = 0, size = strlen(name);
	struct line line;
	long value = -1;

	while (next_line(text, &at, &line))
		if (line.size > size && !memcmp(line.start, name, size))
			value = 1024 * atol(line.start + size);
	free(text.data);
	return value;
}

/* The next @size bytes of each file, which all are at @at. */
static bool read_of_each(const int *files, size_t at, size_t size)
{
	for (size_t i = 0; i < FILES; i++) {
		ssize_t got = read(files[i], buffer, size);

		if (got != (ssize_t)size || memcmp(buffer, whole.data + at, size)) {
			note("file %zu: read of %zu bytes at %zu gave %zd", i, size, at, got);
			return false;
		}
	}
	return true;
}

static void allow_files(void)
{
	struct rlimit limit = { FILES + 100, FILES + 100 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		give_up("setrlimit");
}

/*
 * Each file has a buffer of @buffer_size bytes by now. What is allocated counts;
 * free memory that the kernel keeps in some list has nothing to do with it.
 */
static void check_memory(long before, size_t buffer_size)
{
	long each = (memory("Slab:") - before) / FILES;

	check(each <= (long)(STATE + buffer_size),
	      "each of %d open files with a buffer of %zu KiB takes %ld.%ld KiB", FILES,
	      buffer_size / 1024, each / 1024, each % 1024 * 10 / 1024);
}

/* All partly read, and read on, with larger reads each time as far as there is memory. */
static bool read_crowd(bool measured, size_t *at)
{
	static const struct {
		size_t read, buffer;
	} steps[] = { { 100, 2048 }, { 3000, 8192 }, { 40000, 32768 } };
	static int files[FILES];
	long before = memory("Slab:"), available = memory("MemAvailable:");
	bool right = true;

	*at = 0;
	for (size_t i = 0; i < FILES; i++) {
		files[i] = open(KALLMODSYMS, O_RDONLY);
		if (files[i] < 0)
			give_up("opening file %zu", i);
	}
	if (measured)
		check_memory(before, 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (memory("MemAvailable:") < (long)(2 * FILES * steps[i].buffer))
			break;
		right &= read_of_each(files, *at, steps[i].read);
		*at += steps[i].read;
		if (measured)
			check_memory(before, steps[i].buffer);
	}
	for (size_t i = 0; i < FILES; i++)
		close(files[i]);
	if (measured)
		check(memory("MemAvailable:") > available - FILES * 1024,
		      "when they are closed, the memory is free again");
	return right && *at;
}

/*
 * What they take is measured the second time, when the kernel has what it keeps
 * for itself, and not in a kernel that takes more for each allocation.
 */
void test_crowd(bool measured)
{
	bool right;
	size_t at;

	allow_files();
	whole = read_file(KALLMODSYMS);
	right = read_crowd(false, &at) && read_crowd(measured, &at);
	check(right, "%d open files are read in turn, up to offset %zu", FILES, at);
	free(whole.data);
}

static long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	long left = *(const long *)a, right = *(const long *)b;

	return (left > right) - (left < right);
}

/* How long it takes until a child that always is in a large read is gone, when killed after @wait. */
static long killed_after(long wait)
{
	char *large = malloc(whole.size);
	pid_t child = fork();
	long start;
	int status;

	if (child < 0)
		give_up("fork");
	if (!child) {
		int fd = open(KALLMODSYMS, O_RDONLY);

		for (;;)
			if (pread(fd, large, whole.size, 0) < 0)
				_exit(1);
	}
	free(large);
	usleep(wait);
	start = microseconds();
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		give_up("waitpid");
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		give_up("the reader ended by itself: %d", status);
	return microseconds() - start;
}

/* One that went on to the end would take half of a read's time, on average. */
void test_killed(void)
{
	long took[KILLED], start, read_takes;
	int fd = open(KALLMODSYMS, O_RDONLY);
	char *large;

	whole = read_file(KALLMODSYMS);
	large = malloc(whole.size);
	start = microseconds();
	if (pread(fd, large, whole.size, 0) != (ssize_t)whole.size)
		give_up("a read of all");
	read_takes = microseconds() - start;
	for (int i = 0; i < KILLED; i++)
		took[i] = killed_after(20000 + read_takes * i / KILLED);
	qsort(took, KILLED, sizeof(*took), compare);
	note("a read of all takes %ld us; %d readers in the middle of one, killed, are gone after %ld "
	     "to %ld us, %ld in the middle", read_takes, KILLED, took[0], took[KILLED - 1],
	     took[KILLED / 2]);
	check(took[KILLED / 2] < read_takes / 4, "a reader that is killed does not read to the end");
	close(fd);
	free(large);
	free(whole.data);
}
