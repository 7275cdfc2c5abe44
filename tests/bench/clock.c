// SPDX-License-Identifier: GPL-2.0

/*
 * Reads the guest's clock, which counts instructions. QEMU runs with -icount
 * shift=0, so each instruction takes one nanosecond.
 */

#include <inttypes.h>
#include <time.h>

#include "bench.h"

#define LOOPS 100000
#define TRIES 5

#ifdef __x86_64__
/*
 * Returns the time stamp counter, which QEMU advances by 1 for each instruction.
 * The kernel's clocks are less exact: the kernel multiplies the counter by a
 * factor that it finds by calibration.
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

/* Returns the counted instructions of LOOPS rounds of a loop with 2 instructions. */
static uint64_t count_loop(void)
{
	unsigned long left = LOOPS;
	uint64_t before = instructions();

#ifdef __x86_64__
	asm volatile("1: dec %0; jnz 1b" : "+r"(left) : : "cc");
#elif defined(__aarch64__)
	asm volatile("1: subs %0, %0, #1; b.ne 1b" : "+r"(left) : : "cc");
#elif defined(__riscv)
	asm volatile("1: addi %0, %0, -1; bnez %0, 1b" : "+r"(left));
#else
#error "no loop of two instructions for this architecture"
#endif
	return instructions() - before;
}

/*
 * Prints the number of instructions in a loop, and the number that the clock
 * counts for the loop. The harness compares the two numbers. A timer interrupt
 * adds tens of thousands of instructions. The loop is shorter than a tick, so
 * the smallest of several counts includes no interrupt.
 */
void check_clock(void)
{
	uint64_t counted, least = UINT64_MAX;
	int try;

	for (try = 0; try < TRIES; try++) {
		counted = count_loop();
		if (counted < least)
			least = counted;
	}
	say("clock loop=%d counted=%" PRIu64, 2 * LOOPS, least);
}
