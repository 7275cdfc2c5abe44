// SPDX-License-Identifier: GPL-2.0

/*
 * Tests calls in which allocations and copies fail, by the kernel's fault injection. The
 * first tests fail a single allocation or copy of a call: the first, then the second, and
 * so on. The later tests fail all allocations or copies. The call must return an expected
 * error or the right bytes, and the next call on the same file must succeed.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests.h"

#define DEBUGFS "/sys/kernel/debug"
#define KMEMLEAK DEBUGFS "/kmemleak"
#define FAIL_NTH "/proc/thread-self/fail-nth"
#define FAIL_ME "/proc/thread-self/make-it-fail"
/* The time to wait for leaks, in seconds: kmemleak does not report younger objects. */
#define LEAK_AGE 6
#define MOST_FAULTS 2000
#define COPIES "3"
/* Not every call needs a new page, so the test requests each fault several times. */
#define TRIES 4

static const char *const faults[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
static struct text whole;
static char *buffer;

static bool set_fault(const char *fault, const char *name, const char *value)
{
	char path[100];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", fault, name);
	if (access(path, W_OK))
		return false;
	write_file(path, value);
	return true;
}

/* Limits the faults to tasks that request them, and turns off the reports in the kernel's log. */
static void prepare(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		set_fault(faults[i], "verbose", "0");
		set_fault(faults[i], "task-filter", "Y");
		set_fault(faults[i], "times", "-1");
		set_fault(faults[i], "ignore-gfp-wait", "N");
		set_fault(faults[i], "ignore-gfp-highmem", "N");
		set_fault(faults[i], "min-order", "0");
	}
}

/* The descriptor of FAIL_NTH. The file stays open, because a fault could make its open fail too. */
static int fail_nth_fd;

/*
 * Makes the @nth allocation or copy from now on fail. If @nth is 0, no allocation or copy fails.
 * Repeats the write if an earlier fault makes the write fail.
 */
static void fail_nth(unsigned int nth)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", nth);

	while (pwrite(fail_nth_fd, text, size, 0) != size)
		if (errno != EFAULT)
			give_up(FAIL_NTH);
}

/*
 * Returns true if the fault has occurred. If not, the fault can occur in the pread of this
 * function.
 */
static bool has_failed(void)
{
	char text[16] = "";

	return pread(fail_nth_fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

/* Clears the buffer: the bytes of an earlier read must not pass as the bytes of the next read. */
static void clear_buffer(size_t size)
{
	memset(buffer, 0, size);
}

static bool is_at(const char *bytes, size_t size, size_t at)
{
	return at + size <= whole.size && !memcmp(bytes, whole.data + at, size);
}

/* Returns true if the next read in an open file returns the right bytes from @at on. */
static bool next_read_right(int fd, size_t at)
{
	size_t rest = at < whole.size ? whole.size - at : 0;
	ssize_t got;

	clear_buffer(5000);
	got = read(fd, buffer, 5000);
	if (got == (ssize_t)(rest < 5000 ? rest : 5000) && is_at(buffer, got, at))
		return true;
	note("the next read at %zu gave %zd", at, got);
	return false;
}

static bool is_expected(int error)
{
	return error == ENOMEM || error == EFAULT;
}

/* The call that fails, and the results so far. */
struct victim {
	size_t at, size;	/* the offset and the size of a read */
	unsigned int errors;
	bool right;
};

/* Opens the file with the @nth fault. Returns true if a fault occurred. */
static bool open_fails(unsigned int nth, struct victim *victim)
{
	int fd, error;
	bool failed;

	fail_nth(nth);
	fd = open(KALLMODSYMS, O_RDONLY);
	error = errno;
	failed = has_failed();
	fail_nth(0);
	if (fd < 0 && failed && is_expected(error)) {
		victim->errors++;
		fd = open(KALLMODSYMS, O_RDONLY);
	} else if (fd < 0) {
		note("open with fault %u: %s", nth, strerror(error));
		victim->right = false;
	}
	victim->right &= next_read_right(fd, 0);
	close(fd);
	return failed;
}

/* Reads with the @nth fault. Returns true if a fault occurred. */
static bool read_fails(unsigned int nth, struct victim *victim)
{
	size_t at = victim->at, size = victim->size;
	int fd = open(KALLMODSYMS, O_RDONLY), error;
	ssize_t got;
	bool failed;

	victim->right &= lseek(fd, at, SEEK_SET) == (off_t)at;
	clear_buffer(size);
	fail_nth(nth);
	got = read(fd, buffer, size);
	error = errno;
	failed = has_failed();
	fail_nth(0);
	if (got < 0 && failed && is_expected(error)) {
		victim->errors++;
		got = 0;
	} else if (got <= 0 || !is_at(buffer, got, at)) {
		note("read of %zu bytes at %zu with fault %u gave %zd: %s", size, at, nth, got,
		     strerror(error));
		victim->right = false;
	}
	victim->right &= next_read_right(fd, at + got);
	close(fd);
	return failed;
}

/*
 * Makes the call again and again. First, the first allocation or copy of the call fails, then the
 * second, and so on, TRIES times each, until no fault occurs.
 */
static void test_each_fault(bool (*fails)(unsigned int, struct victim *), struct victim victim,
			    const char *name)
{
	unsigned int nth = 0;
	bool failed;

	victim.right = true;
	do {
		failed = false;
		nth++;
		for (int try = 0; try < TRIES; try++)
			failed |= fails(nth, &victim);
	} while (failed && nth < MOST_FAULTS);
	check(victim.right && victim.errors && nth < MOST_FAULTS,
	      "%s: %u single faults cause %u errors, and the next calls succeed", name,
	      nth - 1, victim.errors);
}

static void test_open_fails(void)
{
	test_each_fault(open_fails, (struct victim){ 0 }, "open");
}

static void test_read_fails(size_t at, size_t size)
{
	char name[60];

	snprintf(name, sizeof(name), "read of %zu bytes at %zu", size, at);
	test_each_fault(read_fails, (struct victim){ .at = at, .size = size }, name);
}

/* lseek() allocates and copies nothing, so it cannot fail. */
static bool seek_cannot_fail(void)
{
	int fd = open(KALLMODSYMS, O_RDONLY);
	bool right;

	fail_nth(1);
	right = lseek(fd, 12345, SEEK_SET) == 12345 && lseek(fd, 1, SEEK_CUR) == 12346;
	right &= !has_failed();
	fail_nth(0);
	right &= next_read_right(fd, 12346);
	close(fd);
	return right;
}

static void fail_all(int me, bool fail)
{
	if (pwrite(me, fail ? "1" : "0", 1, 0) != 1)
		give_up(FAIL_ME);
}

/* Makes all allocations fail, so that the kernel cannot fall back on another allocation. */
static bool fails_with_enomem(int me)
{
	static const size_t sizes[] = { 1, 600, 40000 };
	int fd = open(KALLMODSYMS, O_RDONLY), opened, error;
	bool right;

	fail_all(me, true);
	opened = open(KALLMODSYMS, O_RDONLY);
	error = errno;
	fail_all(me, false);
	right = opened < 0 && error == ENOMEM;
	/* A read allocates memory only if it is larger than all earlier reads of the open file. */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		ssize_t got;

		fail_all(me, true);
		/* At offset 0, the open file has no bytes left over from an earlier read. */
		got = pread(fd, buffer, sizes[i], 0);
		error = errno;
		fail_all(me, false);
		if (got >= 0 || error != ENOMEM) {
			note("read of %zu bytes: %zd", sizes[i], got);
			right = false;
		}
		clear_buffer(sizes[i]);
		right &= pread(fd, buffer, sizes[i], 7) == (ssize_t)sizes[i] &&
			 is_at(buffer, sizes[i], 7);
	}
	close(fd);
	return right;
}

/* Makes COPIES copies fail. The next read of the same file must succeed. */
static bool fails_with_efault(int me)
{
	int fd = open(KALLMODSYMS, O_RDONLY);
	bool right = true;

	set_fault("fail_usercopy", "times", COPIES);
	fail_all(me, true);
	for (int i = 0; i < atoi(COPIES); i++)
		right &= read(fd, buffer, 100) < 0 && errno == EFAULT;
	right &= next_read_right(fd, 0);
	fail_all(me, false);
	close(fd);
	return right;
}

static void test_all_fail(void)
{
	int me = open(FAIL_ME, O_RDWR);

	set_fault("failslab", "probability", "100");
	set_fault("fail_page_alloc", "probability", "100");
	check(fails_with_enomem(me),
	      "without memory, open and larger reads fail with ENOMEM, and the next calls succeed");
	set_fault("failslab", "probability", "0");
	set_fault("fail_page_alloc", "probability", "0");
	set_fault("fail_usercopy", "probability", "100");
	check(fails_with_efault(me),
	      "reads whose copies fail return EFAULT, and the next reads succeed");
	close(me);
}

/* Returns the number of leaks, and prints the first reports as notes. */
static size_t leaks(void)
{
	struct text text;
	size_t at = 0, count = 0;
	struct line line;

	sleep(LEAK_AGE);
	write_file(KMEMLEAK, "scan");
	write_file(KMEMLEAK, "scan");
	text = read_file(KMEMLEAK);
	while (next_line(text, &at, &line)) {
		count += line.size > 12 && !memcmp(line.start, "unreferenced", 12);
		if (count <= 3)
			note("%.*s", (int)line.size, line.start);
	}
	free(text.data);
	return count;
}

void forget_leaks(void)
{
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (!access(KMEMLEAK, W_OK)) {
		write_file(KMEMLEAK, "scan");
		write_file(KMEMLEAK, "clear");
	}
}

void test_leaks(void)
{
	if (!access(KMEMLEAK, W_OK)) {
		size_t count = leaks();

		check(!count, "kmemleak finds %zu leaks", count);
	}
}

void test_faults(void)
{
	if (access(FAIL_NTH, W_OK))
		return;
	fail_nth_fd = open(FAIL_NTH, O_RDWR);
	prepare();
	whole = read_file(KALLMODSYMS);
	buffer = malloc(MIB);
	/* Allocates the pages of the buffer now: a fault could make a later allocation fail. */
	clear_buffer(MIB);
	test_open_fails();
	test_read_fails(0, 1);
	test_read_fails(0, 600);
	test_read_fails(0, 200000);
	test_read_fails(whole.size / 2, 40000);
	test_read_fails(whole.size - 3000, 40000);
	check(seek_cannot_fail(), "lseek allocates and copies nothing");
	test_all_fail();
	free(buffer);
	free(whole.data);
	close(fail_nth_fd);
}
