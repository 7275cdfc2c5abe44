// SPDX-License-Identifier: GPL-2.0

/* Tests the memory of many open files, and readers that are killed. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

#define FILES 1000
/*
 * The number of readers to kill in a read, and the most readers to start: some readers end before
 * they are killed.
 */
#define KILLED 20
#define MOST_READERS 500

/* The most memory of an open file without its buffer, including the kernel's `struct file`. */
#define STATE 6144

static struct text whole;
static char buffer[65536];

/* Returns the value of a line of /proc/meminfo, such as "Slab:              11520 kB", in bytes. */
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

/* Reads the next @size bytes of each file, from offset @at on. */
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
 * Checks the memory of an open file with a buffer of @buffer_size bytes. Compares the size
 * of the slabs: free memory is less exact, because it leaves out the pages in per-cpu lists.
 */
static void check_memory(long before, size_t buffer_size)
{
	long each = (memory("Slab:") - before) / FILES;

	check(each <= (long)(STATE + buffer_size),
	      "each of %d open files with a buffer of %zu KiB takes %ld.%ld KiB", FILES,
	      buffer_size / 1024, each / 1024, each % 1024 * 10 / 1024);
}

/*
 * Opens many files and reads parts of each file, with larger reads in each step. Skips the steps
 * for which the memory does not suffice. *@at is the offset that the reads reached.
 */
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
		if (memory("MemAvailable:") < (long)(2 * FILES * steps[i].buffer)) {
			note("no memory for %d buffers of %zu KiB: no reads of %zu bytes", FILES,
			     steps[i].buffer / 1024, steps[i].read);
			break;
		}
		right &= read_of_each(files, *at, steps[i].read);
		*at += steps[i].read;
		if (measured)
			check_memory(before, steps[i].buffer);
	}
	for (size_t i = 0; i < FILES; i++)
		close(files[i]);
	if (measured)
		check(memory("MemAvailable:") > available - FILES * 1024,
		      "closing %d open files frees their memory", FILES);
	return right && *at;
}

/*
 * Reads the files twice. If @measured is set, measures memory the second time, when the
 * kernel's caches are filled. Debug kernels are not measured: each allocation takes more
 * memory there.
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

/* A reader to be killed. The parent sees the bytes that the reader has read so far. */
struct victim {
	volatile bool is_done;
	volatile char read[];
};

/*
 * Returns true if the reader was killed in the read. *@far is the number of bytes that the reader
 * got.
 */
static bool killed_in_read(struct victim *victim, size_t *far)
{
	bool has_ended = false;
	pid_t child;

	victim->is_done = false;
	memset((char *)victim->read, 0, whole.size);
	child = fork();
	if (child < 0)
		give_up("fork");
	if (!child) {
		read(open(KALLMODSYMS, O_RDONLY), (char *)victim->read, whole.size);
		victim->is_done = true;
		_exit(0);
	}
	while (!victim->read[0] && !has_ended)
		has_ended = waitpid(child, NULL, WNOHANG) == child;
	if (!has_ended && (kill(child, SIGKILL) || waitpid(child, NULL, 0) != child))
		give_up("waitpid");
	*far = strlen((char *)victim->read);
	return !victim->is_done;
}

/*
 * Kills readers in a read of the whole file. A reader that ignored the signal would read all bytes.
 * A quarter of the readers may be at the end when the signal comes. There is no time limit, because
 * the machine may be busy.
 */
void test_killed(void)
{
	size_t readers = 0, killed = 0, at_end = 0, far, farthest = 0, size;
	struct victim *victim;

	whole = read_file(KALLMODSYMS);
	size = sizeof(*victim) + whole.size + 1;
	victim = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (victim == MAP_FAILED)
		give_up("mmap");
	while (killed < KILLED && readers++ < MOST_READERS) {
		if (!killed_in_read(victim, &far))
			continue;
		killed++;
		if (far == whole.size)
			at_end++;
		else if (far > farthest)
			farthest = far;
	}
	note("%zu of %zu readers were killed in a read of %zu bytes; %zu readers got all bytes, "
	     "the others at most %zu bytes", killed, readers, whole.size, at_end, farthest);
	check(killed == KILLED && at_end <= KILLED / 4,
	      "a reader that is killed does not read to the end");
	munmap(victim, size);
	free(whole.data);
}
