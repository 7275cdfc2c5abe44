// SPDX-License-Identifier: GPL-2.0

/* Tests pread, preadv, sendfile, and reads into bad memory. No call loses or repeats a byte. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

#define PAGE 4096
#define PREADS 200

static struct text whole;
static int fd;

static bool is_at(const void *bytes, size_t at, size_t size)
{
	return at + size <= whole.size && !memcmp(bytes, whole.data + at, size);
}

/* The second page cannot be written to: a read stops before it, and a read into it fails. */
static bool stops_at_bad_memory(void)
{
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	char *last = pages + PAGE - 100;
	bool right;

	if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_NONE))
		give_up("mmap");
	lseek(fd, 1000, SEEK_SET);
	right = read(fd, last, 5000) == 100 && is_at(last, 1000, 100);
	right &= read(fd, pages + PAGE, 5000) == -1 && errno == EFAULT;
	right &= read(fd, last, 100) == 100 && is_at(last, 1100, 100);
	munmap(pages, 2 * PAGE);
	return right;
}

static bool preadv_right(void)
{
	char first[7], second[3000];
	struct iovec parts[] = { { first, sizeof(first) }, { second, sizeof(second) } };

	return preadv(fd, parts, 2, 12345) == sizeof(first) + sizeof(second) &&
	       is_at(first, 12345, sizeof(first)) &&
	       is_at(second, 12345 + sizeof(first), sizeof(second));
}

static bool sendfile_right(void)
{
	int to = memfd_create("copy", 0);
	struct text copy;
	ssize_t sent;

	lseek(fd, 0, SEEK_SET);
	do
		sent = sendfile(to, fd, NULL, MIB);
	while (sent > 0);
	lseek(to, 0, SEEK_SET);
	copy = read_fd(to, MIB);
	close(to);
	sent = sent || !is_same(copy, whole);
	free(copy.data);
	return !sent;
}

static bool pread_right_at_end(void)
{
	char byte;

	return pread(fd, &byte, 1, whole.size) == 0 && pread(fd, &byte, 1, 1L << 40) == 0 &&
	       pread(fd, &byte, 1, whole.size - 1) == 1 && byte == '\n';
}

/* Returns true if all preads return the right bytes. @from decides their offsets. */
static bool preads_right(size_t from)
{
	char buffer[3000];

	for (size_t i = 0; i < PREADS; i++) {
		size_t at = (from + i * 7919 * 13) % (whole.size - sizeof(buffer));

		if (pread(fd, buffer, sizeof(buffer), at) != sizeof(buffer) ||
		    !is_at(buffer, at, sizeof(buffer)))
			return false;
	}
	return true;
}

/* Two tasks read one open file at different offsets. */
static bool two_tasks_read_right(void)
{
	pid_t child = fork();
	bool right;
	int status;

	if (child < 0)
		give_up("fork");
	if (!child)
		_exit(preads_right(whole.size / 2) ? 0 : 1);
	right = preads_right(0);
	if (waitpid(child, &status, 0) != child)
		give_up("waitpid");
	return right && !status;
}

void test_calls(struct text text)
{
	whole = text;
	fd = open(KALLMODSYMS, O_RDONLY);
	if (fd < 0)
		give_up(KALLMODSYMS);
	check(stops_at_bad_memory(), "a read stops at bad memory, and the next read continues there");
	check(preadv_right(), "preadv returns the right bytes");
	check(sendfile_right(), "sendfile copies the whole file");
	check(pread_right_at_end(), "reads at the end and behind the end return nothing");
	check(two_tasks_read_right(), "two tasks read one open file at different offsets");
	close(fd);
}
