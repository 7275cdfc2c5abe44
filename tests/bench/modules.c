// SPDX-License-Identifier: GPL-2.0

/*
 * Measures how many more instructions a read of /proc/kallsyms, and of /proc/kallmodsyms, takes with
 * 1, 10 and 100 additional modules than with none.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define SIZE (1 << 17)

static const int counts[] = { 0, 1, 10, 100 };

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static uint64_t median_of_reading(struct file file)
{
	uint64_t taken[RUNS];

	for (int run = 0; run < RUNS; run++)
		taken[run] = read_whole(file, SIZE).instructions;
	qsort(taken, RUNS, sizeof(taken[0]), compare);
	return taken[RUNS / 2];
}

void bench_modules(void)
{
	const struct file files[] = { kallsyms, kallmodsyms };
	uint64_t lines[2], before[2], more, taken;
	char name[32];
	int loaded = 0;

	for (size_t at = 0; at < sizeof(counts) / sizeof(counts[0]); at++) {
		for (; loaded < counts[at]; loaded++) {
			snprintf(name, sizeof(name), "bench_filler_%03d", loaded);
			load_module(name);
		}
		for (int file = 0; file < 2; file++) {
			more = count_lines(files[file]);
			taken = median_of_reading(files[file]);
			if (!loaded) {
				lines[file] = more;
				before[file] = taken;
				continue;
			}
			say("modules file=%s count=%d lines=%" PRIu64 " instructions=%" PRIu64,
			    files[file].name, loaded, more - lines[file], taken - before[file]);
		}
	}
}
