// SPDX-License-Identifier: GPL-2.0

/*
 * The guest's clock, which counts instructions: QEMU runs with -icount shift=0,
 * where an instruction takes one nanosecond.
 */

#include <inttypes.h>
#include <time.h>

#include "bench.h"

#define LOOPS 1000000

#ifdef __x86_64__
/*
 * The counter that QEMU derives from its count of instructions, 1 for 1. The
 * kernel's clocks are made from it, with a factor that it finds by calibration.
 */
uint64_t instructions(void)
{
	return __builtin_ia32_rdtsc();
}
#else
uint64_t instructions(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}
#endif

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* What the clock says of a loop whose instructions are known, and of nothing. */
void check_clock(void)
{
	uint64_t before, between, after, time;
	unsigned long left = LOOPS;

	before = instructions();
	between = instructions();
	time = nanoseconds();
#ifdef __x86_64__
	asm volatile("1: dec %0; jnz 1b" : "+r"(left) : : "cc");
#else
	while (left--)
		asm volatile("");
#endif
	time = nanoseconds() - time;
	after = instructions();
	say("clock loop=%d counted=%" PRIu64 " nanoseconds=%" PRIu64 " overhead=%" PRIu64,
	    2 * LOOPS, after - between, time, between - before);
}
