// SPDX-License-Identifier: GPL-2.0

/*
 * Tests that reads from many offsets, with buffers of many sizes, return the same bytes, and that
 * lseek works as on kallsyms.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

/*
 * The number of bytes to read with small buffers. Reading the whole file would take too many
 * calls.
 */
#define BYTES_BY_SMALL_READS (128 * 1024)

static struct text whole;

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		give_up("%s", path);
	return fd;
}

/* Returns true if reads of @chunk bytes return the right bytes from @start to @start + @length. */
static bool reads_right(size_t start, size_t length, size_t chunk)
{
	size_t end = start + length < whole.size ? start + length : whole.size;
	char *buffer = malloc(chunk);
	int fd = open_file(KALLMODSYMS);
	bool right = lseek(fd, start, SEEK_SET) == (off_t)start;

	while (right && start < end) {
		ssize_t got = read(fd, buffer, chunk);
		size_t rest = whole.size - start;

		/* A read returns the requested number of bytes, up to the end. */
		right = got == (ssize_t)(chunk < rest ? chunk : rest) &&
			!memcmp(buffer, whole.data + start, got);
		if (!right)
			note("read of %zu bytes at %zu gave %zd", chunk, start, got);
		start += got;
	}
	if (right && end == whole.size && (read(fd, buffer, chunk) || read(fd, buffer, chunk))) {
		note("a read at the end returned bytes");
		right = false;
	}
	close(fd);
	free(buffer);
	return right;
}

/* A pseudo-random number below @limit. Each run gets the same numbers. */
static size_t pick(size_t limit)
{
	static unsigned long state = 1;

	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (state >> 20) % limit;
}

static bool preads_right(void)
{
	/*
	 * A pread can make up to 127 lines of the kernel's own symbols, or all lines of modules, ftrace,
	 * BPF and kprobes before its offset, and discard them. So the number of preads is limited.
	 */
	size_t count = 1 + 256UL * MIB / whole.size;
	static char buffer[3 * 4096];
	int fd = open_file(KALLMODSYMS);
	bool right = true;

	while (right && count--) {
		size_t at = pick(whole.size), size = 1 + pick(sizeof(buffer));
		ssize_t got = pread(fd, buffer, size, at);
		size_t rest = whole.size - at;

		right = got == (ssize_t)(size < rest ? size : rest) &&
			!memcmp(buffer, whole.data + at, got);
		if (!right)
			note("pread of %zu bytes at %zu gave %zd", size, at, got);
	}
	close(fd);
	return right;
}

/* Returns true if lseek(2) returns the same offsets and errors on both files. */
static bool seeks_alike(void)
{
	static const struct {
		off_t offset;
		int whence;
	} seeks[] = {
		{ 0, SEEK_SET }, { 10, SEEK_SET }, { 5, SEEK_CUR }, { -3, SEEK_CUR },
		{ -1, SEEK_SET }, { 0, SEEK_END }, { -10, SEEK_END }, { 1L << 40, SEEK_SET },
	};
	int ours = open_file(KALLMODSYMS), theirs = open_file(KALLSYMS);
	bool alike = true;

	for (size_t i = 0; i < sizeof(seeks) / sizeof(*seeks); i++) {
		int our_error, their_error;
		off_t our_end, their_end;

		errno = 0;
		our_end = lseek(ours, seeks[i].offset, seeks[i].whence);
		our_error = errno;
		errno = 0;
		their_end = lseek(theirs, seeks[i].offset, seeks[i].whence);
		their_error = errno;
		if (our_end != their_end || our_error != their_error) {
			note("seek %zu: %ld (%d), kallsyms: %ld (%d)", i, (long)our_end, our_error,
			     (long)their_end, their_error);
			alike = false;
		}
	}
	close(ours);
	close(theirs);
	return alike;
}

static bool reads_forward(void)
{
	return reads_right(0, whole.size, 4099);
}

static bool reads_from_middle(void)
{
	return reads_right(whole.size / 2, whole.size, 777);
}

static bool two_readers_right(void)
{
	int status[2];
	pid_t child = fork();

	if (child < 0)
		give_up("fork");
	if (!child)
		_exit(reads_forward() ? 0 : 1);
	status[0] = in_child(reads_from_middle) ? 0 : 1;
	if (waitpid(child, &status[1], 0) != child)
		give_up("waitpid");
	return !status[0] && !status[1];
}

void test_reads(void)
{
	static const size_t chunks[] = { 333, 4096, 4097, 65536, MIB };

	whole = read_file(KALLMODSYMS);
	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++)
		check(reads_right(0, whole.size, chunks[i]),
		      "reads of %zu bytes return the whole file", chunks[i]);
	check(reads_right(0, BYTES_BY_SMALL_READS, 1) &&
	      reads_right(whole.size - BYTES_BY_SMALL_READS, BYTES_BY_SMALL_READS, 1),
	      "reads of 1 byte at the start and at the end return the right bytes");
	check(reads_right(whole.size / 3, BYTES_BY_SMALL_READS, 7),
	      "reads of 7 bytes in the middle return the right bytes");
	check(preads_right(), "pread at random offsets returns the right bytes");
	check(seeks_alike(), "lseek returns the same offsets and errors as on kallsyms");
	check(two_readers_right(), "two readers of different open files read the right bytes");
	test_calls(whole);
	free(whole.data);
}
