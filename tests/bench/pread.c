// SPDX-License-Identifier: GPL-2.0

/* Measures reads at scattered offsets of a file. */

#include <inttypes.h>
#include <unistd.h>

#include "bench.h"

#define PREADS 10000
#define PIECE 128
/*
 * The limit of instructions for the preads of a file. For each pread, kallsyms makes all lines
 * before the offset again.
 */
#define BUDGET UINT64_C(3000000000)

/* Returns the next number of Marsaglia's xorshift. Each file gets the same numbers. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Makes at most @limit preads within @budget. Returns their number. */
static int preads(struct file file, int limit, uint64_t budget)
{
	uint64_t size = read_whole(file, BUFFER_MAX).bytes, start, spent = 0;
	uint32_t state = 20261122;
	int fd = open_file(file), done = 0;
	off_t offset;

	start = instructions();
	while (done < limit && spent < budget) {
		offset = (size - PIECE) * next_random(&state) >> 32;
		if (pread(fd, buffer, PIECE, offset) <= 0)
			give_up("pread of %s", file.path);
		done++;
		spent = instructions() - start;
	}
	close(fd);
	say("pread file=%s count=%d instructions=%" PRIu64, file.name, done, spent);
	return done;
}

void bench_preads(void)
{
	int few = preads(kallsyms, PREADS, BUDGET);

	/*
	 * The first measurement makes as many preads as that of kallsyms, the second as many as
	 * the budget allows.
	 */
	preads(kallmodsyms, few, UINT64_MAX);
	if (few < PREADS)
		preads(kallmodsyms, PREADS, BUDGET);
	preads(copy_to_tmpfs(kallmodsyms), PREADS, BUDGET);
}
