// SPDX-License-Identifier: GPL-2.0

/* Tests two processes that read one open file at the same time. */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

/* The test ends after this number of small reads within large reads. */
#define ENOUGH 3
/* The most large reads. On a busy machine, the two processes may never run at the same time. */
#define MOST_LARGE 300
#define SMALL 300

struct shared {
	unsigned long round;
	bool is_wrong;
	/*
	 * The buffer of the large read. The first and the last byte are zero until the read writes
	 * them: the file has no zero byte.
	 */
	char large[];
};

static struct text whole;

static void clear(char *byte)
{
	__atomic_store_n(byte, 0, __ATOMIC_SEQ_CST);
}

static bool is_set(char *byte)
{
	return __atomic_load_n(byte, __ATOMIC_SEQ_CST);
}

static unsigned long round_of(struct shared *shared)
{
	return __atomic_load_n(&shared->round, __ATOMIC_SEQ_CST);
}

static void read_large(int fd, struct shared *shared)
{
	for (;;) {
		__atomic_add_fetch(&shared->round, 1, __ATOMIC_SEQ_CST);
		clear(&shared->large[0]);
		clear(&shared->large[whole.size - 1]);
		if (pread(fd, shared->large, whole.size, 0) != (ssize_t)whole.size ||
		    memcmp(shared->large, whole.data, whole.size))
			shared->is_wrong = true;
	}
}

static bool small_read_right(int fd, size_t at)
{
	char buffer[SMALL];

	return pread(fd, buffer, SMALL, at) == SMALL && !memcmp(buffer, whole.data + at, SMALL);
}

/*
 * Counts the small reads that began after the first byte of the large read, and ended
 * before its last byte. The count is 0 if readers wait for each other.
 */
static unsigned long read_small(int fd, struct shared *shared)
{
	char *first = &shared->large[0], *last = &shared->large[whole.size - 1];
	unsigned long count = 0, round;
	size_t at = 0;

	while (round_of(shared) < MOST_LARGE && count < ENOUGH && !shared->is_wrong) {
		round = round_of(shared);
		/*
		 * Tests @last before @first, because the other process clears @first before
		 * @last.
		 */
		if (is_set(last) || !is_set(first))
			continue;
		if (!small_read_right(fd, at))
			shared->is_wrong = true;
		at = (at + whole.size / 7) % (whole.size - SMALL);
		count += !is_set(last) && round_of(shared) == round;
	}
	return count;
}

void test_shared(void)
{
	int fd = open(KALLMODSYMS, O_RDONLY);
	struct shared *shared;
	unsigned long count;
	size_t size;
	pid_t child;

	if (fd < 0)
		give_up(KALLMODSYMS);
	whole = read_file(KALLMODSYMS);
	size = sizeof(*shared) + whole.size;
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		give_up("mmap");
	child = fork();
	if (child < 0)
		give_up("fork");
	if (!child)
		read_large(fd, shared);
	count = read_small(fd, shared);
	if (kill(child, SIGKILL) || waitpid(child, NULL, 0) != child)
		give_up("waitpid");
	note("%lu small reads ended within a large read, of %lu large reads", count, shared->round);
	check(!shared->is_wrong, "two readers of one open file read the right bytes");
	check(count >= ENOUGH, "a small read does not wait for a large read of the same open file");
	munmap(shared, size);
	free(whole.data);
	close(fd);
}
