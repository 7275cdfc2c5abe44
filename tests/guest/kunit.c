// SPDX-License-Identifier: GPL-2.0

/*
 * Reports the results of the KUnit tests of lookups. The kernel has the tests, and a module
 * has a copy of them. The kernel ran its tests when it started; the copy runs when the module is
 * loaded. The kernel's log has the results of both runs.
 */

#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define FEWEST_CASES 10

/*
 * A skipped test is a failure, because these kernels have everything that the tests need. The
 * exception is one test, which is skipped on architectures other than x86_64:
 *
 *	ok 14 in_a_non_maskable_interrupt # SKIP no way to send an NMI on this architecture
 */
static bool may_be_skipped(const char *text)
{
	bool is_known = false;

#ifdef __x86_64__
	is_known = true;
#endif
	return !is_known && strstr(text, " in_a_non_maskable_interrupt # SKIP ");
}

/*
 * Checks the results of one suite. *@at is the offset of the line after "# Subtest". The lines of
 * a suite:
 *
 *	# Subtest: kallmodsyms_api
 *	# module: kallmodsyms_kunit
 *	1..14
 *	ok 1 modules_of_this_file
 *	# kallmodsyms_api: pass:14 fail:0 skip:0 total:14
 */
static void report_suite(struct text log, size_t *at)
{
	unsigned long planned = 0, seen = 0;
	char module[64] = "?", name[64];
	struct line line;

	while (next_line(log, at, &line)) {
		char text[200];

		line = log_message(line);
		snprintf(text, sizeof(text), "%.*s", (int)line.size, line.start);
		sscanf(text, "1..%lu", &planned);
		sscanf(text, "# module: %63s", module);
		if (sscanf(text, "ok %*u %63s", name) == 1 || sscanf(text, "not ok %*u %63s", name) == 1) {
			bool is_skipped = strstr(text, " # SKIP");

			if (is_skipped)
				note("%s", text);
			if (!may_be_skipped(text))
				check(*text == 'o' && !is_skipped, "KUnit, %s: %s", module, name);
			seen++;
		} else if (line_begins(line, "# kallmodsyms_api: ") && strstr(text, " pass:")) {
			break;
		} else if (line_begins(line, "# ")) {
			note("%s", text + 2);
		}
	}
	check(seen == planned && seen >= FEWEST_CASES, "KUnit, %s: %lu of %lu tests ran", module, seen,
	      planned);
}

void test_kunit(void)
{
	size_t at = 0, suites = 0, expected;
	struct text log;
	struct line line;

	if (!kernel_has("CONFIG_KALLMODSYMS_KUNIT_TEST=y"))
		return;
	expected = 1 + load_module_if_present("/lib/kallmodsyms_kunit_loaded.ko");
	log = read_log();
	while (next_line(log, &at, &line)) {
		if (!line_is(log_message(line), "# Subtest: kallmodsyms_api"))
			continue;
		report_suite(log, &at);
		suites++;
	}
	check(suites == expected && expected == 2,
	      "KUnit ran the tests of the kernel and their copy in a module");
	free(log.data);
}
