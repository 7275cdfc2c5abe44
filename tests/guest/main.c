// SPDX-License-Identifier: GPL-2.0

/*
 * Runs the guest's tests. Their order matters: for example, test_reader() must run before a test
 * uses ftrace, and test_samples() after test_modules() has loaded the modules.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests.h"

/* Checks that the kernel's log has no warning, and no message of kallmodsyms. */
void test_kernel_log(void)
{
	static const char *const complaints[] = { "WARNING:", "BUG:", "Oops", "kallmodsyms:" };
	struct text text = read_log();
	struct line line;
	size_t at = 0;
	bool clean = true;

	while (next_line(text, &at, &line))
		for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints); i++)
			if (memmem(line.start, line.size, complaints[i], strlen(complaints[i]))) {
				note("%.*s", (int)line.size, line.start);
				clean = false;
			}
	free(text.data);
	check(clean, "the kernel's log has no warning and no message of kallmodsyms");
}

/* Runs the tests for a guest with little memory. */
static void test_small_guest(void)
{
	test_rule("with little memory");
	test_crowd(true);
	test_rule("after many open files");
	test_kernel_log();
}

/* Runs the privacy tests. */
static void test_privacy_guest(void)
{
	load_all_modules();
	test_privacy();
	test_kernel_log();
}

/*
 * Runs the tests for a kernel with debugging checks. The host searches the console for reports of
 * these checks.
 */
static void test_debugging_guest(unsigned int seconds)
{
	forget_leaks();
	test_faults();
	test_crowd(false);
	test_killed();
	test_soak(seconds);
	test_leaks();
}

static void test_all(void)
{
	test_rule("after boot");
	test_credentials();
	test_sizes();
	test_lookup();
	test_names();
	test_reader();
	test_modules();
	test_bpf();
	test_samples();
	test_kunit();
	test_order();
	test_attribution();
	test_reads();
	test_churn();
	test_crowd(true);
	test_killed();
	test_shared();
	test_tracing();
	test_tracers();
	test_kernel_log();
}

/*
 * Runs test_all() if there is no argument. The arguments "small", "privacy", and "soak" with a
 * number of seconds select the tests of other guests.
 */
int main(int count, char **arguments)
{
	if (count == 2 && !strcmp(arguments[1], "small"))
		test_small_guest();
	else if (count == 2 && !strcmp(arguments[1], "privacy"))
		test_privacy_guest();
	else if (count == 3 && !strcmp(arguments[1], "soak"))
		test_debugging_guest(atoi(arguments[2]));
	else
		test_all();
	print_plan();
	return 0;
}
