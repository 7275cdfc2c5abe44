// SPDX-License-Identifier: GPL-2.0

/* The guest's tests, in the order in which they change what the file has. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "tests.h"

#define READ_ALL 3
#define LOG_SIZE (1 << 18)

/* The kernel had no reason to complain. */
void test_kernel_log(void)
{
	static const char *const complaints[] = { "WARNING:", "BUG:", "Oops", "kallmodsyms:" };
	static char log[LOG_SIZE];
	struct text text = { log, 0 };
	struct line line;
	size_t at = 0;
	bool clean = true;
	int got = klogctl(READ_ALL, log, sizeof(log) - 1);

	if (got < 0)
		give_up("klogctl");
	text.size = got;
	while (next_line(text, &at, &line))
		for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints); i++)
			if (memmem(line.start, line.size, complaints[i], strlen(complaints[i]))) {
				note("%.*s", (int)line.size, line.start);
				clean = false;
			}
	check(clean, "the kernel's log has no complaint");
}

int main(void)
{
	test_rule("after boot");
	test_credentials();
	test_sizes();
	test_lookup();
	test_modules();
	test_order();
	test_attribution();
	test_reads();
	test_churn();
	test_tracing();
	test_kernel_log();
	print_plan();
	return 0;
}
